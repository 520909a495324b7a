// Gram matrix and tridiagonal form of kLanes small matrices at once, one matrix per lane (SVCCA with few directions).
//
// Below about 40 columns one matrix does not fill the vectors; across pairs every operation is a full one. Arrays are
// [row][column][lane].
#pragma once
#include "ql_lanes.hpp"
#include "tridiagonal.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

inline constexpr std::int64_t kSmall = 40;

// gram (n, n) = x^T x, lower triangle in 4 x 4 blocks; x is (depth, columns), columns = round_up(n, 4), zero beyond n.
static void lanes_gram(std::int64_t depth, std::int64_t columns, const double* x, double* gram) {
  constexpr int W = kWidth<double>;
  for (int base = 0; base < kLanes; base += W)
    for (std::int64_t r = 0; r < columns; r += 4)
      for (std::int64_t s = 0; s <= r; s += 4) {
        Vec<double> sum[4][4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i)
#pragma GCC unroll 4
          for (int j = 0; j < 4; ++j) sum[i][j] = Vec<double>{};
        for (std::int64_t p = 0; p < depth; ++p) {
          const double *a = x + (p * columns + r) * kLanes + base, *b = x + (p * columns + s) * kLanes + base;
          Vec<double> right[4];
#pragma GCC unroll 4
          for (int j = 0; j < 4; ++j) right[j] = load(b + j * kLanes);
#pragma GCC unroll 4
          for (int i = 0; i < 4; ++i) {
            const Vec<double> left = load(a + i * kLanes);
#pragma GCC unroll 4
            for (int j = 0; j < 4; ++j) sum[i][j] += left * right[j];
          }
        }
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i)
#pragma GCC unroll 4
          for (int j = 0; j < 4; ++j) store(gram + ((r + i) * columns + s + j) * kLanes + base, sum[i][j]);
      }
}

// One lane group of lanes_tridiagonal: the same recursion as tridiagonal.hpp with every scalar a vector.
static void lane_group_tridiagonal(std::int64_t n, std::int64_t columns, double* a, double* d, double* e2) {
  using V = Vec<double>;
  V u[kSmall + 4], w[kSmall + 4], v[kSmall + 4], y[kSmall + 4];
  for (std::int64_t i = 0; i < kSmall + 4; ++i) u[i] = w[i] = v[i] = V{};
  const auto at = [=](std::int64_t r, std::int64_t c) { return a + (r * columns + c) * kLanes; };
  for (std::int64_t m = n - 1; m >= 1; --m) {
    V norm2{};
    for (std::int64_t c = 0; c < m; ++c) {
      v[c] = load(at(m, c)) - u[m] * w[c] - w[m] * u[c];
      norm2 += v[c] * v[c];
    }
    store(d + m * kLanes, load(at(m, m)) - 2.0 * u[m] * w[m]);
    store(e2 + (m - 1) * kLanes, norm2);
    const V norm = square_root(norm2), tip = v[m - 1];
    const Mask<double> worthwhile = norm2 > kNegligible;
    v[m - 1] = select<double>(tip < 0.0, tip - norm, tip + norm);
    v[m] = V{};
    const V tau = select<double>(worthwhile, 1.0 / (norm * (norm + absolute(tip))), V{});
    for (std::int64_t c = 0; c < m; ++c) {
      v[c] = select<double>(worthwhile, v[c], V{});
      y[c] = V{};
    }
    for (std::int64_t r = 0; r < m; ++r) {
      const V ur = u[r], wr = w[r], vr = v[r];
      V dot{};
      for (std::int64_t c = 0; c < r; ++c) {
        const V x = load(at(r, c)) - ur * w[c] - wr * u[c];
        store(at(r, c), x);
        dot += x * v[c];
        y[c] += vr * x;
      }
      const V x = load(at(r, r)) - 2.0 * ur * wr;
      store(at(r, r), x);
      y[r] += dot + x * vr;
    }
    V projection{};
    for (std::int64_t c = 0; c < m; ++c) projection += y[c] * v[c];
    const V shift = 0.5 * tau * tau * projection;
    for (std::int64_t c = 0; c < m; ++c) {
      w[c] = tau * y[c] - shift * v[c];
      u[c] = v[c];
    }
    w[m] = u[m] = V{};
  }
  store(d, load(a) - 2.0 * u[0] * w[0]);
  store(e2 + (n - 1) * kLanes, V{});
}

// gram (columns, columns) of lanes_gram is destroyed; d, e2 (n, kLanes) as ql_eigenvalues takes them.
static void lanes_tridiagonal(std::int64_t n, std::int64_t columns, double* gram, double* d, double* e2) {
  for (int base = 0; base < kLanes; base += kWidth<double>)
    lane_group_tridiagonal(n, columns, gram + base, d + base, e2 + base);
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
