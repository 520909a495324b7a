// As many dense linear systems as a vector has lanes, one per lane: Gaussian elimination without looking for pivots.
//
// Every operation is one on whole vectors, whereas a single small matrix spends most of its time on finding, fetching and
// dividing by pivots. Elimination without exchanges is exact enough unless a pivot is small: such lanes are reported,
// and the caller solves their systems in another way (linear_solver.hpp). No lane influences another's bits.
#pragma once
#include <cstdint>

#include "../common/simd.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

template <class T>
struct LaneSystems {
  std::int64_t size;
  T* matrix;    // (size, row(), lanes): A, then y in column `size`; destroyed
  T* inverses;  // (size, lanes) scratch
  T* x;         // (size rounded up to whole vectors, lanes) out

  std::int64_t row() const { return row_of(size); }
  static std::int64_t row_of(std::int64_t size) { return (size + 1) | 1; }  // odd: columns do not share cache sets
  T* at(std::int64_t i, std::int64_t j) const { return matrix + (i * row() + j) * kWidth<T>; }
};

// Columns eliminated at a time. What is right of and below them is read and written once for all of them; a wide band
// is eliminated as two narrow ones, which fit into registers.
inline constexpr std::int64_t kWide = 16, kNarrow = 8;

#if PYRNNSIM_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int kLaneRows = 4, kLaneColumns = 6;  // 24 accumulators of 32 registers
#else
inline constexpr int kLaneRows = 3, kLaneColumns = 3;  // 9 of 16
#endif

// One pair of rounds of the perfect shuffle below: lanes of a and b in turn, the lower halves then the upper ones.
template <class T>
PYRNNSIM_INLINE void interleave(Vec<T> a, Vec<T> b, Vec<T>& low, Vec<T>& high) {
  constexpr int W = kWidth<T>;
  Mask<T> first{}, second{};
#pragma GCC unroll 16
  for (int lane = 0; lane < W; ++lane) {
    first[lane] = lane / 2 + lane % 2 * W;
    second[lane] = first[lane] + W / 2;
  }
  low = __builtin_shuffle(a, b, first);
  high = __builtin_shuffle(a, b, second);
}

// Lane j of vector i becomes lane i of vector j: the perfect shuffle of all vectors, once for each bit of their number.
template <class T>
PYRNNSIM_INLINE void transpose(Vec<T> (&v)[kWidth<T>]) {
  constexpr int W = kWidth<T>;
#pragma GCC unroll 4
  for (int round = 1; round < W; round *= 2) {
    Vec<T> next[W];
#pragma GCC unroll 8
    for (int i = 0; i < W / 2; ++i) interleave<T>(v[i], v[i + W / 2], next[2 * i], next[2 * i + 1]);
#pragma GCC unroll 16
    for (int i = 0; i < W; ++i) v[i] = next[i];
  }
}

// Pivots and multipliers of columns [first, first + COUNT) for the rows from `first` on. Multipliers replace what they
// eliminate. Lanes with a pivot at most `small` are marked in `poor`.
template <int COUNT, class T>
PYRNNSIM_INLINE void eliminate_columns(const LaneSystems<T>& s, std::int64_t first, Vec<T> small, Mask<T>& poor) {
  Vec<T> inverse[COUNT]{};
  for (std::int64_t i = first; i < s.size; ++i) {
    T* row = s.at(i, first);
    Vec<T> own[COUNT];
#pragma GCC unroll 8
    for (int c = 0; c < COUNT; ++c) own[c] = load(row + c * kWidth<T>);
    const std::int64_t above = i - first;
#pragma GCC unroll 8
    for (int c = 0; c < COUNT; ++c)
      if (c < above) {
        own[c] *= inverse[c];
        const T* pivots = s.at(first + c, first);
#pragma GCC unroll 8
        for (int d = c + 1; d < COUNT; ++d) own[d] -= own[c] * load(pivots + d * kWidth<T>);
      } else if (c == above) {
        poor |= !(absolute(own[c]) > small);
        inverse[c] = T(1) / own[c];
        store(s.inverses + i * kWidth<T>, inverse[c]);
      }
#pragma GCC unroll 8
    for (int c = 0; c < COUNT; ++c) store(row + c * kWidth<T>, own[c]);
  }
}

// Columns [begin, end) of the DEPTH rows of a band that starts at `first`.
template <std::int64_t DEPTH, class T>
PYRNNSIM_INLINE void solve_rows(const LaneSystems<T>& s, std::int64_t first, std::int64_t begin, std::int64_t end) {
  for (std::int64_t j = begin; j < end; ++j) {
    Vec<T> own[DEPTH];
#pragma GCC unroll 16
    for (int q = 0; q < DEPTH; ++q) own[q] = load(s.at(first + q, j));
#pragma GCC unroll 16
    for (int q = 1; q < DEPTH; ++q) {
      const T* multipliers = s.at(first + q, first);
#pragma GCC unroll 16
      for (int c = 0; c < q; ++c) own[q] -= load(multipliers + c * kWidth<T>) * own[c];
      store(s.at(first + q, j), own[q]);
    }
  }
}

// Multipliers times those rows from ROWS rows below and COLUMNS columns right of them.
template <std::int64_t DEPTH, int ROWS, int COLUMNS, class T>
PYRNNSIM_INLINE void update_block(const LaneSystems<T>& s, std::int64_t first, std::int64_t i, std::int64_t j) {
  Vec<T> sum[ROWS][COLUMNS];
#pragma GCC unroll 8
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 8
    for (int c = 0; c < COLUMNS; ++c) sum[r][c] = load(s.at(i + r, j) + c * kWidth<T>);
  for (std::int64_t k = first; k < first + DEPTH; ++k) {
    Vec<T> left[ROWS];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; ++r) left[r] = load(s.at(i + r, k));
#pragma GCC unroll 8
    for (int c = 0; c < COLUMNS; ++c) {
      const Vec<T> right = load(s.at(k, j) + c * kWidth<T>);
#pragma GCC unroll 8
      for (int r = 0; r < ROWS; ++r) sum[r][c] -= left[r] * right;
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 8
    for (int c = 0; c < COLUMNS; ++c) store(s.at(i + r, j) + c * kWidth<T>, sum[r][c]);
}

template <std::int64_t DEPTH, int COLUMNS, class T>
PYRNNSIM_INLINE void update_below(const LaneSystems<T>& s, std::int64_t first, std::int64_t j) {
  std::int64_t i = first + DEPTH;
  for (; i + kLaneRows <= s.size; i += kLaneRows) update_block<DEPTH, kLaneRows, COLUMNS>(s, first, i, j);
  for (; i < s.size; ++i) update_block<DEPTH, 1, COLUMNS>(s, first, i, j);
}

// What the band of DEPTH columns from `first` on, once eliminated, does to columns [begin, end).
template <std::int64_t DEPTH, class T>
PYRNNSIM_INLINE void apply_band(const LaneSystems<T>& s, std::int64_t first, std::int64_t begin, std::int64_t end) {
  solve_rows<DEPTH>(s, first, begin, end);
  std::int64_t j = begin;
  for (; j + kLaneColumns <= end; j += kLaneColumns) update_below<DEPTH, kLaneColumns>(s, first, j);
  for (; j < end; ++j) update_below<DEPTH, 1>(s, first, j);
}

template <class T>
PYRNNSIM_INLINE void substitute_lanes(const LaneSystems<T>& s) {
  for (std::int64_t i = 0; i < s.size; ++i) store(s.x + i * kWidth<T>, load(s.at(i, s.size)));
  for (std::int64_t i = s.size - 1; i >= 0; --i) {
    const Vec<T> found = load(s.x + i * kWidth<T>) * load(s.inverses + i * kWidth<T>);
    store(s.x + i * kWidth<T>, found);
    for (std::int64_t above = 0; above < i; ++above) {
      T* out = s.x + above * kWidth<T>;
      store(out, load(out) - load(s.at(above, i)) * found);
    }
  }
}

// x of A x = y in every lane; the result marks lanes with a pivot of magnitude at most `small`, whose x is no solution.
template <class T>
PYRNNSIM_INLINE Mask<T> solve_lanes(const LaneSystems<T>& s, Vec<T> small) {
  Mask<T> poor{};
  std::int64_t first = 0;
  for (; first + kWide <= s.size; first += kWide) {
    const std::int64_t middle = first + kNarrow, end = first + kWide;
    eliminate_columns<kNarrow>(s, first, small, poor);
    apply_band<kNarrow>(s, first, middle, end);
    eliminate_columns<kNarrow>(s, middle, small, poor);
    apply_band<kWide>(s, first, end, s.size + 1);
  }
  for (; first + kNarrow <= s.size; first += kNarrow) {
    eliminate_columns<kNarrow>(s, first, small, poor);
    apply_band<kNarrow>(s, first, first + kNarrow, s.size + 1);
  }
  for (; first < s.size; ++first) {  // the last few columns, one at a time
    eliminate_columns<1>(s, first, small, poor);
    for (std::int64_t i = first + 1; i < s.size; ++i)
      for (std::int64_t j = first + 1; j <= s.size; ++j)
        store(s.at(i, j), load(s.at(i, j)) - load(s.at(i, first)) * load(s.at(first, j)));
  }
  substitute_lanes(s);
  return poor;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
