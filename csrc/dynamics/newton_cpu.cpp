// Newton's method, a group of points at a time. Points that have settled leave, those that go on close up.
#include "newton.hpp"
#include "newton_steps.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

template <class T>
struct Search {
  StepGroup<T> group;
  std::int64_t* active;  // (trials,) points that go on
  T* lowest;             // (trials,) their smallest max|F(h) - h|

  Search(const NewtonSearch<T>& a, void* memory) : group(a, memory) {
    active = group.arena.template take<std::int64_t>(a.sizes.trials);
    lowest = group.arena.template take<T>(a.sizes.trials);
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

// Whether point p of the group wants a step: it is neither exact nor lost. Notes its residual.
template <class T>
PYRNNSIM_INLINE bool wants_step(const NewtonSearch<T>& a, const StepGroup<T>& g, std::int64_t p, std::int64_t point,
                                T& lowest) {
  const T* here = g.states + p * g.size;
  T most = 0;
  for (std::int64_t i = 0; i < g.size; ++i) {
    const T size = magnitude(g.next[p * g.size + i] - here[i]);
    if (!(size <= most)) most = size;
    if (size != size) return false;
  }
  if (most < lowest) {
    lowest = most;
    copy(here, g.size, a.best + point * g.size);
  }
  a.settled[point] = most <= 4 * Precision<T>::kEpsilon * (1 + largest(here, g.size));
  return !a.settled[point];
}

// Moves a point by its step; whether it goes on.
template <class T>
PYRNNSIM_INLINE bool move(const NewtonSearch<T>& a, const T* step, std::int64_t size, std::int64_t point) {
  T* state = a.states + point * size;
  const T scale = 1 + largest(state, size), wanted = largest(step, size);
  if (wanted != wanted) return false;
  T length = 0, own = 0;
  for (std::int64_t i = 0; i < size; ++i) length += step[i] * step[i], own += state[i] * state[i];
  const T radius = static_cast<T>(a.radius), radius2 = a.relative && own > radius * radius ? own : radius * radius;
  const T factor = length > radius2 ? static_cast<T>(__builtin_sqrt(radius2 / length)) : T(1);
  for (std::int64_t i = 0; i < size; ++i) {
    const T there = state[i] + factor * step[i];
    state[i] = there < a.lower[i] ? a.lower[i] : there > a.upper[i] ? a.upper[i] : there;
  }
  a.settled[point] = wanted <= static_cast<T>(a.tolerance) * scale;
  return !a.settled[point];
}

// One iteration of `count` active points from position `first` on; those that go on are appended at `left`.
template <class T>
void iterate(const NewtonSearch<T>& a, Search<T>& s, std::int64_t first, std::int64_t count, std::int64_t& left) {
  StepGroup<T>& g = s.group;
  std::int64_t points[64];  // more than any group has
  bool wanted[64];
  for (std::int64_t p = 0; p < count; ++p) {
    points[p] = s.active[first + p];
    copy(a.states + points[p] * g.size, g.size, g.states + p * g.size);
  }
  linearise(g.jacobians(a, count));
  for (std::int64_t p = 0; p < count; ++p) wanted[p] = wants_step(a, g, p, points[p], s.lowest[points[p]]);
  newton_steps(g, count, wanted);
  for (std::int64_t p = 0; p < count; ++p)
    if (wanted[p] && move(a, g.step(p), g.size, points[p])) s.active[left++] = points[p];
}

template <class T>
void run(const NewtonSearch<T>& a) {
  Search<T> s(a, a.workspace);
  const StepGroup<T>& g = s.group;
  for (std::int64_t p = 0; p < a.sizes.trials; ++p) {
    s.active[p] = p;
    s.lowest[p] = static_cast<T>(__builtin_inff());
    a.settled[p] = false;
    copy(a.states + p * g.size, g.size, a.best + p * g.size);
  }
  for (std::int64_t p = 0; p < g.points; ++p) copy(a.input, a.sizes.inputs, g.inputs + p * a.sizes.inputs);
  std::int64_t active = a.sizes.trials;
  for (std::int64_t iteration = 0; iteration < a.iterations && active > 0; ++iteration) {
    std::int64_t left = 0;
    for (std::int64_t first = 0; first < active; first += g.points)
      iterate(a, s, first, active - first < g.points ? active - first : g.points, left);
    active = left;
  }
}

}  // namespace

std::int64_t workspace_bytes(const NewtonSearch<float>& a) { return Search<float>(a, nullptr).group.arena.bytes(); }
std::int64_t workspace_bytes(const NewtonSearch<double>& a) { return Search<double>(a, nullptr).group.arena.bytes(); }
void find_roots(const NewtonSearch<float>& a) { run(a); }
void find_roots(const NewtonSearch<double>& a) { run(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
