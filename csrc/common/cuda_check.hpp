// What every CUDA source needs: checked calls, checked launches, shared memory, the caller's device.
//
// A launch is a function call here and not <<<...>>>, so that a kernel file is also ordinary C++: the tests compile it
// against a header that runs the threads on the CPU (tests/emulation).
#pragma once
#include <cuda_runtime.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace pyrnnsim::cuda {

inline void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // clears what can be cleared: the next, unrelated call must not report this failure
  throw std::runtime_error(std::string(what) + ": CUDA says '" + cudaGetErrorString(status) + "'");
}

struct Launch {
  dim3 grid, block;
  std::size_t shared_bytes = 0;
  std::uintptr_t stream = 0;
};

// Queues the kernel and returns. A grid without blocks is an error in CUDA: guard against it before calling.
template <class... Parameters>
void launch(const Launch& how, const char* what, void (*kernel)(Parameters...), Parameters... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = how.grid;
  config.blockDim = how.block;
  config.dynamicSmemBytes = how.shared_bytes;
  config.stream = reinterpret_cast<cudaStream_t>(how.stream);
  check(cudaLaunchKernelEx(&config, kernel, arguments...), what);
}

// Launch::shared_bytes bytes, shared by the threads of a block, of any type at once.
template <class T>
__device__ T* shared_memory() {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  return reinterpret_cast<T*>(shared_bytes);
}

}  // namespace pyrnnsim::cuda
