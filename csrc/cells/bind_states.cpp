#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "bind_cells.hpp"
#include "bind_loop.hpp"
#include "bind_networks.hpp"
#include "cell_states.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pyrnnsim {
namespace {

// Trials of a network that are one piece of work. Fixed, though no bit depends on it; packing the weights costs as much
// as a few dozen trials of one step.
constexpr py::ssize_t kRolloutBlock = 64, kStepBlock = 512;

// Calls body(k, first, count) for every piece of K networks with B trials each.
template <class Body>
void for_pieces(py::ssize_t networks, py::ssize_t trials, py::ssize_t block, Body&& body) {
  for (py::ssize_t k = 0; k < networks; ++k)
    for (py::ssize_t first = 0; first < trials; first += block) body(k, first, std::min(block, trials - first));
}

py::ssize_t axis(const py::object& array, const std::string& what, py::ssize_t dimensions, py::ssize_t which) {
  expect(py::isinstance<py::array>(array), what + " must be a NumPy array");
  const auto a = py::reinterpret_borrow<py::array>(array);
  expect(a.ndim() == dimensions, what + " must have " + std::to_string(dimensions) + " axes, got " + shape_of(a));
  return a.shape(which);
}

// Arguments that all building blocks share.
struct Common {
  std::string caller;
  Fields params;
  Cell cell;
  Group group;

  Common(const char* name, const py::dict& spec, const py::dict& parameters)
      : caller(std::string(name) + ": "),
        params(caller + "params", parameters),
        cell(cell_of({caller + "spec", spec})),
        group(cell, params) {}
  bool single() const { return py::isinstance<py::array_t<float>>(params.value("w_rec")); }
};

// Sequences (K or 1, B, T, M): shared ones count once.
struct Sequences {
  py::ssize_t networks, trials, steps;
  Sequences(const Common& c, const py::object& inputs)
      : networks(axis(inputs, c.caller + "inputs", 4, 0)),
        trials(axis(inputs, c.caller + "inputs", 4, 1)),
        steps(axis(inputs, c.caller + "inputs", 4, 2)) {
    expect(networks == 1 || networks == c.group.networks, c.caller + "inputs must be for 1 or " +
                                                              std::to_string(c.group.networks) + " networks, got " +
                                                              std::to_string(networks));
  }
  Shape shape(const Common& c) const { return {networks, trials, steps, c.group.inputs}; }
  py::ssize_t offset(const Common& c, py::ssize_t k) const {
    return networks == 1 ? 0 : k * trials * steps * c.group.inputs;
  }
};

template <class T>
Array<T> rollout(const Common& c, const py::object& inputs, const py::object& initial, int n_jobs) {
  const Sequences q(c, inputs);
  const Group& g = c.group;
  const bool given = !initial.is_none();
  const NetworkStack<T> params = recurrent_stack<T>(c.params, g, !given);
  const T* x = checked_array<T>(inputs, c.caller + "inputs", q.shape(c)).data();
  const T* start =
      given ? checked_array<T>(initial, c.caller + "initial", {g.networks, q.trials, g.size}).data() : nullptr;
  Array<T> states({g.networks, q.trials, q.steps, g.size});
  T* out = states.mutable_data();
  std::vector<Rollout<T>> work;
  for_pieces(g.networks, q.trials, q.steps > 1 ? kRolloutBlock : kStepBlock, [&](auto k, auto first, auto count) {
    const py::ssize_t at = k * q.trials + first;
    work.push_back({c.cell,
                    {g.units, g.inputs, 0, count, q.steps},
                    params.network(k),
                    x + q.offset(c, k) + first * q.steps * g.inputs,
                    given ? start + at * g.size : nullptr,
                    out + at * q.steps * g.size,
                    nullptr});
  });
  for_each_network(work, n_jobs, [](Rollout<T>& a) { PYRNNSIM_CHOSEN(void(const Rollout<T>&), roll_out)(a); });
  return states;
}

// Arrays for the gradients of a group, under their names.
template <class T>
NetworkStack<T> gradient_stack(const Group& g, bool with_h0, py::dict& out) {
  NetworkStack<T> stack{{}, g, 0};
  const auto add = [&](const char* name, const Shape& shape) {
    Array<T> array(shape);
    out[name] = array;
    return array.mutable_data();
  };
  stack.first.w_rec = add("w_rec", {g.networks, g.gates, g.units, g.units});
  stack.first.w_in = add("w_in", {g.networks, g.gates, g.units, g.inputs});
  stack.first.b = add("b", {g.networks, g.gates, g.units});
  if (g.second_bias) stack.first.b_rec = add("b_rec", {g.networks, g.gates, g.units});
  if (with_h0) stack.first.h0 = add("h0", {g.networks, g.size});
  return stack;
}

template <class T>
py::dict backward(const Common& c, const py::object& inputs, const py::object& states, const py::object& grad_states,
                  const py::object& initial, int n_jobs) {
  const Sequences q(c, inputs);
  const Group& g = c.group;
  const bool given = !initial.is_none();
  const NetworkStack<T> params = recurrent_stack<T>(c.params, g, !given);
  const Shape shape{g.networks, q.trials, q.steps, g.size}, start{g.networks, q.trials, g.size};
  const T* x = checked_array<T>(inputs, c.caller + "inputs", q.shape(c)).data();
  const T* s = checked_array<T>(states, c.caller + "states", shape).data();
  const T* ds = checked_array<T>(grad_states, c.caller + "grad_states", shape).data();
  const T* first = given ? checked_array<T>(initial, c.caller + "initial", start).data() : nullptr;
  py::dict out;
  const NetworkStack<T> gradients = gradient_stack<T>(g, !given, out);
  Array<T> to_inputs({g.networks, q.trials, q.steps, g.inputs}), to_initial(given ? start : Shape{0});
  out["inputs"] = to_inputs;
  if (given) out["initial"] = to_initial;
  std::vector<RolloutGradients<T>> work;
  for (py::ssize_t k = 0; k < g.networks; ++k) {
    const py::ssize_t sequence = k * q.trials * q.steps, starts = k * q.trials * g.size;
    work.push_back({c.cell,
                    {g.units, g.inputs, 0, q.trials, q.steps},
                    params.network(k),
                    x + q.offset(c, k),
                    given ? first + starts : nullptr,
                    s + sequence * g.size,
                    ds + sequence * g.size,
                    gradients.network(k),
                    given ? to_initial.mutable_data() + starts : nullptr,
                    to_inputs.mutable_data() + sequence * g.inputs,
                    nullptr});
  }
  for_each_network(work, n_jobs,
                   [](RolloutGradients<T>& a) { PYRNNSIM_CHOSEN(void(const RolloutGradients<T>&), differentiate)(a); });
  return out;
}

template <class T>
Array<T> step(const Common& c, const py::object& states, const py::object& inputs, int n_jobs) {
  const Group& g = c.group;
  const py::ssize_t points = axis(states, c.caller + "states", 3, 1);
  const Array<T> x = checked_array<T>(inputs, c.caller + "inputs", {g.networks, points, g.inputs});
  const Array<T> s = checked_array<T>(states, c.caller + "states", {g.networks, points, g.size});
  const Array<T> steps = rollout<T>(
      c, py::reinterpret_borrow<py::array>(x).reshape({g.networks, points, py::ssize_t{1}, g.inputs}), s, n_jobs);
  return py::reinterpret_borrow<py::array>(steps).reshape({g.networks, points, g.size});
}

template <class T>
py::tuple jacobian(const Common& c, const py::object& states, const py::object& inputs, int n_jobs) {
  const Group& g = c.group;
  const py::ssize_t points = axis(states, c.caller + "states", 3, 1);
  const NetworkStack<T> params = recurrent_stack<T>(c.params, g, false);
  const T* s = checked_array<T>(states, c.caller + "states", {g.networks, points, g.size}).data();
  const T* x = checked_array<T>(inputs, c.caller + "inputs", {g.networks, points, g.inputs}).data();
  Array<T> next({g.networks, points, g.size}), to_states({g.networks, points, g.size, g.size}),
      to_inputs({g.networks, points, g.size, g.inputs});
  std::vector<Jacobians<T>> work;
  for_pieces(g.networks, points, kStepBlock, [&](auto k, auto first, auto count) {
    const py::ssize_t at = k * points + first;
    work.push_back({c.cell,
                    {g.units, g.inputs, 0, count, 1},
                    params.network(k),
                    s + at * g.size,
                    x + at * g.inputs,
                    next.mutable_data() + at * g.size,
                    to_states.mutable_data() + at * g.size * g.size,
                    to_inputs.mutable_data() + at * g.size * g.inputs,
                    nullptr});
  });
  for_each_network(work, n_jobs, [](Jacobians<T>& a) { PYRNNSIM_CHOSEN(void(const Jacobians<T>&), linearise)(a); });
  return py::make_tuple(next, to_states, to_inputs);
}

}  // namespace

void bind_states(py::module_& m) {
  m.def(
      "cell_rollout",
      [](const py::dict& spec, const py::dict& params, const py::object& inputs, int n_jobs,
         const py::object& initial) -> py::object {
        const Common c("cell_rollout", spec, params);
        if (c.single()) return rollout<float>(c, inputs, initial, n_jobs);
        return rollout<double>(c, inputs, initial, n_jobs);
      },
      "spec"_a, "params"_a, "inputs"_a, "n_jobs"_a, "initial"_a = py::none(),
      "States (K, B, T, S) after each step of inputs (K or 1, B, T, M), from h0 or from initial (K, B, S).");
  m.def(
      "cell_backward",
      [](const py::dict& spec, const py::dict& params, const py::object& inputs, const py::object& states,
         const py::object& grad_states, int n_jobs, const py::object& initial) {
        const Common c("cell_backward", spec, params);
        return c.single() ? backward<float>(c, inputs, states, grad_states, initial, n_jobs)
                          : backward<double>(c, inputs, states, grad_states, initial, n_jobs);
      },
      "spec"_a, "params"_a, "inputs"_a, "states"_a, "grad_states"_a, "n_jobs"_a, "initial"_a = py::none(),
      "Gradients of sum(grad_states * states) by parameters, inputs (K, B, T, M) and h0 or initial.");
  m.def(
      "cell_step",
      [](const py::dict& spec, const py::dict& params, const py::object& states, const py::object& inputs,
         int n_jobs) -> py::object {
        const Common c("cell_step", spec, params);
        if (c.single()) return step<float>(c, states, inputs, n_jobs);
        return step<double>(c, states, inputs, n_jobs);
      },
      "spec"_a, "params"_a, "states"_a, "inputs"_a, "n_jobs"_a, "F(states (K, P, S), inputs (K, P, M)) as (K, P, S).");
  m.def(
      "cell_jacobian",
      [](const py::dict& spec, const py::dict& params, const py::object& states, const py::object& inputs, int n_jobs) {
        const Common c("cell_jacobian", spec, params);
        return c.single() ? jacobian<float>(c, states, inputs, n_jobs) : jacobian<double>(c, states, inputs, n_jobs);
      },
      "spec"_a, "params"_a, "states"_a, "inputs"_a, "n_jobs"_a,
      "F(states, inputs) (K, P, S), dF/dstates (K, P, S, S), dF/dinputs (K, P, S, M).");
}

}  // namespace pyrnnsim
