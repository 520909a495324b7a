// tanh and the logistic function on vectors, the elementary functions of cell_math.hpp on the CPU.
//
// float: tanh within 6 units in the last place (3 where it is below 0.9), never above 1; the logistic within 3 units.
// double: both within 1e-15 of the value, relative. NaN goes in, NaN comes out.
#pragma once
#include "../common/simd.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

template <class T>
struct ExpConstants;
template <>
struct ExpConstants<float> {
  static constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  static constexpr float kHigh = 0.693359375f, kLow = -2.12194440e-4f;  // log 2, the first part with trailing zeros
  static constexpr int kFraction = 23, kBias = 127;
};
template <>
struct ExpConstants<double> {
  static constexpr double kRound = 6755399441055744.0;
  static constexpr double kHigh = 6.93147180369123816490e-01, kLow = 1.90821492927058770002e-10;
  static constexpr int kFraction = 52, kBias = 1023;
};

// Horner's rule, highest coefficient first.
template <class T, int COUNT>
PYRNNSIM_INLINE Vec<T> polynomial(Vec<T> x, const T (&coefficients)[COUNT]) {
  Vec<T> sum = broadcast(coefficients[0]);
#pragma GCC unroll 16
  for (int i = 1; i < COUNT; ++i) sum = sum * x + coefficients[i];
  return sum;
}

// exp(r) - 1 for |r| <= log(2) / 2.
PYRNNSIM_INLINE Vec<float> short_expm1(Vec<float> r) {
  constexpr float c[] = {0.00139263f, 0.00836323f, 0.04166655f, 0.16666577f, 0.5f};
  return r + r * r * polynomial(r, c);
}
PYRNNSIM_INLINE Vec<double> short_expm1(Vec<double> r) {  // Taylor: the next term is below 1e-17
  constexpr double c[] = {1 / 6227020800.0, 1 / 479001600.0, 1 / 39916800.0, 1 / 3628800.0, 1 / 362880.0, 1 / 40320.0,
                          1 / 5040.0,       1 / 720.0,       1 / 120.0,      1 / 24.0,      1 / 6.0,      1 / 2.0};
  return r + r * r * polynomial(r, c);
}

template <class T>
PYRNNSIM_INLINE Vec<T> clamped(Vec<T> x, T low, T high) {  // NaN stays: comparisons with it are false
  x = x < low ? broadcast(low) : x;
  return x > high ? broadcast(high) : x;
}

// x = n log 2 + r; power = 2^n, tail = exp(r) - 1. For x whose exponential is a normal number.
template <class T>
struct SplitExp {
  Vec<T> power, tail;
};
template <class T>
PYRNNSIM_INLINE SplitExp<T> split_exp(Vec<T> x) {
  using C = ExpConstants<T>;
  const Vec<T> shifted = x * static_cast<T>(1.44269504088896340736) + C::kRound, n = shifted - C::kRound;
  const Mask<T> bits = (reinterpret_cast<Mask<T>>(shifted) + C::kBias) << C::kFraction;
  return {reinterpret_cast<Vec<T>>(bits), short_expm1(x - n * C::kHigh - n * C::kLow)};
}

PYRNNSIM_INLINE Vec<float> hyperbolic_tangent(Vec<float> x) {
  // x P(x^2) / Q(x^2), minimax in relative error (2.5e-8) on [-9.2, 9.2].
  constexpr float p[] = {1.3000657481265934e-8f, 2.0352295750331393e-5f, 3.4799341405604552e-3f, 0.13367830784647449f,
                         0.99999997496239821f};
  constexpr float q[] = {7.6312707647438281e-7f, 3.2600677203001456e-4f, 2.5817382923991173e-2f, 0.46701142693011445f,
                         1.0f};
  const Vec<float> y = clamped(x, -9.1f, 9.1f), u = y * y;
  return clamped(y * polynomial(u, p) / polynomial(u, q), -1.0f, 1.0f);
}

PYRNNSIM_INLINE Vec<double> hyperbolic_tangent(Vec<double> x) {
  const Vec<double> size = clamped(x < 0.0 ? -x : x, 0.0, 20.0);
  const SplitExp<double> e = split_exp<double>(size + size);
  const Vec<double> less_one = e.power * e.tail + (e.power - 1.0), y = less_one / (less_one + 2.0);
  return x < 0.0 ? -y : y;
}

PYRNNSIM_INLINE Vec<float> logistic(Vec<float> x) {
  const SplitExp<float> e = split_exp<float>(clamped(-x, -87.0f, 87.0f));
  return 1.0f / (1.0f + (e.power + e.power * e.tail));
}
PYRNNSIM_INLINE Vec<double> logistic(Vec<double> x) {
  const SplitExp<double> e = split_exp<double>(clamped(-x, -708.0, 708.0));
  return 1.0 / (1.0 + (e.power + e.power * e.tail));
}

PYRNNSIM_INLINE Vec<float> rectified(Vec<float> x) { return x < 0.0f ? Vec<float>{} : x; }
PYRNNSIM_INLINE Vec<double> rectified(Vec<double> x) { return x < 0.0 ? Vec<double>{} : x; }
PYRNNSIM_INLINE Vec<float> where_positive(Vec<float> x, Vec<float> y) { return x > 0.0f ? y : Vec<float>{}; }
PYRNNSIM_INLINE Vec<double> where_positive(Vec<double> x, Vec<double> y) { return x > 0.0 ? y : Vec<double>{}; }

}  // namespace pyrnnsim::PYRNNSIM_ISA
