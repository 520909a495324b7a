// Products and the inverse of small matrices in scratch memory.
#pragma once
#include "../similarity/micro_kernel.hpp"
#include "eigen_scratch.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// How many of `left` vectors to take at a time, at most `most` (2 or 3), so that none is left alone: one by itself
// takes as long as two.
constexpr std::int64_t panel_vectors(std::int64_t left, std::int64_t most) {
  if (left <= most) return left;
  return left == 4 && most == 3 ? 2 : most;
}

// A(i, p) at a[i * row + p * column].
struct LeftFactor {
  const double* a;
  std::int64_t row, column;
};

template <int VECTORS>
PYRNNSIM_INLINE void product_panel(std::int64_t rows, std::int64_t depth, const LeftFactor& left, const double* b,
                                   std::int64_t b_row, double* c, std::int64_t c_row, bool accumulate) {
  std::int64_t i = 0;
  for (; i + kRows <= rows; i += kRows)
    micro_kernel<double, kRows, VECTORS>(depth, left.a + i * left.row, left.row, left.column, b, b_row, c + i * c_row,
                                         c_row, accumulate);
  for (; i < rows; ++i)
    micro_kernel<double, 1, VECTORS>(depth, left.a + i * left.row, left.row, left.column, b, b_row, c + i * c_row,
                                     c_row, accumulate);
}

// C (rows, columns) (+)= A (rows, depth) B (depth, columns), columns rounded up to whole vectors.
static void product(std::int64_t rows, std::int64_t columns, std::int64_t depth, const LeftFactor& a, const double* b,
                    std::int64_t b_row, double* c, std::int64_t c_row, bool accumulate = false) {
  constexpr int W = kWidth<double>;
  const std::int64_t width = round_up(columns, W);
  for (std::int64_t j = 0, vectors = 0; j < width; j += vectors * W) {
    vectors = panel_vectors((width - j) / W, 3);
    if (vectors == 3)
      product_panel<3>(rows, depth, a, b + j, b_row, c + j, c_row, accumulate);
    else if (vectors == 2)
      product_panel<2>(rows, depth, a, b + j, b_row, c + j, c_row, accumulate);
    else
      product_panel<1>(rows, depth, a, b + j, b_row, c + j, c_row, accumulate);
  }
}

inline constexpr std::int64_t kPivots = 8;  // eliminated at once

constexpr std::int64_t inverse_doubles(std::int64_t n) { return 2 * kPivots * row_stride(n) + n; }

// Index, from `from` on, of the largest magnitude of x (n,), the first of equal ones; x is padded with zeros.
static std::int64_t largest_from(std::int64_t from, std::int64_t n, const double* x) {
  constexpr int W = kWidth<double>;
  Vec<double> most = broadcast(-1.0), at{}, index{};
  for (int l = 0; l < W; ++l) index[l] = static_cast<double>(from / W * W + l);
  for (std::int64_t i = from / W * W; i < n; i += W, index += static_cast<double>(W)) {
    const Vec<double> size = absolute(load(x + i));
    const Mask<double> larger = (size > most) & (index >= static_cast<double>(from)) & (index < static_cast<double>(n));
    most = select<double>(larger, size, most);
    at = select<double>(larger, index, at);
  }
  double peak = -1, best = static_cast<double>(from);
  for (int l = 0; l < W; ++l)
    if (most[l] > peak || (most[l] == peak && at[l] < best)) {
      peak = most[l];
      best = at[l];
    }
  return static_cast<std::int64_t>(best);
}

PYRNNSIM_INLINE void exchange(double& a, double& b) {
  const double held = a;
  a = b;
  b = held;
}

PYRNNSIM_INLINE void exchange_rows(double* a, double* b, std::int64_t count) {
  constexpr int W = kWidth<double>;
  for (std::int64_t j = 0; j < count; j += W) {
    const Vec<double> held = load(a + j);
    store(a + j, load(b + j));
    store(b + j, held);
  }
}

// Gauss-Jordan elimination of the columns first ... of m with pivoting among rows first and below. They stand in the
// rows of `panel` (kPivots, stride), which on return holds the operations: what the rows first .. first + count - 1 of
// m contribute to every row. False: singular.
static bool eliminate_panel(std::int64_t n, double* panel, std::int64_t first, std::int64_t count, double* m,
                            std::int64_t stride, double* pivots) {
  constexpr int W = kWidth<double>;
  for (std::int64_t q = 0; q < count; ++q) {
    double* column = panel + q * stride;
    const std::int64_t k = first + q, best = largest_from(k, n, column);
    pivots[k] = static_cast<double>(best);
    if (!(__builtin_fabs(column[best]) > 1e-300)) return false;
    if (best != k) {
      exchange_rows(m + k * stride, m + best * stride, stride);
      for (std::int64_t j = 0; j < count; ++j) exchange(panel[j * stride + k], panel[j * stride + best]);
    }
    const double inverse = 1 / column[k];
    for (std::int64_t j = 0; j < count; ++j) {
      if (j == q) continue;
      double* other = panel + j * stride;
      const double share = other[k] * inverse;
      for (std::int64_t i = 0; i < n; i += W) store(other + i, load(other + i) - share * load(column + i));
      other[k] = share;
    }
    for (std::int64_t i = 0; i < n; i += W) store(column + i, -inverse * load(column + i));
    column[k] = inverse;
  }
  return true;
}

// m (n, stride) <- its inverse, in place: kPivots columns at a time, the rest of the matrix by one product for each.
static bool invert(std::int64_t n, double* m, std::int64_t stride, double* work) {
  double *panel = work, *rows = panel + kPivots * stride, *pivots = rows + kPivots * stride;
  clear(panel, kPivots * stride);
  for (std::int64_t first = 0; first < n; first += kPivots) {
    const std::int64_t count = n - first < kPivots ? n - first : kPivots;
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t q = 0; q < count; ++q) panel[q * stride + i] = m[i * stride + first + q];
    if (!eliminate_panel(n, panel, first, count, m, stride, pivots)) return false;
    for (std::int64_t q = 0; q < count; ++q) {
      double* row = m + (first + q) * stride;
      copy(rows + q * stride, row, stride);
      clear(row, stride);
    }
    product(n, n, count, {panel, 1, stride}, rows, stride, m, stride, true);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t q = 0; q < count; ++q) m[i * stride + first + q] = panel[q * stride + i];
  }
  for (std::int64_t k = n - 1; k >= 0; --k) {
    const auto other = static_cast<std::int64_t>(pivots[k]);
    if (other == k) continue;
    for (std::int64_t i = 0; i < n; ++i) exchange(m[i * stride + k], m[i * stride + other]);
  }
  return true;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
