#include "../common/simd.hpp"
#include "weighted_norm.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

template <class T>
double norm2(const WeightedNorm<T>& a) {
  constexpr int kSums = 16;  // independent sums, so that the additions become vectors
  double total = 0;
  for (std::int64_t r = 0; r < a.rows; ++r) {
    const T* row = a.core + r * a.stride;
    double sums[kSums] = {};
    std::int64_t c = 0;
    for (; c + kSums <= a.columns; c += kSums)
      for (int i = 0; i < kSums; ++i) {
        const double x = static_cast<double>(row[c + i]) * a.column_scale[c + i];
        sums[i] += x * x;
      }
    for (; c < a.columns; ++c) {
      const double x = static_cast<double>(row[c]) * a.column_scale[c];
      sums[0] += x * x;
    }
    for (int half = kSums / 2; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
    total += a.row_scale[r] * a.row_scale[r] * sums[0];
  }
  return total;
}

}  // namespace

double weighted_norm2(const WeightedNorm<float>& a) { return norm2(a); }
double weighted_norm2(const WeightedNorm<double>& a) { return norm2(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
