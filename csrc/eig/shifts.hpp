// Scalar parts of the QR iteration, one matrix at a time: shifts, and the eigenvalues of a 2 x 2 block.
#pragma once
#include "eigen_scratch.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// Eigenvalues of ((a, b), (c, d)): conjugates are exact, the positive imaginary part comes first.
PYRNNSIM_INLINE void eigenvalues_of_two(double a, double b, double c, double d, double* re, double* im) {
  const double p = 0.5 * (a - d), product = b * c, q = p * p + product;
  if (q < 0) {
    re[0] = re[1] = d + p;
    im[0] = __builtin_sqrt(-q);
    im[1] = -im[0];
    return;
  }
  const double z = p + __builtin_copysign(__builtin_sqrt(q), p);
  re[0] = z == 0 ? a : d + z;
  re[1] = z == 0 ? d : d - product / z;
  im[0] = im[1] = 0;
}

// Trailing block of a window and what starts a sweep at its top.
struct ShiftWindow {
  double block[4];   // ((h_{m-1,m-1}, h_{m-1,m}), (h_{m,m-1}, h_mm)), m the last row
  double before;     // h_{m-1,m-2}
  double head[4];    // ((h_ll, h_{l,l+1}), (h_{l+1,l}, h_{l+1,l+1})), l the first row
  double head_next;  // h_{l+2,l+1}
};

// First column of (H - s1)(H - s2), scaled, with the eigenvalues of the trailing block as shifts, the closer one twice
// if they are real, or exceptional ones (`exceptional`) when the iteration makes no progress.
PYRNNSIM_INLINE void start_vector(const ShiftWindow& w, bool exceptional, double* xyz) {
  double y = w.block[0], x = w.block[3], product = w.block[1] * w.block[2];
  if (exceptional) {
    const double s = __builtin_fabs(w.block[2]) + __builtin_fabs(w.before);
    x = y = 0.75 * s + x;
    product = -0.4375 * s * s;
  }
  const double a = w.head[0], b = w.head[1], c = w.head[2], d = w.head[3];
  const double p = 0.5 * (y - x), q = p * p + product;
  if (q >= 0) {
    const double z = p + __builtin_copysign(__builtin_sqrt(q), p);
    const double one = x + z, other = z != 0 ? x - product / z : x;
    const double r = __builtin_fabs(one - x) < __builtin_fabs(other - x) ? one : other;
    const double scale = 1 / (__builtin_fabs(a - r) + __builtin_fabs(c) + 1e-300);
    xyz[0] = (a - r) * ((a - r) * scale) + b * (c * scale);
    xyz[1] = (c * scale) * (a + d - 2 * r);
    xyz[2] = (c * scale) * w.head_next;
  } else {
    const double scale = 1 / (__builtin_fabs(a) + __builtin_fabs(d) + __builtin_fabs(c) + 1e-300);
    xyz[0] = ((a - x) * (a - y) - product) * scale + b * (c * scale);
    xyz[1] = (c * scale) * (a + d - x - y);
    xyz[2] = (c * scale) * w.head_next;
  }
  const double size = __builtin_fabs(xyz[0]) + __builtin_fabs(xyz[1]) + __builtin_fabs(xyz[2]);
  if (size > 0)
    for (int i = 0; i < 3; ++i) xyz[i] /= size;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
