// Where the training kernel's trials come from: the built-in tasks' generators, or arrays.
#pragma once
#include <cstdint>

#include "../tasks/task.hpp"
#include "cell_train.hpp"

namespace pyrnnsim {

struct GeneratedTrials {
  TaskSpec task;
  std::uint64_t seed;
  std::int64_t first_iteration;

  template <class T>
  static Trial<T> trial(const void* context, std::int64_t iteration, std::int64_t trial, T* scratch) {
    const auto& self = *static_cast<const GeneratedTrials*>(context);
    T* targets = scratch + self.task.steps * self.task.inputs;
    fill_trial<T>(self.task, self.seed, static_cast<std::uint64_t>(self.first_iteration + iteration),
                  static_cast<std::uint64_t>(trial), scratch, targets, nullptr);
    return {scratch, targets, nullptr};
  }
};

template <class T>
struct ArrayTrials {  // (iterations, trials, steps, ...)
  const T *inputs, *targets;
  const bool* mask;                                // null counts everything
  std::int64_t trials, input_count, output_count;  // the counts are those of a trial: steps * inputs, steps * outputs

  static Trial<T> trial(const void* context, std::int64_t iteration, std::int64_t trial, T* scratch) {
    const auto& self = *static_cast<const ArrayTrials*>(context);
    const std::int64_t index = iteration * self.trials + trial;
    const T *inputs = self.inputs + index * self.input_count, *targets = self.targets + index * self.output_count;
    if (!self.mask) return {inputs, targets, nullptr};
    for (std::int64_t i = 0; i < self.output_count; ++i) scratch[i] = T(self.mask[index * self.output_count + i]);
    return {inputs, targets, scratch};
  }
};

}  // namespace pyrnnsim
