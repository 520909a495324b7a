// Layout of a worker's memory: arrays one after the other, each on its own cache line.
#pragma once
#include "../common/simd.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// With memory == nullptr it only counts, so that one function both measures and lays out.
struct Scratch {
  char* memory;
  std::size_t used = 0;

  double* take(std::int64_t doubles) {
    double* at = memory ? reinterpret_cast<double*>(memory + used) : nullptr;
    used += static_cast<std::size_t>(round_up(doubles, 8)) * sizeof(double);
    return at;
  }
};

// Doubles from one row of a matrix to the next: whole vectors of the widest instruction set, and an odd number of cache
// lines, so that a column does not fall into few cache sets.
constexpr std::int64_t row_stride(std::int64_t columns) {
  const std::int64_t lines = (columns + 7) / 8;
  return 8 * (lines + 1 - lines % 2);
}

PYRNNSIM_INLINE void clear(double* a, std::int64_t count) {
  std::memset(a, 0, static_cast<std::size_t>(count) * sizeof(double));
}
PYRNNSIM_INLINE void copy(double* to, const double* from, std::int64_t count) {
  std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(double));
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
