// Directions of the large side that belong to faint correlations. They come as M a / rho, which for rho below about 1e-4
// is the rounding of M; a square core leaves them no choice but to be orthogonal to all stronger ones.
#pragma once
#include "../common/simd.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

inline constexpr double kFaint = 1e-3;  // correlations below it are looked at

// image (n, stride): column k is M a_k of a square core, rho ascending; norm2: squared norms of the columns. Takes out of
// each faint column what the stronger ones span, strongest first and twice, for once leaves rounding. share: scratch (n,).
// Columns past n may hold anything. Returns false where nothing is left of a column.
template <class T>
static bool restore_faint(std::int64_t n, std::int64_t stride, const double* rho, T* image, double* norm2,
                          double* share) {
  std::int64_t faint = 0;
  while (faint < n && rho[faint] < kFaint) ++faint;
  for (std::int64_t k = faint - 1; k >= 0; --k) {
    for (int time = 0; time < 2; ++time) {
      for (std::int64_t q = 0; q < n; ++q) share[q] = 0;
      for (std::int64_t p = 0; p < n; ++p) {
        const double x = image[p * stride + k];
        for (std::int64_t q = 0; q < n; ++q) share[q] += x * static_cast<double>(image[p * stride + q]);
      }
      for (std::int64_t q = 0; q < n; ++q) share[q] = q > k && norm2[q] > 1e-60 ? share[q] / norm2[q] : 0;
      norm2[k] = 0;
      for (std::int64_t p = 0; p < n; ++p) {
        const T* row = image + p * stride;
        double sums[8] = {};  // independent, so that the additions become vectors
        std::int64_t q = 0;
        for (; q + 8 <= n; q += 8)
          for (int i = 0; i < 8; ++i) sums[i] += share[q + i] * static_cast<double>(row[q + i]);
        for (; q < n; ++q) sums[0] += share[q] * static_cast<double>(row[q]);
        for (int half = 4; half > 0; half /= 2)
          for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
        const double x = row[k] - sums[0];
        image[p * stride + k] = static_cast<T>(x);
        norm2[k] += x * x;
      }
    }
    if (!(norm2[k] > 1e-60)) return false;
  }
  return true;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
