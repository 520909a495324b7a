// Products and the inverse of small matrices in scratch memory.
#pragma once
#include "../similarity/micro_kernel.hpp"
#include "eigen_scratch.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

template <int VECTORS>
PYRNNSIM_INLINE void product_panel(std::int64_t rows, std::int64_t depth, const double* a, std::int64_t a_row,
                                   const double* b, std::int64_t b_row, double* c, std::int64_t c_row,
                                   bool accumulate) {
  std::int64_t i = 0;
  for (; i + kRows <= rows; i += kRows)
    micro_kernel<double, kRows, VECTORS>(depth, a + i * a_row, a_row, 1, b, b_row, c + i * c_row, c_row, accumulate);
  for (; i < rows; ++i)
    micro_kernel<double, 1, VECTORS>(depth, a + i * a_row, a_row, 1, b, b_row, c + i * c_row, c_row, accumulate);
}

// C (rows, columns) (+)= A (rows, depth) B (depth, columns), columns rounded up to whole vectors.
static void product(std::int64_t rows, std::int64_t columns, std::int64_t depth, const double* a, std::int64_t a_row,
                    const double* b, std::int64_t b_row, double* c, std::int64_t c_row, bool accumulate = false) {
  constexpr int W = kWidth<double>;
  const std::int64_t width = round_up(columns, W);
  std::int64_t j = 0;
  for (; j + 3 * W <= width; j += 3 * W)
    product_panel<3>(rows, depth, a, a_row, b + j, b_row, c + j, c_row, accumulate);
  for (; j < width; j += W) product_panel<1>(rows, depth, a, a_row, b + j, b_row, c + j, c_row, accumulate);
}

inline constexpr std::int64_t kPivots = 16;  // eliminated at once

constexpr std::int64_t inverse_doubles(std::int64_t n) { return n * kPivots + kPivots * row_stride(n) + n; }

// Gauss-Jordan elimination of the columns of `panel` (n, kPivots) with pivoting among rows first and below. On return
// the panel holds the operations: what the rows first .. first + count - 1 contribute to every row. False: singular.
static bool eliminate_panel(std::int64_t n, double* panel, std::int64_t first, std::int64_t count, double* m,
                            std::int64_t stride, double* pivots) {
  for (std::int64_t q = 0; q < count; ++q) {
    const std::int64_t k = first + q;
    std::int64_t best = k;
    for (std::int64_t i = k + 1; i < n; ++i)
      if (__builtin_fabs(panel[i * kPivots + q]) > __builtin_fabs(panel[best * kPivots + q])) best = i;
    pivots[k] = static_cast<double>(best);
    if (!(__builtin_fabs(panel[best * kPivots + q]) > 1e-300)) return false;
    if (best != k) {
      for (std::int64_t j = 0; j < stride; ++j) {
        const double held = m[k * stride + j];
        m[k * stride + j] = m[best * stride + j];
        m[best * stride + j] = held;
      }
      for (std::int64_t j = 0; j < kPivots; ++j) {
        const double held = panel[k * kPivots + j];
        panel[k * kPivots + j] = panel[best * kPivots + j];
        panel[best * kPivots + j] = held;
      }
    }
    double* row = panel + k * kPivots;
    const double inverse = 1 / row[q];
    row[q] = 1;
    for (std::int64_t j = 0; j < kPivots; ++j) row[j] *= inverse;
    for (std::int64_t i = 0; i < n; ++i) {
      if (i == k) continue;
      double* other = panel + i * kPivots;
      const double factor = other[q];
      other[q] = 0;
      for (std::int64_t j = 0; j < kPivots; ++j) other[j] -= factor * row[j];
    }
  }
  return true;
}

// m (n, stride) <- its inverse, in place: kPivots columns at a time, the rest of the matrix by one product for each.
static bool invert(std::int64_t n, double* m, std::int64_t stride, double* work) {
  double *panel = work, *rows = panel + n * kPivots, *pivots = rows + kPivots * row_stride(n);
  for (std::int64_t first = 0; first < n; first += kPivots) {
    const std::int64_t count = n - first < kPivots ? n - first : kPivots;
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t q = 0; q < kPivots; ++q) panel[i * kPivots + q] = q < count ? m[i * stride + first + q] : 0;
    if (!eliminate_panel(n, panel, first, count, m, stride, pivots)) return false;
    for (std::int64_t q = 0; q < count; ++q) {
      double* row = m + (first + q) * stride;
      copy(rows + q * stride, row, stride);
      clear(row, stride);
    }
    product(n, n, count, panel, kPivots, rows, stride, m, stride, true);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t q = 0; q < count; ++q) m[i * stride + first + q] = panel[i * kPivots + q];
  }
  for (std::int64_t k = n - 1; k >= 0; --k) {
    const auto other = static_cast<std::int64_t>(pivots[k]);
    if (other == k) continue;
    for (std::int64_t i = 0; i < n; ++i) {
      const double held = m[i * stride + k];
      m[i * stride + k] = m[i * stride + other];
      m[i * stride + other] = held;
    }
  }
  return true;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
