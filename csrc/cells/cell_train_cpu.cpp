#include "cell_train.hpp"
#include "optimizer.hpp"
#include "plane_transfer.hpp"
#include "readout.hpp"
#include "weight_gradients.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

constexpr double kNaN = __builtin_nan("");

// Everything an iteration works on. Constructed without memory it only counts.
template <class T>
struct Workspace {
  Layout<T> layout;
  Arena arena;
  PackedWeights<T> packed;
  GradientSums<T> sums;
  Parameters<T> gradient;
  std::int64_t planes = 0, deltas = 0, error_step;
  T *records, *delta, *grad, *x, *errors, *mask, *scratch;
  double* bias_sums;
  bool masked = false;

  Workspace(const TrainNetwork<T>& a, void* block)
      : layout(a.cell.kind, a.sizes), arena(block), packed(arena, layout), sums(arena, layout) {
    const Sizes& s = a.sizes;
    const std::int64_t units = layout.gates * s.units, size = layout.states * s.units;
    with_planes(a.cell, [&](auto cell) {
      planes = cell.kPlanes;
      deltas = cell.kDeltas;
    });
    gradient = {
        arena.take<T>(units * s.units),  arena.take<T>(units * s.inputs), arena.take<T>(units), arena.take<T>(units),
        arena.take<T>(s.outputs * size), arena.take<T>(s.outputs),        arena.take<T>(size)};
    error_step = error_stride(layout);
    records = arena.take<T>((s.steps + 1) * planes * layout.plane);
    delta = arena.take<T>(2 * deltas * layout.plane);
    grad = arena.take<T>(layout.states * layout.plane);
    x = arena.take<T>(s.steps * s.trials * layout.x_row);
    errors = arena.take<T>(s.steps * error_step);
    mask = arena.take<T>(s.steps * error_step);
    scratch = arena.take<T>(s.steps * (s.inputs + 2 * s.outputs));
    bias_sums = arena.take<double>(s.trials * s.outputs);
  }

  T* record(std::int64_t step) const { return records + step * planes * layout.plane; }  // 0: the initial states
};

// Trials in the order of the time steps: rows [x, 1], targets where the errors will be, mask. Returns the sum of the mask.
template <class T>
double lay_out_trials(const TrainNetwork<T>& a, Workspace<T>& w, std::int64_t iteration) {
  const Layout<T>& s = w.layout;
  double counted = 0;
  for (std::int64_t b = 0; b < s.trials; ++b) {
    const Trial<T> trial = a.source.trial(a.source.context, iteration, b, w.scratch);
    w.masked = trial.mask != nullptr;
    for (std::int64_t t = 0; t < a.sizes.steps; ++t) {
      T* x = w.x + (t * s.trials + b) * s.x_row;
      copy(trial.inputs + t * s.inputs, s.inputs, x);
      x[s.inputs] = T(1);
      const std::int64_t at = t * w.error_step + b * s.outputs;
      copy(trial.targets + t * s.outputs, s.outputs, w.errors + at);
      for (std::int64_t o = 0; trial.mask && o < s.outputs; ++o) {
        w.mask[at + o] = trial.mask[t * s.outputs + o];
        counted += static_cast<double>(w.mask[at + o]);
      }
    }
  }
  const std::int64_t pairs = s.trials * s.outputs;
  for (std::int64_t t = 0; t < a.sizes.steps; ++t) {
    fill(w.errors + t * w.error_step + pairs, w.error_step - pairs, T(0));
    fill(w.mask + t * w.error_step + pairs, w.error_step - pairs, T(0));
  }
  return w.masked ? counted : static_cast<double>(a.sizes.steps * pairs);
}

// States, errors and loss of all steps.
template <class P, class T>
double forward(P planes, const TrainNetwork<T>& a, const Workspace<T>& w, const Network<T>& net, double counted) {
  const Layout<T>& s = w.layout;
  fill_states(s, a.parameters.h0, 0, w.record(0));
  fill(w.bias_sums, s.trials * s.outputs, 0.0);
  const T scale = static_cast<T>(2 * a.options.loss_factor / counted);
  double loss = 0;
  for (std::int64_t t = 0; t < a.sizes.steps; ++t) {
    step_forward(planes, net, w.record(t), w.record(t + 1), w.x + t * s.trials * s.x_row);
    const std::int64_t at = t * w.error_step;
    loss += step_errors(s, net.packed, w.record(t + 1), scale, w.masked ? w.mask + at : nullptr, w.errors + at,
                        w.bias_sums);
  }
  return loss / counted;
}

// Gradients of all parameters, into w.gradient.
template <class P, class T>
void backward(P planes, const TrainNetwork<T>& a, const Workspace<T>& w, const Network<T>& net) {
  const Layout<T>& s = w.layout;
  fill(w.sums.w_rec, w.sums.count, T(0));
  fill(w.grad, s.states * s.plane, T(0));
  T *delta = w.delta, *next = nullptr;
  for (std::int64_t t = a.sizes.steps - 1; t >= 0; --t) {
    const BackwardStep<T> step{w.record(t), w.record(t + 1), next, w.errors + t * w.error_step, delta, w.grad, false};
    step_backward(planes, net, step);
    add_step_gradients(planes, s, step, w.x + t * s.trials * s.x_row, w.sums);
    next = delta;
    delta = delta == w.delta ? w.delta + w.deltas * s.plane : w.delta;
  }
  collect(s, w.sums, w.gradient);
  for (std::int64_t o = 0; o < s.outputs; ++o) {
    double sum = 0;
    for (std::int64_t b = 0; b < s.trials; ++b) sum += w.bias_sums[b * s.outputs + o];
    w.gradient.b_out[o] = static_cast<T>(sum);
  }
  if (!a.options.train_h0) return;
  reach_initial_states(planes, net, static_cast<const T*>(next), w.grad);
  sum_initial(s, w.grad, w.gradient.h0);
}

// One iteration; false where the network stops.
template <class P, class T>
bool iterate(P planes, TrainNetwork<T>& a, Workspace<T>& w, std::int64_t i) {
  const std::int64_t iteration = a.first_iteration + i;
  const double counted = lay_out_trials(a, w, i);
  const Network<T> net{w.layout, w.packed, a.cell};
  pack_forward(w.layout, a.cell, a.parameters, w.packed);
  pack_readout(w.layout, a.parameters, w.packed);
  const double loss = a.options.loss_factor * forward(planes, a, w, net, counted);
  double norm = kNaN;
  const bool reached = loss < a.options.until_loss;
  if (__builtin_isfinite(loss)) {
    pack_backward(w.layout, a.parameters, w.packed);
    backward(planes, a, w, net);
    Tensor<T> tensors[kTensors];
    list_tensors(a, w.layout, w.gradient, tensors);
    norm = update(a.options, tensors, iteration, !reached);
  }
  if (!__builtin_isfinite(norm)) {
    a.diverged_at = iteration;
    return false;
  }
  a.loss[i] = loss;
  a.gradient_norm[i] = norm;
  if (reached) a.stopped_at = iteration;
  return !reached;
}

template <class T>
void train(TrainNetwork<T>& a) {
  a.stopped_at = a.diverged_at = -1;
  fill(a.loss, a.iterations, kNaN);
  fill(a.gradient_norm, a.iterations, kNaN);
  Workspace<T> w(a, a.workspace);
  with_planes(a.cell, [&](auto planes) {
    for (std::int64_t i = 0; i < a.iterations; ++i)
      if (!iterate(planes, a, w, i)) break;
  });
}

}  // namespace

std::int64_t workspace_bytes(const TrainNetwork<float>& a) { return Workspace<float>(a, nullptr).arena.bytes(); }
std::int64_t workspace_bytes(const TrainNetwork<double>& a) { return Workspace<double>(a, nullptr).arena.bytes(); }
void train_network(TrainNetwork<float>& a) { train(a); }
void train_network(TrainNetwork<double>& a) { train(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
