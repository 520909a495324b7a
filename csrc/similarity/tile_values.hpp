// From the cores of pairs to what every similarity measure needs of them.
#pragma once
#include <cstdint>
#include <vector>

#include "core_tile.hpp"

namespace pyrnnsim {

enum Measure : unsigned { kCca = 1, kSvcca = 2, kPwcca = 4, kCka = 8, kProcrustes = 16 };

// Columns of the values of a pair.
enum Value : int {
  kMeanCorrelation,         // mean of min(rank_i, rank_j) canonical correlations
  kMeanLeadingCorrelation,  // the same for the leading subspaces (SVCCA)
  kWeightedFromLeft,        // PWCCA similarity, weights from the left network
  kWeightedFromRight,
  kKernelAlignment,  // squared Frobenius norm of diag(scale_i) C diag(scale_j)
  kNuclearNorm,      // of diag(scale_i) C diag(scale_j)
  kValues
};

// What the pairs need to know of the networks of one side.
template <class T>
struct NetworkSide {
  std::vector<const T*> loadings;  // (rank, units) diag(s) V^T; null when PWCCA is not asked for
  std::vector<std::int64_t> units;
  std::vector<const double*> scales;  // (rank,) singular values over their Euclidean norm
  std::vector<std::int64_t> leading;  // directions kept by SVCCA, 1 .. rank
  std::vector<double> noise;          // what rounding of the basis adds to an element of a core
  std::vector<double> doubt;          // and what rounding of the input does
};

struct Request {
  unsigned measures;
  int norm;           // of the PWCCA weights, 1 or 2
  double core_noise;  // of the product alone, see pair_batch.hpp
  double tolerance;
  double ambiguity;
  int threads;
};

template <class T>
struct PairSlot {
  CoreView<T> core;
  std::int64_t left, right;  // networks
  double* values;            // (kValues,) out; what was not asked for is left alone
  std::uint8_t* flags;       // out: PairFlag, ORed
};

template <class T>
void compute_values(const std::vector<PairSlot<T>>& slots, const NetworkSide<T>& left, const NetworkSide<T>& right,
                    const Request& request);

extern template void compute_values(const std::vector<PairSlot<float>>&, const NetworkSide<float>&,
                                    const NetworkSide<float>&, const Request&);
extern template void compute_values(const std::vector<PairSlot<double>>&, const NetworkSide<double>&,
                                    const NetworkSide<double>&, const Request&);

}  // namespace pyrnnsim
