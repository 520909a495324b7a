// Gradients of a rollout, a block of trials at a time: forward once more with all records kept, then backward.
#include "cell_states.hpp"
#include "plane_transfer.hpp"
#include "weight_gradients.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

constexpr std::int64_t kTrialBlock = 64;

template <class T>
Sizes block_sizes(const RolloutGradients<T>& a, std::int64_t first) {
  Sizes sizes = a.sizes;
  sizes.outputs = 0;
  sizes.trials = a.sizes.trials - first < kTrialBlock ? a.sizes.trials - first : kTrialBlock;
  return sizes;
}

template <class T>
struct Workspace {
  Layout<T> layout;  // of the first, largest block
  Arena arena;
  PackedWeights<T> packed;
  GradientSums<T> sums;
  std::int64_t planes = 0, deltas = 0;
  T *records, *delta, *grad, *x, *packed_inputs, *grad_x;
  double* h0_sums;

  Workspace(const RolloutGradients<T>& a, void* block)
      : layout(a.cell.kind, block_sizes(a, 0)), arena(block), packed(arena, layout), sums(arena, layout) {
    with_planes(a.cell, [&](auto cell) {
      planes = cell.kPlanes;
      deltas = cell.kDeltas;
    });
    records = arena.take<T>((a.sizes.steps + 1) * planes * layout.plane);
    delta = arena.take<T>(2 * deltas * layout.plane);
    grad = arena.take<T>(layout.states * layout.plane);
    x = arena.take<T>(a.sizes.steps * layout.trials * layout.x_row);
    packed_inputs = arena.take<T>(layout.gates * layout.units * padded_inputs(layout));
    grad_x = arena.take<T>(layout.trials * padded_inputs(layout));
    h0_sums = arena.take<double>(layout.states * layout.units);
  }
};

// Records of all steps of the block of trials that begins at `first`.
template <class P, class T>
void forward(P planes, const RolloutGradients<T>& a, const Workspace<T>& w, const Network<T>& net, std::int64_t first) {
  const Layout<T>& s = net.layout;
  const std::int64_t size = s.states * s.units, steps = a.sizes.steps, record = w.planes * s.plane;
  fill_states(s, a.initial ? a.initial + first * size : a.parameters.h0, a.initial ? size : 0, w.records);
  for (std::int64_t t = 0; t < steps; ++t) {
    T *x = w.x + t * s.trials * s.x_row, *now = w.records + (t + 1) * record;
    fill_inputs(s, a.inputs + (first * steps + t) * s.inputs, steps * s.inputs, x);
    if (P::kKind == CellKind::vanilla)
      fill_states(s, a.states + (first * steps + t) * size, steps * size, now);
    else
      step_forward(planes, net, static_cast<const T*>(now - record), now, x);
  }
}

// The given gradient of a step's states joins what comes from later steps. A hidden state without a direct path has
// received nothing yet.
template <class P, class T>
void add_given(P, const Layout<T>& s, const T* given, std::int64_t stride, T* grad) {
  for (std::int64_t state = 0; state < s.states; ++state)
    for (std::int64_t b = 0; b < s.trials; ++b) {
      const T* from = given + b * stride + state * s.units;
      T* to = grad + state * s.plane + b * s.row;
      const bool joins = P::kDirect || state != P::kHidden;
      for (std::int64_t n = 0; n < s.units; ++n) to[n] = joins ? to[n] + from[n] : from[n];
    }
}

// The gradient of one step's inputs (trials, steps, inputs): deltas times the weights of the inputs.
template <class T>
void input_gradients(const Layout<T>& s, const Workspace<T>& w, const T* delta, T* out, std::int64_t stride) {
  const std::int64_t wide = padded_inputs(s);
  for (std::int64_t j = 0; j < wide; j += kPanel<T>) {
    Product<T> product{{}, 0, w.packed_inputs + j, wide, w.grad_x + j, wide, false};
    for (std::int64_t gate = 0; gate < s.gates; ++gate)
      product.left[product.lefts++] = all_trials(delta + gate * s.plane, s);
    multiply(product, s.trials, (wide - j < kPanel<T> ? wide - j : kPanel<T>) / kWidth<T>);
  }
  for (std::int64_t b = 0; b < s.trials; ++b) copy(w.grad_x + b * wide, s.inputs, out + b * stride);
}

template <class P, class T>
void backward(P planes, const RolloutGradients<T>& a, const Workspace<T>& w, const Network<T>& net,
              std::int64_t first) {
  const Layout<T>& s = net.layout;
  const std::int64_t size = s.states * s.units, steps = a.sizes.steps, record = w.planes * s.plane;
  fill(w.grad, s.states * s.plane, T(0));
  T *delta = w.delta, *next = nullptr;
  for (std::int64_t t = steps - 1; t >= 0; --t) {
    const T* before = w.records + t * record;
    add_given(planes, s, a.grad_states + (first * steps + t) * size, steps * size, w.grad);
    const BackwardStep<T> step{before, before + record, next, nullptr, delta, w.grad, true};
    step_backward(planes, net, step);
    add_step_gradients(planes, s, step, w.x + t * s.trials * s.x_row, w.sums);
    input_gradients(s, w, delta, a.grad_inputs + (first * steps + t) * s.inputs, steps * s.inputs);
    next = delta;
    delta = delta == w.delta ? w.delta + w.deltas * s.plane : w.delta;
  }
  if (next) reach_initial_states(planes, net, static_cast<const T*>(next), w.grad);
  if (a.initial) return take_states(s, static_cast<const T*>(w.grad), a.grad_initial + first * size, size);
  for (std::int64_t i = 0; i < size; ++i)
    for (std::int64_t b = 0; b < s.trials; ++b)
      w.h0_sums[i] += static_cast<double>(w.grad[i / s.units * s.plane + b * s.row + i % s.units]);
}

template <class T>
void run(const RolloutGradients<T>& a) {
  const Workspace<T> w(a, a.workspace);
  pack_forward(w.layout, a.cell, a.parameters, w.packed);
  pack_backward(w.layout, a.parameters, w.packed);
  pack_inputs(w.layout, a.parameters, w.packed_inputs);
  const std::int64_t size = w.layout.states * w.layout.units;
  fill(w.sums.w_rec, w.sums.count, T(0));
  fill(w.h0_sums, size, 0.0);
  with_planes(a.cell, [&](auto planes) {
    for (std::int64_t first = 0; first < a.sizes.trials; first += kTrialBlock) {
      const Network<T> net{Layout<T>(a.cell.kind, block_sizes(a, first)), w.packed, a.cell};
      forward(planes, a, w, net, first);
      backward(planes, a, w, net, first);
    }
  });
  collect(w.layout, w.sums, a.gradients);
  for (std::int64_t i = 0; !a.initial && i < size; ++i) a.gradients.h0[i] = static_cast<T>(w.h0_sums[i]);
}

}  // namespace

std::int64_t workspace_bytes(const RolloutGradients<float>& a) { return Workspace<float>(a, nullptr).arena.bytes(); }
std::int64_t workspace_bytes(const RolloutGradients<double>& a) { return Workspace<double>(a, nullptr).arena.bytes(); }
void differentiate(const RolloutGradients<float>& a) { run(a); }
void differentiate(const RolloutGradients<double>& a) { run(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
