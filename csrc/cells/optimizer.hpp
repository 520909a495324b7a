// The global norm and the update of the parameters.
#pragma once
#include "cell_train.hpp"
#include "packed_weights.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// One array of parameters with its gradient and moments.
template <class T>
struct Tensor {
  T *value, *gradient, *first, *second;
  std::int64_t count;
  bool penalised, trained;
};
inline constexpr int kTensors = 7;

template <class T>
static void list_tensors(const TrainNetwork<T>& a, const Layout<T>& s, const Parameters<T>& gradient,
                         Tensor<T> (&out)[kTensors]) {
  const std::int64_t units = s.gates * s.units, size = s.states * s.units;
  const Parameters<T>&p = a.parameters, &m = a.first, &v = a.second, &g = gradient;
  const bool all = a.options.l2_on_all;
  out[0] = {p.w_rec, g.w_rec, m.w_rec, v.w_rec, units * s.units, true, true};
  out[1] = {p.w_in, g.w_in, m.w_in, v.w_in, units * s.inputs, true, true};
  out[2] = {p.b, g.b, m.b, v.b, units, all, true};
  out[3] = {p.b_rec, g.b_rec, m.b_rec, v.b_rec, s.second_bias ? units : 0, all, true};
  out[4] = {p.w_out, g.w_out, m.w_out, v.w_out, s.outputs * size, true, true};
  out[5] = {p.b_out, g.b_out, m.b_out, v.b_out, s.outputs, all, true};
  out[6] = {p.h0, g.h0, m.h0, v.h0, size, all, a.options.train_h0};
}

template <class T>
static double sum_of_squares(const T* x, std::int64_t count) {
  typedef T Narrow __attribute__((vector_size(kWidth<double> * sizeof(T))));
  Vec<double> sums{};
  std::int64_t i = 0;
  for (; i + kWidth<double> <= count; i += kWidth<double>) {
    Narrow narrow;
    std::memcpy(&narrow, x + i, sizeof narrow);
    const Vec<double> wide = __builtin_convertvector(narrow, Vec<double>);
    sums += wide * wide;
  }
  double sum = horizontal_sum<double>(sums);
  for (; i < count; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

template <class T>
static double global_norm(const Tensor<T> (&tensors)[kTensors]) {
  double sum = 0;
  for (const Tensor<T>& t : tensors)
    if (t.trained) sum += sum_of_squares(t.gradient, t.count);
  return __builtin_sqrt(sum);
}

template <class T>
static void add_penalty(const Tensor<T>& t, T l2) {
  for (std::int64_t i = 0; t.penalised && i < t.count; ++i) t.gradient[i] += l2 * t.value[i];
}

PYRNNSIM_INLINE double rate_at(const TrainOptions& o, std::int64_t iteration) {
  const double progress = static_cast<double>(iteration) / o.decay_steps;
  if (o.decay_kind == Decay::exponential) return o.learning_rate * __builtin_pow(o.decay, progress);
  if (o.decay_kind == Decay::linear) return o.learning_rate * (1 - (1 - o.decay) * (progress < 1 ? progress : 1.0));
  return o.learning_rate;
}

template <class T>
static void update_sgd(const Tensor<T>& t, T scale, T l2, T momentum, T rate) {
  T* __restrict__ w = t.value, * __restrict__ v = t.first;
  const T* __restrict__ g = t.gradient;
  for (std::int64_t i = 0; i < t.count; ++i) {
    v[i] = momentum * v[i] + (scale * g[i] + l2 * w[i]);
    w[i] -= rate * v[i];
  }
}

struct AdamStep {
  double momentum, beta2, epsilon, rate, spread_correction;  // rate / (1 - momentum^k), 1 / (1 - beta2^k)
};

template <class T>
static void update_adam(const Tensor<T>& t, T scale, T l2, const AdamStep& step) {
  T* __restrict__ w = t.value, * __restrict__ m = t.first, * __restrict__ v = t.second;
  const T* __restrict__ gradient = t.gradient;
  const T momentum = static_cast<T>(step.momentum), rest = static_cast<T>(1 - step.momentum);
  const T beta2 = static_cast<T>(step.beta2), rest2 = static_cast<T>(1 - step.beta2);
  const T rate = static_cast<T>(step.rate), correction = static_cast<T>(step.spread_correction);
  const T epsilon = static_cast<T>(step.epsilon);
  for (std::int64_t i = 0; i < t.count; ++i) {
    const T g = scale * gradient[i] + l2 * w[i];
    m[i] = momentum * m[i] + rest * g;
    v[i] = beta2 * v[i] + rest2 * g * g;
    w[i] -= rate * m[i] / (static_cast<T>(__builtin_sqrt(static_cast<double>(v[i] * correction))) + epsilon);
  }
}

// Returns the norm that is compared with `clip`. Parameters change only when it is finite and `apply` says so.
template <class T>
static double update(const TrainOptions& o, const Tensor<T> (&tensors)[kTensors], std::int64_t iteration, bool apply) {
  T l2 = static_cast<T>(o.l2);
  for (const Tensor<T>& t : tensors)
    if (o.clip_after_l2) add_penalty(t, l2);
  if (o.clip_after_l2) l2 = T(0);
  const double norm = global_norm(tensors);
  if (!apply || !__builtin_isfinite(norm)) return norm;
  const T scale = static_cast<T>(norm > o.clip ? o.clip / norm : 1.0);
  const double rate = rate_at(o, iteration), count = static_cast<double>(iteration + 1);
  const AdamStep step{o.momentum, o.beta2, o.epsilon, rate / (1 - __builtin_pow(o.momentum, count)),
                      1 / (1 - __builtin_pow(o.beta2, count))};
  for (const Tensor<T>& t : tensors) {
    if (!t.trained) continue;
    const T penalty = t.penalised ? l2 : T(0);
    if (o.adam)
      update_adam(t, scale, penalty, step);
    else
      update_sgd(t, scale, penalty, static_cast<T>(o.momentum), static_cast<T>(rate));
  }
  return norm;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
