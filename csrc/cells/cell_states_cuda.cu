// Rollouts and Jacobians on the device: one block per network and trial, or network and point.
#include "cell_cuda.hpp"
#include "unit_step_cuda.hpp"

namespace pyrnnsim::cuda {
namespace {

template <class F, class T>
__global__ void __launch_bounds__(kBlock) rollout_kernel(StackedRollout<T> a) {
  const Sizes& s = a.sizes;
  const std::int64_t k = blockIdx.x / s.trials, b = blockIdx.x % s.trials, size = states_of(a.cell.kind) * s.units;
  const Gates<T> gates(a.cell, s, a.parameters, k);
  Scratch<T> scratch(shared_memory<T>(), s.units, s.inputs, size);
  const T* initial = a.initial ? a.initial + (k * s.trials + b) * size : gates.p.h0;
  const T* inputs = a.inputs + ((a.input_networks == 1 ? 0 : k * s.trials) + b) * s.steps * s.inputs;
  T* states = a.states + (k * s.trials + b) * s.steps * size;
  for (std::int64_t i = threadIdx.x; i < size; i += kBlock) scratch.state[i] = initial[i];
  for (std::int64_t t = 0; t < s.steps; ++t) {
    for (std::int64_t i = threadIdx.x; i < s.inputs; i += kBlock) scratch.x[i] = inputs[t * s.inputs + i];
    block_step<F>(gates, scratch);
    for (std::int64_t i = threadIdx.x; i < size; i += kBlock) states[t * size + i] = scratch.state[i] = scratch.next[i];
  }
}

// sum_j to_c W_c[n, j] to_r[j] weights[j, m]: how the reset gate of a gru passes on what its weights `weights` receive.
template <class T>
__device__ T through_reset(const T* candidate, const Scratch<T>& s, const T* weights, std::int64_t columns,
                           std::int64_t m) {
  T sum = 0;
  for (std::int64_t j = 0; j < s.units; ++j)
    sum += candidate[j] * s.factors[2 * s.units + j] * weights[j * columns + m];
  return sum;
}

// Entry (n, m) of one state's rows of a Jacobian, without the diagonal: factors times rows of the weights (gates, units,
// columns), which are w_rec (`recurrent`) or w_in.
template <class T>
__device__ T row_entry(const Gates<T>& a, const Scratch<T>& s, const T* weights, std::int64_t columns, bool recurrent,
                       std::int64_t state, std::int64_t n, std::int64_t m) {
  const std::int64_t matrix = s.units * columns, at = n * columns + m;
  const auto factor = [&](int gate) { return s.factors[gate * s.units + n]; };
  const CellKind kind = a.cell.kind;
  if (kind == CellKind::vanilla) return factor(0) * weights[at];
  if (kind == CellKind::lstm) {
    const T c = factor(0) * weights[at] + factor(1) * weights[matrix + at] + factor(2) * weights[2 * matrix + at];
    return state == 0 ? c : factor(5) * c + factor(3) * weights[3 * matrix + at];
  }
  const T kept = factor(1) * weights[matrix + at];
  if (kind == CellKind::ugrnn) return kept + factor(0) * weights[at];
  if (kind == CellKind::gru_after)
    return kept + factor(recurrent ? 3 : 0) * weights[at] + factor(2) * weights[2 * matrix + at];
  const T direct = recurrent ? weights[at] * s.factors[5 * s.units + m] : weights[at];
  return kept + factor(0) * (direct + through_reset(a.p.w_rec + n * s.units, s, weights + 2 * matrix, columns, m));
}

template <class F, class T>
__global__ void __launch_bounds__(kBlock) jacobian_kernel(StackedJacobians<T> a) {
  const Sizes& z = a.sizes;
  const std::int64_t point = blockIdx.x, size = states_of(a.cell.kind) * z.units, hidden = size - z.units;
  const Gates<T> gates(a.cell, z, a.parameters, point / z.trials);
  Scratch<T> s(shared_memory<T>(), z.units, z.inputs, size);
  for (std::int64_t i = threadIdx.x; i < size; i += kBlock) s.state[i] = a.states[point * size + i];
  for (std::int64_t i = threadIdx.x; i < z.inputs; i += kBlock) s.x[i] = a.inputs[point * z.inputs + i];
  block_step<F>(gates, s);
  for (std::int64_t i = threadIdx.x; i < size; i += kBlock) a.next[point * size + i] = s.next[i];
  for (std::int64_t i = threadIdx.x; i < size * size; i += kBlock) {
    const std::int64_t row = i / size, column = i % size, state = row / z.units, n = row % z.units;
    const T kept = a.cell.kind == CellKind::vanilla ? T(0) : s.factors[4 * z.units + n];  // g, or f of an lstm
    T entry = 0;
    if (column >= hidden) {
      entry = row_entry(gates, s, gates.p.w_rec, z.units, true, state, n, column - hidden);
      if (hidden == 0 && column == n) entry += kept;
    } else if (column == n) {
      entry = state == 0 ? kept : s.factors[5 * z.units + n] * kept;
    }
    a.to_states[point * size * size + i] = entry;
  }
  for (std::int64_t i = threadIdx.x; i < size * z.inputs; i += kBlock) {
    const std::int64_t row = i / z.inputs;
    a.to_inputs[point * size * z.inputs + i] =
        row_entry(gates, s, gates.p.w_in, z.inputs, false, row / z.units, row % z.units, i % z.inputs);
  }
}

template <class T>
Launch launch_of(const Cell& cell, const Sizes& s, std::int64_t blocks, std::uintptr_t stream) {
  return {dim3(unsigned(blocks)), dim3(kBlock), Scratch<T>::bytes(s.units, s.inputs, states_of(cell.kind) * s.units),
          stream};
}

template <class T>
void enqueue(const StackedRollout<T>& a, std::uintptr_t stream) {
  const std::int64_t blocks = a.networks * a.sizes.trials;
  if (blocks == 0 || a.sizes.steps == 0) return;
  launch(launch_of<T>(a.cell, a.sizes, blocks, stream), "roll_out",
         a.cell.relu ? rollout_kernel<Relu, T> : rollout_kernel<Tanh, T>, a);
}

template <class T>
void enqueue(const StackedJacobians<T>& a, std::uintptr_t stream) {
  const std::int64_t blocks = a.networks * a.sizes.trials;
  if (blocks == 0) return;
  launch(launch_of<T>(a.cell, a.sizes, blocks, stream), "linearise",
         a.cell.relu ? jacobian_kernel<Relu, T> : jacobian_kernel<Tanh, T>, a);
}

}  // namespace

void roll_out(const StackedRollout<float>& a, std::uintptr_t stream) { enqueue(a, stream); }
void roll_out(const StackedRollout<double>& a, std::uintptr_t stream) { enqueue(a, stream); }
void linearise(const StackedJacobians<float>& a, std::uintptr_t stream) { enqueue(a, stream); }
void linearise(const StackedJacobians<double>& a, std::uintptr_t stream) { enqueue(a, stream); }

}  // namespace pyrnnsim::cuda
