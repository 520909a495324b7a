#include "bind_dynamics.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "../cells/bind_networks.hpp"
#include "../common/bind_gil.hpp"
#include "../common/buffer.hpp"
#include "../common/flush_denormals.hpp"
#include "../common/parallel.hpp"
#include "newton.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pyrnnsim {
namespace {

// Points of one piece of work: packing the weights costs as much as a few points. No bit depends on it.
constexpr py::ssize_t kPiece = 128;

struct Options {
  double tolerance;
  std::int64_t iterations;
  double radius;
  bool relative;
  int n_jobs;
};

template <class T>
void run(std::vector<NewtonSearch<T>>& work, int n_jobs) {
  std::vector<Buffer> memory(static_cast<std::size_t>(std::max(n_jobs, 1)));
  const GilReleased released;
  parallel_for(static_cast<std::int64_t>(work.size()), n_jobs, [&](std::int64_t index, int worker) {
    const FlushDenormals flush;
    NewtonSearch<T>& piece = work[static_cast<std::size_t>(index)];
    const std::int64_t bytes = PYRNNSIM_CHOSEN(std::int64_t(const NewtonSearch<T>&), workspace_bytes)(piece);
    piece.workspace = memory[static_cast<std::size_t>(worker)].reserve(static_cast<std::size_t>(bytes));
    PYRNNSIM_CHOSEN(void(const NewtonSearch<T>&), find_roots)(piece);
  });
}

template <class T>
py::tuple newton(const Cell& cell, const Group& g, const Fields& fields, const py::dict& at, const Options& options) {
  const Fields given("cell_newton: at", at);
  const NetworkStack<T> params = recurrent_stack<T>(fields, g, false);
  const py::object starts_given = given.value("states");
  expect(py::isinstance<py::array>(starts_given), given.name("states") + " must be a NumPy array");
  const auto starts = py::reinterpret_borrow<py::array>(starts_given);
  expect(starts.ndim() == 4, given.name("states") + " must have 4 axes, got shape " + shape_of(starts));
  const py::ssize_t conditions = starts.shape(1), points = starts.shape(2);
  const T* from = given.array<T>("states", {g.networks, conditions, points, g.size});
  const T* x = given.array<T>("inputs", {g.networks, conditions, g.inputs});
  const T* lower = given.array<T>("lower", {g.networks, conditions, g.size});
  const T* upper = given.array<T>("upper", {g.networks, conditions, g.size});
  Array<T> states({g.networks, conditions, points, g.size}), best({g.networks, conditions, points, g.size});
  py::array_t<bool> settled({g.networks, conditions, points});
  std::copy(from, from + states.size(), states.mutable_data());
  std::vector<NewtonSearch<T>> work;
  for (py::ssize_t kc = 0; kc < g.networks * conditions; ++kc)
    for (py::ssize_t first = 0; first < points; first += kPiece) {
      const py::ssize_t row = kc * points + first;
      work.push_back({cell,
                      {g.units, g.inputs, 0, std::min(kPiece, points - first), 1},
                      params.network(kc / conditions),
                      x + kc * g.inputs,
                      lower + kc * g.size,
                      upper + kc * g.size,
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
}

}  // namespace pyrnnsim
