// The kernels of the eigen-decomposition: a group of matrices, one per lane, and the end that both solvers share.
#pragma once
#include <cstddef>

#include "../common/isa.hpp"
#include "eigen_problem.hpp"

namespace pyrnnsim {

// Matrices solved together: scaled, freed of rows of zeros, balanced, reduced to Hessenberg form, then all their
// eigenvalues by one interleaved iteration, then each one's vectors by inverse iteration. A problem that this cannot
// solve well leaves with kEigenUnresolved.
struct EigenGroup {
  const EigenProblem* problems;
  const std::int64_t* order;  // (count,) which of them, count <= group_lanes()
  std::int64_t count;
  void* memory;  // group_scratch_bytes(largest n), 64-byte aligned
};

// Right vectors from elsewhere, in real form (modes.hpp) and not normalised, of all n sorted eigenvalues of the matrix
// times 2^-exponent. Fills everything; left vectors are rows of the inverse, and kEigenUnresolved says when that is bad.
struct EigenVectors {
  const EigenProblem* problem;
  const double *re, *im;  // (n,)
  const double* columns;  // (n, columns_stride(n)), padding zero
  int exponent;
  void* memory;  // finish_scratch_bytes(n)
};

#define PYRNNSIM_DECLARE_EIGEN(isa)                 \
  namespace isa {                                   \
  std::int64_t group_lanes();                       \
  std::size_t group_scratch_bytes(std::int64_t n);  \
  void solve_group(const EigenGroup& group);        \
  std::int64_t columns_stride(std::int64_t n);      \
  std::size_t finish_scratch_bytes(std::int64_t n); \
  void finish_vectors(const EigenVectors& vectors); \
  }
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_EIGEN)
#undef PYRNNSIM_DECLARE_EIGEN

}  // namespace pyrnnsim
