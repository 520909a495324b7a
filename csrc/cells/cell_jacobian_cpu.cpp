// Jacobians from the backward pass of a single step: with a gradient of one at every unit of a state, `retreat` leaves the
// factors of the weights' rows in the deltas, and those of the diagonal in the gradient. Only the gru needs a product per
// point, W_c diag(.) W_r, since its reset gate acts before the candidate's weights.
#include "cell_states.hpp"
#include "plane_transfer.hpp"
#include "time_steps.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

constexpr std::int64_t kPointBlock = 32;

template <class T>
Sizes block_sizes(const Jacobians<T>& a, std::int64_t first) {
  return {a.sizes.units, a.sizes.inputs, 0, a.sizes.trials - first < kPointBlock ? a.sizes.trials - first : kPointBlock,
          1};
}

template <class T>
struct Workspace {
  Layout<T> layout;  // of the first, largest block
  Arena arena;
  PackedWeights<T> packed;
  T *before, *now, *x, *grad, *delta;
  T *masked, *product, *packed_inputs, *input_product;  // gru: W_c diag(.), times W_r; the same with U_r

  Workspace(const Jacobians<T>& a, void* block)
      : layout(a.cell.kind, block_sizes(a, 0)), arena(block), packed(arena, layout) {
    with_planes(a.cell, [&](auto planes) {
      before = arena.take<T>(planes.kPlanes * layout.plane);
      now = arena.take<T>(planes.kPlanes * layout.plane);
      delta = arena.take<T>(planes.kDeltas * layout.plane);
    });
    x = arena.take<T>(layout.trials * layout.x_row);
    grad = arena.take<T>(2 * layout.states * layout.plane);
    const std::int64_t wide = padded_inputs(layout);
    masked = arena.take<T>(layout.units * layout.units);
    product = arena.take<T>(layout.units * layout.width);
    packed_inputs = arena.take<T>(layout.gates * layout.units * wide);
    input_product = arena.take<T>(layout.units * wide);
  }
};

// to[j] (+)= factor * from[j]
template <class T>
PYRNNSIM_INLINE void add_row(T factor, const T* from, std::int64_t count, T* to, bool first) {
  for (std::int64_t j = 0; j < count; ++j) to[j] = factor * from[j] + (first ? T(0) : to[j]);
}

// The rows of one state (c or h) of the Jacobians at point p, from the deltas that its unit gradient left.
template <class P, class T>
void write_rows(P, const Jacobians<T>& a, const Layout<T>& s, const Workspace<T>& w, std::int64_t p, std::int64_t state,
                T* to_states, T* to_inputs) {
  const std::int64_t size = s.states * s.units, point = p * s.row;
  for (std::int64_t n = 0; n < s.units; ++n) {
    T *row = to_states + (state * s.units + n) * size, *h = row + P::kHidden * s.units;
    T* in = to_inputs + (state * s.units + n) * s.inputs;
    if (s.states == 2) fill(row, s.units, T(0));
    for (std::int64_t gate = 0; gate < s.gates; ++gate) {
      const T* factors = w.delta + point + n;
      const T input = factors[gate * s.plane],
              hidden = P::kKind == CellKind::gru_after && gate == 0 ? factors[3 * s.plane] : input;
      add_row(hidden, a.parameters.w_rec + (gate * s.units + n) * s.units, s.units, h, gate == 0);
      add_row(input, a.parameters.w_in + (gate * s.units + n) * s.inputs, s.inputs, in, gate == 0);
    }
    if (P::kDirect) h[n] += w.grad[point + n];
    if (s.states == 2) row[n] += w.grad[point + n];
  }
}

// The gru's rows: diag(g) + to_g W_g + to_c (W_c diag(r) + W_c diag(to_r) W_r), and likewise for the inputs.
template <class T>
void write_gru_rows(const Jacobians<T>& a, const Layout<T>& s, const Workspace<T>& w, std::int64_t p, T* to_states,
                    T* to_inputs) {
  const std::int64_t point = p * s.row, wide = padded_inputs(s), matrix = s.units * s.units;
  const T *to_c = w.delta + point, *to_g = to_c + s.plane, *to_r = to_g + s.plane;
  const T *g = w.grad + point, *r = g + s.plane, *w_c = a.parameters.w_rec;
  for (std::int64_t n = 0; n < s.units; ++n)
    for (std::int64_t m = 0; m < s.units; ++m) w.masked[n * s.units + m] = w_c[n * s.units + m] * to_r[m];
  const Operand<T> left{w.masked, s.units, 1, s.units};
  for (std::int64_t j = 0; j < s.units; j += kPanel<T>) {
    const std::int64_t columns = s.vectors(j) * kWidth<T>;
    multiply<T>(
        {{left}, 1, w.packed.backward_panel(s, j) + 2 * s.units * columns, columns, w.product + j, s.width, false},
        s.units, s.vectors(j));
  }
  for (std::int64_t j = 0; j < wide; j += kPanel<T>)
    multiply<T>({{left}, 1, w.packed_inputs + 2 * s.units * wide + j, wide, w.input_product + j, wide, false}, s.units,
                (wide - j < kPanel<T> ? wide - j : kPanel<T>) / kWidth<T>);
  const T* u = a.parameters.w_in;
  for (std::int64_t n = 0; n < s.units; ++n) {
    for (std::int64_t m = 0; m < s.units; ++m) {
      const std::int64_t at = n * s.units + m;
      to_states[at] = to_g[n] * w_c[matrix + at] + to_c[n] * (w_c[at] * r[m] + w.product[n * s.width + m]);
    }
    to_states[n * s.units + n] += g[n];
    for (std::int64_t m = 0; m < s.inputs; ++m) {
      const std::int64_t at = n * s.inputs + m;
      to_inputs[at] = to_g[n] * u[s.units * s.inputs + at] + to_c[n] * (u[at] + w.input_product[n * wide + m]);
    }
  }
}

// Unit gradient of one state, back through the step.
template <class P, class T>
void unit_retreat(P, const Layout<T>& s, const Workspace<T>& w, std::int64_t state) {
  for (std::int64_t other = 0; other < s.states; ++other)
    fill(w.grad + other * s.plane, s.plane, T(other == state ? 1 : 0));
  for (std::int64_t o = 0; o < s.plane; o += kWidth<T>)
    P::retreat(static_cast<const T*>(w.before + o), static_cast<const T*>(w.now + o), w.grad + o, w.delta + o, s.plane);
  if constexpr (P::kTwoStages) {  // a second unit gradient, of r h: its direct part, r, goes to the plane after g
    fill(w.grad + s.plane, s.plane, T(0));
    fill(w.delta + 2 * s.plane, s.plane, T(1));
    for (std::int64_t o = 0; o < s.plane; o += kWidth<T>)
      P::retreat_second(static_cast<const T*>(w.before + o), static_cast<const T*>(w.now + o), w.grad + s.plane + o,
                        w.delta + o, s.plane);
  }
}

template <class P, class T>
void run_block(P planes, const Jacobians<T>& a, const Workspace<T>& w, std::int64_t first) {
  const Network<T> net{Layout<T>(a.cell.kind, block_sizes(a, first)), w.packed, a.cell};
  const Layout<T>& s = net.layout;
  const std::int64_t size = s.states * s.units;
  fill(w.before, P::kPlanes * s.plane, T(0));  // the gaps between rows too: everything below runs over whole planes
  fill(w.now, P::kPlanes * s.plane, T(0));
  fill_states(s, a.states + first * size, size, w.before);
  fill_inputs(s, a.inputs + first * s.inputs, s.inputs, w.x);
  step_forward(planes, net, static_cast<const T*>(w.before), w.now, w.x);
  take_states(s, static_cast<const T*>(w.now), a.next + first * size, size);
  for (std::int64_t state = 0; state < s.states; ++state) {
    unit_retreat(planes, s, w, state);
    for (std::int64_t p = 0; p < s.trials; ++p) {
      T *to_states = a.to_states + (first + p) * size * size, *to_inputs = a.to_inputs + (first + p) * size * s.inputs;
      if constexpr (P::kTwoStages)
        write_gru_rows(a, s, w, p, to_states, to_inputs);
      else
        write_rows(planes, a, s, w, p, state, to_states, to_inputs);
    }
  }
}

template <class T>
void run(const Jacobians<T>& a) {
  const Workspace<T> w(a, a.workspace);
  pack_forward(w.layout, a.cell, a.parameters, w.packed);
  pack_backward(w.layout, a.parameters, w.packed);
  pack_inputs(w.layout, a.parameters, w.packed_inputs);
  with_planes(a.cell, [&](auto planes) {
    for (std::int64_t first = 0; first < a.sizes.trials; first += kPointBlock) run_block(planes, a, w, first);
  });
}

}  // namespace

std::int64_t workspace_bytes(const Jacobians<float>& a) { return Workspace<float>(a, nullptr).arena.bytes(); }
std::int64_t workspace_bytes(const Jacobians<double>& a) { return Workspace<double>(a, nullptr).arena.bytes(); }
void linearise(const Jacobians<float>& a) { run(a); }
void linearise(const Jacobians<double>& a) { run(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
