// Newton steps of a group of points: (J - I) d = h - F(h), as many systems at once as a vector has lanes.
//
// An lstm's cell states enter their own successors unit by unit, so the first half of its unknowns is eliminated by
// divisions and N equations of 2 N are left. Systems that elimination without pivoting does not solve well, and those too
// large for the lanes of one group to lie near the second-level cache, are solved one by one.
#pragma once
#include "../cells/arena.hpp"
#include "../cells/cell_states.hpp"
#include "lane_systems.hpp"
#include "linear_solver.hpp"
#include "newton.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// kNegligible: a pivot of so little, relative to the largest entry, is zero. kPoor: a pivot found without looking for a
// better one may have lost all digits that a step needs; the next step makes up for those lost above it. kClosed: an
// lstm's unit with 1 - f at most this keeps its cell state whatever it is, and so does the step.
template <class T>
struct Precision;
template <>
struct Precision<float> {
  static constexpr float kEpsilon = 1.1920929e-7f, kNegligible = 1e-6f, kPoor = 3e-4f, kClosed = 1e-6f;
};
template <>
struct Precision<double> {
  static constexpr double kEpsilon = 2.220446049250313e-16, kNegligible = 1e-13, kPoor = 1e-6, kClosed = 1e-13;
};

inline constexpr std::int64_t kLargestInLanes = 160;

template <class T>
struct StepGroup {
  std::int64_t size, wide;  // S, and S rounded up to whole vectors
  std::int64_t first;       // unknowns eliminated by divisions: N of an lstm, else none
  std::int64_t points;      // at most
  Arena arena;
  T *states, *inputs, *next, *to_states, *to_inputs, *steps;  // steps: (points, wide + one vector)
  LaneSystems<T> lanes{};
  LinearSystem<T> single{};
  void* workspace = nullptr;

  StepGroup(const NewtonSearch<T>& a, void* memory)
      : size(states_of(a.cell.kind) * a.sizes.units),
        wide(round_up(size, kWidth<T>)),
        first(size - a.sizes.units),
        points(4),
        arena(memory) {
    const std::int64_t left = size - first;
    const bool in_lanes = left <= kLargestInLanes;
    if (in_lanes) points = kWidth<T>;
    states = arena.take<T>(points * size + kWidth<T>);  // whole vectors are read, past the end of the last row
    inputs = arena.take<T>(points * a.sizes.inputs);
    next = arena.take<T>(points * size + kWidth<T>);
    to_states = arena.take<T>(points * size * size + kWidth<T>);
    to_inputs = arena.take<T>(points * size * a.sizes.inputs);
    steps = arena.take<T>(points * (wide + kWidth<T>));
    if (in_lanes) {
      T* matrix = arena.take<T>(left * LaneSystems<T>::row_of(left) * kWidth<T>);
      T* inverses = arena.take<T>(left * kWidth<T>);
      lanes = {left, matrix, inverses, arena.take<T>(round_up(left, kWidth<T>) * kWidth<T>)};
    }
    const std::int64_t row = LinearSystem<T>::row_of(size), column = LinearSystem<T>::column_of(size);
    T* matrix = arena.take<T>(size * row);
    single = {size, row, column, matrix, arena.take<T>(column * kWidth<T>), T(0)};
    workspace = arena.take<char>(workspace_bytes(jacobians(a, points)));
  }
  T* step(std::int64_t p) const { return steps + p * (wide + kWidth<T>); }
  Jacobians<T> jacobians(const NewtonSearch<T>& a, std::int64_t count) const {
    const Sizes sizes{a.sizes.units, a.sizes.inputs, 0, count, 1};
    return {a.cell, sizes, a.parameters, states, inputs, next, to_states, to_inputs, workspace};
  }
};

// The step of point p alone; false where an entry of its Jacobian is not finite.
template <class T>
PYRNNSIM_INLINE bool single_step(StepGroup<T>& g, std::int64_t p) {
  LinearSystem<T>& s = g.single;
  Vec<T> most{}, check{};
  for (std::int64_t i = 0; i < s.size; ++i) {
    T* row = s.matrix + i * s.row;
    __builtin_memcpy(row, g.to_states + (p * s.size + i) * s.size, static_cast<std::size_t>(s.size) * sizeof(T));
    row[i] -= 1;
    fill(row + s.size, s.row - s.size, T(0));
    for (std::int64_t j = 0; j < s.row; j += kWidth<T>) {
      const Vec<T> entry = load<T>(row + j), size = absolute(entry);
      most = size > most ? size : most;
      check += entry - entry;  // NaN from NaN and infinity
    }
    row[s.size] = g.states[p * s.size + i] - g.next[p * s.size + i];
  }
  T largest_entry = 0;
  for (int lane = 0; lane < kWidth<T>; ++lane) largest_entry = most[lane] > largest_entry ? most[lane] : largest_entry;
  s.negligible = Precision<T>::kNegligible * largest_entry;
  if (horizontal_sum<T>(check) != 0) return false;
  solve(s, g.step(p));
  return true;
}

// W columns from j on of one row of W points: row (p, j) lies at from + p * stride. Points past `count` repeat the last.
template <class T>
PYRNNSIM_INLINE void load_transposed(const T* from, std::int64_t stride, std::int64_t count, Vec<T> (&v)[kWidth<T>]) {
#pragma GCC unroll 16
  for (int p = 0; p < kWidth<T>; ++p) v[p] = load<T>(from + (p < count ? p : count - 1) * stride);
  transpose<T>(v);
}

// One number of each point, those past `count` repeating the last.
template <class T>
PYRNNSIM_INLINE Vec<T> load_lanes(const T* from, std::int64_t stride, std::int64_t count) {
  Vec<T> v{};
#pragma GCC unroll 16
  for (int p = 0; p < kWidth<T>; ++p) v[p] = from[(p < count ? p : count - 1) * stride];
  return v;
}

// Fills [J - I | h - F(h)] in lanes, what is left of it after the first unknowns; the largest entry of each lane. Lanes
// with an entry that is not finite are marked.
template <class T>
PYRNNSIM_INLINE Vec<T> fill_lanes(const StepGroup<T>& g, std::int64_t count, Mask<T>& poor) {
  constexpr int W = kWidth<T>;
  const LaneSystems<T>& s = g.lanes;
  const std::int64_t matrix = g.size * g.size;
  Vec<T> most{}, check{}, v[W], eliminated[W];
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T *row = g.to_states + (g.first + i) * g.size, *above = g.to_states + i * g.size;
    const std::int64_t state = g.first + i;
    Vec<T> right = load_lanes(g.states + state, g.size, count) - load_lanes(g.next + state, g.size, count), ratio{};
    if (g.first > 0) {  // row -= ratio times the row of the same unit's cell state
      const Vec<T> own = load_lanes(above + i, matrix, count) - T(1);
      check += own - own;  // NaN from NaN and infinity
      ratio = select<T>(absolute(own) > Precision<T>::kClosed, load_lanes(row + i, matrix, count) / own, Vec<T>{});
      right -= ratio * (load_lanes(g.states + i, g.size, count) - load_lanes(g.next + i, g.size, count));
    }
    store(s.at(i, s.size), right);
    for (std::int64_t j = 0; j < s.size; j += W) {
      load_transposed(row + g.first + j, matrix, count, v);
      if (g.first > 0) {
        load_transposed(above + g.first + j, matrix, count, eliminated);
#pragma GCC unroll 16
        for (int c = 0; c < W; ++c) v[c] -= ratio * eliminated[c];
      }
      const std::int64_t columns = s.size - j < W ? s.size - j : W;
      for (std::int64_t c = 0; c < columns; ++c) {
        const Vec<T> entry = j + c == i ? v[c] - T(1) : v[c], size = absolute(entry);
        most = size > most ? size : most;
        check += entry - entry;
        store(s.at(i, j + c), entry);
      }
    }
  }
  poor |= check != T(0);
  return most;
}

// The steps of the unknowns that were eliminated first.
template <class T>
PYRNNSIM_INLINE void first_steps(StepGroup<T>& g, std::int64_t p) {
  const T* hidden = g.step(p) + g.first;
  for (std::int64_t i = 0; i < g.first; ++i) {
    const T* row = g.to_states + (p * g.size + i) * g.size;
    Vec<T> sum{};
    std::int64_t j = 0;
    for (; j + kWidth<T> <= g.first; j += kWidth<T>) sum += load(row + g.first + j) * load(hidden + j);
    T total = horizontal_sum<T>(sum);
    for (; j < g.first; ++j) total += row[g.first + j] * hidden[j];
    const T own = row[i] - 1, right = g.states[p * g.size + i] - g.next[p * g.size + i] - total;
    g.step(p)[i] = magnitude(own) > Precision<T>::kClosed ? right / own : T(0);
  }
}

// Steps of the first `count` points in lanes; marks those that must be solved alone.
template <class T>
PYRNNSIM_INLINE Mask<T> lane_steps(StepGroup<T>& g, std::int64_t count) {
  constexpr int W = kWidth<T>;
  const LaneSystems<T>& s = g.lanes;
  Mask<T> poor{};
  const Vec<T> most = fill_lanes(g, count, poor);
  poor |= solve_lanes(s, Precision<T>::kPoor * most);
  Vec<T> v[W];
  for (std::int64_t j = 0; j < s.size; j += W) {
#pragma GCC unroll 16
    for (int c = 0; c < W; ++c) v[c] = load(s.x + (j + c) * W);  // past the end: scratch, moved to padding
    transpose<T>(v);
    for (std::int64_t p = 0; p < count; ++p) store(g.step(p) + g.first + j, v[p]);
  }
  for (std::int64_t p = 0; g.first > 0 && p < count; ++p) first_steps(g, p);
  return poor;
}

// Steps of all points that want one; those without finite Jacobian want none any more.
template <class T>
PYRNNSIM_INLINE void newton_steps(StepGroup<T>& g, std::int64_t count, bool* wanted) {
  Mask<T> alone = Mask<T>{} - 1;
  if (g.lanes.size > 0) alone = lane_steps(g, count);
  for (std::int64_t p = 0; p < count; ++p)
    if (wanted[p] && alone[g.lanes.size > 0 ? p : 0]) wanted[p] = single_step(g, p);
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
