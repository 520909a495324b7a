#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "bind_cells.hpp"
#include "bind_loop.hpp"
#include "bind_networks.hpp"
#include "train_sources.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pyrnnsim {
namespace {

// One TrainOptions per network, and which networks take part.
struct Plan {
  std::vector<TrainOptions> options;
  std::vector<char> active;
  std::int64_t trials, first_iteration, iterations;
};

Plan plan_of(const Fields& hyper, py::ssize_t networks) {
  const bool adam = hyper.choice("optimizer", {"sgd", "adam"}, true) == 1;
  const auto decay = static_cast<Decay>(hyper.choice("decay_kind", {"none", "exponential", "linear"}));
  const double l2_factor = hyper.choice("l2_form", {"half", "full"}) == 1 ? 2 : 1;
  const bool on_all = hyper.choice("l2_on", {"weights", "all"}) == 1;
  const bool after = hyper.get_or<bool>("clip_after_l2", "True or False", false);
  const bool train_h0 = hyper.get_or<bool>("train_h0", "True or False", true);
  const double factor = hyper.get_or<double>("loss_factor", "a number", 1);
  const auto numbers = [&](const char* key, double otherwise) {
    return hyper.has(key) ? hyper.numbers<double>(key, networks)
                          : std::vector<double>(static_cast<std::size_t>(networks), otherwise);
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto rate = hyper.numbers<double>("learning_rate", networks);
  const auto momentum = numbers("momentum", adam ? 0.9 : 0.0), clip = numbers("clip", infinity), l2 = numbers("l2", 0);
  const auto decays = numbers("decay", 1), decay_steps = numbers("decay_steps", 1), beta2 = numbers("beta2", 0.999);
  const auto epsilon = numbers("epsilon", 1e-8), until = numbers("until_loss", -infinity);
  Plan plan{{},
            hyper.has("active") ? hyper.numbers<char>("active", networks)
                                : std::vector<char>(static_cast<std::size_t>(networks), 1),
            hyper.get<std::int64_t>("batch", "a whole number"),
            hyper.get_or<std::int64_t>("first_iteration", "a whole number", 0),
            hyper.get<std::int64_t>("iterations", "a whole number")};
  expect(plan.trials > 0, hyper.name("batch") + " must be at least 1, got " + std::to_string(plan.trials));
  expect(plan.iterations >= 0 && plan.first_iteration >= 0,
         hyper.name("iterations") + " and first_iteration must be 0 or more");
  for (std::size_t k = 0; k < rate.size(); ++k) {
    expect(decay_steps[k] > 0, hyper.name("decay_steps") + " must be positive, got " + std::to_string(decay_steps[k]) +
                                   " for network " + std::to_string(k));
    expect(clip[k] > 0, hyper.name("clip") + " must be positive, got " + std::to_string(clip[k]) + " for network " +
                            std::to_string(k) + "; use inf for no clipping");
    plan.options.push_back({adam, decay, on_all, after, train_h0, rate[k], momentum[k], clip[k], l2_factor * l2[k],
                            decays[k], decay_steps[k], beta2[k], epsilon[k], until[k], factor});
  }
  return plan;
}

// Every network's source of trials; `sources` owns what `source(k)` points at.
template <class T>
struct Sources {
  std::vector<GeneratedTrials> generated;
  ArrayTrials<T> arrays{};
  std::int64_t steps, inputs, outputs;

  TrialSource<T> source(std::size_t k) const {
    if (generated.empty()) return {&ArrayTrials<T>::trial, &arrays};
    return {&GeneratedTrials::trial<T>, &generated[k]};
  }
};

template <class T>
Sources<T> array_sources(const Fields& task, const Plan& plan) {
  const auto shape = [&](const char* key) {
    expect(py::isinstance<py::array>(task.value(key)), task.name(key) + " must be a NumPy array");
    const auto array = py::reinterpret_borrow<py::array>(task.value(key));
    expect(array.ndim() == 4,
           task.name(key) + " must have four axes (iterations, batch, steps, ..), got " + shape_of(array));
    return array;
  };
  Sources<T> s{};
  s.steps = shape("inputs").shape(2);
  s.inputs = shape("inputs").shape(3);
  s.outputs = shape("targets").shape(3);
  const Shape in{plan.iterations, plan.trials, s.steps, s.inputs},
      out{plan.iterations, plan.trials, s.steps, s.outputs};
  s.arrays = {task.array<T>("inputs", in), task.array<T>("targets", out), nullptr, plan.trials, s.steps * s.inputs,
              s.steps * s.outputs};
  if (!task.has("mask")) return s;
  const auto mask = py::reinterpret_borrow<py::array>(shape("mask"));
  expect(py::isinstance<Array<bool>>(mask) && Shape(mask.shape(), mask.shape() + 4) == out,
         task.name("mask") + " must be a C-contiguous bool array of shape " + text_of(out) + ", got " +
             std::string(py::str(mask.dtype())) + " " + shape_of(mask));
  s.arrays.mask = py::reinterpret_borrow<Array<bool>>(mask).data();
  const std::int64_t count = plan.trials * s.steps * s.outputs;
  for (std::int64_t i = 0; i < plan.iterations; ++i)
    expect(
        std::find(s.arrays.mask + i * count, s.arrays.mask + (i + 1) * count, true) != s.arrays.mask + (i + 1) * count,
        task.name("mask") + " must leave something to learn: iteration " + std::to_string(i) + " is all False");
  return s;
}

template <class T>
Sources<T> sources_of(const Fields& task, const Plan& plan, py::ssize_t networks) {
  const auto kind = task.get<std::string>("kind", "a string");
  if (kind == "arrays") return array_sources<T>(task, plan);
  const auto numbers = task.get<std::vector<double>>("numbers", "a tuple of numbers");
  const TaskSpec spec = make_task(kind.c_str(), task.get<std::int64_t>("steps", "a whole number"), numbers.data(),
                                  static_cast<std::int64_t>(numbers.size()));
  Sources<T> s{{}, {}, spec.steps, spec.inputs, spec.outputs};
  for (const std::uint64_t seed : task.numbers<std::uint64_t>("seeds", networks))
    s.generated.push_back({spec, seed, plan.first_iteration});
  return s;
}

template <class T>
py::dict train(const Cell& cell, const Group& group, const Fields& params, const Fields& slots, const Plan& plan,
               const Fields& task, int n_jobs) {
  const Sources<T> sources = sources_of<T>(task, plan, group.networks);
  expect(sources.steps > 0 && sources.outputs > 0, "cell_train: the task needs at least one step and one output");
  expect(sources.inputs == group.inputs, "cell_train: the task has " + std::to_string(sources.inputs) +
                                             " inputs, but params['w_in'] has " + std::to_string(group.inputs));
  const NetworkStack<T> parameters = trained_stack<T>(params, group, sources.outputs);
  const bool adam = !plan.options.empty() && plan.options[0].adam;
  const Fields firsts("cell_train: slots['first']", slots.get<py::dict>("first", "a dict"));
  const Fields seconds("cell_train: slots['second']", adam ? slots.get<py::dict>("second", "a dict") : py::dict());
  const NetworkStack<T> first = trained_stack<T>(firsts, group, sources.outputs);
  NetworkStack<T> second{{}, group, sources.outputs};
  if (adam) second = trained_stack<T>(seconds, group, sources.outputs);
  Array<double> loss({group.networks, plan.iterations}), norm({group.networks, plan.iterations});
  std::fill_n(loss.mutable_data(), loss.size(), std::nan(""));
  std::fill_n(norm.mutable_data(), norm.size(), std::nan(""));
  Array<std::int64_t> stopped(group.networks), diverged(group.networks);
  std::fill_n(stopped.mutable_data(), group.networks, -1);
  std::fill_n(diverged.mutable_data(), group.networks, -1);
  std::vector<TrainNetwork<T>> work;
  std::vector<py::ssize_t> places;
  const Sizes sizes{group.units, group.inputs, sources.outputs, plan.trials, sources.steps};
  for (py::ssize_t k = 0; k < group.networks; ++k) {
    const auto index = static_cast<std::size_t>(k);
    if (!plan.active[index]) continue;
    places.push_back(k);
    work.push_back({cell, sizes, plan.options[index], parameters.network(k), first.network(k), second.network(k),
                    sources.source(index), plan.first_iteration, plan.iterations,
                    loss.mutable_data() + k * plan.iterations, norm.mutable_data() + k * plan.iterations, -1, -1,
                    nullptr});
  }
  for_each_network(work, n_jobs,
                   [](TrainNetwork<T>& network) { PYRNNSIM_CHOSEN(void(TrainNetwork<T>&), train_network)(network); });
  for (std::size_t i = 0; i < work.size(); ++i) {
    stopped.mutable_at(places[i]) = work[i].stopped_at;
    diverged.mutable_at(places[i]) = work[i].diverged_at;
  }
  return py::dict("loss"_a = loss, "gradient_norm"_a = norm, "stopped_at"_a = stopped, "diverged_at"_a = diverged);
}

py::dict cell_train(const py::dict& spec, const py::dict& params, const py::dict& slots, const py::dict& hyper,
                    const py::dict& task, int n_jobs) {
  const Fields fields("cell_train: params", params);
  const Cell cell = cell_of({"cell_train: spec", spec});
  const Group group(cell, fields);
  const Plan plan = plan_of({"cell_train: hyper", hyper}, group.networks);
  const Fields slot_fields("cell_train: slots", slots), task_fields("cell_train: task", task);
  const bool single = py::isinstance<py::array_t<float>>(fields.value("w_rec"));
  return single ? train<float>(cell, group, fields, slot_fields, plan, task_fields, n_jobs)
                : train<double>(cell, group, fields, slot_fields, plan, task_fields, n_jobs);
}

}  // namespace

void bind_train(py::module_& m) {
  m.def("cell_train", &cell_train, "spec"_a, "params"_a, "slots"_a, "hyper"_a, "task"_a, "n_jobs"_a,
        "Train a group of networks in place; loss and gradient norm of every iteration, and where networks stopped.");
}

}  // namespace pyrnnsim
