#include "cell_states.hpp"
#include "plane_transfer.hpp"
#include "time_steps.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

template <class T>
struct Workspace {
  Layout<T> layout;
  Arena arena;
  PackedWeights<T> packed;
  T *records[2], *x;

  Workspace(const Rollout<T>& a, void* block) : layout(a.cell.kind, a.sizes), arena(block), packed(arena, layout) {
    with_planes(a.cell, [&](auto planes) {
      for (T*& record : records) record = arena.take<T>(planes.kPlanes * layout.plane);
    });
    x = arena.take<T>(layout.trials * layout.x_row);
  }
};

template <class T>
void run(const Rollout<T>& a) {
  const Workspace<T> w(a, a.workspace);
  const Layout<T>& s = w.layout;
  const Network<T> net{s, w.packed, a.cell};
  pack_forward(s, a.cell, a.parameters, w.packed);
  const std::int64_t size = s.states * s.units, steps = a.sizes.steps;
  fill_states(s, a.initial ? a.initial : a.parameters.h0, a.initial ? size : 0, w.records[0]);
  with_planes(a.cell, [&](auto planes) {
    for (std::int64_t t = 0; t < steps; ++t) {
      fill_inputs(s, a.inputs + t * s.inputs, steps * s.inputs, w.x);
      step_forward(planes, net, static_cast<const T*>(w.records[t % 2]), w.records[(t + 1) % 2], w.x);
      take_states(s, static_cast<const T*>(w.records[(t + 1) % 2]), a.states + t * size, steps * size);
    }
  });
}

}  // namespace

std::int64_t workspace_bytes(const Rollout<float>& a) { return Workspace<float>(a, nullptr).arena.bytes(); }
std::int64_t workspace_bytes(const Rollout<double>& a) { return Workspace<double>(a, nullptr).arena.bytes(); }
void roll_out(const Rollout<float>& a) { run(a); }
void roll_out(const Rollout<double>& a) { run(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
