// Products of a time step in register tiles:
//   C[i, j] (+)= sum over operands q, sum_p A_q(i, p) B(p, j),
// where the rows of B belong to the operands one after another. So h W^T + x U^T + b is one sum that never leaves the
// registers: operands h, x and a column of ones over the stacked rows W^T, U^T, b.
//
// Terms are added in the order of p, one multiply-add each, whatever block an element falls into: its bits do not depend
// on the number of trials beside it.
#pragma once
#include "../common/simd.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// 24 accumulators fill a register file of 32; 12 fit into one of 16.
#if PYRNNSIM_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int kTileVectors = 4;
#else
inline constexpr int kTileVectors = 2;
#endif
inline constexpr int kTileRows = 6;
template <class T>
inline constexpr std::int64_t kPanel = kTileVectors * kWidth<T>;  // columns of a full tile

// A(i, p) = data[i * row + p * column], p < depth.
template <class T>
struct Operand {
  const T* data;
  std::int64_t row, column, depth;
};

template <class T>
struct Product {
  static constexpr int kMost = 6;
  Operand<T> left[kMost];  // each of depth >= 1
  int lefts;               // >= 1
  const T* right;          // B(p, j) = right[p * right_row + j]
  std::int64_t right_row;
  T* out;  // C[i, j] = out[i * out_row + j]
  std::int64_t out_row;
  bool accumulate;
};

template <class T, int ROWS, int VECTORS>
__attribute__((noinline)) static void tile(const Product<T>& a, std::int64_t first_row) {
  constexpr int W = kWidth<T>;
  Vec<T> sum[ROWS][VECTORS];
  for (int i = 0; i < ROWS; ++i)
    for (int v = 0; v < VECTORS; ++v) sum[i][v] = Vec<T>{};
  const T* b = a.right;
  const Operand<T>*operand = a.left, *end = a.left + a.lefts;
  do {  // at least one operand of at least one term: the accumulators need not exist before the loop
    const std::int64_t row = operand->row, column = operand->column, right_row = a.right_row;
    const T* left = operand->data + first_row * row;
    std::int64_t p = operand->depth;
    do {
      Vec<T> right[VECTORS];
      for (int v = 0; v < VECTORS; ++v) right[v] = load(b + v * W);
      for (int i = 0; i < ROWS; ++i) {
        const Vec<T> one = broadcast(left[i * row]);
        for (int v = 0; v < VECTORS; ++v) sum[i][v] += one * right[v];
      }
      left += column;
      b += right_row;
    } while (--p > 0);
  } while (++operand != end);
  for (int i = 0; i < ROWS; ++i)
    for (int v = 0; v < VECTORS; ++v) {
      T* out = a.out + (first_row + i) * a.out_row + v * W;
      store(out, a.accumulate ? load(out) + sum[i][v] : sum[i][v]);
    }
}

template <class T>
using Tile = void (*)(const Product<T>&, std::int64_t);
template <class T, int ROWS>
inline constexpr Tile<T> kTilesOfWidth[4] = {
    tile<T, ROWS, 1>, tile<T, ROWS, 2>, tile < T, ROWS, kTileVectors == 4 ? 3 : 2 >, tile<T, ROWS, kTileVectors>};

// Rows [first_row, first_row + rows), rows <= kTileRows, of `vectors` vectors of columns.
template <class T>
PYRNNSIM_INLINE void multiply_block(const Product<T>& a, std::int64_t first_row, std::int64_t rows,
                                    std::int64_t vectors) {
  static_assert(kTileRows == 6, "one table per number of rows");
  constexpr const Tile<T>* tables[kTileRows] = {kTilesOfWidth<T, 1>, kTilesOfWidth<T, 2>, kTilesOfWidth<T, 3>,
                                                kTilesOfWidth<T, 4>, kTilesOfWidth<T, 5>, kTilesOfWidth<T, 6>};
  tables[rows - 1][vectors - 1](a, first_row);
}

// All rows of one panel of columns.
template <class T>
static void multiply(const Product<T>& a, std::int64_t rows, std::int64_t vectors) {
  for (std::int64_t i = 0; i < rows; i += kTileRows)
    multiply_block(a, i, rows - i < kTileRows ? rows - i : kTileRows, vectors);
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
