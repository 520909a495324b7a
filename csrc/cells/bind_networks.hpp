// Cells and stacked parameters as they come from Python.
#pragma once
#include "bind_fields.hpp"
#include "cell.hpp"

namespace pyrnnsim {

inline Cell cell_of(const Fields& spec) {
  const int kind = spec.choice("cell", {"vanilla", "ugrnn", "gru", "lstm"}, true);
  const bool after = spec.get_or<bool>("reset_after", "True or False", false);
  const bool sigmoid = spec.choice("candidate", {"activation", "sigmoid"}) == 1;
  expect(!after || kind == 2, spec.name("reset_after") + " is an option of the gru only");
  expect(!sigmoid || kind == 3, spec.name("candidate") + " is an option of the lstm only");
  constexpr CellKind kinds[] = {CellKind::vanilla, CellKind::ugrnn, CellKind::gru, CellKind::lstm};
  return {after ? CellKind::gru_after : kinds[kind], spec.choice("activation", {"tanh", "relu"}, true) == 1, sigmoid,
          spec.get_or<double>("keep_bias", "a number", 0.0)};
}

// Sizes of a group of networks, from w_rec and w_in.
struct Group {
  pybind11::ssize_t networks, gates, units, inputs, size;
  bool second_bias;

  Group(const Cell& cell, const Fields& params) {
    const auto shape = [&](const char* key) {
      expect(pybind11::isinstance<pybind11::array>(params.value(key)), params.name(key) + " must be a NumPy array");
      return pybind11::reinterpret_borrow<pybind11::array>(params.value(key));
    };
    const pybind11::array w_rec = shape("w_rec"), w_in = shape("w_in");
    gates = gates_of(cell.kind);
    const std::string wanted = "(networks, " + std::to_string(gates) + ", units, units)";
    expect(w_rec.ndim() == 4 && w_rec.shape(1) == gates && w_rec.shape(2) == w_rec.shape(3),
           params.name("w_rec") + " must be " + wanted + " for this cell, got " + shape_of(w_rec));
    networks = w_rec.shape(0);
    units = w_rec.shape(2);
    expect(units > 0, params.name("w_rec") + ": a network needs at least one unit, got shape " + shape_of(w_rec));
    expect(w_in.ndim() == 4, params.name("w_in") + " must be (networks, gates, units, inputs), got " + shape_of(w_in));
    inputs = w_in.shape(3);
    size = states_of(cell.kind) * units;
    second_bias = cell.kind == CellKind::gru_after;
    expect(second_bias || !params.has("b_rec"), params.name("b_rec") + " is for the gru with reset_after=True only");
  }
};

// Arrays of all networks, as the parameters of the first one; `networks` gives those of any other.
template <class T>
struct NetworkStack {
  Parameters<T> first{};
  Group group;
  pybind11::ssize_t outputs = 0;

  Parameters<T> network(pybind11::ssize_t k) const {
    const Group& g = group;
    const auto at = [k](T* p, pybind11::ssize_t count) { return p ? p + k * count : nullptr; };
    return {at(first.w_rec, g.gates * g.units * g.units),
            at(first.w_in, g.gates * g.units * g.inputs),
            at(first.b, g.gates * g.units),
            at(first.b_rec, g.gates * g.units),
            at(first.w_out, outputs * g.size),
            at(first.b_out, outputs),
            at(first.h0, g.size)};
  }
};

// Recurrent part: what rolls a network forward. The arrays are only read.
template <class T>
NetworkStack<T> recurrent_stack(const Fields& f, const Group& g, bool with_h0) {
  const auto take = [&](const char* key, const Shape& shape) { return const_cast<T*>(f.array<T>(key, shape)); };
  NetworkStack<T> stack{{}, g, 0};
  stack.first.w_rec = take("w_rec", {g.networks, g.gates, g.units, g.units});
  stack.first.w_in = take("w_in", {g.networks, g.gates, g.units, g.inputs});
  stack.first.b = take("b", {g.networks, g.gates, g.units});
  if (g.second_bias) stack.first.b_rec = take("b_rec", {g.networks, g.gates, g.units});
  if (with_h0) stack.first.h0 = take("h0", {g.networks, g.size});
  return stack;
}

// Everything that training changes: parameters, or moments of the same shapes.
template <class T>
NetworkStack<T> trained_stack(const Fields& f, const Group& g, pybind11::ssize_t outputs) {
  NetworkStack<T> stack{{}, g, outputs};
  stack.first = {f.writable<T>("w_rec", {g.networks, g.gates, g.units, g.units}),
                 f.writable<T>("w_in", {g.networks, g.gates, g.units, g.inputs}),
                 f.writable<T>("b", {g.networks, g.gates, g.units}),
                 g.second_bias ? f.writable<T>("b_rec", {g.networks, g.gates, g.units}) : nullptr,
                 f.writable<T>("w_out", {g.networks, outputs, g.size}),
                 f.writable<T>("b_out", {g.networks, outputs}),
                 f.writable<T>("h0", {g.networks, g.size})};
  return stack;
}

}  // namespace pyrnnsim
