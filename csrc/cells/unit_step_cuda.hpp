// One step of one trial by one block: a warp computes the sums of a unit, its lanes side by side along the weights' rows.
#pragma once
#include <cmath>

#include "../common/cuda_check.hpp"
#include "../common/host_device.hpp"
#include "cell.hpp"

namespace pyrnnsim::cuda {

// The elementary functions of cell_math.hpp.
PYRNNSIM_HOST_DEVICE float hyperbolic_tangent(float x) { return tanhf(x); }
PYRNNSIM_HOST_DEVICE double hyperbolic_tangent(double x) { return tanh(x); }
PYRNNSIM_HOST_DEVICE float logistic(float x) { return 1 / (1 + expf(-x)); }
PYRNNSIM_HOST_DEVICE double logistic(double x) { return 1 / (1 + exp(-x)); }
template <class T>
PYRNNSIM_HOST_DEVICE T rectified(T x) {
  return x < 0 ? T(0) : x;
}
template <class T>
PYRNNSIM_HOST_DEVICE T where_positive(T x, T y) {
  return x > 0 ? y : T(0);
}

}  // namespace pyrnnsim::cuda

#include "cell_math.hpp"

namespace pyrnnsim::cuda {

constexpr int kWarp = 32, kBlock = 128;

// What is shared by the threads of a block. `factors` are the partial derivatives that a Jacobian needs: rows c or z, g
// or i, r or f, o or p (of the hidden state), two diagonals.
template <class T>
struct Scratch {
  T *state, *next, *x, *masked, *factors;
  std::int64_t units;

  __device__ Scratch(T* memory, std::int64_t units, std::int64_t inputs, std::int64_t size)
      : state(memory), next(state + size), x(next + size), masked(x + inputs), factors(masked + units), units(units) {}
  static std::size_t bytes(std::int64_t units, std::int64_t inputs, std::int64_t size) {
    return static_cast<std::size_t>(2 * size + inputs + (1 + kFactors) * units) * sizeof(T);
  }
  static constexpr int kFactors = 6;
};

template <class T>
__device__ T sum_of_warp(T value) {
  for (int other = kWarp / 2; other > 0; other /= 2) value += __shfl_xor_sync(0xffffffffu, value, other);
  return value;
}

// This lane's part of row . vector.
template <class T>
__device__ T partial_dot(const T* row, const T* vector, std::int64_t count) {
  T sum = 0;
  for (std::int64_t i = threadIdx.x % kWarp; i < count; i += kWarp) sum += row[i] * vector[i];
  return sum;
}

// One network's weights, and the sums of its gates.
template <class T>
struct Gates {
  Cell cell;
  Sizes sizes;
  Parameters<T> p;

  __device__ Gates(const Cell& cell, const Sizes& s, const Parameters<T>& all, std::int64_t k)
      : cell(cell), sizes(s), p(all) {
    const std::int64_t rows = gates_of(cell.kind) * s.units;
    p.w_rec += k * rows * s.units;
    p.w_in += k * rows * s.inputs;
    p.b += k * rows;
    if (p.b_rec) p.b_rec += k * rows;
    if (p.h0) p.h0 += k * states_of(cell.kind) * s.units;
  }

  __device__ T recurrent(int gate, std::int64_t n, const T* h) const {
    return sum_of_warp(partial_dot(p.w_rec + (gate * sizes.units + n) * sizes.units, h, sizes.units));
  }
  __device__ T driven(int gate, std::int64_t n, const T* x) const {
    const std::int64_t row = gate * sizes.units + n;
    const bool keeps = cell.kind == CellKind::lstm ? gate == 2 : cell.kind != CellKind::vanilla && gate == 1;
    const bool second = cell.kind == CellKind::gru_after && gate > 0;
    return sum_of_warp(partial_dot(p.w_in + row * sizes.inputs, x, sizes.inputs)) + p.b[row] +
           (second ? p.b_rec[row] : T(0)) + (keeps ? T(cell.keep_bias) : T(0));
  }
  __device__ T whole(int gate, std::int64_t n, const T* h, const T* x) const {
    return recurrent(gate, n, h) + driven(gate, n, x);
  }
};

template <class F, class Z, class T>
__device__ void lstm_unit(const Gates<T>& a, std::int64_t n, const Scratch<T>& s) {
  using Math = Lstm<F, Z>;
  const T* h = s.state + s.units;
  const T z = Z::value(a.whole(0, n, h, s.x)), i = logistic(a.whole(1, n, h, s.x));
  const T f = logistic(a.whole(2, n, h, s.x)), o = logistic(a.whole(3, n, h, s.x));
  const T c = Math::next_c(z, i, f, s.state[n]), seen = F::value(c);
  s.next[n] = c;
  s.next[s.units + n] = o * seen;
  const T factors[] = {Math::to_z(z, i),   Math::to_i(z, i), Math::to_f(f, s.state[n]), Math::to_o(o, seen), f,
                       Math::to_c(o, seen)};
  for (int k = 0; k < Scratch<T>::kFactors; ++k) s.factors[k * s.units + n] = factors[k];
}

template <class F, class T>
__device__ void mixing_unit(const Gates<T>& a, std::int64_t n, const Scratch<T>& s) {
  const T *h = s.state, g = logistic(a.whole(1, n, h, s.x));
  T c, to_r = 0, to_p = 0;
  if (a.cell.kind == CellKind::gru_after) {
    const T r = logistic(a.whole(2, n, h, s.x)), p = a.recurrent(0, n, h) + a.p.b_rec[n];
    c = F::value(ResetAfter::candidate(a.driven(0, n, s.x), r, p));
    to_r = Mix<F>::to_c(c, g) * ResetAfter::to_r(r, p);
    to_p = Mix<F>::to_c(c, g) * r;
  } else {
    c = F::value(a.whole(0, n, a.cell.kind == CellKind::gru ? s.masked : h, s.x));
  }
  s.next[n] = Mix<F>::next(c, g, h[n]);
  s.factors[n] = Mix<F>::to_c(c, g);
  s.factors[s.units + n] = Mix<F>::to_g(c, g, h[n]);
  if (a.cell.kind == CellKind::gru_after) s.factors[2 * s.units + n] = to_r;
  s.factors[3 * s.units + n] = to_p;
  s.factors[4 * s.units + n] = g;
}

// Fills s.next and s.factors from s.state and s.x. All threads of the block; barriers at both ends.
template <class F, class T>
__device__ void block_step(const Gates<T>& a, const Scratch<T>& s) {
  constexpr std::int64_t stride = kBlock / kWarp;
  const std::int64_t first = threadIdx.x / kWarp;
  __syncthreads();
  if (a.cell.kind == CellKind::gru) {
    for (std::int64_t n = first; n < s.units; n += stride) {
      const T r = logistic(a.whole(2, n, s.state, s.x));
      s.masked[n] = ResetBefore::masked(r, s.state[n]);
      s.factors[2 * s.units + n] = ResetBefore::to_r(r, s.state[n]);
      s.factors[5 * s.units + n] = r;
    }
    __syncthreads();
  }
  for (std::int64_t n = first; n < s.units; n += stride) {
    if (a.cell.kind == CellKind::vanilla) {
      s.next[n] = Vanilla<F>::next(a.whole(0, n, s.state, s.x));
      s.factors[n] = Vanilla<F>::to_a(s.next[n]);
    } else if (a.cell.kind != CellKind::lstm) {
      mixing_unit<F>(a, n, s);
    } else if (a.cell.sigmoid_candidate) {
      lstm_unit<F, Sigmoid>(a, n, s);
    } else {
      lstm_unit<F, F>(a, n, s);
    }
  }
  __syncthreads();
}

}  // namespace pyrnnsim::cuda
