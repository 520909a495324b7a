// The extension pyrnnsim._cuda. Arrays arrive as addresses in device memory, streams as integers: whoever owns the
// memory (torch, for instance) needs no header here. Shapes and dtypes are the caller's to check; sizes are checked here.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/bind_gil.hpp"
#include "common/cuda_check.hpp"
#include "similarity/projection_weights.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace {

// Makes a device current for as long as it lives.
class DeviceGuard {
 public:
  explicit DeviceGuard(int device) {
    pyrnnsim::cuda::check(cudaGetDevice(&before_), "cudaGetDevice");
    pyrnnsim::cuda::check(cudaSetDevice(device), "cudaSetDevice");
  }
  ~DeviceGuard() { cudaSetDevice(before_); }
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  int before_ = 0;
};

// What CUDA says when asked for its devices, and how many there are (0 unless it says cudaSuccess).
cudaError_t count_devices(int& count) {
  count = 0;
  const cudaError_t answer = cudaGetDeviceCount(&count);
  cudaGetLastError();  // a machine without a driver is not a failure of the next call
  return answer;
}

int device_count() {
  int count;
  return count_devices(count) == cudaSuccess ? count : 0;
}

std::string status() {
  int count;
  const cudaError_t answer = count_devices(count);
  if (answer == cudaErrorInsufficientDriver) return "no CUDA driver, or one older than this extension needs";
  if (answer != cudaSuccess) return cudaGetErrorString(answer);
  return count > 0 ? "ready" : "no CUDA device";
}

std::vector<std::string> device_names() {
  std::vector<std::string> names;
  for (int device = 0; device < device_count(); ++device) {
    cudaDeviceProp properties;
    pyrnnsim::cuda::check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
    names.emplace_back(properties.name);
  }
  return names;
}

template <class T>
pyrnnsim::ProjectionWeights<T> view(std::uintptr_t directions, std::int64_t direction_stride, std::uintptr_t loadings,
                                    std::int64_t loading_stride, std::uintptr_t network, std::uintptr_t weights,
                                    std::int64_t pairs, std::int64_t count, std::int64_t rank, std::int64_t units,
                                    int norm) {
  return {reinterpret_cast<const T*>(directions),
          direction_stride,
          reinterpret_cast<const T*>(loadings),
          loading_stride,
          reinterpret_cast<const std::int32_t*>(network),
          reinterpret_cast<double*>(weights),
          pairs,
          count,
          rank,
          units,
          norm};
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(std::string("projection_weights: ") + what);
}

void projection_weights(const std::string& dtype, int device, std::uintptr_t stream, std::uintptr_t directions,
                        std::int64_t direction_stride, std::uintptr_t loadings, std::int64_t loading_stride,
                        std::uintptr_t network, std::uintptr_t weights, std::int64_t pairs, std::int64_t count,
                        std::int64_t rank, std::int64_t units, int norm) {
  expect(dtype == "float32" || dtype == "float64", "dtype must be 'float32' or 'float64'");
  expect(norm == 1 || norm == 2, "norm must be 1 or 2");
  expect(pairs >= 0 && count >= 0 && rank >= 0 && units >= 0, "sizes must not be negative");
  expect(pairs <= std::numeric_limits<int>::max() && count <= (1 << 21), "more pairs or directions than a grid holds");
  expect(direction_stride >= count && loading_stride >= units, "strides must not be smaller than the rows");
  const bool writes = pairs > 0 && count > 0, reads = writes && rank > 0 && units > 0;
  expect(!writes || (network != 0 && weights != 0), "network and weights must not be null");
  expect(!reads || (directions != 0 && loadings != 0), "directions and loadings must not be null");
  const pyrnnsim::GilReleased released;
  const DeviceGuard guard(device);
  if (dtype == "float32")
    pyrnnsim::cuda::projection_weights(view<float>(directions, direction_stride, loadings, loading_stride, network,
                                                   weights, pairs, count, rank, units, norm),
                                       stream);
  else
    pyrnnsim::cuda::projection_weights(view<double>(directions, direction_stride, loadings, loading_stride, network,
                                                    weights, pairs, count, rank, units, norm),
                                       stream);
}

}  // namespace

PYBIND11_MODULE(_cuda, m) {
  m.doc() = "Kernels of pyrnnsim for CUDA devices; use them through the functions of the package.";
  m.def("device_count", &device_count, "Usable CUDA devices; 0 without a driver.");
  m.def("device_names", &device_names, "Names of the usable CUDA devices.");
  m.def("status", &status, "'ready', or why no CUDA device can be used.");
  m.def("projection_weights", &projection_weights, py::kw_only(), "dtype"_a, "device"_a, "stream"_a, "directions"_a,
        "direction_stride"_a, "loadings"_a, "loading_stride"_a, "network"_a, "weights"_a, "pairs"_a, "count"_a,
        "rank"_a, "units"_a, "norm"_a,
        "Queues the PWCCA weighting on a stream; see csrc/similarity/projection_weights.hpp.");
}
