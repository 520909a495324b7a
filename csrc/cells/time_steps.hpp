// One step of a network, forward and backward: products of a block of trials by a panel of units, followed at once by the
// pointwise part while the block is in the nearest cache.
#pragma once
#include "cell_planes.hpp"
#include "packed_weights.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

template <class T>
struct Network {
  Layout<T> layout;
  PackedWeights<T> packed;
  Cell cell;
};

// Runs body(offset) for every vector of a block of trials in a panel.
template <class T, class Body>
PYRNNSIM_INLINE void for_block(const Layout<T>& a, std::int64_t first, std::int64_t rows, std::int64_t j,
                               std::int64_t vectors, Body&& body) {
  for (std::int64_t i = first; i < first + rows; ++i)
    for (std::int64_t v = 0; v < vectors; ++v) body(i * a.row + j + v * kWidth<T>);
}

// Asks for a block of all planes of a record while the products before its use still run: a history of many steps lies
// beyond the second-level cache, and blocks a few lines wide are no stream that the processor would foresee.
template <bool WRITE, class T>
PYRNNSIM_INLINE void prefetch_block(const Layout<T>& a, const T* record, int planes, std::int64_t first,
                                    std::int64_t rows, std::int64_t j, std::int64_t vectors) {
  constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(T));
  for (int plane = 0; plane < planes; ++plane)
    for (std::int64_t i = first; i < first + rows; ++i)
      for (std::int64_t k = 0; k < vectors * kWidth<T>; k += line)
        __builtin_prefetch(record + plane * a.plane + i * a.row + j + k, WRITE);
}

template <class T, class Body>
PYRNNSIM_INLINE void for_blocks(const Layout<T>& a, Body&& body) {
  for (std::int64_t j = 0; j < a.units; j += kPanel<T>) {
    const std::int64_t vectors = a.vectors(j);
    for (std::int64_t first = 0; first < a.trials; first += kTileRows)
      body(j, vectors, first, a.trials - first < kTileRows ? a.trials - first : kTileRows);
  }
}

// The pre-activations of one gate: [h, 1, x, 1] against the gate's packed rows, restricted to some of them.
template <class T>
PYRNNSIM_INLINE Operand<T> all_trials(const T* plane, const Layout<T>& a) {
  return {plane, a.row, 1, a.units};
}

template <class T>
PYRNNSIM_INLINE Product<T> gate_product(const Network<T>& net, std::int64_t gate, std::int64_t j, const T* h,
                                        const T* x, T* out) {
  const Layout<T>& a = net.layout;
  const T* right = net.packed.forward_panel(a, gate, j);
  const std::int64_t wide = a.vectors(j) * kWidth<T>;
  const Operand<T> input{x, a.x_row, 1, a.x_row};
  if (!a.second_bias) return {{all_trials(h, a), input}, 2, right, wide, out + j, a.row, false};
  const Operand<T> unit{x + a.inputs, a.x_row, 1, 1};  // the column of ones
  // gru_after: every gate's packed rows include one for b_rec, zero where it is already part of b.
  return {{all_trials(h, a), unit, input}, 3, right, wide, out + j, a.row, false};
}

// The products of one panel before `advance`.
template <class P, class T>
PYRNNSIM_INLINE int first_products(const Network<T>& net, std::int64_t j, const T* before, T* now, const T* x,
                                   Product<T> (&products)[5]) {
  const Layout<T>& a = net.layout;
  const T* h = before + P::kHidden * a.plane;
  int count = 0;
  for (std::int64_t gate = P::kKind == CellKind::gru || P::kKind == CellKind::gru_after ? 1 : 0; gate < a.gates; ++gate)
    products[count++] = gate_product(net, gate, j, h, x, now + (P::kFirstGate + gate) * a.plane);
  if constexpr (P::kKind == CellKind::gru_after) {
    const T* right = net.packed.forward_panel(a, 0, j);
    const std::int64_t wide = a.vectors(j) * kWidth<T>;
    const Operand<T> unit{x + a.inputs, a.x_row, 1, 1}, input{x, a.x_row, 1, a.x_row};
    products[count++] = {{all_trials(h, a), unit}, 2, right, wide, now + 4 * a.plane + j, a.row, false};
    products[count++] = {{input}, 1, right + (a.units + 1) * wide, wide, now + a.plane + j, a.row, false};
  }
  return count;
}

// The record `now` of a step from the states in `before` and the rows [x, 1] of its inputs.
template <class P, class T>
static void step_forward(P, const Network<T>& net, const T* before, T* now, const T* x) {
  const Layout<T>& a = net.layout;
  Product<T> products[5];
  int count = 0;
  for_blocks(a, [&](std::int64_t j, std::int64_t vectors, std::int64_t first, std::int64_t rows) {
    if (first == 0) count = first_products<P>(net, j, before, now, x, products);
    prefetch_block<true>(a, now, P::kPlanes, first, rows, j, vectors);
    for (int k = 0; k < count; ++k) multiply_block(products[k], first, rows, vectors);
    for_block(a, first, rows, j, vectors, [&](std::int64_t o) { P::advance(before + o, now + o, a.plane); });
  });
  if constexpr (P::kTwoStages)
    for_blocks(a, [&](std::int64_t j, std::int64_t vectors, std::int64_t first, std::int64_t rows) {
      if (first == 0) products[0] = gate_product(net, 0, j, now + 4 * a.plane, x, now + a.plane);
      multiply_block(products[0], first, rows, vectors);
      for_block(a, first, rows, j, vectors, [&](std::int64_t o) { P::advance_second(before + o, now + o, a.plane); });
    });
}

// Gradient of the hidden state of a step, restricted to a panel: what the next step's deltas send back through the
// weights, and what the readout's errors send through R. Either may be absent. The rows of the packed panel are in the
// order of the gates; those of the gru's candidate lead and belong to its second stage.
template <class P, class T>
PYRNNSIM_INLINE Product<T> hidden_gradient(const Network<T>& net, std::int64_t j, const T* next_delta, const T* errors,
                                           T* grad, bool accumulate) {
  const Layout<T>& a = net.layout;
  const std::int64_t wide = a.vectors(j) * kWidth<T>, from = P::kTwoStages ? 1 : 0;
  Product<T> product{};
  product.right = net.packed.backward_panel(a, j) + (next_delta ? from : a.gates) * a.units * wide;
  product.right_row = wide;
  product.out = grad + P::kHidden * a.plane + j;
  product.out_row = a.row;
  product.accumulate = accumulate;
  for (std::int64_t gate = from; next_delta && gate < a.gates; ++gate) {
    const std::int64_t plane = P::kKind == CellKind::gru_after && gate == 0 ? 3 : gate;
    product.left[product.lefts++] = all_trials(next_delta + plane * a.plane, a);
  }
  if (errors) product.left[product.lefts++] = {errors, a.outputs, 1, a.outputs};
  return product;
}

// Pointers of one step of back-propagation. `grad` holds, on entry, the gradient of the step's states as far as it does
// not come through a product; on exit the same for the states before. next_delta: deltas of the step after, null at the
// last one. errors (trials, outputs): derivative of the loss by the outputs, or null. complete: `grad` already counts
// (gradients given from outside); else the hidden state's part is overwritten in cells without a direct path.
template <class T>
struct BackwardStep {
  const T *before, *now, *next_delta, *errors;
  T *delta, *grad;
  bool complete;
};

template <class P, class T>
static void step_backward(P, const Network<T>& net, const BackwardStep<T>& s) {
  const Layout<T>& a = net.layout;
  Product<T> hidden{}, cell{};
  for_blocks(a, [&](std::int64_t j, std::int64_t vectors, std::int64_t first, std::int64_t rows) {
    if (first == 0) {
      hidden = hidden_gradient<P>(net, j, s.next_delta, s.errors, s.grad, P::kDirect || s.complete);
      const std::int64_t wide = vectors * kWidth<T>;
      if (P::kHidden == 1)
        cell = {{{s.errors, a.outputs, 1, a.outputs}},
                1,
                net.packed.cell_readout_panel(a, j),
                wide,
                s.grad + j,
                a.row,
                true};
    }
    prefetch_block<false>(a, s.now, P::kPlanes, first, rows, j, vectors);
    prefetch_block<false>(a, s.before, static_cast<int>(a.states), first, rows, j, vectors);
    if (hidden.lefts > 0) multiply_block(hidden, first, rows, vectors);
    if (P::kHidden == 1 && s.errors) multiply_block(cell, first, rows, vectors);
    for_block(a, first, rows, j, vectors,
              [&](std::int64_t o) { P::retreat(s.before + o, s.now + o, s.grad + o, s.delta + o, a.plane); });
  });
  if constexpr (P::kTwoStages) {
    Product<T> masked{};
    for_blocks(a, [&](std::int64_t j, std::int64_t vectors, std::int64_t first, std::int64_t rows) {
      if (first == 0)
        masked = {{all_trials<T>(s.delta, a)},
                  1,
                  net.packed.backward_panel(a, j),
                  vectors * kWidth<T>,
                  s.delta + 2 * a.plane + j,
                  a.row,
                  false};
      multiply_block(masked, first, rows, vectors);
      for_block(a, first, rows, j, vectors,
                [&](std::int64_t o) { P::retreat_second(s.before + o, s.now + o, s.grad + o, s.delta + o, a.plane); });
    });
  }
}

// After the first step: completes in `grad` the gradient of the initial states.
template <class P, class T>
static void reach_initial_states(P, const Network<T>& net, const T* delta, T* grad) {
  for_blocks(net.layout, [&](std::int64_t j, std::int64_t vectors, std::int64_t first, std::int64_t rows) {
    multiply_block(hidden_gradient<P>(net, j, delta, static_cast<const T*>(nullptr), grad, P::kDirect), first, rows,
                   vectors);
  });
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
