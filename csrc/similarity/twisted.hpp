// Eigenvectors of one symmetric tridiagonal matrix by twisted factorisation, one eigenvalue per lane.
//
// For an eigenvalue x, T - x I = L D+ L^T from the top and U D- U^T from the bottom; joined at the row r where
// gamma_r = D+_r + D-_r - (T_rr - x) is smallest they give the vector without a linear solve (Parlett & Dhillon). One
// step is enough because the eigenvalues come with full double precision; orthogonality then holds to about
// eps / gap, which the caller checks.
#pragma once
#include "micro_kernel.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

inline constexpr int kVectorLanes = 2 * kWidth<double>;

// lambda: (round_up(n, kVectorLanes),), z: (n, stride) column k belongs to lambda[k]; scratch: 3 * n * kVectorLanes.
template <class T>
static void twisted_vectors(std::int64_t n, const double* d, const double* e, const double* lambda, T* z,
                            std::int64_t stride, double* scratch) {
  constexpr int W = kWidth<double>, G = 2;
  using V = Vec<double>;
  double *top = scratch, *bottom = top + n * kVectorLanes, *vector = bottom + n * kVectorLanes;
  const auto guarded = [](V pivot) { return select<double>(absolute(pivot) < 1e-150, broadcast(1e-150), pivot); };
  for (std::int64_t first = 0; first < n; first += kVectorLanes) {
    V x[G], down[G], up[G];  // reciprocals of the current pivots
#pragma GCC unroll 2
    for (int v = 0; v < G; ++v) {
      x[v] = load(lambda + first + v * W);
      store(top + v * W, down[v] = 1.0 / guarded(d[0] - x[v]));
      store(bottom + (n - 1) * kVectorLanes + v * W, up[v] = 1.0 / guarded(d[n - 1] - x[v]));
    }
    for (std::int64_t i = 1; i < n; ++i) {
      const std::int64_t j = n - 1 - i;
      const double ei = e[i] * e[i], ej = e[j + 1] * e[j + 1];
#pragma GCC unroll 2
      for (int v = 0; v < G; ++v) {
        down[v] = 1.0 / guarded((d[i] - x[v]) - ei * down[v]);
        up[v] = 1.0 / guarded((d[j] - x[v]) - ej * up[v]);
        store(top + i * kVectorLanes + v * W, down[v]);
        store(bottom + j * kVectorLanes + v * W, up[v]);
      }
    }
    V best[G], twist[G];
#pragma GCC unroll 2
    for (int v = 0; v < G; ++v) best[v] = broadcast(1e300), twist[v] = V{};
    for (std::int64_t i = 0; i < n; ++i)
#pragma GCC unroll 2
      for (int v = 0; v < G; ++v) {
        V gamma = d[i] - x[v];
        if (i > 0) gamma -= e[i] * e[i] * load(top + (i - 1) * kVectorLanes + v * W);
        if (i < n - 1) gamma -= e[i + 1] * e[i + 1] * load(bottom + (i + 1) * kVectorLanes + v * W);
        gamma = absolute(gamma);
        const Mask<double> better = gamma < best[v];
        best[v] = select<double>(better, gamma, best[v]);
        twist[v] = select<double>(better, broadcast(static_cast<double>(i)), twist[v]);
      }
    V current[G], norm2[G];
#pragma GCC unroll 2
    for (int v = 0; v < G; ++v) current[v] = norm2[v] = V{};
    for (std::int64_t i = n - 1; i >= 0; --i)  // from the twist to the top
#pragma GCC unroll 2
      for (int v = 0; v < G; ++v) {
        const V next = i < n - 1 ? -(e[i + 1] * current[v]) * load(top + i * kVectorLanes + v * W) : V{};
        current[v] = select<double>(twist[v] == static_cast<double>(i), broadcast(1.0), next);
        store(vector + i * kVectorLanes + v * W, current[v]);
      }
#pragma GCC unroll 2
    for (int v = 0; v < G; ++v) current[v] = V{};
    for (std::int64_t i = 0; i < n; ++i)  // from the twist to the bottom
#pragma GCC unroll 2
      for (int v = 0; v < G; ++v) {
        double* at = vector + i * kVectorLanes + v * W;
        const V next = i > 0 ? -(e[i] * current[v]) * load(bottom + i * kVectorLanes + v * W) : V{};
        current[v] = select<double>(twist[v] == static_cast<double>(i), broadcast(1.0), next);
        const V value = select<double>(twist[v] < static_cast<double>(i), current[v], load(at));
        store(at, value);
        norm2[v] += value * value;
      }
#pragma GCC unroll 2
    for (int v = 0; v < G; ++v) norm2[v] = 1.0 / square_root(norm2[v]);
    for (std::int64_t i = 0; i < n; ++i)
#pragma GCC unroll 2
      for (int v = 0; v < G; ++v) {
        const V value = load(vector + i * kVectorLanes + v * W) * norm2[v];
#pragma GCC unroll 8
        for (int q = 0; q < W; ++q) z[i * stride + first + v * W + q] = static_cast<T>(value[q]);
      }
  }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
