// The contract of the PWCCA weighting kernel, shared by both devices.
//
//   weights[pair, m] = sum_j | sum_r directions[pair, r, m] * loadings[network[pair], r, j] |^norm
//
// Morcos, Raghu & Bengio (2018), section 2.2: alpha_m = sum_j |<h_m, z_j>|, where h_m is a canonical variate and z_j
// unit j of the network that supplies the weights. With the factorisation X = Q L of its activity and h_m = Q u_m,
// <h_m, z_j> = (u_m^T L)_j, so no sample is touched here. norm = 2 gives sum_j <h_m, z_j>^2.
#pragma once
#include <cstdint>

#include "../common/isa.hpp"

namespace pyrnnsim {

// Row-major, all arrays on one device. Sizes may be zero; a sum over nothing is 0. NaN and infinity propagate to the
// weights whose sums they enter and to no other.
template <class T>
struct ProjectionWeights {
  const T* directions;            // (pairs, rank, count): column m of a pair is u_m
  std::int64_t direction_stride;  // from row to row, >= count; pairs lie rank * direction_stride apart
  const T* loadings;              // (networks, rank, units): the L of every network
  std::int64_t loading_stride;    // from row to row, >= units; networks lie rank * loading_stride apart
  const std::int32_t* network;    // (pairs,): whose L weights the pair
  double* weights;                // (pairs, count), contiguous; out
  std::int64_t pairs, count, rank, units;
  int norm;  // 1 or 2
};

// One thread. Each dot product over r is summed in T in ascending order of r, the sum over j in double.
#define PYRNNSIM_DECLARE_PROJECTION_WEIGHTS(isa)               \
  namespace isa {                                              \
  void projection_weights(const ProjectionWeights<float>& a);  \
  void projection_weights(const ProjectionWeights<double>& a); \
  }
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_PROJECTION_WEIGHTS)
#undef PYRNNSIM_DECLARE_PROJECTION_WEIGHTS

// All arrays in the memory of the current device; queued on `stream` (a cudaStream_t as an integer), not waited for.
// Throws std::runtime_error when the launch is refused.
namespace cuda {
void projection_weights(const ProjectionWeights<float>& a, std::uintptr_t stream);
void projection_weights(const ProjectionWeights<double>& a, std::uintptr_t stream);
}  // namespace cuda

}  // namespace pyrnnsim
