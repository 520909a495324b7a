// Y <- Q Y with the reflectors of the Hessenberg reduction, kGroup of them at once: P_k ... P_{k+3} = I - V T V^T.
#pragma once
#include "hessenberg.hpp"
#include "inverse.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// T of each group, row-major kGroup x kGroup, upper triangular (dlarft).
static void group_factors(std::int64_t n, const double* reflectors, const double* tau, double* factors) {
  constexpr int G = kGroup;
  for (std::int64_t k = 0; k < n; k += G) {
    const double* v = reflectors + k * n;
    double gram[G][G] = {};
    for (std::int64_t i = k; i < n; ++i)
      for (int a = 0; a < G; ++a)
        for (int b = a + 1; b < G; ++b) gram[a][b] += v[i * G + a] * v[i * G + b];
    double* t = factors + k * G;
    for (int b = 0; b < G; ++b) {
      for (int a = 0; a < G; ++a) t[a * G + b] = 0;
      t[b * G + b] = tau[k + b];
      for (int a = 0; a < b; ++a)
        for (int c = a; c < b; ++c) t[a * G + b] -= tau[k + b] * t[a * G + c] * gram[c][b];
    }
  }
}

template <int VECTORS>
PYRNNSIM_INLINE void apply_group(std::int64_t from, std::int64_t n, const double* v, const double* t, double* y,
                                 std::int64_t stride) {
  constexpr int W = kWidth<double>, G = kGroup;
  Vec<double> w[G][VECTORS]{}, u[G][VECTORS]{};
  for (std::int64_t i = from; i < n; ++i)
#pragma GCC unroll 4
    for (int c = 0; c < VECTORS; ++c) {
      const Vec<double> row = load(y + i * stride + c * W);
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) w[g][c] += broadcast(v[i * G + g]) * row;
    }
#pragma GCC unroll 4
  for (int a = 0; a < G; ++a)
#pragma GCC unroll 4
    for (int b = a; b < G; ++b)
#pragma GCC unroll 4
      for (int c = 0; c < VECTORS; ++c) u[a][c] += broadcast(t[a * G + b]) * w[b][c];
  for (std::int64_t i = from; i < n; ++i)
#pragma GCC unroll 4
    for (int c = 0; c < VECTORS; ++c) {
      Vec<double> row = load(y + i * stride + c * W);
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) row -= broadcast(v[i * G + g]) * u[g][c];
      store(y + i * stride + c * W, row);
    }
}

template <int VECTORS>
PYRNNSIM_INLINE void apply_groups(std::int64_t n, const double* reflectors, const double* factors, double* y,
                                  std::int64_t stride) {
  for (std::int64_t k = (n - 1) / kGroup * kGroup; k >= 0; k -= kGroup)
    apply_group<VECTORS>(k + 1, n, reflectors + k * n, factors + k * kGroup, y, stride);
}

// y: (n, stride), `columns` of them rounded up to whole vectors.
static void back_transform(std::int64_t n, const double* reflectors, const double* factors, double* y,
                           std::int64_t stride, std::int64_t columns) {
  constexpr int W = kWidth<double>, MOST = W == 8 ? 3 : 2;
  const std::int64_t width = round_up(columns, W);
  for (std::int64_t j = 0, vectors = 0; j < width; j += vectors * W) {
    vectors = panel_vectors((width - j) / W, MOST);
    if (vectors == 3)
      apply_groups<MOST>(n, reflectors, factors, y + j, stride);
    else if (vectors == 2)
      apply_groups<2>(n, reflectors, factors, y + j, stride);
    else
      apply_groups<1>(n, reflectors, factors, y + j, stride);
  }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
