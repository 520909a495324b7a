#include "bind_tasks.hpp"

#include <pybind11/numpy.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "../common/bind_gil.hpp"
#include "philox.hpp"
#include "task.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pyrnnsim {
namespace {

template <class T>
py::tuple trials(const TaskSpec& task, std::uint64_t seed, std::uint64_t iteration, std::uint64_t first,
                 std::int64_t count, bool masked) {
  const std::int64_t entries = task.steps * task.outputs;
  std::vector<T> row(masked ? static_cast<std::size_t>(entries) : 0);
  py::array_t<bool> mask({masked ? count : 0, task.steps, task.outputs});
  py::array_t<T> inputs({count, task.steps, task.inputs}), targets({count, task.steps, task.outputs});
  T *in = inputs.mutable_data(), *out = targets.mutable_data();
  bool* flags = mask.mutable_data();
  {
    const GilReleased nogil;
    for (std::int64_t i = 0; i < count; ++i) {
      fill_trial<T>(task, seed, iteration, first + static_cast<std::uint64_t>(i), in + i * task.steps * task.inputs,
                    out + i * entries, masked ? row.data() : nullptr);
      for (std::int64_t j = 0; masked && j < entries; ++j) flags[i * entries + j] = row[j] != 0;
    }
  }
  return py::make_tuple(std::move(inputs), std::move(targets), masked ? py::object(std::move(mask)) : py::none());
}

py::tuple task_trials(const std::string& kind, std::int64_t steps, const std::vector<double>& numbers,
                      std::uint64_t seed, std::uint64_t iteration, std::uint64_t first, std::int64_t count,
                      const py::dtype& dtype, bool mask) {
  const TaskSpec task = make_task(kind.c_str(), steps, numbers.data(), static_cast<std::int64_t>(numbers.size()));
  if (count < 0 || first > kTrialLimit || static_cast<std::uint64_t>(count) > kTrialLimit - first)
    throw std::invalid_argument(kind + ": trials must lie within 0 and 2**32, got " + std::to_string(count) + " from " +
                                std::to_string(first));
  if (dtype.equal(py::dtype::of<float>())) return trials<float>(task, seed, iteration, first, count, mask);
  if (dtype.equal(py::dtype::of<double>())) return trials<double>(task, seed, iteration, first, count, mask);
  throw std::invalid_argument(kind + ": dtype must be float32 or float64");
}

std::array<std::uint32_t, 4> philox_words(const std::array<std::uint32_t, 4>& counter,
                                          const std::array<std::uint32_t, 2>& key) {
  const PhiloxBlock block = philox4x32({{counter[0], counter[1], counter[2], counter[3]}}, key[0], key[1]);
  return {block.word[0], block.word[1], block.word[2], block.word[3]};
}

}  // namespace

void bind_tasks(py::module_& m) {
  m.def("task_trials", &task_trials, "kind"_a, "steps"_a, "numbers"_a, "seed"_a, "iteration"_a, "first"_a, "count"_a,
        "dtype"_a, "mask"_a = false,
        "Inputs (count, steps, M), targets (count, steps, O) and mask (count, steps, O; None unless asked for) of a\n"
        "built-in task's trials.");
  m.def("philox4x32", &philox_words, "counter"_a, "key"_a, "Four random words of a counter and a key.");
}

}  // namespace pyrnnsim
