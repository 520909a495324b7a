// The register-blocked product that every dense step of this family is built from:
//   C[i, j] (+)= sum_p A(i, p) B(p, j),   kRows rows by kVectors vectors of columns,
// A(i, p) at a[i * a_row + p * a_col], B(p, j) at b[p * b_row + j]. Terms are added in the order of p, one fused
// multiply-add each, so an element's value does not depend on the blocks around it.
#pragma once
#include "../common/simd.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// 24 accumulators fill a register file of 32; 12 fit into one of 16.
#if PYRNNSIM_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int kRows = 8;
#else
inline constexpr int kRows = 4;
#endif
inline constexpr int kVectors = 3;

template <class T, int ROWS, int VECTORS>
PYRNNSIM_INLINE void micro_kernel(std::int64_t depth, const T* __restrict__ a, std::int64_t a_row, std::int64_t a_col,
                                  const T* __restrict__ b, std::int64_t b_row, T* __restrict__ c, std::int64_t c_row,
                                  bool accumulate) {
  constexpr int W = kWidth<T>;
  Vec<T> sum[ROWS][VECTORS];
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; ++v) sum[i][v] = Vec<T>{};
  for (std::int64_t p = 0; p < depth; ++p) {
    Vec<T> right[VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; ++v) {
      right[v] = load(b + v * W);
      __builtin_prefetch(b + 8 * b_row + v * W);
    }
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; ++i) {
      const Vec<T> left = broadcast(a[i * a_row]);
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; ++v) sum[i][v] += left * right[v];
    }
    a += a_col;
    b += b_row;
  }
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; ++v) {
      T* out = c + i * c_row + v * W;
      store(out, accumulate ? load(out) + sum[i][v] : sum[i][v]);
    }
}

// Matrices inside a worker's scratch have their columns padded to whole vector pairs of the widest instruction set and
// their rows to whole row blocks, with one odd cache line added so that a column does not fall into few cache sets.
inline constexpr std::int64_t kColumnPad = 32, kRowPad = 8;
template <class T>
constexpr std::int64_t padded_row(std::int64_t columns) {
  return round_up(columns, kColumnPad) + 64 / static_cast<std::int64_t>(sizeof(T));
}

// C (rows x columns) (+)= A B on padded scratch; `lower` skips blocks strictly above the diagonal.
template <class T>
static void scratch_product(std::int64_t rows, std::int64_t columns, std::int64_t depth, const T* a, std::int64_t a_row,
                            std::int64_t a_col, const T* b, std::int64_t b_row, T* c, std::int64_t c_row,
                            bool accumulate, bool lower = false) {
  constexpr std::int64_t step = 2 * kWidth<T>;
  for (std::int64_t j = 0; j < columns; j += step)
    for (std::int64_t i = 0; i < rows; i += kRows) {
      if (lower && j > i + kRows - 1) continue;
      micro_kernel<T, kRows, 2>(depth, a + i * a_row, a_row, a_col, b + j, b_row, c + i * c_row + j, c_row, accumulate);
    }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
