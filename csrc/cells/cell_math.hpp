// The mathematics of the cells, one unit at a time: next state and partial derivatives (paper U, Appendix A; DESIGN 3).
//
// Everything is a template over the number: a vector of the CPU's instruction set, or one float or double on a GPU. The
// elementary functions `hyperbolic_tangent`, `logistic`, `rectified` and `where_positive` come from the file that includes
// this one. The fixed constant on the keep gate (keep_bias) is added to that gate's bias by the caller.
//
// A cell gives the partial derivatives of its new state with respect to its pre-activations and to the old state.
// Back-propagation multiplies them by the gradient of the new state, a Jacobian by the rows of the weights: one
// definition serves both.
#pragma once
#include "../common/host_device.hpp"

#ifndef PYRNNSIM_ISA
#define PYRNNSIM_ISA cuda
#endif

namespace pyrnnsim::PYRNNSIM_ISA {

// Activations f, and f' as a function of the value y = f(x). relu'(0) = 0.
struct Tanh {
  template <class V>
  PYRNNSIM_HOST_DEVICE V value(V x) {
    return hyperbolic_tangent(x);
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V slope(V y) {
    return 1 - y * y;
  }
};
struct Relu {
  template <class V>
  PYRNNSIM_HOST_DEVICE V value(V x) {
    return rectified(x);
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V slope(V y) {
    return where_positive(y, V{} + 1);
  }
};
struct Sigmoid {
  template <class V>
  PYRNNSIM_HOST_DEVICE V value(V x) {
    return logistic(x);
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V slope(V y) {
    return y * (1 - y);
  }
};

// h' = f(a), a = W h + U x + b.
template <class F>
struct Vanilla {
  template <class V>
  PYRNNSIM_HOST_DEVICE V next(V a) {
    return F::value(a);
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V to_a(V next_h) {
    return F::slope(next_h);
  }
};

// h' = g h + (1 - g) c with g = sigmoid(a_g), c = f(a_c): the ugrnn, and the last step of both forms of the gru.
template <class F>
struct Mix {
  template <class V>
  PYRNNSIM_HOST_DEVICE V next(V c, V g, V h) {
    return c + g * (h - c);
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V to_c(V c, V g) {  // with respect to a_c
    return (1 - g) * F::slope(c);
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V to_g(V c, V g, V h) {  // with respect to a_g
    return (h - c) * Sigmoid::slope(g);
  }
};

// Reset before the product: a_c = W_c m + .., m = r h, r = sigmoid(a_r).
struct ResetBefore {
  template <class V>
  PYRNNSIM_HOST_DEVICE V masked(V r, V h) {
    return r * h;
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V to_r(V r, V h) {  // of m with respect to a_r; of m with respect to h: r
    return h * Sigmoid::slope(r);
  }
};

// Reset after the product: a_c = q + r p, p = W_c h + b_rec, q = U_c x + b.
struct ResetAfter {
  template <class V>
  PYRNNSIM_HOST_DEVICE V candidate(V q, V r, V p) {
    return q + r * p;
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V to_r(V r, V p) {  // of a_c with respect to a_r; of a_c with respect to p: r
    return p * Sigmoid::slope(r);
  }
};

// c' = f_gate c + i z,  h' = o F(c'),  z = Z(a_z), gates sigmoid(a). Z is F, or the sigmoid as U prints it.
template <class F, class Z>
struct Lstm {
  template <class V>
  PYRNNSIM_HOST_DEVICE V next_c(V z, V i, V f, V c) {
    return f * c + i * z;
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V to_z(V z, V i) {  // of c' with respect to a_z; of c' with respect to c: f
    return i * Z::slope(z);
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V to_i(V z, V i) {
    return z * Sigmoid::slope(i);
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V to_f(V f, V c) {
    return c * Sigmoid::slope(f);
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V to_o(V o, V seen) {  // of h' with respect to a_o, seen = F(c')
    return seen * Sigmoid::slope(o);
  }
  template <class V>
  PYRNNSIM_HOST_DEVICE V to_c(V o, V seen) {  // of h' with respect to c'
    return o * F::slope(seen);
  }
};

}  // namespace pyrnnsim::PYRNNSIM_ISA
