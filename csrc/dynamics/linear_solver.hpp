// One dense linear system at a time: Gaussian elimination with partial pivoting on [A | y], rows contiguous.
//
// A panel of as many columns as a vector has lanes is copied out with its columns contiguous, so that looking for a
// pivot, dividing by it and eliminating within the panel run over whole vectors of rows. All rows below then take the
// panel's pivots at once, in tiles of registers. The right-hand side is one more column, so that the forward
// substitution is part of the elimination.
#pragma once
#include <cstdint>

#include "../common/simd.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

template <class T>
struct LinearSystem {
  std::int64_t size;
  std::int64_t row;     // numbers from row to row, whole vectors, at least size + 1
  std::int64_t column;  // numbers from column to column of the panel, whole vectors, at least size
  T* matrix;            // (size, row): A, then y in column `size`, then zeros; destroyed
  T* panel;             // (kWidth, column) scratch
  T negligible;         // a pivot at most this large counts as zero, and its unknown as well

  static std::int64_t row_of(std::int64_t size) { return round_up(size + 1, kWidth<T>); }
  static std::int64_t column_of(std::int64_t size) { return round_up(size, kWidth<T>); }
};

template <class T>
PYRNNSIM_INLINE T magnitude(T x) {
  return x < 0 ? -x : x;
}

// Columns [first, first + count) from row `first` on; entry i of a column is row i, zero beyond the end.
template <class T>
PYRNNSIM_INLINE void copy_panel(const LinearSystem<T>& s, std::int64_t first, std::int64_t count) {
  for (std::int64_t i = first; i < s.size; ++i)
    for (std::int64_t c = 0; c < count; ++c) s.panel[c * s.column + i] = s.matrix[i * s.row + first + c];
  for (std::int64_t c = 0; c < count; ++c)
    for (std::int64_t i = s.size; i < s.column; ++i) s.panel[c * s.column + i] = 0;
}

// Row with the largest entry of a column among rows [from, size); NaN never wins.
template <class T>
PYRNNSIM_INLINE std::int64_t largest_row(const LinearSystem<T>& s, const T* column, std::int64_t from) {
  Vec<T> most{};
  std::int64_t i = from;
  T head = 0;
  for (; i % kWidth<T> != 0 && i < s.size; ++i) head = magnitude(column[i]) > head ? magnitude(column[i]) : head;
  for (; i < s.column; i += kWidth<T>) {
    const Vec<T> size = absolute(load<T>(column + i));
    most = size > most ? size : most;
  }
  for (int lane = 0; lane < kWidth<T>; ++lane) head = most[lane] > head ? most[lane] : head;
  for (i = from; i < s.size; ++i)
    if (magnitude(column[i]) == head) return i;
  return from;
}

template <class T>
PYRNNSIM_INLINE void swap_rows(const LinearSystem<T>& s, std::int64_t first, std::int64_t count, std::int64_t a,
                               std::int64_t b) {
  for (std::int64_t c = 0; c < count; ++c) {
    T* column = s.panel + c * s.column;
    const T kept = column[a];
    column[a] = column[b];
    column[b] = kept;
  }
  T *above = s.matrix + a * s.row, *below = s.matrix + b * s.row;
  for (std::int64_t j = first; j < s.row; j += kWidth<T>) {
    const Vec<T> kept = load<T>(above + j);
    store<T>(above + j, load<T>(below + j));
    store<T>(below + j, kept);
  }
}

// Pivots, multipliers (below the diagonal) and the upper triangle (on and above it) of a panel.
template <class T>
PYRNNSIM_INLINE void eliminate_panel(const LinearSystem<T>& s, std::int64_t first, std::int64_t count) {
  for (std::int64_t c = 0; c < count; ++c) {
    const std::int64_t pivot = first + c;
    T* column = s.panel + c * s.column;
    const std::int64_t chosen = largest_row(s, column, pivot);
    if (chosen != pivot) swap_rows(s, first, count, pivot, chosen);
    const T value = column[pivot], inverse = magnitude(value) > s.negligible ? 1 / value : T(0);
    const std::int64_t begin = (pivot + 1) / kWidth<T> * kWidth<T>;
    T kept[kWidth<T>];  // rows of the first vector that are above
    for (std::int64_t i = begin; i <= pivot; ++i) kept[i - begin] = column[i];
    for (std::int64_t i = begin; i < s.column; i += kWidth<T>) store<T>(column + i, load<T>(column + i) * inverse);
    for (std::int64_t i = begin; i <= pivot; ++i) column[i] = T(0);  // takes part below, without effect
    for (std::int64_t d = c + 1; d < count; ++d) {
      T* other = s.panel + d * s.column;
      const T factor = other[pivot];
      for (std::int64_t i = begin; i < s.column; i += kWidth<T>)
        store<T>(other + i, load<T>(other + i) - factor * load<T>(column + i));
    }
    for (std::int64_t i = begin; i <= pivot; ++i) column[i] = kept[i - begin];
  }
  for (std::int64_t d = 0; d < count; ++d)
    for (std::int64_t c = 0; c <= d; ++c) s.matrix[(first + c) * s.row + first + d] = s.panel[d * s.column + first + c];
}

// Rows of a full panel itself, VECTORS vectors from column j on: each takes the pivots above it.
template <int VECTORS, class T>
PYRNNSIM_INLINE void update_pivots(const LinearSystem<T>& s, std::int64_t first, std::int64_t j) {
  for (std::int64_t i = first + 1; i < first + kWidth<T>; ++i) {
    T* row = s.matrix + i * s.row + j;
    Vec<T> sum[VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) sum[v] = load<T>(row + v * kWidth<T>);
    for (std::int64_t c = 0; c < i - first; ++c) {
      const T factor = s.panel[c * s.column + i], *above = s.matrix + (first + c) * s.row + j;
#pragma GCC unroll 8
      for (int v = 0; v < VECTORS; ++v) sum[v] -= factor * load<T>(above + v * kWidth<T>);
    }
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) store<T>(row + v * kWidth<T>, sum[v]);
  }
}

// ROWS rows below a full panel, VECTORS vectors from column j on: minus multipliers times the panel's rows.
template <int ROWS, int VECTORS, class T>
PYRNNSIM_INLINE void update_tile(const LinearSystem<T>& s, std::int64_t first, std::int64_t i, std::int64_t j) {
  Vec<T> sum[ROWS][VECTORS];
#pragma GCC unroll 8
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) sum[r][v] = load<T>(s.matrix + (i + r) * s.row + j + v * kWidth<T>);
  for (std::int64_t c = 0; c < kWidth<T>; ++c) {
    const T *above = s.matrix + (first + c) * s.row + j, *factors = s.panel + c * s.column + i;
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < VECTORS; ++v) sum[r][v] -= factors[r] * load<T>(above + v * kWidth<T>);
  }
#pragma GCC unroll 8
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) store<T>(s.matrix + (i + r) * s.row + j + v * kWidth<T>, sum[r][v]);
}

template <int VECTORS, class T>
PYRNNSIM_INLINE void update_columns(const LinearSystem<T>& s, std::int64_t first, std::int64_t j) {
  update_pivots<VECTORS>(s, first, j);
  std::int64_t i = first + kWidth<T>;
  for (; i + 4 <= s.size; i += 4) update_tile<4, VECTORS>(s, first, i, j);
  for (; i < s.size; ++i) update_tile<1, VECTORS>(s, first, i, j);
}

template <class T>
PYRNNSIM_INLINE void update_right(const LinearSystem<T>& s, std::int64_t first) {
  std::int64_t j = first + kWidth<T>;
  for (; j + 4 * kWidth<T> <= s.row; j += 4 * kWidth<T>) update_columns<4>(s, first, j);
  if (j + 2 * kWidth<T> <= s.row) update_columns<2>(s, first, j), j += 2 * kWidth<T>;
  if (j < s.row) update_columns<1>(s, first, j);
}

// Back substitution on the triangle that is left; x (size rounded up to whole vectors) is zero beyond its end. A block of
// rows first takes the unknowns right of it, so that no vector is read that was just written by halves.
template <class T>
PYRNNSIM_INLINE void substitute(const LinearSystem<T>& s, T* x) {
  for (std::int64_t i = s.size; i < s.column; ++i) x[i] = 0;
  for (std::int64_t first = s.column - kWidth<T>; first >= 0; first -= kWidth<T>) {
    const std::int64_t end = first + kWidth<T> < s.size ? first + kWidth<T> : s.size;
    T right[kWidth<T>];
    for (std::int64_t i = first; i < end; ++i) {
      Vec<T> sum{};
      for (std::int64_t j = first + kWidth<T>; j < s.column; j += kWidth<T>)
        sum += load<T>(s.matrix + i * s.row + j) * load<T>(x + j);
      right[i - first] = s.matrix[i * s.row + s.size] - horizontal_sum<T>(sum);
    }
    for (std::int64_t i = end - 1; i >= first; --i) {
      const T value = s.matrix[i * s.row + i], at = right[i - first];
      const T found = magnitude(value) > s.negligible ? at / value : T(0);
      x[i] = found;
      for (std::int64_t above = first; above < i; ++above) right[above - first] -= s.matrix[above * s.row + i] * found;
    }
  }
}

// x (size rounded up to whole vectors) of A x = y.
template <class T>
PYRNNSIM_INLINE void solve(const LinearSystem<T>& s, T* x) {
  for (std::int64_t first = 0; first < s.size; first += kWidth<T>) {
    const std::int64_t left = s.size - first, count = left < kWidth<T> ? left : std::int64_t{kWidth<T>};
    copy_panel(s, first, count);
    eliminate_panel(s, first, count);
    if (left > kWidth<T>) {
      update_right(s, first);
      continue;
    }
    for (std::int64_t i = first + 1; i < s.size; ++i)  // of the last rows, only the right-hand side is left
      for (std::int64_t c = 0; c < i - first; ++c)
        s.matrix[i * s.row + s.size] -= s.panel[c * s.column + i] * s.matrix[(first + c) * s.row + s.size];
  }
  substitute(s, x);
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
