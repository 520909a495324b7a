// Large scratch memory: grows, never shrinks while it lives, aligned to huge pages so that long strides through it do
// not pay for address translation.
#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace pyrnnsim {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));
    std::swap(data_, taken.data_);
    std::swap(bytes_, taken.bytes_);
    return *this;
  }
  ~Buffer() { std::free(data_); }

  // At least `bytes` bytes; the content is kept only when the buffer was large enough already.
  void* reserve(std::size_t bytes) {
    if (bytes <= bytes_) return data_;
    constexpr std::size_t page = std::size_t{1} << 21, line = 64;
    const std::size_t unit = bytes >= page ? page : line, rounded = (bytes + unit - 1) / unit * unit;
    std::free(data_);
    bytes_ = 0;
    data_ = std::aligned_alloc(unit, rounded);
    if (!data_) throw std::bad_alloc();
    bytes_ = rounded;
#ifdef MADV_HUGEPAGE
    if (unit == page) madvise(data_, rounded, MADV_HUGEPAGE);  // advice: failure costs speed only
#endif
    return data_;
  }
  template <class T>
  T* reserve_array(std::size_t count) {
    return static_cast<T*>(reserve((count ? count : 1) * sizeof(T)));
  }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace pyrnnsim
