// Levenberg and Marquardt's method, a few points at a time, so that their weights are packed once. Points that have ended
// leave, those that go on close up.
#include "../cells/arena.hpp"
#include "../cells/cell_states.hpp"
#include "descent.hpp"
#include "normal_equations.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

constexpr std::int64_t kPoints = 8;  // at a time
constexpr std::int64_t kWindow = 8;  // iterations over which progress is judged
constexpr double kFirst = 1e-3, kLeast = 1e-12, kMost = 1e12, kFall = 0.2, kGrowth = 4;  // of the damping

template <class T>
constexpr T kRounding = sizeof(T) == 8 ? T(2.220446049250313e-16) : T(1.1920929e-7);

template <class T>
struct Descent {
  std::int64_t size, wide;  // S, and S rounded up to whole vectors
  Arena arena;
  std::int64_t* active;  // (trials,) points that go on
  T *damping, *mark;     // (trials,) of each, and its |r|^2 when progress was judged last
  T *states, *inputs, *next, *to_states, *to_inputs, *candidates, *moved;
  T* step;
  NormalEquations<T> equations{};
  void* workspace = nullptr;

  Descent(const SlowSearch<T>& a, void* memory) : size(states_of(a.cell.kind) * a.sizes.units), wide(), arena(memory) {
    const std::int64_t row = NormalEquations<T>::row_of(size);
    wide = row;
    active = arena.take<std::int64_t>(a.sizes.trials);
    damping = arena.take<T>(a.sizes.trials);
    mark = arena.take<T>(a.sizes.trials);
    states = arena.take<T>(kPoints * size);
    inputs = arena.take<T>(kPoints * a.sizes.inputs);
    next = arena.take<T>(kPoints * size);
    to_states = arena.take<T>(kPoints * size * size);
    to_inputs = arena.take<T>(kPoints * size * a.sizes.inputs);
    candidates = arena.take<T>(kPoints * size);
    moved = arena.take<T>(kPoints * size);
    step = arena.take<T>(wide);
    T* matrix = arena.take<T>(size * row);
    equations = {size, row, matrix, arena.take<T>(size * row)};
    const std::int64_t jacobians_need = workspace_bytes(jacobians(a, kPoints));
    const std::int64_t rollout_needs = workspace_bytes(rollout(a, kPoints));
    workspace = arena.take<char>(jacobians_need > rollout_needs ? jacobians_need : rollout_needs);
  }
  Jacobians<T> jacobians(const SlowSearch<T>& a, std::int64_t count) const {
    return {a.cell,       {a.sizes.units, a.sizes.inputs, 0, count, 1},
            a.parameters, states,
            inputs,       next,
            to_states,    to_inputs,
            workspace};
  }
  Rollout<T> rollout(const SlowSearch<T>& a, std::int64_t count) const {
    return {a.cell, {a.sizes.units, a.sizes.inputs, 0, count, 1}, a.parameters, inputs, candidates, moved, workspace};
  }
};

template <class T>
PYRNNSIM_INLINE T magnitude(T x) {
  return x < 0 ? -x : x;
}

template <class T>
PYRNNSIM_INLINE T largest(const T* x, std::int64_t count) {
  T most = 0;
  for (std::int64_t i = 0; i < count; ++i) most = magnitude(x[i]) > most ? magnitude(x[i]) : most;
  return most;
}

// |to - from|^2 and the largest entry of the difference.
template <class T>
PYRNNSIM_INLINE T squared_distance(const T* from, const T* to, std::int64_t count, T& most) {
  T sum = 0;
  most = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const T by = magnitude(to[i] - from[i]);
    sum += by * by;
    most = by > most ? by : most;
  }
  return sum;
}

// Where point p of the group goes next, at `candidates`; false where no step can be told.
template <class T>
PYRNNSIM_INLINE bool propose(const SlowSearch<T>& a, Descent<T>& s, std::int64_t p, T damping) {
  const NormalEquations<T>& e = s.equations;
  const T *here = s.states + p * s.size, *next = s.next + p * s.size;
  for (std::int64_t i = 0; i < s.size; ++i) {
    T* row = e.matrix + i * e.row;
    copy(s.to_states + (p * s.size + i) * s.size, s.size, row);
    row[i] -= 1;
    row[s.size] = next[i] - here[i];
    fill(row + s.size + 1, e.row - s.size - 1, T(0));
  }
  const bool found = solve_normal(e, damping, kRounding<T>, s.step);
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T there = found ? here[i] - s.step[i] : here[i];
    s.candidates[p * s.size + i] = there < a.lower[i] ? a.lower[i] : there > a.upper[i] ? a.upper[i] : there;
  }
  return found;
}

// One iteration of `count` active points from position `first` on; those that go on are appended at `left`.
template <class T>
void iterate(const SlowSearch<T>& a, Descent<T>& s, std::int64_t iteration, std::int64_t first, std::int64_t count,
             std::int64_t& left) {
  std::int64_t points[kPoints];
  T before[kPoints], lengths[kPoints];
  bool going[kPoints], found[kPoints];
  for (std::int64_t p = 0; p < count; ++p) {
    points[p] = s.active[first + p];
    copy(a.states + points[p] * s.size, s.size, s.states + p * s.size);
  }
  linearise(s.jacobians(a, count));
  for (std::int64_t p = 0; p < count; ++p) {
    const T* here = s.states + p * s.size;
    T most = 0;
    before[p] = squared_distance(here, s.next + p * s.size, s.size, most);
    const bool finite = before[p] - before[p] == 0;
    const bool exact = finite && most <= 4 * kRounding<T> * (1 + largest(here, s.size));
    a.settled[points[p]] = exact;
    going[p] = finite && !exact;
    if (going[p] && iteration % kWindow == 0) {
      const bool stuck = !(before[p] <= (1 - static_cast<T>(a.progress)) * s.mark[points[p]]);
      s.mark[points[p]] = before[p];
      if (stuck) a.settled[points[p]] = true, going[p] = false;
    }
    found[p] = going[p] && propose(a, s, p, s.damping[points[p]]);
    lengths[p] = found[p] ? largest(s.step, s.size) : 0;
    if (!found[p]) copy(here, s.size, s.candidates + p * s.size);
  }
  roll_out(s.rollout(a, count));
  for (std::int64_t p = 0; p < count; ++p) {
    if (!going[p]) continue;
    T most = 0;
    const T* there = s.candidates + p * s.size;
    const bool better = found[p] && squared_distance(there, s.moved + p * s.size, s.size, most) < before[p];
    T& damping = s.damping[points[p]];
    damping *= static_cast<T>(better ? kFall : kGrowth);
    if (better) {
      damping = damping < static_cast<T>(kLeast) ? static_cast<T>(kLeast) : damping;
      copy(there, s.size, a.states + points[p] * s.size);
    }
    const bool small = lengths[p] <= static_cast<T>(a.tolerance) * (1 + largest(a.states + points[p] * s.size, s.size));
    a.settled[points[p]] = (better && small) || damping >= static_cast<T>(kMost);
    if (!a.settled[points[p]]) s.active[left++] = points[p];
  }
}

template <class T>
void run(const SlowSearch<T>& a) {
  Descent<T> s(a, a.workspace);
  for (std::int64_t p = 0; p < a.sizes.trials; ++p) {
    s.active[p] = p;
    s.damping[p] = static_cast<T>(kFirst);
    s.mark[p] = static_cast<T>(__builtin_inff());
    a.settled[p] = false;
  }
  for (std::int64_t p = 0; p < kPoints; ++p) copy(a.input, a.sizes.inputs, s.inputs + p * a.sizes.inputs);
  std::int64_t active = a.sizes.trials;
  for (std::int64_t iteration = 0; iteration < a.iterations && active > 0; ++iteration) {
    std::int64_t left = 0;
    for (std::int64_t first = 0; first < active; first += kPoints)
      iterate(a, s, iteration, first, active - first < kPoints ? active - first : kPoints, left);
    active = left;
  }
}

}  // namespace

std::int64_t workspace_bytes(const SlowSearch<float>& a) { return Descent<float>(a, nullptr).arena.bytes(); }
std::int64_t workspace_bytes(const SlowSearch<double>& a) { return Descent<double>(a, nullptr).arena.bytes(); }
void find_slowest(const SlowSearch<float>& a) { run(a); }
void find_slowest(const SlowSearch<double>& a) { run(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
