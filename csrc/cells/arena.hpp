// Hands out pieces of one block of memory. Without a block it only counts: the same code that takes the pieces tells how
// large the block must be.
#pragma once
#include <cstdint>

#include "../common/simd.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

class Arena {
 public:
  explicit Arena(void* block) : base_(static_cast<char*>(block)) {}

  template <class T>
  T* take(std::int64_t count) {
    T* piece = base_ ? reinterpret_cast<T*>(base_ + used_) : nullptr;
    // One more cache line between pieces of a power of two keeps them apart in the caches.
    used_ += round_up(count * static_cast<std::int64_t>(sizeof(T)), 64) + 64;
    return piece;
  }
  std::int64_t bytes() const { return used_; }

 private:
  char* base_;
  std::int64_t used_ = 0;
};

template <class T>
PYRNNSIM_INLINE void fill(T* out, std::int64_t count, T value) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = value;
}
template <class T>
PYRNNSIM_INLINE void copy(const T* from, std::int64_t count, T* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = from[i];
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
