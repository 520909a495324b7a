// The CUDA kernels of the cells, run on the CPU, behind a C interface for ctypes. KERNEL_SOURCE is the .cu file, or a
// copy of it with a fault planted.
#include <cstdio>
#include <exception>

#include KERNEL_SOURCE

namespace {

template <class Call>
int guarded(char* message, std::size_t size, Call&& call) {
  try {
    call();
    return 0;
  } catch (const std::exception& error) {
    std::snprintf(message, size, "%s", error.what());
    return 1;
  }
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default"))) int
#define EXPORT(name, function, Arguments)                                        \
  EXPORTED name(const pyrnnsim::Arguments* a, char* message, std::size_t size) { \
    return guarded(message, size, [&] { pyrnnsim::cuda::function(*a, 0); });     \
  }
EXPORT(roll_out_float32, roll_out, StackedRollout<float>)
EXPORT(roll_out_float64, roll_out, StackedRollout<double>)
EXPORT(linearise_float32, linearise, StackedJacobians<float>)
EXPORT(linearise_float64, linearise, StackedJacobians<double>)
