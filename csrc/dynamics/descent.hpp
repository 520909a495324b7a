// The contract of Levenberg and Marquardt's method for local minima of the speed of one network at one input.
#pragma once
#include <cstdint>

#include "../cells/cell.hpp"
#include "../common/isa.hpp"

namespace pyrnnsim {

// Lowers |F(h) - h|^2 from each state: (A^T A + damping I) d = -A^T r with A = J - I and r = F(h) - h; h + d, projected on
// the box [lower, upper], is taken where it is slower, and the damping falls to a fifth, else it grows fourfold. A point
// ends where r is at rounding level, where max|d| <= tolerance (1 + max|h|), or where several iterations together lower
// |r|^2 by less than the share `progress`.
template <class T>
struct SlowSearch {
  Cell cell;
  Sizes sizes;               // trials: the number of points; steps and outputs unused
  Parameters<T> parameters;  // read only
  const T* input;            // (inputs,)
  const T *lower, *upper;    // (S,)
  T* states;                 // (points, S) in and out
  bool* settled;             // (points,) out: whether it ended before the iterations did
  double tolerance, progress;
  std::int64_t iterations;  // at most
  void* workspace;          // workspace_bytes() bytes, aligned to 64
};

// One thread. Points do not influence each other's bits.
#define PYRNNSIM_DECLARE_DESCENT_FOR(isa, T)            \
  namespace isa {                                       \
  std::int64_t workspace_bytes(const SlowSearch<T>& a); \
  void find_slowest(const SlowSearch<T>& a);            \
  }
#define PYRNNSIM_DECLARE_DESCENT(isa)      \
  PYRNNSIM_DECLARE_DESCENT_FOR(isa, float) \
  PYRNNSIM_DECLARE_DESCENT_FOR(isa, double)
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_DESCENT)
#undef PYRNNSIM_DECLARE_DESCENT
#undef PYRNNSIM_DECLARE_DESCENT_FOR

}  // namespace pyrnnsim
