// Householder reduction of one symmetric matrix to tridiagonal form, A = Q T Q^T with Q = H_{n-1} ... H_1.
//
// Rows are eliminated from the last to the first, so the part still to be reduced is always the aligned leading block.
// One pass over that block applies the previous step's rank-2 update and multiplies by the next reflector at once: the
// matrix is read and written once per step instead of twice, and that traffic is what the reduction costs.
#pragma once
#include "micro_kernel.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// Smallest squared norm of a row that is worth a reflector. Input is scaled to norm <= 1, so what is dropped is 1e-18.
inline constexpr double kNegligible = 1e-36;

struct Tridiagonal {
  double* diagonal;      // (n,)
  double* off_diagonal;  // (n,) entry m couples m - 1 and m; entry 0 is 0
  double* reflectors;    // (n, stride) row m is v_m, zero from column m on
  double* tau;           // (n,) H_m = I - tau_m v_m v_m^T
  double* scratch;       // 2 * round_up(n, kColumnPad)
};

// Makes v_m from the eliminated row and returns the off-diagonal element.
static double make_reflector(double* v, std::int64_t m, double& tau) {
  constexpr int W = kWidth<double>;
  Vec<double> squares{};
  for (std::int64_t q = 0; q < m; q += W) {
    const Vec<double> x = load(v + q);
    squares += x * x;
  }
  const double norm2 = horizontal_sum<double>(squares), last = v[m - 1];
  if (norm2 <= kNegligible || norm2 - last * last <= norm2 * 1e-30) {  // nothing left to eliminate
    for (std::int64_t q = 0; q < m; ++q) v[q] = 0;
    tau = 0;
    return last;
  }
  const double norm = __builtin_sqrt(norm2), beta = last > 0 ? -norm : norm;
  v[m - 1] = last - beta;
  tau = 1 / (norm * (norm + __builtin_fabs(last)));
  return beta;
}

// A -= u w^T + w u^T on the leading m x m block (lower triangle of kBlock x kBlock blocks), and y = A v.
static void update_and_multiply(double* a, std::int64_t stride, std::int64_t m, const double* u, const double* w,
                                const double* v, double* y) {
  constexpr int W = kWidth<double>, kBlock = W < 4 ? 4 : W;
  for (std::int64_t block = 0; block < m; block += kBlock)
    for (std::int64_t r = block; r < block + kBlock && r < m; r += 4) {
      double* row[4];
      Vec<double> ur[4], wr[4], vr[4], dot[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        row[i] = a + (r + i) * stride;
        ur[i] = broadcast(u[r + i]);
        wr[i] = broadcast(w[r + i]);
        vr[i] = broadcast(v[r + i]);
        dot[i] = Vec<double>{};
      }
      for (std::int64_t c = 0; c < block; c += W) {  // below the diagonal: serves rows (dot) and columns (y)
        const Vec<double> uc = load(u + c), wc = load(w + c), vc = load(v + c);
        Vec<double> even = load(y + c), odd{};
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
          Vec<double> x = load(row[i] + c);
          x -= ur[i] * wc;
          x -= wr[i] * uc;
          store(row[i] + c, x);
          dot[i] += x * vc;
          (i % 2 ? odd : even) += vr[i] * x;
        }
        store(y + c, even + odd);
      }
      for (std::int64_t c = block; c < block + kBlock; c += W) {  // diagonal block, stored in full
        const Vec<double> uc = load(u + c), wc = load(w + c), vc = load(v + c);
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
          Vec<double> x = load(row[i] + c);
          x -= ur[i] * wc;
          x -= wr[i] * uc;
          store(row[i] + c, x);
          dot[i] += x * vc;
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) y[r + i] += horizontal_sum<double>(dot[i]);
    }
}

// Reduces a (n, stride); its lower triangle is destroyed. Rows of a and of the reflectors must be padded (padded_row),
// with rows n .. round_up(n, kRowPad) - 1 allocated and finite.
static void tridiagonalise(std::int64_t n, double* a, std::int64_t stride, const Tridiagonal& out) {
  constexpr int W = kWidth<double>;
  const std::int64_t width = round_up(n, kColumnPad);
  double *w = out.scratch, *y = out.scratch + width;
  for (std::int64_t q = 0; q < 2 * width; ++q) out.scratch[q] = 0;
  double* u = out.reflectors;  // row 0 is no reflector: a vector of zeros for the first step
  for (std::int64_t q = 0; q < width; ++q) u[q] = 0;
  for (std::int64_t m = n - 1; m >= 1; --m) {
    double *row = a + m * stride, *v = out.reflectors + m * stride;
    for (std::int64_t q = 0; q <= m; ++q) row[q] -= u[m] * w[q] + w[m] * u[q];
    out.diagonal[m] = row[m];
    for (std::int64_t q = 0; q < m; ++q) v[q] = row[q];
    for (std::int64_t q = m; q < width; ++q) v[q] = 0;
    double tau;
    out.off_diagonal[m] = make_reflector(v, m, tau);
    out.tau[m] = tau;
    for (std::int64_t q = 0; q < width; ++q) y[q] = 0;
    update_and_multiply(a, stride, m, u, w, v, y);
    Vec<double> projection{};
    for (std::int64_t q = 0; q < m; q += W) projection += load(y + q) * load(v + q);
    const double shift = 0.5 * tau * tau * horizontal_sum<double>(projection);
    for (std::int64_t q = 0; q < m; q += W) store(w + q, tau * load(y + q) - shift * load(v + q));
    for (std::int64_t q = m; q < width; ++q) w[q] = 0;
    u = v;
  }
  out.diagonal[0] = a[0] - 2 * u[0] * w[0];
  out.off_diagonal[0] = 0;
  out.tau[0] = 0;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
