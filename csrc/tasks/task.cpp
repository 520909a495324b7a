#include "task.hpp"

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

namespace pyrnnsim {
namespace {

// Bounds memory and keeps every draw of a trial within one 32-bit counter.
constexpr std::int64_t kMostSteps = 1'000'000;
constexpr double kMostBits = 1024;

struct Known {
  const char* name;
  TaskKind kind;
  std::int64_t count;
  const char* numbers;
};
constexpr Known kKnown[] = {
    {"flip_flop", TaskKind::flip_flop, 2, "bits, probability"},
    {"sine_wave", TaskKind::sine_wave, 2, "lowest frequency, width"},
    {"context_integration", TaskKind::context_integration, 4, "contexts, mean_range, noise, scale"},
    {"ready_set_go", TaskKind::ready_set_go, 5, "pulse, ready min, ready max, interval min, interval max"},
};

void expect(bool holds, const Known& known, const char* what) {
  if (!holds) throw std::invalid_argument(std::string(known.name) + ": " + what);
}

bool whole(double x, double least, double most) { return x >= least && x <= most && std::floor(x) == x; }

const Known& find(const char* kind) {
  std::string names;
  for (const Known& known : kKnown) {
    if (std::strcmp(kind, known.name) == 0) return known;
    names += std::string(names.empty() ? "" : ", ") + known.name;
  }
  throw std::invalid_argument("task kind must be one of " + names + ", got '" + kind + "'");
}

void check_intervals(const Known& known, const TaskSpec& task) {
  const double* n = task.numbers;
  const double most = static_cast<double>(task.steps);
  for (int i = 0; i < 5; ++i) expect(whole(n[i], i == 1 || i == 2 ? 0 : 1, most), known, "numbers must be whole steps");
  expect(n[1] <= n[2] && n[3] <= n[4], known, "a range must not end before it starts");
  expect(n[2] + 2 * n[4] + n[0] <= most, known, "steps must hold ready max + 2 * interval max + pulse");
}

}  // namespace

TaskSpec make_task(const char* kind, std::int64_t steps, const double* numbers, std::int64_t count) {
  const Known& known = find(kind);
  if (count != known.count)
    throw std::invalid_argument(std::string(known.name) + ": numbers must be (" + known.numbers + "), got " +
                                std::to_string(count) + " of them");
  expect(steps >= 1 && steps <= kMostSteps, known, "steps must be from 1 to 1000000");
  TaskSpec task{known.kind, steps, 1, 1, {}};
  for (std::int64_t i = 0; i < count; ++i) {
    expect(std::isfinite(numbers[i]), known, "numbers must be finite");
    task.numbers[i] = numbers[i];
  }
  const double* n = task.numbers;
  switch (known.kind) {
    case TaskKind::flip_flop:
      expect(whole(n[0], 1, kMostBits), known, "bits must be from 1 to 1024");
      expect(n[1] > 0 && n[1] <= 1, known, "probability must be above 0 and at most 1");
      task.inputs = task.outputs = static_cast<std::int64_t>(n[0]);
      break;
    case TaskKind::sine_wave:
      expect(n[0] >= 0 && n[1] >= 0 && n[0] + n[1] <= 0.5 * (1 + 1e-12), known,
             "frequencies must lie within 0 and 0.5 cycles per step");
      break;
    case TaskKind::context_integration:
      expect(whole(n[0], 1, kMostContexts), known, "contexts must be from 1 to 64");
      expect(n[1] >= 0 && n[2] >= 0, known, "mean_range and noise must not be negative");
      task.inputs = 2 * static_cast<std::int64_t>(n[0]);
      break;
    case TaskKind::ready_set_go:
      check_intervals(known, task);
      task.inputs = 2;
      break;
  }
  return task;
}

}  // namespace pyrnnsim
