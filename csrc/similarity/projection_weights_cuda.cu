// One block per pair and kDirections directions. The block walks over the units in tiles of kUnits and, for each tile,
// over r in steps of kDepth whose slices of U and L it brings into shared memory, coalesced. A thread keeps the products
// of kRows directions with kColumns units in registers: kRows + kColumns shared reads feed kRows * kColumns multiply-adds.
// Threads x = 0 .. kThreadsX - 1 of a row own the same directions; they add their magnitudes up once, at the end.
#include "../common/cuda_check.hpp"
#include "projection_weights.hpp"

namespace pyrnnsim::cuda {
namespace {

constexpr int kRows = 8, kColumns = 4, kDepth = 16;
constexpr int kThreadsX = 16, kThreadsY = 8, kThreads = kThreadsX * kThreadsY;
constexpr int kDirections = kThreadsY * kRows, kUnits = kThreadsX * kColumns;
static_assert(32 % kThreadsX == 0, "the final sum is a shuffle inside one warp");

// Rows [0, kDepth) x columns [0, kWidth) of a row-major slice into shared memory, zeros outside rows x columns.
template <int kWidth, class T>
__device__ void load_slice(T* slice, const T* source, std::int64_t stride, std::int64_t rows, std::int64_t columns) {
  for (int i = threadIdx.x; i < kDepth * kWidth; i += kThreads) {
    const int r = i / kWidth, column = i % kWidth;
    slice[i] = r < rows && column < columns ? source[r * stride + column] : T(0);
  }
}

// product[i][j] += sum over the slice of U(r, first_row + i) L(r, first_column + j)
template <class T>
__device__ void multiply_slices(const T* u, const T* l, int first_row, int first_column,
                                T (&product)[kRows][kColumns]) {
  for (int r = 0; r < kDepth; ++r) {
    T left[kRows], right[kColumns];
#pragma unroll
    for (int i = 0; i < kRows; ++i) left[i] = u[r * kDirections + first_row + i];
#pragma unroll
    for (int j = 0; j < kColumns; ++j) right[j] = l[r * kUnits + first_column + j];
#pragma unroll
    for (int i = 0; i < kRows; ++i)
#pragma unroll
      for (int j = 0; j < kColumns; ++j) product[i][j] += left[i] * right[j];
  }
}

__device__ double term(double x, int norm) { return norm == 2 ? x * x : x < 0 ? -x : x; }

template <class T>
__global__ void __launch_bounds__(kThreads) projection_weights_kernel(ProjectionWeights<T> a) {
  const std::int64_t pair = blockIdx.x, first_direction = std::int64_t(blockIdx.y) * kDirections;
  const T* directions = a.directions + pair * a.rank * a.direction_stride + first_direction;
  const T* loadings = a.loadings + a.network[pair] * a.rank * a.loading_stride;
  T* u = shared_memory<T>();
  T* l = u + kDepth * kDirections;
  const int first_row = int(threadIdx.x) / kThreadsX * kRows, first_column = int(threadIdx.x) % kThreadsX * kColumns;

  double sums[kRows] = {};
  for (std::int64_t unit = 0; unit < a.units; unit += kUnits) {
    T product[kRows][kColumns] = {};
    for (std::int64_t r = 0; r < a.rank; r += kDepth) {
      load_slice<kDirections>(u, directions + r * a.direction_stride, a.direction_stride, a.rank - r,
                              a.count - first_direction);
      load_slice<kUnits>(l, loadings + r * a.loading_stride + unit, a.loading_stride, a.rank - r, a.units - unit);
      __syncthreads();
      multiply_slices(u, l, first_row, first_column, product);
      __syncthreads();
    }
#pragma unroll
    for (int j = 0; j < kColumns; ++j)
      if (unit + first_column + j < a.units)  // the zeros beyond are NaN where u holds infinity
#pragma unroll
        for (int i = 0; i < kRows; ++i) sums[i] += term(product[i][j], a.norm);
  }

#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    double sum = sums[i];
    for (int other = kThreadsX / 2; other > 0; other /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, other);
    const std::int64_t m = first_direction + first_row + i;
    if (first_column == 0 && m < a.count) a.weights[pair * a.count + m] = sum;
  }
}

template <class T>
void enqueue(const ProjectionWeights<T>& a, std::uintptr_t stream) {
  if (a.pairs == 0 || a.count == 0) return;
  const dim3 grid(unsigned(a.pairs), unsigned((a.count + kDirections - 1) / kDirections));
  constexpr std::size_t shared_bytes = kDepth * (kDirections + kUnits) * sizeof(T);
  launch({grid, dim3(kThreads), shared_bytes, stream}, "projection_weights", projection_weights_kernel<T>, a);
}

}  // namespace

void projection_weights(const ProjectionWeights<float>& a, std::uintptr_t stream) { enqueue(a, stream); }
void projection_weights(const ProjectionWeights<double>& a, std::uintptr_t stream) { enqueue(a, stream); }

}  // namespace pyrnnsim::cuda
