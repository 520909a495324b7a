// Eigenvalues of kLanes symmetric tridiagonal matrices of one size at a time, one matrix per lane.
//
// The square-root-free QL iteration of Pal, Walker and Kahan (LAPACK's dsterf) is one long chain of dependent
// operations; with a matrix in every lane the chain is paid once for all of them. A lane that has converged is masked, so
// its bits do not depend on its neighbours.
#pragma once
#include "../common/simd.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

inline constexpr int kLanes = 16;
// Squared off-diagonal below which an eigenvalue of a matrix of norm <= 1 has converged to all digits.
inline constexpr double kConverged = 1e-31;
inline constexpr int kMaxSweeps = 60;

// d, e2: (n, kLanes), e2 row i couples i and i + 1 (squared). On return d holds the eigenvalues, unsorted.
// Returns false when some lane did not converge (never seen; the caller then falls back to LAPACK).
static bool ql_eigenvalues(std::int64_t n, double* d, double* e2) {
  constexpr int W = kWidth<double>, G = 2;  // G vectors in flight hide the latency of the divisions
  using V = Vec<double>;
  const std::int64_t last = n - 1;
  bool converged = true;
  for (int base = 0; base < kLanes; base += G * W)
    for (std::int64_t l = 0; l < last; ++l) {
      int sweep = 0;
      for (;; ++sweep) {
        Mask<double> active[G];
        bool busy = false;
#pragma GCC unroll 2
        for (int v = 0; v < G; ++v) {
          active[v] = load(e2 + l * kLanes + base + v * W) > kConverged;
          busy = busy || any(active[v]);
        }
        if (!busy || sweep == kMaxSweeps) break;
        V shift[G], c[G], s[G], g[G], p[G];
#pragma GCC unroll 2
        for (int v = 0; v < G; ++v) {
          const std::int64_t at = l * kLanes + base + v * W;
          const V root = square_root(load(e2 + at) + 1e-300), dl = load(d + at);
          const V x = (load(d + at + kLanes) - dl) / (2.0 * root);
          const V r = square_root(x * x + 1.0);
          shift[v] = dl - root / select<double>(x < 0.0, x - r, x + r);
          c[v] = broadcast(1.0);
          s[v] = V{};
          g[v] = load(d + last * kLanes + base + v * W) - shift[v];
          p[v] = g[v] * g[v];
        }
        for (std::int64_t i = last - 1; i >= l; --i)
#pragma GCC unroll 2
          for (int v = 0; v < G; ++v) {
            double *di = d + i * kLanes + base + v * W, *ei = e2 + i * kLanes + base + v * W;
            const V b = load(ei), r = p[v] + b + 1e-280;
            if (i != last - 1) store(ei + kLanes, select<double>(active[v], s[v] * r, load(ei + kLanes)));
            const V old_c = c[v], old_g = g[v], a = load(di), inverse = 1.0 / r;
            c[v] = p[v] * inverse;
            s[v] = b * inverse;
            g[v] = c[v] * (a - shift[v]) - s[v] * old_g;
            store(di + kLanes, select<double>(active[v], old_g + (a - g[v]), load(di + kLanes)));
            p[v] = select<double>(p[v] < 1e-250, old_c * b, g[v] * g[v] * (r / (p[v] + 1e-290)));
          }
#pragma GCC unroll 2
        for (int v = 0; v < G; ++v) {
          const std::int64_t at = l * kLanes + base + v * W;
          store(e2 + at, select<double>(active[v], s[v] * p[v], load(e2 + at)));
          store(d + at, select<double>(active[v], shift[v] + g[v], load(d + at)));
        }
      }
      converged = converged && sweep < kMaxSweeps;
    }
  return converged;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
