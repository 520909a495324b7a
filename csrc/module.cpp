// The extension pyrnnsim._core: a table of contents.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "cells/bind_cells.hpp"
#include "common/bind_gil.hpp"
#include "common/isa.hpp"
#include "common/parallel.hpp"
#include "dynamics/bind_dynamics.hpp"
#include "eig/bind_eig.hpp"
#include "graphs/bind_graphs.hpp"
#include "similarity/bind_similarity.hpp"
#include "tasks/bind_tasks.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace {

std::vector<const char*> names(const std::vector<pyrnnsim::Isa>& isas) {
  std::vector<const char*> result;
  for (const pyrnnsim::Isa isa : isas) result.push_back(pyrnnsim::name(isa));
  return result;
}

// Runs the thread pool on a loop that does nothing but take notes, so that tests can watch it.
std::vector<int> parallel_check(std::int64_t count, int threads, std::int64_t fail_at, int nested) {
  std::vector<int> visits(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)), 0);
  const pyrnnsim::GilReleased released;
  pyrnnsim::parallel_for(count, threads, [&](std::int64_t index, int worker) {
    if (worker < 0 || worker >= std::max(threads, 1)) throw std::out_of_range("worker " + std::to_string(worker));
    if (index >= fail_at && fail_at >= 0) throw std::runtime_error("index " + std::to_string(index));
    int inner = 0;  // not atomic: correct only because a nested loop is serial
    pyrnnsim::parallel_for(nested, threads, [&](std::int64_t, int) { ++inner; });
    visits[static_cast<std::size_t>(index)] += 1 + inner;
  });
  return visits;
}

}  // namespace

PYBIND11_MODULE(_core, m) {
  m.doc() = "Kernels of pyrnnsim for the CPU; use them through the functions of the package.";
  m.attr("compiler") = PYRNNSIM_COMPILER;
  m.attr("cuda_status") = PYRNNSIM_CUDA_STATUS;
  pyrnnsim::chosen_isa();  // throws here if it must: an import error that says why
  m.def("chosen_isa", [] { return pyrnnsim::name(pyrnnsim::chosen_isa()); }, "Instruction set in use.");
  m.def("built_isas", [] { return names(pyrnnsim::built_isas()); }, "Instruction sets compiled in, narrowest first.");
  m.def("available_isas", [] { return names(pyrnnsim::available_isas()); }, "Those this machine can run.");
  m.def("parallel_check", &parallel_check, "count"_a, "threads"_a, "fail_at"_a = -1, "nested"_a = 0,
        "Self-check of the thread pool: how often each index of a loop was visited, plus `nested` inner visits each.\n"
        "Indices from `fail_at` on raise RuntimeError.");
  pyrnnsim::bind_similarity(m);
  pyrnnsim::bind_tasks(m);
  pyrnnsim::bind_cells(m);
  pyrnnsim::bind_eig(m);
  pyrnnsim::bind_dynamics(m);
  pyrnnsim::bind_graphs(m);
}
