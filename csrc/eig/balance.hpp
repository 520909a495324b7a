// What precedes the reduction: scaling to size 1, and balancing by powers of two (Parlett and Reinsch 1969; the
// Euclidean norms of James, Langou and Lowery 2014), without which eigenvalues of badly scaled matrices are lost.
#pragma once
#include "eigen_scratch.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// e with max |a| in [2^(e-1), 2^e); 0 for a matrix of zeros.
static int largest_exponent(const double* a, std::int64_t count) {
  constexpr int W = kWidth<double>;
  Vec<double> most{};
  std::int64_t i = 0;
  for (; i + W <= count; i += W) {
    const Vec<double> x = absolute(load(a + i));
    most = select<double>(x > most, x, most);
  }
  double peak = 0;
  for (int l = 0; l < W; ++l) peak = most[l] > peak ? most[l] : peak;
  for (; i < count; ++i) peak = __builtin_fabs(a[i]) > peak ? __builtin_fabs(a[i]) : peak;
  int exponent = 0;
  if (peak > 0) (void)__builtin_frexp(peak, &exponent);
  return exponent;
}

// Two factors whose product is 2^-exponent: one alone may lie outside the range of double.
struct PowerOfTwo {
  double first, second;
  explicit PowerOfTwo(int exponent)
      : first(__builtin_ldexp(1.0, -exponent / 2)), second(__builtin_ldexp(1.0, -(exponent - exponent / 2))) {}
};

PYRNNSIM_INLINE double column_norm(const double* b, std::int64_t n, std::int64_t stride, std::int64_t j) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += b[i * stride + j] * b[i * stride + j];
  return __builtin_sqrt(sum);
}

// Sum of squares of a row that is padded with zeros.
PYRNNSIM_INLINE double row_squares(const double* row, std::int64_t n) {
  constexpr int W = kWidth<double>;
  Vec<double> sum{};
  for (std::int64_t j = 0; j < n; j += W) {
    const Vec<double> x = load(row + j);
    sum += x * x;
  }
  return horizontal_sum<double>(sum);
}

// The power of two f that brings column norm c f and row norm r / f together; 1 where that gains less than 5 %.
PYRNNSIM_INLINE double balancing_factor(double c, double r) {
  if (c == 0 || r == 0) return 1;
  const double before = c + r;
  double f = 1;
  for (; 2 * c <= r; f *= 2) c *= 2, r /= 2;
  for (; c >= 2 * r; f /= 2) c /= 2, r *= 2;
  return c + r < 0.95 * before ? f : 1;
}

// Row i of B divided by f; the squared norms of the columns follow.
PYRNNSIM_INLINE void divide_row(double* row, std::int64_t n, double f, double* squares) {
  constexpr int W = kWidth<double>;
  const Vec<double> inverse = broadcast(1 / f);
  for (std::int64_t j = 0; j < n; j += W) {
    const Vec<double> before = load(row + j), after = before * inverse;
    store(row + j, after);
    store(squares + j, load(squares + j) - before * before + after * after);
  }
}

// B <- D^-1 B D for the (n, stride) matrix b, padded with zeros; d receives the diagonal of D. `squares`: (stride,).
static void balance(std::int64_t n, double* b, std::int64_t stride, double* d, double* squares) {
  constexpr int W = kWidth<double>;
  for (std::int64_t i = 0; i < n; ++i) d[i] = 1;
  bool changed = true;
  for (int pass = 0; changed && pass < 100; ++pass) {
    changed = false;
    clear(squares, stride);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; j += W) {
        const Vec<double> x = load(b + i * stride + j);
        store(squares + j, load(squares + j) + x * x);
      }
    for (std::int64_t i = 0; i < n; ++i) {
      const double r = __builtin_sqrt(row_squares(b + i * stride, n));
      // What is left of a column's sum after changes may be rounding only: it finds candidates, whose own norms decide.
      const double about = squares[i] > 0 ? squares[i] : 0;
      if (about > 0 && balancing_factor(__builtin_sqrt(about), r) == 1) continue;
      const double f = balancing_factor(column_norm(b, n, stride, i), r);
      if (f == 1 || d[i] * f > 1e150 || d[i] * f < 1e-150) continue;
      divide_row(b + i * stride, n, f, squares);
      for (std::int64_t j = 0; j < n; ++j) b[j * stride + i] *= f;
      squares[i] *= f * f;
      d[i] *= f;
      changed = true;
    }
  }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
