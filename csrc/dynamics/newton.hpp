// The contract of Newton's method for fixed points of one network at one input, from many states.
#pragma once
#include <cstdint>

#include "../cells/cell.hpp"
#include "../common/isa.hpp"

namespace pyrnnsim {

// Solves F(h, x) = h from each state: (J - I) d = h - F(h), d cut to a trust radius, h + d projected on the box
// [lower, upper]. An iteration ends where max|F(h) - h| is at rounding level, or where max|d| <= tolerance (1 + max|h|);
// entries of d that belong to pivots at rounding level are zero.
template <class T>
struct NewtonSearch {
  Cell cell;
  Sizes sizes;               // trials: the number of points; steps and outputs unused
  Parameters<T> parameters;  // read only
  const T* input;            // (inputs,)
  const T *lower, *upper;    // (S,)
  T* states;                 // (points, S) in and out
  T* best;                   // (points, S) out: the state with the smallest max|F(h) - h| on the way
  bool* settled;             // (points,) out: whether the last step was that small
  double tolerance;
  std::int64_t iterations;  // at most
  double radius;            // of trust
  bool relative;            // whether it is |h| where that is more
  void* workspace;          // workspace_bytes() bytes, aligned to 64
};

// One thread. Points do not influence each other's bits.
#define PYRNNSIM_DECLARE_NEWTON_FOR(isa, T)               \
  namespace isa {                                         \
  std::int64_t workspace_bytes(const NewtonSearch<T>& a); \
  void find_roots(const NewtonSearch<T>& a);              \
  }
#define PYRNNSIM_DECLARE_NEWTON(isa)      \
  PYRNNSIM_DECLARE_NEWTON_FOR(isa, float) \
  PYRNNSIM_DECLARE_NEWTON_FOR(isa, double)
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_NEWTON)
#undef PYRNNSIM_DECLARE_NEWTON
#undef PYRNNSIM_DECLARE_NEWTON_FOR

}  // namespace pyrnnsim
