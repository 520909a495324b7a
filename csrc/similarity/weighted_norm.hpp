// Squared Frobenius norm of diag(row_scale) C diag(column_scale): the numerator of linear CKA from a core, since
// X_i^T X_j = V_i diag(s_i) C diag(s_j) V_j^T (Kornblith et al. 2019, eq. 3). Summed in double.
#pragma once
#include <cstdint>

#include "../common/isa.hpp"

namespace pyrnnsim {

template <class T>
struct WeightedNorm {
  const T* core;  // (rows, stride)
  std::int64_t stride, rows, columns;
  const double* row_scale;     // (rows,)
  const double* column_scale;  // (columns,)
};

#define PYRNNSIM_DECLARE_WEIGHTED_NORM(isa)             \
  namespace isa {                                       \
  double weighted_norm2(const WeightedNorm<float>& a);  \
  double weighted_norm2(const WeightedNorm<double>& a); \
  }
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_WEIGHTED_NORM)
#undef PYRNNSIM_DECLARE_WEIGHTED_NORM

}  // namespace pyrnnsim
