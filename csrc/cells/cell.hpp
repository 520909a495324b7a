// What a network is: its cell, its sizes, and where its parameters lie. Shared by all kernels of this family.
#pragma once
#include <cstdint>

#include "../common/host_device.hpp"

namespace pyrnnsim {

// Gates and their order: vanilla [h], ugrnn [c, g], gru [c, g, r], lstm [c, i, f, o].
enum class CellKind : int { vanilla, ugrnn, gru, gru_after, lstm };  // gru_after: reset after the recurrent product

struct Cell {
  CellKind kind;
  bool relu;               // the activation of everything that is not a gate; else tanh
  bool sigmoid_candidate;  // lstm only: the candidate as U prints it
  double keep_bias;        // constant on the gate that keeps the old state (ugrnn and gru g, lstm f)
};

PYRNNSIM_HOST_DEVICE constexpr std::int64_t gates_of(CellKind kind) {
  return kind == CellKind::vanilla ? 1 : kind == CellKind::ugrnn ? 2 : kind == CellKind::lstm ? 4 : 3;
}
PYRNNSIM_HOST_DEVICE constexpr std::int64_t states_of(CellKind kind) {
  return kind == CellKind::lstm ? 2 : 1;
}  // state size in units

// Parameters of one network, or gradients of the same shapes: C-contiguous, G gates, S = states_of(kind) * units.
template <class T>
struct Parameters {
  T* w_rec;  // (G, units, units): to, from
  T* w_in;   // (G, units, inputs)
  T* b;      // (G, units)
  T* b_rec;  // (G, units), gru_after only
  T* w_out;  // (outputs, S)
  T* b_out;  // (outputs,)
  T* h0;     // (S,)
};

struct Sizes {
  std::int64_t units, inputs, outputs, trials, steps;
};

}  // namespace pyrnnsim
