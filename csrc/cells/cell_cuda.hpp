// The contract of the cells' CUDA kernels: rollouts and Jacobians of many networks in one launch.
#pragma once
#include <cstdint>

#include "cell.hpp"

namespace pyrnnsim {

// Parameters are stacked, networks first; the arrays are those of Rollout and Jacobians (cell_states.hpp), likewise
// stacked. Inputs may be shared: input_networks is 1 or `networks`. All arrays lie on one device; sizes may be zero.
template <class T>
struct StackedRollout {
  Cell cell;
  Sizes sizes;
  std::int64_t networks, input_networks;
  Parameters<T> parameters;  // read only
  const T *inputs, *initial;
  T* states;
};

template <class T>
struct StackedJacobians {
  Cell cell;
  Sizes sizes;
  std::int64_t networks;
  Parameters<T> parameters;  // read only
  const T *states, *inputs;
  T *next, *to_states, *to_inputs;
};

// Queued on `stream` (a cudaStream_t as an integer), not waited for. Throws std::runtime_error when a launch is refused.
namespace cuda {
void roll_out(const StackedRollout<float>& a, std::uintptr_t stream);
void roll_out(const StackedRollout<double>& a, std::uintptr_t stream);
void linearise(const StackedJacobians<float>& a, std::uintptr_t stream);
void linearise(const StackedJacobians<double>& a, std::uintptr_t stream);
}  // namespace cuda

}  // namespace pyrnnsim
