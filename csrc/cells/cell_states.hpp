// The contracts of the building blocks: states, their gradients, and Jacobians of one network on given inputs.
#pragma once
#include <cstdint>

#include "../common/isa.hpp"
#include "cell.hpp"

namespace pyrnnsim {

// States after each step. One step of many points is a rollout of as many trials.
template <class T>
struct Rollout {
  Cell cell;
  Sizes sizes;               // outputs unused
  Parameters<T> parameters;  // read only
  const T* inputs;           // (trials, steps, inputs)
  const T* initial;          // (trials, S), or null: h0
  T* states;                 // (trials, steps, S) out
  void* workspace;           // workspace_bytes() bytes, aligned to 64
};

// Gradients of sum(grad_states * states) with respect to parameters, inputs and initial states. A step's gates are
// computed again rather than stored by the rollout; a vanilla network has none, its states suffice.
template <class T>
struct RolloutGradients {
  Cell cell;
  Sizes sizes;
  Parameters<T> parameters;  // read only
  const T *inputs, *initial, *states, *grad_states;
  Parameters<T> gradients;  // w_rec, w_in, b, b_rec and, where `initial` is null, h0; out
  T* grad_initial;          // (trials, S) out where `initial` is not null
  T* grad_inputs;           // (trials, steps, inputs) out
  void* workspace;
};

// F and its derivatives at (states[p], inputs[p]).
template <class T>
struct Jacobians {
  Cell cell;
  Sizes sizes;               // trials: the number of points; steps and outputs unused
  Parameters<T> parameters;  // read only
  const T *states, *inputs;  // (points, S), (points, inputs)
  T* next;                   // (points, S) out
  T* to_states;              // (points, S, S) out: dF_i / dh_j
  T* to_inputs;              // (points, S, inputs) out
  void* workspace;
};

// One thread. Trials and points do not influence each other's bits.
#define PYRNNSIM_DECLARE_STATES_FOR(isa, T)                   \
  namespace isa {                                             \
  std::int64_t workspace_bytes(const Rollout<T>& a);          \
  std::int64_t workspace_bytes(const RolloutGradients<T>& a); \
  std::int64_t workspace_bytes(const Jacobians<T>& a);        \
  void roll_out(const Rollout<T>& a);                         \
  void differentiate(const RolloutGradients<T>& a);           \
  void linearise(const Jacobians<T>& a);                      \
  }
#define PYRNNSIM_DECLARE_STATES(isa)      \
  PYRNNSIM_DECLARE_STATES_FOR(isa, float) \
  PYRNNSIM_DECLARE_STATES_FOR(isa, double)
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_STATES)
#undef PYRNNSIM_DECLARE_STATES
#undef PYRNNSIM_DECLARE_STATES_FOR

}  // namespace pyrnnsim
