// A network's weights in the order in which the products of a time step read them; packed once per iteration.
//
// Activity lies in planes (trials, row): one plane per state or gate, `row` numbers from trial to trial, of which the
// first `units` count. Products run over panels of kPanel columns, the last one as narrow as the vectors allow.
//   forward, per gate and panel:  the rows of [W^T; b_rec; U^T; b] restricted to the panel
//   backward, per panel:          the rows of [W_0; ..; W_G-1; R_h] restricted to the panel
//   cell_readout (lstm):          R_c, per panel
// The x of a step lies as rows [x, 1], so that biases are one more row of the product.
#pragma once
#include "arena.hpp"
#include "cell.hpp"
#include "tile_product.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

template <class T>
struct Layout {
  std::int64_t units, inputs, outputs, trials;
  std::int64_t width;  // units rounded up to whole vectors
  std::int64_t row;    // from trial to trial in a plane
  std::int64_t plane;  // numbers in a plane
  std::int64_t gates, states;
  std::int64_t forward_rows;  // of a gate
  std::int64_t x_row;         // inputs + 1
  bool second_bias;

  Layout(CellKind kind, const Sizes& a)
      : units(a.units),
        inputs(a.inputs),
        outputs(a.outputs),
        trials(a.trials),
        width(round_up(a.units, kWidth<T>)),
        gates(gates_of(kind)),
        states(states_of(kind)),
        x_row(a.inputs + 1),
        second_bias(kind == CellKind::gru_after) {
    // Panels of long rows fall into few cache sets unless the rows' distance is an odd number of lines.
    constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(T));
    const std::int64_t lines = round_up(width, line) / line;
    row = lines <= 4 ? width : (lines | 1) * line;
    // Planes a power of two apart would compete for one cache set wherever a unit's states and gates are read together.
    plane = trials * row + 5 * line;
    forward_rows = units + (second_bias ? 1 : 0) + x_row;
  }
  std::int64_t vectors(std::int64_t column) const {  // of the panel that begins there
    const std::int64_t left = width - column;
    return (left < kPanel<T> ? left : kPanel<T>) / kWidth<T>;
  }
};

template <class T>
struct PackedWeights {
  T *forward, *backward, *cell_readout;
  T* readout;       // (outputs, states, width)
  T* readout_bias;  // (trials, outputs)

  PackedWeights(Arena& arena, const Layout<T>& a)
      : forward(arena.take<T>(a.gates * a.forward_rows * a.width)),
        backward(arena.take<T>((a.gates * a.units + a.outputs) * a.width)),
        cell_readout(arena.take<T>(a.outputs * a.width)),
        readout(arena.take<T>(a.outputs * a.states * a.width)),
        readout_bias(arena.take<T>(a.trials * a.outputs + kWidth<T>)) {}

  const T* forward_panel(const Layout<T>& a, std::int64_t gate, std::int64_t column) const {
    return forward + a.forward_rows * (gate * a.width + column);
  }
  const T* backward_panel(const Layout<T>& a, std::int64_t column) const {
    return backward + (a.gates * a.units + a.outputs) * column;
  }
  const T* cell_readout_panel(const Layout<T>& a, std::int64_t column) const {
    return cell_readout + a.outputs * column;
  }
};

// Constants added to the biases: the fixed one on the keep gate.
PYRNNSIM_INLINE double bias_constant(const Cell& cell, std::int64_t gate) {
  const bool keeps = cell.kind == CellKind::lstm ? gate == 2 : cell.kind != CellKind::vanilla && gate == 1;
  return keeps ? cell.keep_bias : 0.0;
}

// One gate's rows [W^T; b_rec; U^T; b] for `columns` columns from unit j on, the panel's remainder zero. The candidate
// of gru_after keeps its two biases apart; elsewhere the second is part of the first.
template <class T>
static void pack_forward_panel(const Layout<T>& a, const Cell& cell, const Parameters<T>& p, std::int64_t gate,
                               std::int64_t j, T* out) {
  const std::int64_t wide = a.vectors(j) * kWidth<T>, columns = a.units - j < wide ? a.units - j : wide;
  fill(out, a.forward_rows * wide, T(0));
  const T* w = p.w_rec + (gate * a.units + j) * a.units;
  for (std::int64_t k = 0; k < a.units; ++k)
    for (std::int64_t n = 0; n < columns; ++n) out[k * wide + n] = w[n * a.units + k];
  out += a.units * wide;
  const bool apart = a.second_bias && gate == 0;
  for (std::int64_t n = 0; apart && n < columns; ++n) out[n] = p.b_rec[j + n];
  out += a.second_bias ? wide : 0;
  const T* u = p.w_in + (gate * a.units + j) * a.inputs;
  for (std::int64_t m = 0; m < a.inputs; ++m)
    for (std::int64_t n = 0; n < columns; ++n) out[m * wide + n] = u[n * a.inputs + m];
  out += a.inputs * wide;
  const T constant = static_cast<T>(bias_constant(cell, gate)), *b = p.b + gate * a.units + j;
  for (std::int64_t n = 0; n < columns; ++n) {
    const T second = a.second_bias && !apart ? p.b_rec[gate * a.units + j + n] : T(0);
    out[n] = b[n] + second + constant;
  }
}

template <class T>
static void pack_forward(const Layout<T>& a, const Cell& cell, const Parameters<T>& p, const PackedWeights<T>& packed) {
  for (std::int64_t gate = 0; gate < a.gates; ++gate)
    for (std::int64_t j = 0; j < a.units; j += kPanel<T>)
      pack_forward_panel(a, cell, p, gate, j, const_cast<T*>(packed.forward_panel(a, gate, j)));
}

// `rows` rows of a row-major matrix, columns j .. of it, into a panel.
template <class T>
static T* pack_rows(const Layout<T>& a, const T* matrix, std::int64_t stride, std::int64_t rows, std::int64_t j,
                    T* out) {
  const std::int64_t wide = a.vectors(j) * kWidth<T>, columns = a.units - j < wide ? a.units - j : wide;
  for (std::int64_t i = 0; i < rows; ++i, out += wide) {
    copy(matrix + i * stride + j, columns, out);
    fill(out + columns, wide - columns, T(0));
  }
  return out;
}

template <class T>
static void pack_backward(const Layout<T>& a, const Parameters<T>& p, const PackedWeights<T>& packed) {
  const std::int64_t size = a.states * a.units;
  for (std::int64_t j = 0; j < a.units; j += kPanel<T>) {
    T* out = pack_rows(a, p.w_rec, a.units, a.gates * a.units, j, const_cast<T*>(packed.backward_panel(a, j)));
    if (a.outputs == 0) continue;
    pack_rows(a, p.w_out + (size - a.units), size, a.outputs, j, out);
    if (a.states == 2) pack_rows(a, p.w_out, size, a.outputs, j, const_cast<T*>(packed.cell_readout_panel(a, j)));
  }
}

template <class T>
static void pack_readout(const Layout<T>& a, const Parameters<T>& p, const PackedWeights<T>& packed) {
  fill(packed.readout, a.outputs * a.states * a.width, T(0));
  for (std::int64_t o = 0; o < a.outputs * a.states; ++o)
    copy(p.w_out + o * a.units, a.units, packed.readout + o * a.width);
  for (std::int64_t b = 0; b < a.trials; ++b) copy(p.b_out, a.outputs, packed.readout_bias + b * a.outputs);
  fill(packed.readout_bias + a.trials * a.outputs, kWidth<T>, T(0));
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
