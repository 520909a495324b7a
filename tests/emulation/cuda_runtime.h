// Stands in for CUDA's header, so that a kernel source runs on the CPU as ordinary C++.
//
// One fiber per CUDA thread, blocks one after another. A warp runs alone, lane after lane, until each of its threads
// waits at __syncthreads() or has ended; then the next warp runs. The order of the warps is drawn anew at every barrier
// (fixed seed), and shared memory starts as NaN in every block. A forgotten barrier therefore reads what another warp
// has not written yet, or has already overwritten. What this cannot show: the memory model, speed, and asynchronous copies.
// Threads must share memory through cuda::shared_memory(): a plain __shared__ array would be private to a fiber.
#pragma once
#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__
#define __forceinline__ inline
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
inline dim3 threadIdx, blockIdx, blockDim, gridDim;

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidConfiguration = 9 };
using cudaStream_t = struct CUstream_st*;
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
};
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess ? "no error" : "invalid configuration argument";
}

namespace pyrnnsim::cuda {
inline constexpr std::size_t kSharedBytes = 48 * 1024;  // what a block gets without asking for more
inline unsigned char shared_bytes[kSharedBytes] __align__(16);
}  // namespace pyrnnsim::cuda

namespace emulation {

inline constexpr int kWarp = 32;
inline constexpr std::size_t kStackBytes = 64 * 1024;

enum class Waits { no, block, warp, ended };

struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack{new char[kStackBytes]};
  Waits waits = Waits::no;
  std::uint64_t exchanged = 0;  // what this lane offers to the others of its warp
};

class Block {
 public:
  Block(dim3 shape, std::function<void()> body, std::mt19937& order)
      : body_(std::move(body)), order_(order), shape_(shape), fibers_(shape.x * shape.y * shape.z) {
    for (int warp = 0; warp * kWarp < threads(); ++warp) warps_.push_back(warp);
  }

  void run() {
    std::memset(pyrnnsim::cuda::shared_bytes, 0xff, sizeof pyrnnsim::cuda::shared_bytes);
    for (Fiber& fiber : fibers_) start(fiber);
    while (!all(0, threads(), Waits::ended)) {
      std::shuffle(warps_.begin(), warps_.end(), order_);
      for (const int warp : warps_) run_warp(warp * kWarp, std::min(threads(), (warp + 1) * kWarp));
      if (all(0, threads(), Waits::block))
        release(0, threads());
      else if (!all(0, threads(), Waits::ended))
        throw std::runtime_error("__syncthreads() was not reached by every thread of a block");
    }
  }

  // Called inside a fiber.
  void wait(Waits what) {
    Fiber& fiber = fibers_[current_];
    fiber.waits = what;
    swapcontext(&fiber.context, &scheduler_);
  }
  template <class T>
  T exchange(T value, int source_lane) {
    static_assert(sizeof(T) <= sizeof(std::uint64_t));
    const int first = current_ / kWarp * kWarp, source = std::min(first + source_lane, threads() - 1);
    std::memcpy(&fibers_[current_].exchanged, &value, sizeof value);
    wait(Waits::warp);
    T received;
    std::memcpy(&received, &fibers_[source].exchanged, sizeof received);
    wait(Waits::warp);  // nobody may offer something new before all have read
    return received;
  }
  int lane() const { return current_ % kWarp; }

  inline static Block* running = nullptr;

 private:
  int threads() const { return static_cast<int>(fibers_.size()); }
  bool all(int begin, int end, Waits what) const {
    return std::all_of(fibers_.begin() + begin, fibers_.begin() + end, [&](const Fiber& f) { return f.waits == what; });
  }
  void release(int begin, int end) {
    for (int i = begin; i < end; ++i) fibers_[i].waits = Waits::no;
  }

  void start(Fiber& fiber) {
    fiber.waits = Waits::no;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStackBytes;
    fiber.context.uc_link = &scheduler_;
    makecontext(&fiber.context, &Block::trampoline, 0);
  }
  static void trampoline() {
    try {
      running->body_();
    } catch (...) {
      running->failure_ = std::current_exception();  // must not cross the end of the fiber's stack
    }
    running->wait(Waits::ended);
  }

  void run_warp(int begin, int end) {
    const auto waits = [&](Waits what) {
      return std::count_if(fibers_.begin() + begin, fibers_.begin() + end,
                           [&](const Fiber& f) { return f.waits == what; });
    };
    for (;;) {
      for (current_ = begin; current_ < end; ++current_)
        if (fibers_[current_].waits == Waits::no) resume(fibers_[current_]);
      if (waits(Waits::warp) == 0) return;
      if (waits(Waits::warp) != end - begin)
        throw std::runtime_error("a warp-wide operation was not reached by every thread of a warp");
      release(begin, end);
    }
  }
  void resume(Fiber& fiber) {
    const unsigned i = static_cast<unsigned>(current_);
    threadIdx = dim3(i % shape_.x, i / shape_.x % shape_.y, i / shape_.x / shape_.y);
    running = this;
    swapcontext(&scheduler_, &fiber.context);
    if (failure_) std::rethrow_exception(failure_);
  }

  std::function<void()> body_;
  std::mt19937& order_;
  dim3 shape_;
  std::vector<Fiber> fibers_;
  std::vector<int> warps_;
  ucontext_t scheduler_;
  int current_ = 0;
  std::exception_ptr failure_;
};

inline cudaError_t run_grid(const cudaLaunchConfig_t& launch, const std::function<void()>& body) {
  const dim3 grid = launch.gridDim, block = launch.blockDim;
  const bool possible = grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.y < 65536 && grid.z < 65536 &&
                        block.x * block.y * block.z > 0 && block.x * block.y * block.z <= 1024 &&
                        launch.dynamicSmemBytes <= pyrnnsim::cuda::kSharedBytes;
  if (!possible) return cudaErrorInvalidConfiguration;
  gridDim = grid;
  blockDim = block;
  std::mt19937 order(0);
  Block fibers(block, body, order);
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = dim3(x, y, z);
        fibers.run();
      }
  return cudaSuccess;
}

}  // namespace emulation

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* launch, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  return emulation::run_grid(*launch, [&] { kernel(Parameters(arguments)...); });
}

inline void __syncthreads() { emulation::Block::running->wait(emulation::Waits::block); }
inline void __syncwarp(unsigned = 0xffffffffu) { emulation::Block::running->wait(emulation::Waits::warp); }

// The shuffles take whole warps only (mask 0xffffffff); `width` as in CUDA.
template <class T>
T __shfl_sync(unsigned, T value, int lane, int width = emulation::kWarp) {
  const int own = emulation::Block::running->lane();
  return emulation::Block::running->exchange(value, own / width * width + (lane & (width - 1)));
}
template <class T>
T __shfl_xor_sync(unsigned, T value, int lanes, int width = emulation::kWarp) {
  const int own = emulation::Block::running->lane(), source = own ^ lanes;
  return emulation::Block::running->exchange(value, source / width > own / width ? own : source);
}
template <class T>
T __shfl_down_sync(unsigned, T value, unsigned lanes, int width = emulation::kWarp) {
  const int own = emulation::Block::running->lane(), source = own + static_cast<int>(lanes);
  return emulation::Block::running->exchange(value, source / width == own / width ? source : own);
}
