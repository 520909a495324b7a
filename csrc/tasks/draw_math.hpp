// From random words to uniform and normal numbers, and the sine: the same bits wherever they are computed.
//
// Only operations that IEEE 754 rounds correctly (+ - * / sqrt), in the order written here, and integer arithmetic; no
// library functions, whose last bits differ between systems. Host sources that include this are compiled with
// -ffp-contract=off, and the device intrinsics below are never contracted either. Nothing branches on a draw, so loops
// over draws become vectors. tests/reference/tasks.py is the same in NumPy.
#pragma once
#include <cstdint>
#include <cstring>

#include "../common/host_device.hpp"

namespace pyrnnsim {

#if defined(__CUDA_ARCH__)
PYRNNSIM_HOST_DEVICE double add(double a, double b) { return __dadd_rn(a, b); }
PYRNNSIM_HOST_DEVICE double multiply(double a, double b) { return __dmul_rn(a, b); }
PYRNNSIM_HOST_DEVICE double square_root_of(double a) { return __dsqrt_rn(a); }
#else
PYRNNSIM_HOST_DEVICE double add(double a, double b) { return a + b; }
PYRNNSIM_HOST_DEVICE double multiply(double a, double b) { return a * b; }
PYRNNSIM_HOST_DEVICE double square_root_of(double a) { return __builtin_sqrt(a); }
#endif

PYRNNSIM_HOST_DEVICE std::uint64_t bits_of(double x) {
  std::uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
PYRNNSIM_HOST_DEVICE double double_of(std::uint64_t bits) {
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// The 2^52 doubles from 2^52 on are the integers: their low bits are the integer.
inline constexpr std::uint64_t kTwo52Bits = 0x4330000000000000;
inline constexpr double kTwo52 = 4503599627370496.0;

// Uniform on (0, 1): the centres of 2^32 equal intervals.
PYRNNSIM_HOST_DEVICE double uniform(std::uint32_t word) {
  const double integer = double_of(kTwo52Bits | word) - kTwo52;  // vectors lack the conversion on some machines
  return multiply(add(integer, 0.5), 0x1p-32);
}

// Uniform on {0, ..., count - 1}; a value's probability is off by at most 2^-32.
PYRNNSIM_HOST_DEVICE std::uint32_t below(std::uint32_t word, std::uint32_t count) {
  return static_cast<std::uint32_t>((std::uint64_t{word} * count) >> 32);
}

// Horner's scheme, highest power first.
template <int n>
PYRNNSIM_HOST_DEVICE double polynomial(const double (&coefficient)[n], double x) {
  double sum = coefficient[0];
  PYRNNSIM_UNROLL
  for (int i = 1; i < n; ++i) sum = add(multiply(sum, x), coefficient[i]);
  return sum;
}

// Natural logarithm of a positive normal number, relative error below 1e-15: x = 2^k m with m in [sqrt(1/2), sqrt(2)),
// log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.172.
PYRNNSIM_HOST_DEVICE double logarithm(double x) {
  constexpr double kSeries[] = {1. / 19, 1. / 17, 1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3, 1.};
  constexpr std::uint64_t kRootHalf = 0x3FE6A09E667F3BCD, kOne = 0x3FF0000000000000;
  // Biased by 1023, k + 1023 is positive and comes out of a logical shift.
  const std::uint64_t biased = (bits_of(x) - kRootHalf + kOne) >> 52;
  const double mantissa = double_of(bits_of(x) - (biased << 52) + kOne);
  const double exponent = double_of(kTwo52Bits | biased) - (kTwo52 + 1023.0);
  const double s = add(mantissa, -1.0) / add(mantissa, 1.0);
  const double series = multiply(polynomial(kSeries, multiply(s, s)), add(s, s));
  return add(multiply(exponent, 0.6931471805599453), series);
}

struct SineCosine {
  double sine, cosine;
};

// sin and cos of 2 pi x for |x| < 2^40, absolute error below 4e-16 + 2 pi |x| 2^-53: x = quarter / 4 + rest, |rest| <=
// 1/8, then Taylor series.
PYRNNSIM_HOST_DEVICE SineCosine sine_cosine_turns(double x) {
  constexpr double kSine[] = {-1. / 1307674368000, 1. / 6227020800, -1. / 39916800, 1. / 362880,
                              -1. / 5040,          1. / 120,        -1. / 6,        1.};
  constexpr double kCosine[] = {1. / 20922789888000,
                                -1. / 87178291200,
                                1. / 479001600,
                                -1. / 3628800,
                                1. / 40320,
                                -1. / 720,
                                1. / 24,
                                -1. / 2,
                                1.};
  constexpr double kRound = 1.5 * kTwo52;  // adding it rounds to the nearest integer, also below 0
  const double shifted = add(multiply(x, 4.0), kRound);
  const std::uint64_t quarter = bits_of(shifted);  // its two low bits count
  const double rest = add(x, -multiply(add(shifted, -kRound), 0.25));
  const double angle = multiply(rest, 6.283185307179586), square = multiply(angle, angle);
  const double s = multiply(polynomial(kSine, square), angle), c = polynomial(kCosine, square);
  const std::uint64_t odd = 0 - (quarter & 1), swapped = (bits_of(s) ^ bits_of(c)) & odd;
  const std::uint64_t sine_sign = (quarter & 2) << 62, cosine_sign = ((quarter + 1) & 2) << 62;
  return {double_of(bits_of(s) ^ swapped ^ sine_sign), double_of(bits_of(c) ^ swapped ^ cosine_sign)};
}

struct NormalPair {
  double first, second;
};

// Two independent standard normal numbers (Box & Muller 1958), at most 6.8 in magnitude: 32 bits reach no further.
PYRNNSIM_HOST_DEVICE NormalPair normal_pair(std::uint32_t radius_word, std::uint32_t angle_word) {
  const double radius = square_root_of(multiply(logarithm(uniform(radius_word)), -2.0));
  const SineCosine direction = sine_cosine_turns(uniform(angle_word));
  return {multiply(radius, direction.cosine), multiply(radius, direction.sine)};
}

}  // namespace pyrnnsim
