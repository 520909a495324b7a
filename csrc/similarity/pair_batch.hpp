// Singular values of the cores of a few pairs, and the projection-weighted means that need singular vectors.
//
// For a core C (rows x columns) with small side n = min(rows, columns) and M the same numbers as a (large, n) matrix:
//   M^T M -> tridiagonal -> eigenvalues lambda (all pairs of a batch together, one per lane), rho = sqrt(lambda),
//   and for PWCCA   tridiagonal eigenvectors -> A = directions of the small side,  M A / rho = of the large side,
//   alpha = sum_j |<h, z_j>| by projection_weights,   1 - d = sum(alpha rho) / sum(alpha)      (Morcos et al. 2018, 2.2).
// The Gram matrix is formed and reduced in double whatever T is. It loses half the digits of tiny rho and separates
// eigenvectors by lambda instead of rho, and close rho make the L1 weights sensitive to the rounding of the core. The
// error that follows is estimated per pair; where it exceeds the tolerance the pair is flagged kUnresolved and the
// caller solves it again: a core of floats in double, one of doubles by LAPACK (pair_lapack.hpp).
#pragma once
#include <cstddef>
#include <cstdint>

#include "../common/isa.hpp"

namespace pyrnnsim {

enum PairFlag : std::uint8_t {
  kUnresolved = 1,  // the estimated error exceeds the tolerance
  kRefined = 2,     // solved again from a core in double
  kByLapack = 4,    // solved by LAPACK's singular value decomposition
  kAmbiguous = 8,   // tied correlations: the L1 weights are not unique, the value is one of many
};

template <class T>
struct PairCore {
  const T* core;
  std::int64_t stride, rows, columns;
  bool rows_small;             // the rows' network gives the Gram matrix; it must not be the wider one
  const double* row_scale;     // null, or (rows,) factors: singular values of diag(row_scale) C diag(column_scale)
  const double* column_scale;  // null, or (columns,)
  const T* row_loadings;       // PWCCA only: (rows, row_units)
  const T* column_loadings;    // (columns, column_units)
  std::int64_t row_units, column_units;
  double noise;   // rounding error of an element of the core: correlations closer than this are not told apart
  double doubt;   // what the rounding of the input itself does to it
  double* total;  // out: sum of the singular values; may be null
  double *row_weighted, *column_weighted;  // out: PWCCA similarity, weights from the rows' / columns' network
  std::uint8_t* flags;                     // out: ORed
};

template <class T>
struct PairBatch {
  const PairCore<T>* pairs;
  std::int64_t count;      // 1 .. batch_limit
  std::int64_t small;      // min(rows, columns), equal for all pairs of the batch, >= 1
  std::int64_t large;      // largest max(rows, columns) among them
  bool vectors;            // PWCCA
  int norm;                // 1 or 2
  double tolerance;        // acceptable estimated error of a PWCCA similarity
  double total_tolerance;  // and of a sum of singular values
  double ambiguity;        // error from doubt above which a PWCCA similarity is called ambiguous
  void* scratch;           // batch_scratch_bytes
};

// Most pairs in one batch: as many as there are lanes, fewer when that would need too much scratch.
#define PYRNNSIM_DECLARE_PAIR_BATCH(isa)                                                                      \
  namespace isa {                                                                                             \
  std::int64_t batch_limit(std::int64_t small, std::int64_t large, bool vectors, std::size_t element);        \
  std::size_t batch_scratch_bytes(std::int64_t small, std::int64_t large, bool vectors, std::size_t element); \
  void solve_batch(const PairBatch<float>& a);                                                                \
  void solve_batch(const PairBatch<double>& a);                                                               \
  }
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_PAIR_BATCH)
#undef PYRNNSIM_DECLARE_PAIR_BATCH

}  // namespace pyrnnsim
