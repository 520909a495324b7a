// What preparing one network needs of its (samples, units) activity: column sums, the Gram matrix of the centred columns,
// and the product of the centred columns with small weights. Centring happens on the fly, in double, so that an offset of
// 1e8 costs no digits and no centred copy is made.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../common/isa.hpp"

namespace pyrnnsim {

template <class T>
struct Activity {
  const T* x;  // (samples, stride)
  std::int64_t stride, samples, units;
};

// sums += sum_p (x[p, j] - shift[j]);  spread = max(spread, |x[p, j] - shift[j]|). NaN and infinity reach the sums.
template <class T>
struct ColumnSums {
  Activity<T> activity;
  const double* shift;
  double *sums, *spread;
};

// gram (units, gram_stride) += lower triangle of Y^T Y, Y = (x - mean) * scale. Padded: see gram_stride().
template <class T>
struct CentredGram {
  Activity<T> activity;
  const double *mean, *scale;
  double* gram;
  std::int64_t gram_stride;
  double* scratch;  // gram_scratch()
};

// out (samples, rank) = (x - mean) weights; summed in double when precise, else in T.
template <class T>
struct Projection {
  Activity<T> activity;
  const double *mean, *weights;  // (units,), (units, rank)
  std::int64_t rank;
  T* out;
  bool precise;
  void* scratch;  // projection_scratch_bytes()
};

#define PYRNNSIM_DECLARE_CENTRED(isa)                                          \
  namespace isa {                                                              \
  std::int64_t gram_stride(std::int64_t units);                                \
  std::int64_t gram_rows(std::int64_t units);                                  \
  std::int64_t gram_scratch(std::int64_t units);                               \
  std::size_t projection_scratch_bytes(std::int64_t units, std::int64_t rank); \
  void column_sums(const ColumnSums<float>& a);                                \
  void column_sums(const ColumnSums<double>& a);                               \
  void centred_gram(const CentredGram<float>& a);                              \
  void centred_gram(const CentredGram<double>& a);                             \
  void project(const Projection<float>& a);                                    \
  void project(const Projection<double>& a);                                   \
  }
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_CENTRED)
#undef PYRNNSIM_DECLARE_CENTRED

}  // namespace pyrnnsim
