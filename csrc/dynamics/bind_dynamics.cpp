#include "bind_dynamics.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "../cells/bind_networks.hpp"
#include "../common/bind_gil.hpp"
#include "../common/buffer.hpp"
#include "../common/flush_denormals.hpp"
#include "../common/parallel.hpp"
#include "descent.hpp"
#include "newton.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pyrnnsim {
namespace {

// Points of one piece of work: packing the weights costs as much as a few points. No bit depends on it.
constexpr py::ssize_t kPiece = 128, kSlowPiece = 32;

struct Options {
  double tolerance;
  std::int64_t iterations;
  double radius;
  bool relative;
  int n_jobs;
};

template <class T>
std::int64_t bytes_of(const NewtonSearch<T>& a) {
  return PYRNNSIM_CHOSEN(std::int64_t(const NewtonSearch<T>&), workspace_bytes)(a);
}
template <class T>
std::int64_t bytes_of(const SlowSearch<T>& a) {
  return PYRNNSIM_CHOSEN(std::int64_t(const SlowSearch<T>&), workspace_bytes)(a);
}
template <class T>
void solve(const NewtonSearch<T>& a) {
  PYRNNSIM_CHOSEN(void(const NewtonSearch<T>&), find_roots)(a);
}
template <class T>
void solve(const SlowSearch<T>& a) {
  PYRNNSIM_CHOSEN(void(const SlowSearch<T>&), find_slowest)(a);
}

template <class Search>
void run(std::vector<Search>& work, int n_jobs) {
  std::vector<Buffer> memory(static_cast<std::size_t>(std::max(n_jobs, 1)));
  const GilReleased released;
  parallel_for(static_cast<std::int64_t>(work.size()), n_jobs, [&](std::int64_t index, int worker) {
    const FlushDenormals flush;
    Search& piece = work[static_cast<std::size_t>(index)];
    const auto bytes = static_cast<std::size_t>(bytes_of(piece));
    piece.workspace = memory[static_cast<std::size_t>(worker)].reserve(bytes);
    solve(piece);
  });
}

// The arguments in `at`, checked: K networks at C inputs in their boxes, and P states for each of them.
template <class T>
struct Points {
  py::ssize_t conditions, points;
  const T *states, *inputs, *lower, *upper;

  Points(const char* name, const Group& g, const py::dict& at) {
    const Fields given(name, at);
    const py::object starts_given = given.value("states");
    expect(py::isinstance<py::array>(starts_given), given.name("states") + " must be a NumPy array");
    const auto starts = py::reinterpret_borrow<py::array>(starts_given);
    expect(starts.ndim() == 4, given.name("states") + " must have 4 axes, got shape " + shape_of(starts));
    conditions = starts.shape(1), points = starts.shape(2);
    states = given.array<T>("states", {g.networks, conditions, points, g.size});
    inputs = given.array<T>("inputs", {g.networks, conditions, g.inputs});
    lower = given.array<T>("lower", {g.networks, conditions, g.size});
    upper = given.array<T>("upper", {g.networks, conditions, g.size});
  }
};

template <class T>
py::tuple newton(const Cell& cell, const Group& g, const Fields& fields, const py::dict& at, const Options& options) {
  const Points<T> given("cell_newton: at", g, at);
  const NetworkStack<T> params = recurrent_stack<T>(fields, g, false);
  const py::ssize_t conditions = given.conditions, points = given.points;
  Array<T> states({g.networks, conditions, points, g.size}), best({g.networks, conditions, points, g.size});
  py::array_t<bool> settled({g.networks, conditions, points});
  std::copy(given.states, given.states + states.size(), states.mutable_data());
  std::vector<NewtonSearch<T>> work;
  for (py::ssize_t kc = 0; kc < g.networks * conditions; ++kc)
    for (py::ssize_t first = 0; first < points; first += kPiece) {
      const py::ssize_t row = kc * points + first;
      work.push_back({cell,
                      {g.units, g.inputs, 0, std::min(kPiece, points - first), 1},
                      params.network(kc / conditions),
                      given.inputs + kc * g.inputs,
                      given.lower + kc * g.size,
                      given.upper + kc * g.size,
                      states.mutable_data() + row * g.size,
                      best.mutable_data() + row * g.size,
                      settled.mutable_data() + row,
                      options.tolerance,
                      options.iterations,
                      options.radius,
                      options.relative,
                      nullptr});
    }
  run(work, options.n_jobs);
  return py::make_tuple(states, best, settled);
}

template <class T>
py::tuple slowest(const Cell& cell, const Group& g, const Fields& fields, const py::dict& at, double tolerance,
                  double progress, std::int64_t iterations, int n_jobs) {
  const Points<T> given("cell_slowest: at", g, at);
  const NetworkStack<T> params = recurrent_stack<T>(fields, g, false);
  const py::ssize_t conditions = given.conditions, points = given.points;
  Array<T> states({g.networks, conditions, points, g.size});
  py::array_t<bool> settled({g.networks, conditions, points});
  std::copy(given.states, given.states + states.size(), states.mutable_data());
  std::vector<SlowSearch<T>> work;
  for (py::ssize_t kc = 0; kc < g.networks * conditions; ++kc)
    for (py::ssize_t first = 0; first < points; first += kSlowPiece) {
      const py::ssize_t row = kc * points + first;
      work.push_back({cell,
                      {g.units, g.inputs, 0, std::min(kSlowPiece, points - first), 1},
                      params.network(kc / conditions),
                      given.inputs + kc * g.inputs,
                      given.lower + kc * g.size,
                      given.upper + kc * g.size,
                      states.mutable_data() + row * g.size,
                      settled.mutable_data() + row,
                      tolerance,
                      progress,
                      iterations,
                      nullptr});
    }
  run(work, n_jobs);
  return py::make_tuple(states, settled);
}

}  // namespace

void bind_dynamics(py::module_& m) {
  m.def(
      "cell_newton",
      [](const py::dict& spec, const py::dict& params, const py::dict& at, double tolerance, std::int64_t iterations,
         double radius, bool relative, int n_jobs) {
        const Cell cell = cell_of({"cell_newton: spec", spec});
        const Fields fields("cell_newton: params", params);
        const Group group(cell, fields);
        const Options options{tolerance, iterations, radius, relative, n_jobs};
        return py::isinstance<py::array_t<float>>(fields.value("w_rec"))
                   ? newton<float>(cell, group, fields, at, options)
                   : newton<double>(cell, group, fields, at, options);
      },
      "spec"_a, "params"_a, "at"_a, "tolerance"_a, "iterations"_a, "radius"_a, "relative"_a, "n_jobs"_a,
      "Newton's method from at['states'] (K, C, P, S) at at['inputs'] (K, C, M) in the box at['lower'], at['upper']\n"
      "(K, C, S): states, those with the smallest residual on the way, and whether the last step was small (K, C, P).");
  m.def(
      "cell_slowest",
      [](const py::dict& spec, const py::dict& params, const py::dict& at, double tolerance, double progress,
         std::int64_t iterations, int n_jobs) {
        const Cell cell = cell_of({"cell_slowest: spec", spec});
        const Fields fields("cell_slowest: params", params);
        const Group group(cell, fields);
        return py::isinstance<py::array_t<float>>(fields.value("w_rec"))
                   ? slowest<float>(cell, group, fields, at, tolerance, progress, iterations, n_jobs)
                   : slowest<double>(cell, group, fields, at, tolerance, progress, iterations, n_jobs);
      },
      "spec"_a, "params"_a, "at"_a, "tolerance"_a, "progress"_a, "iterations"_a, "n_jobs"_a,
      "Local minima of |F(h) - h| near at['states'] (K, C, P, S), by Levenberg and Marquardt's method; `at` as in\n"
      "cell_newton: states, and whether each ended before the iterations did (K, C, P).");
}

}  // namespace pyrnnsim
