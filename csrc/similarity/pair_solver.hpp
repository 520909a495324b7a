// All pairs of a tile: groups cores of equal small side into batches, runs them on the pool, settles what is unresolved.
#pragma once
#include <vector>

#include "pair_batch.hpp"

namespace pyrnnsim {

struct SolveOptions {
  bool vectors = false;  // PWCCA as well as the sum of singular values
  int norm = 1;
  double tolerance = 1;       // of a similarity: a mean of singular values, or a weighted mean
  bool total_is_mean = true;  // the sum is divided by n later (CCA), or stands for itself (nuclear norm)
  double ambiguity = 1;       // estimated error above which a solved pair is called ambiguous
  int threads = 1;
};

// Pairs with an empty side have no correlations; they must not be passed.
void solve_pairs(const std::vector<PairCore<float>>& pairs, const SolveOptions& options);
// Unresolved pairs are solved again by LAPACK.
void solve_pairs(const std::vector<PairCore<double>>& pairs, const SolveOptions& options);

// The definition, through LAPACK's singular value decomposition of the core.
void solve_by_lapack(const PairCore<double>& pair, const SolveOptions& options);

}  // namespace pyrnnsim
