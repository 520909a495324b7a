// Between arrays as the caller has them, trials first, and the planes and rows that the products read.
#pragma once
#include "packed_weights.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// Every trial's row of the states' planes from one state (S,), or from a state per trial at distance `stride`.
template <class T>
static void fill_states(const Layout<T>& s, const T* from, std::int64_t stride, T* record) {
  for (std::int64_t state = 0; state < s.states; ++state)
    for (std::int64_t b = 0; b < s.trials; ++b) {
      T* row = record + state * s.plane + b * s.row;
      copy(from + b * stride + state * s.units, s.units, row);
      fill(row + s.units, s.width - s.units, T(0));
    }
}

template <class T>
static void take_states(const Layout<T>& s, const T* record, T* to, std::int64_t stride) {
  for (std::int64_t state = 0; state < s.states; ++state)
    for (std::int64_t b = 0; b < s.trials; ++b)
      copy(record + state * s.plane + b * s.row, s.units, to + b * stride + state * s.units);
}

// Rows [x, 1] of one step of inputs (trials, steps, inputs).
template <class T>
static void fill_inputs(const Layout<T>& s, const T* from, std::int64_t stride, T* x) {
  for (std::int64_t b = 0; b < s.trials; ++b) {
    copy(from + b * stride, s.inputs, x + b * s.x_row);
    x[b * s.x_row + s.inputs] = T(1);
  }
}

// The weights of the inputs as the products with deltas read them: rows (gates, units), columns padded to whole vectors.
template <class T>
PYRNNSIM_INLINE std::int64_t padded_inputs(const Layout<T>& s) {
  return round_up(s.inputs, kWidth<T>);
}
template <class T>
static void pack_inputs(const Layout<T>& s, const Parameters<T>& p, T* packed) {
  const std::int64_t wide = padded_inputs(s);
  for (std::int64_t i = 0; i < s.gates * s.units; ++i) {
    copy(p.w_in + i * s.inputs, s.inputs, packed + i * wide);
    fill(packed + i * wide + s.inputs, wide - s.inputs, T(0));
  }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
