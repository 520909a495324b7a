// Damped least squares for one square matrix at a time: (A^T A + damping I) d = A^T r by Cholesky's method.
//
// Rows are contiguous, and both the products and the elimination of a band are sums of outer products of rows, so one
// register tile serves for both. The right-hand side is one more column. No pivots are looked for: damping keeps the
// matrix positive, and where rounding wins the caller is told.
#pragma once
#include <cstdint>

#include "../common/simd.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

template <class T>
struct NormalEquations {
  std::int64_t size;
  std::int64_t row;  // numbers from row to row, whole vectors, at least size + 1
  T* matrix;         // (size, row): A, then r in column `size`, then zeros
  T* normal;         // (size, row) scratch: on and right of the diagonal, A^T A and then its factor

  static std::int64_t row_of(std::int64_t size) { return round_up(size + 1, kWidth<T>); }
};

#if PYRNNSIM_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int kTileRows = 4, kTileVectors = 4;  // 16 accumulators of 32 registers
#else
inline constexpr int kTileRows = 4, kTileVectors = 2;  // 8 of 16
#endif
inline constexpr std::int64_t kBand = 8;  // rows eliminated at a time

// ROWS rows from i on, VECTORS vectors from column j on: out + SIGN times the outer products of `count` rows of `from`.
template <int ROWS, int VECTORS, int SIGN, class T>
PYRNNSIM_INLINE void outer_tile(const T* from, std::int64_t count, std::int64_t row, std::int64_t i, std::int64_t j,
                                T* out) {
  Vec<T> sum[ROWS][VECTORS];
#pragma GCC unroll 4
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; ++v)
      sum[r][v] = SIGN < 0 ? load<T>(out + (i + r) * row + j + v * kWidth<T>) : Vec<T>{};
  for (std::int64_t k = 0; k < count; ++k) {
    const T *factors = from + k * row + i, *right = from + k * row + j;
#pragma GCC unroll 4
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; ++v) sum[r][v] += SIGN * factors[r] * load<T>(right + v * kWidth<T>);
  }
#pragma GCC unroll 4
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; ++v) store<T>(out + (i + r) * row + j + v * kWidth<T>, sum[r][v]);
}

template <int ROWS, int SIGN, class T>
PYRNNSIM_INLINE void outer_rows(const T* from, std::int64_t count, std::int64_t row, std::int64_t i, T* out) {
  std::int64_t j = i / kWidth<T> * kWidth<T>;
  for (; j + kTileVectors * kWidth<T> <= row; j += kTileVectors * kWidth<T>)
    outer_tile<ROWS, kTileVectors, SIGN>(from, count, row, i, j, out);
  for (; j < row; j += kWidth<T>) outer_tile<ROWS, 1, SIGN>(from, count, row, i, j, out);
}

// Rows [first, size) of out, on and right of the diagonal: + SIGN times the outer products of `count` rows of `from`.
template <int SIGN, class T>
PYRNNSIM_INLINE void outer_products(const T* from, std::int64_t count, const NormalEquations<T>& s,
                                    std::int64_t first) {
  std::int64_t i = first;
  for (; i + kTileRows <= s.size; i += kTileRows) outer_rows<kTileRows, SIGN>(from, count, s.row, i, s.normal);
  for (; i < s.size; ++i) outer_rows<1, SIGN>(from, count, s.row, i, s.normal);
}

// Rows [first, end) of the factor; false where a pivot is at most `small`.
template <class T>
PYRNNSIM_INLINE bool eliminate_band(const NormalEquations<T>& s, std::int64_t first, std::int64_t end, T small) {
  for (std::int64_t k = first; k < end; ++k) {
    T* pivots = s.normal + k * s.row;
    if (!(pivots[k] > small)) return false;
    const T inverse = 1 / static_cast<T>(__builtin_sqrt(pivots[k]));
    for (std::int64_t j = k / kWidth<T> * kWidth<T>; j < s.row; j += kWidth<T>)
      store<T>(pivots + j, load<T>(pivots + j) * inverse);
    for (std::int64_t i = k + 1; i < end; ++i) {
      T* below = s.normal + i * s.row;
      const T factor = pivots[i];
      for (std::int64_t j = i / kWidth<T> * kWidth<T>; j < s.row; j += kWidth<T>)
        store<T>(below + j, load<T>(below + j) - factor * load<T>(pivots + j));
    }
  }
  return true;
}

// d, whose size is rounded up to whole vectors; false where the matrix is not positive up to rounding of `epsilon`.
template <class T>
PYRNNSIM_INLINE bool solve_normal(const NormalEquations<T>& s, T damping, T epsilon, T* d) {
  outer_products<1>(static_cast<const T*>(s.matrix), s.size, s, 0);
  T largest_entry = 0;
  for (std::int64_t i = 0; i < s.size; ++i) {
    T& diagonal = s.normal[i * s.row + i];
    largest_entry = diagonal > largest_entry ? diagonal : largest_entry;
    diagonal += damping;
  }
  for (std::int64_t first = 0; first < s.size; first += kBand) {
    const std::int64_t end = first + kBand < s.size ? first + kBand : s.size;
    if (!eliminate_band(s, first, end, epsilon * largest_entry)) return false;
    outer_products<-1>(static_cast<const T*>(s.normal + first * s.row), end - first, s, end);
  }
  for (std::int64_t i = 0; i < s.row; ++i) d[i] = 0;
  for (std::int64_t i = s.size - 1; i >= 0; --i) {
    const T* own = s.normal + i * s.row;
    Vec<T> sum{};
    for (std::int64_t j = i / kWidth<T> * kWidth<T>; j < s.row; j += kWidth<T>)
      sum += load<T>(own + j) * load<T>(d + j);
    d[i] = (own[s.size] - horizontal_sum<T>(sum)) / own[i];
  }
  return true;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
