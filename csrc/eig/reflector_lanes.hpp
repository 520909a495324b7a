// Three-element reflectors of the QR iteration on matrices in lanes: element (i, j) of all lanes is one vector.
#pragma once
#include "eigen_scratch.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

inline constexpr int kEigenLanes = kWidth<double>;
inline constexpr int kReflectorDoubles = 5 * kEigenLanes;

// P = I - tau (1, v2, v3)^T (1, v2, v3); tau = v2 = v3 = 0 leaves a lane as it is, bit for bit.
struct ReflectorLanes {
  Vec<double> v2, v3, tau, tau2, tau3;  // tau2 = tau v2, tau3 = tau v3
};

PYRNNSIM_INLINE void store_reflector(double* to, const ReflectorLanes& r) {
  constexpr int W = kEigenLanes;
  store(to, r.v2);
  store(to + W, r.v3);
  store(to + 2 * W, r.tau);
  store(to + 3 * W, r.tau2);
  store(to + 4 * W, r.tau3);
}

PYRNNSIM_INLINE ReflectorLanes load_reflector(const double* from) {
  constexpr int W = kEigenLanes;
  return {load(from), load(from + W), load(from + 2 * W), load(from + 3 * W), load(from + 4 * W)};
}

// One order of operations everywhere, so that an element's bits do not depend on which loop reaches it: every sum has
// one product and fuses in one way only.
PYRNNSIM_INLINE void reflect(const ReflectorLanes& r, Vec<double>& x, Vec<double>& y, Vec<double>& z) {
  Vec<double> s = x + r.v2 * y;
  s = s + r.v3 * z;
  x = x - r.tau * s;
  y = y - r.tau2 * s;
  z = z - r.tau3 * s;
}

// Applies `count` successive reflectors to LINES lines; reflector k acts on elements k, k + 1, k + 2 of each. Two of the
// three stay in registers from one reflector to the next. `step`, `apart`: doubles between elements, between lines.
template <int LINES>
PYRNNSIM_INLINE void reflect_lines(double* p, std::int64_t step, std::int64_t apart, std::int64_t count,
                                   const double* reflectors) {
  Vec<double> x[LINES], y[LINES];
#pragma GCC unroll 4
  for (int l = 0; l < LINES; ++l) {
    x[l] = load(p + l * apart);
    y[l] = load(p + step + l * apart);
  }
  for (std::int64_t k = 0; k < count; ++k, p += step) {
    const ReflectorLanes r = load_reflector(reflectors + k * kReflectorDoubles);
#pragma GCC unroll 4
    for (int l = 0; l < LINES; ++l) {
      Vec<double> z = load(p + 2 * step + l * apart);
      reflect(r, x[l], y[l], z);
      store(p + l * apart, x[l]);
      x[l] = y[l];
      y[l] = z;
    }
  }
#pragma GCC unroll 4
  for (int l = 0; l < LINES; ++l) {
    store(p + l * apart, x[l]);
    store(p + step + l * apart, y[l]);
  }
}

static void reflect_columns(double* p, std::int64_t stride, std::int64_t columns, std::int64_t count,
                            const double* reflectors) {
  constexpr int W = kEigenLanes;
  std::int64_t j = 0;
  for (; j + 4 <= columns; j += 4) reflect_lines<4>(p + j * W, stride * W, W, count, reflectors);
  for (; j < columns; ++j) reflect_lines<1>(p + j * W, stride * W, W, count, reflectors);
}

static void reflect_rows(double* p, std::int64_t stride, std::int64_t rows, std::int64_t count,
                         const double* reflectors) {
  constexpr int W = kEigenLanes;
  std::int64_t i = 0;
  for (; i + 4 <= rows; i += 4) reflect_lines<4>(p + i * stride * W, W, stride * W, count, reflectors);
  for (; i < rows; ++i) reflect_lines<1>(p + i * stride * W, W, stride * W, count, reflectors);
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
