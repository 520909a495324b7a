// The cells on planes of activity: which planes a time step has, and what happens to one vector of units in it.
//
// A step's record holds its states first, then its gates: a plane is found `plane` numbers after the one before it.
// kPlanes counts them. `advance` turns pre-activations, as the products left them in the gates' planes, into gates and new
// states. `retreat` takes the gradient of the new states in `grad` (planes as the states) and leaves there the part of the
// old states' gradient that does not pass through a product; it writes the gradients of the pre-activations to `delta`
// (planes in the order of the gates, kDeltas of them). Pointers point at the vector in the first plane.
#pragma once
#include "cell.hpp"
// clang-format off
#include "elementary.hpp"
#include "cell_math.hpp"  // finds its elementary functions above
// clang-format on

namespace pyrnnsim::PYRNNSIM_ISA {

template <class F>
struct VanillaPlanes {  // record [h]
  static constexpr CellKind kKind = CellKind::vanilla;
  static constexpr int kPlanes = 1, kDeltas = 1, kHidden = 0, kFirstGate = 0;
  static constexpr bool kDirect = false, kTwoStages = false;  // no way past the product; one product per step

  template <class T>
  PYRNNSIM_INLINE void advance(const T*, T* now, std::int64_t) {
    store(now, Vanilla<F>::next(load(now)));
  }
  template <class T>
  PYRNNSIM_INLINE void retreat(const T*, const T* now, T* grad, T* delta, std::int64_t) {
    store(delta, load(grad) * Vanilla<F>::to_a(load(now)));
  }
};

template <class F>
struct UgrnnPlanes {  // record [h, c, g]
  static constexpr CellKind kKind = CellKind::ugrnn;
  static constexpr int kPlanes = 3, kDeltas = 2, kHidden = 0, kFirstGate = 1;
  static constexpr bool kDirect = true, kTwoStages = false;

  template <class T>
  PYRNNSIM_INLINE void advance(const T* before, T* now, std::int64_t plane) {
    const Vec<T> c = F::value(load(now + plane)), g = logistic(load(now + 2 * plane));
    store(now + plane, c);
    store(now + 2 * plane, g);
    store(now, Mix<F>::next(c, g, load(before)));
  }
  template <class T>
  PYRNNSIM_INLINE void retreat(const T* before, const T* now, T* grad, T* delta, std::int64_t plane) {
    const Vec<T> dh = load(grad), c = load(now + plane), g = load(now + 2 * plane);
    store(delta, dh * Mix<F>::to_c(c, g));
    store(delta + plane, dh * Mix<F>::to_g(c, g, load(before)));
    store(grad, dh * g);
  }
};

template <class F>
struct GruPlanes {  // record [h, c, g, r, m = r h]; the candidate's product waits for m
  static constexpr CellKind kKind = CellKind::gru;
  static constexpr int kPlanes = 5, kDeltas = 3, kHidden = 0, kFirstGate = 1;
  static constexpr bool kDirect = true, kTwoStages = true;

  template <class T>
  PYRNNSIM_INLINE void advance(const T* before, T* now, std::int64_t plane) {
    const Vec<T> r = logistic(load(now + 3 * plane));
    store(now + 2 * plane, logistic(load(now + 2 * plane)));
    store(now + 3 * plane, r);
    store(now + 4 * plane, ResetBefore::masked(r, load(before)));
  }
  template <class T>
  PYRNNSIM_INLINE void advance_second(const T* before, T* now, std::int64_t plane) {
    const Vec<T> c = F::value(load(now + plane));
    store(now + plane, c);
    store(now, Mix<F>::next(c, load(now + 2 * plane), load(before)));
  }
  template <class T>
  PYRNNSIM_INLINE void retreat(const T* before, const T* now, T* grad, T* delta, std::int64_t plane) {
    const Vec<T> dh = load(grad), c = load(now + plane), g = load(now + 2 * plane);
    store(delta, dh * Mix<F>::to_c(c, g));
    store(delta + plane, dh * Mix<F>::to_g(c, g, load(before)));
    store(grad, dh * g);
  }
  template <class T>
  PYRNNSIM_INLINE void retreat_second(const T* before, const T* now, T* grad, T* delta, std::int64_t plane) {
    const Vec<T> dm = load(delta + 2 * plane), r = load(now + 3 * plane);
    store(delta + 2 * plane, dm * ResetBefore::to_r(r, load(before)));
    store(grad, load(grad) + dm * r);
  }
};

template <class F>
struct GruAfterPlanes {  // record [h, c, g, r, p = W_c h + b_rec]; deltas [c, g, r, p]
  static constexpr CellKind kKind = CellKind::gru_after;
  static constexpr int kPlanes = 5, kDeltas = 4, kHidden = 0, kFirstGate = 1;
  static constexpr bool kDirect = true, kTwoStages = false;

  template <class T>
  PYRNNSIM_INLINE void advance(const T* before, T* now, std::int64_t plane) {
    const Vec<T> g = logistic(load(now + 2 * plane)), r = logistic(load(now + 3 * plane));
    const Vec<T> c = F::value(ResetAfter::candidate(load(now + plane), r, load(now + 4 * plane)));
    store(now + plane, c);
    store(now + 2 * plane, g);
    store(now + 3 * plane, r);
    store(now, Mix<F>::next(c, g, load(before)));
  }
  template <class T>
  PYRNNSIM_INLINE void retreat(const T* before, const T* now, T* grad, T* delta, std::int64_t plane) {
    const Vec<T> dh = load(grad), c = load(now + plane), g = load(now + 2 * plane), r = load(now + 3 * plane);
    const Vec<T> dc = dh * Mix<F>::to_c(c, g);
    store(delta, dc);
    store(delta + plane, dh * Mix<F>::to_g(c, g, load(before)));
    store(delta + 2 * plane, dc * ResetAfter::to_r(r, load(now + 4 * plane)));
    store(delta + 3 * plane, dc * r);
    store(grad, dh * g);
  }
};

template <class F, class Z>
struct LstmPlanes {  // record [c, h, z, i, f, o, F(c)]
  static constexpr CellKind kKind = CellKind::lstm;
  static constexpr int kPlanes = 7, kDeltas = 4, kHidden = 1, kFirstGate = 2;
  static constexpr bool kDirect = false, kTwoStages = false;
  using Math = Lstm<F, Z>;

  template <class T>
  PYRNNSIM_INLINE void advance(const T* before, T* now, std::int64_t plane) {
    const Vec<T> z = Z::value(load(now + 2 * plane)), i = logistic(load(now + 3 * plane));
    const Vec<T> f = logistic(load(now + 4 * plane)), o = logistic(load(now + 5 * plane));
    const Vec<T> c = Math::next_c(z, i, f, load(before)), seen = F::value(c);
    store(now, c);
    store(now + plane, o * seen);
    store(now + 2 * plane, z);
    store(now + 3 * plane, i);
    store(now + 4 * plane, f);
    store(now + 5 * plane, o);
    store(now + 6 * plane, seen);
  }
  template <class T>
  PYRNNSIM_INLINE void retreat(const T* before, const T* now, T* grad, T* delta, std::int64_t plane) {
    const Vec<T> z = load(now + 2 * plane), i = load(now + 3 * plane), f = load(now + 4 * plane);
    const Vec<T> o = load(now + 5 * plane), seen = load(now + 6 * plane), dh = load(grad + plane);
    const Vec<T> dc = load(grad) + dh * Math::to_c(o, seen);
    store(delta, dc * Math::to_z(z, i));
    store(delta + plane, dc * Math::to_i(z, i));
    store(delta + 2 * plane, dc * Math::to_f(f, load(before)));
    store(delta + 3 * plane, dh * Math::to_o(o, seen));
    store(grad, dc * f);
  }
};

// Calls body with the planes of a cell as its argument: one instance of it per cell and activation.
template <class Body>
static void with_planes(const Cell& cell, Body&& body) {
  const auto activated = [&](auto f) {
    using F = decltype(f);
    switch (cell.kind) {
      case CellKind::vanilla:
        return body(VanillaPlanes<F>{});
      case CellKind::ugrnn:
        return body(UgrnnPlanes<F>{});
      case CellKind::gru:
        return body(GruPlanes<F>{});
      case CellKind::gru_after:
        return body(GruAfterPlanes<F>{});
      case CellKind::lstm:
        return cell.sigmoid_candidate ? body(LstmPlanes<F, Sigmoid>{}) : body(LstmPlanes<F, F>{});
    }
  };
  cell.relu ? activated(Relu{}) : activated(Tanh{});
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
