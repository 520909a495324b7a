// While it lives, this thread's floating-point unit takes denormal numbers for zero, on input and output.
//
// Gates that close and relu states that decay pass through denormals, each of which costs some processors over a hundred
// cycles. The thread's former setting returns at the end: Python's own thread takes part in the loops.
#pragma once
#include <cstdint>

namespace pyrnnsim {

class FlushDenormals {
 public:
#if defined(__x86_64__)
  FlushDenormals() : state_(__builtin_ia32_stmxcsr()) {
    constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
    __builtin_ia32_ldmxcsr(state_ | kFlushToZero | kDenormalsAreZero);
  }
  ~FlushDenormals() { __builtin_ia32_ldmxcsr(state_); }

 private:
  unsigned state_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(state_));
    asm volatile("msr fpcr, %0" : : "r"(state_ | (std::uint64_t{1} << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(state_)); }

 private:
  std::uint64_t state_;
#endif
 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

}  // namespace pyrnnsim
