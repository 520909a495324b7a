// Small kernels with and without faults, to show what the emulation computes and what it reports.
#include <cstdio>
#include <exception>

#include "../common/cuda_check.hpp"

namespace {

using pyrnnsim::cuda::shared_memory;

// out[block] = sum over the block's threads of their index, by shuffles and shared memory.
__global__ void sum_of_indices(int* out) {
  int* warp_sums = shared_memory<int>();
  int sum = static_cast<int>(threadIdx.x);
  for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_down_sync(0xffffffffu, sum, lanes);
  if (threadIdx.x % 32 == 0) warp_sums[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  out[blockIdx.x] = 0;
  for (unsigned warp = 0; warp < blockDim.x / 32; ++warp) out[blockIdx.x] += warp_sums[warp];
}

__global__ void lanes(int* out) {
  const int lane = static_cast<int>(threadIdx.x);
  out[lane] = __shfl_sync(0xffffffffu, lane, 3, 8);            // lane 3 of each group of eight
  out[32 + lane] = __shfl_xor_sync(0xffffffffu, lane, 1);      // the neighbour
  out[64 + lane] = __shfl_down_sync(0xffffffffu, lane, 5, 8);  // own value past the end of the group
}

__global__ void barrier_for_half(int*) {
  if (threadIdx.x < 32) __syncthreads();
}
__global__ void shuffle_for_half(int* out) {
  if (threadIdx.x < 16) out[0] = __shfl_xor_sync(0xffffffffu, 1, 1);
}
__global__ void uninitialised(int* out) { out[0] = shared_memory<float>()[0] != shared_memory<float>()[0]; }

}  // namespace

// Runs kernel `which` on `blocks` blocks of `threads` threads; 1 and a message when that is refused.
extern "C" __attribute__((visibility("default"))) int run(int which, int blocks, int threads, int shared_bytes,
                                                          int* out, char* message, std::size_t size) {
  constexpr void (*kernels[])(int*) = {sum_of_indices, lanes, barrier_for_half, shuffle_for_half, uninitialised};
  try {
    const dim3 grid(static_cast<unsigned>(blocks)), block(static_cast<unsigned>(threads));
    pyrnnsim::cuda::launch({grid, block, static_cast<std::size_t>(shared_bytes), 0}, "self_check", kernels[which], out);
    return 0;
  } catch (const std::exception& error) {
    std::snprintf(message, size, "%s", error.what());
    return 1;
  }
}
