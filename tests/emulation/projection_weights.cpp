// The CUDA kernel of projection_weights, run on the CPU, behind a C interface for ctypes.
// KERNEL_SOURCE is the .cu file, or a copy of it with a fault planted.
#include <cstdio>
#include <exception>

#include KERNEL_SOURCE

namespace {

template <class T>
int run(const pyrnnsim::ProjectionWeights<T>& arguments, char* message, std::size_t size) {
  try {
    pyrnnsim::cuda::projection_weights(arguments, 0);
    return 0;
  } catch (const std::exception& error) {
    std::snprintf(message, size, "%s", error.what());
    return 1;
  }
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int projection_weights_float32(
    const pyrnnsim::ProjectionWeights<float>* a, char* message, std::size_t size) {
  return run(*a, message, size);
}
extern "C" __attribute__((visibility("default"))) int projection_weights_float64(
    const pyrnnsim::ProjectionWeights<double>* a, char* message, std::size_t size) {
  return run(*a, message, size);
}
