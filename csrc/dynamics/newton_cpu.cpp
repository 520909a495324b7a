// Newton's method, a block of points at a time: their Jacobians in one call, then one linear system each while these lie
// in the nearer caches. Points that have settled leave the block.
#include "../cells/arena.hpp"
#include "../cells/cell_states.hpp"
#include "linear_solver.hpp"
#include "newton.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

constexpr std::int64_t kBlockBytes = 1 << 19, kMostPoints = 32, kLeastPoints = 4;

template <class T>
struct Precision;
template <>
struct Precision<float> {
  static constexpr float kEpsilon = 1.1920929e-7f, kNegligible = 1e-6f;
};
template <>
struct Precision<double> {
  static constexpr double kEpsilon = 2.220446049250313e-16, kNegligible = 1e-13;
};

template <class T>
struct Block {
  std::int64_t size, points;
  Arena arena;
  std::int64_t* active;  // (points,)
  T *lowest, *states, *inputs, *next, *to_states, *to_inputs, *step;
  LinearSystem<T> system;
  void* workspace = nullptr;

  Block(const NewtonSearch<T>& a, void* memory) : size(states_of(a.cell.kind) * a.sizes.units), arena(memory) {
    points = kBlockBytes / (size * size * static_cast<std::int64_t>(sizeof(T)));
    points = points > kMostPoints ? kMostPoints : points < kLeastPoints ? kLeastPoints : points;
    active = arena.take<std::int64_t>(points);
    lowest = arena.take<T>(points);
    states = arena.take<T>(points * size);
    inputs = arena.take<T>(points * a.sizes.inputs);
    next = arena.take<T>(points * size);
    to_states = arena.take<T>(points * size * size);
    to_inputs = arena.take<T>(points * size * a.sizes.inputs);
    step = arena.take<T>(size + kWidth<T>);
    const std::int64_t row = LinearSystem<T>::row_of(size);
    T* matrix = arena.take<T>(size * row);
    const std::int64_t column = LinearSystem<T>::column_of(size);
    system = {size, row, column, matrix, arena.take<T>(column * kWidth<T>), T(0)};
    workspace = arena.take<char>(workspace_bytes(jacobians(a, points)));
  }
  Jacobians<T> jacobians(const NewtonSearch<T>& a, std::int64_t count) const {
    return {a.cell,       {a.sizes.units, a.sizes.inputs, 0, count, 1},
            a.parameters, states,
            inputs,       next,
            to_states,    to_inputs,
            workspace};
  }
};

template <class T>
PYRNNSIM_INLINE T largest(const T* x, std::int64_t count) {  // NaN if there is one
  T most = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const T size = magnitude(x[i]);
    most = size > most || size != size ? size : most;
    if (most != most) break;
  }
  return most;
}

// Fills [J - I | h - F(h)] from the Jacobian of point p; false where an entry is not finite.
template <class T>
PYRNNSIM_INLINE bool fill_system(Block<T>& b, std::int64_t p) {
  LinearSystem<T>& s = b.system;
  Vec<T> most{}, check{};
  for (std::int64_t i = 0; i < s.size; ++i) {
    T* row = s.matrix + i * s.row;
    __builtin_memcpy(row, b.to_states + (p * s.size + i) * s.size, static_cast<std::size_t>(s.size) * sizeof(T));
    row[i] -= 1;
    fill(row + s.size, s.row - s.size, T(0));
    for (std::int64_t j = 0; j < s.row; j += kWidth<T>) {
      const Vec<T> entry = load<T>(row + j), size = absolute(entry);
      most = size > most ? size : most;
      check += entry - entry;  // NaN from NaN and infinity
    }
    row[s.size] = b.states[p * s.size + i] - b.next[p * s.size + i];
  }
  T largest_entry = 0;
  for (int lane = 0; lane < kWidth<T>; ++lane) largest_entry = most[lane] > largest_entry ? most[lane] : largest_entry;
  s.negligible = Precision<T>::kNegligible * largest_entry;
  return horizontal_sum<T>(check) == 0;
}

// Moves point p by the step in b.step; whether that was the last one.
template <class T>
PYRNNSIM_INLINE bool move(const NewtonSearch<T>& a, const Block<T>& b, T* state) {
  const T scale = 1 + largest(state, b.size), wanted = largest(b.step, b.size);
  T length = 0, own = 0;
  for (std::int64_t i = 0; i < b.size; ++i) length += b.step[i] * b.step[i], own += state[i] * state[i];
  const T radius = static_cast<T>(a.radius), radius2 = a.relative && own > radius * radius ? own : radius * radius;
  const T factor = length > radius2 ? static_cast<T>(__builtin_sqrt(radius2 / length)) : T(1);
  for (std::int64_t i = 0; i < b.size; ++i) {
    const T there = state[i] + factor * b.step[i];
    state[i] = there < a.lower[i] ? a.lower[i] : there > a.upper[i] ? a.upper[i] : there;
  }
  return wanted <= static_cast<T>(a.tolerance) * scale;
}

// One iteration of point p of the block; whether it goes on.
template <class T>
bool iterate(const NewtonSearch<T>& a, Block<T>& b, std::int64_t p) {
  const std::int64_t point = b.active[p];
  const T* here = b.states + p * b.size;
  T most = 0;
  for (std::int64_t i = 0; i < b.size; ++i) {
    const T size = magnitude(b.next[p * b.size + i] - here[i]);
    if (!(size <= most)) most = size;
    if (size != size) return false;
  }
  T& lowest = b.lowest[p];
  if (most < lowest) {
    lowest = most;
    copy(here, b.size, a.best + point * b.size);
  }
  if (most <= 4 * Precision<T>::kEpsilon * (1 + largest(here, b.size))) {
    a.settled[point] = true;
    return false;
  }
  if (!fill_system(b, p)) return false;
  solve(b.system, b.step);
  if (largest(b.step, b.size) != largest(b.step, b.size)) return false;
  a.settled[point] = move(a, b, a.states + point * b.size);
  return !a.settled[point];
}

template <class T>
void run(const NewtonSearch<T>& a) {
  Block<T> b(a, a.workspace);
  for (std::int64_t first = 0; first < a.sizes.trials; first += b.points) {
    std::int64_t count = a.sizes.trials - first < b.points ? a.sizes.trials - first : b.points;
    for (std::int64_t p = 0; p < count; ++p) {
      b.active[p] = first + p;
      b.lowest[p] = static_cast<T>(__builtin_inff());
      a.settled[first + p] = false;
      copy(a.states + (first + p) * b.size, b.size, a.best + (first + p) * b.size);
      copy(a.input, a.sizes.inputs, b.inputs + p * a.sizes.inputs);
    }
    for (std::int64_t iteration = 0; iteration < a.iterations && count > 0; ++iteration) {
      for (std::int64_t p = 0; p < count; ++p) copy(a.states + b.active[p] * b.size, b.size, b.states + p * b.size);
      linearise(b.jacobians(a, count));
      std::int64_t left = 0;
      for (std::int64_t p = 0; p < count; ++p)
        if (iterate(a, b, p)) {
          b.active[left] = b.active[p];
          b.lowest[left++] = b.lowest[p];
        }
      count = left;
    }
  }
}

}  // namespace

std::int64_t workspace_bytes(const NewtonSearch<float>& a) { return Block<float>(a, nullptr).arena.bytes(); }
std::int64_t workspace_bytes(const NewtonSearch<double>& a) { return Block<double>(a, nullptr).arena.bytes(); }
void find_roots(const NewtonSearch<float>& a) { run(a); }
void find_roots(const NewtonSearch<double>& a) { run(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
