// The built-in tasks: one trial as a pure function of (seed, iteration, trial).
//
//   kind                  numbers                                              inputs M  outputs O
//   flip_flop             bits, probability                                    bits      bits
//   sine_wave             lowest frequency, width of the range                 1         1
//   context_integration   contexts, mean_range, noise, scale                   2 K       1      K = contexts
//   ready_set_go          pulse, ready min, max, interval min, max             2         1
//
// The tasks are defined in pyrnnsim/tasks; which word of the trial's stream (philox.hpp) decides what is said beside
// each generator in trials_cpu.cpp. Computed in double (draw_math.hpp) and rounded to T last: equal bits on every
// instruction set and device, and in both types up to that rounding.
#pragma once
#include <cstdint>

#include "../common/isa.hpp"

namespace pyrnnsim {

enum class TaskKind : int { flip_flop, sine_wave, context_integration, ready_set_go };

struct TaskSpec {
  TaskKind kind;
  std::int64_t steps, inputs, outputs;
  double numbers[8];
};

// Throws std::invalid_argument, saying what was expected, for an unknown kind, a wrong count of numbers or a number out
// of range. What it returns can be filled without further checks.
TaskSpec make_task(const char* kind, std::int64_t steps, const double* numbers, std::int64_t count);

inline constexpr std::int64_t kMostContexts = 64;
inline constexpr std::uint64_t kTrialLimit = std::uint64_t{1} << 32;  // trials per iteration

// Writes inputs (steps, inputs), targets (steps, outputs) and, unless null, the mask (steps, outputs): all ones. `trial`
// is below kTrialLimit. No allocation, no exception: a kernel calls its own copy from inside its loop.
#define PYRNNSIM_DECLARE_FILL_TRIAL(isa)                                                                  \
  namespace isa {                                                                                         \
  void fill_trial(const TaskSpec& task, std::uint64_t seed, std::uint64_t iteration, std::uint64_t trial, \
                  float* inputs, float* targets, float* mask);                                            \
  void fill_trial(const TaskSpec& task, std::uint64_t seed, std::uint64_t iteration, std::uint64_t trial, \
                  double* inputs, double* targets, double* mask);                                         \
  }
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_FILL_TRIAL)
#undef PYRNNSIM_DECLARE_FILL_TRIAL

// The same on the chosen instruction set.
template <class T>
void fill_trial(const TaskSpec& task, std::uint64_t seed, std::uint64_t iteration, std::uint64_t trial, T* inputs,
                T* targets, T* mask) {
  using Fill = void(const TaskSpec&, std::uint64_t, std::uint64_t, std::uint64_t, T*, T*, T*);
  PYRNNSIM_CHOSEN(Fill, fill_trial)(task, seed, iteration, trial, inputs, targets, mask);
}

}  // namespace pyrnnsim
