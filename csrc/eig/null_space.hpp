// Modes of a matrix with rows of zeros, as relu units that are off have them. With these last, A = ((J11, J12), (0, 0)),
// and J11 = R diag(lambda) L gives everything: right vectors (R, 0), left vectors (L, W) with W = diag(1 / lambda) L J12,
// and the vectors of the eigenvalue 0, right (-R W, I) and left (0, I).
#pragma once
#include "mode_vectors.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// An eigenvalue of J11 below this, of a matrix of size 1, may belong to the eigenvalue 0: LAPACK decides.
inline constexpr double kSingular = 1e-12;

// Indices of the zero rows, ascending; returns how many.
static std::int64_t list_off_units(const Reduced& lane, std::int64_t n, std::int64_t* off) {
  std::int64_t count = 0;
  for (std::int64_t i = 0, next = 0; i < n; ++i)
    if (next < lane.n && lane.units[next] == i)
      ++next;
    else
      off[count++] = i;
  return count;
}

// W (modes.count, row_stride(zeros)) in real form: rows p, q of a pair stand for (p - i q) / 2. False: J11 is singular.
static bool divide_by_eigenvalues(const Modes& modes, std::int64_t zeros, double* share) {
  const std::int64_t s = row_stride(zeros);
  for (std::int64_t k = 0; k < modes.count; ++k) {
    const double a = modes.re[k], b = modes.im[k], size = a * a + b * b;
    if (b < 0) continue;
    if (size < kSingular * kSingular) return false;
    double *x = share + k * s, *y = b > 0 ? x + s : x;
    for (std::int64_t j = 0; j < zeros; ++j) {
      const double xj = x[j], yj = y[j];
      x[j] = b > 0 ? (a * xj - b * yj) / size : xj / a;
      if (b > 0) y[j] = (a * yj + b * xj) / size;
    }
  }
  return true;
}

// The right vector -R w + e of one zero row, scaled and signed like all, and its left vector.
static void make_null_vector(const Reduced& lane, const double* image, std::int64_t image_stride, std::int64_t unit,
                             double* column, double* left, std::int64_t stride) {
  double squares = 1, peak = 1;
  for (std::int64_t i = 0; i < lane.n; ++i) {
    const double x = -image[i * image_stride];
    squares += x * x;
    peak = __builtin_fabs(x) > __builtin_fabs(peak) ? x : peak;
  }
  const double length = __builtin_copysign(__builtin_sqrt(squares), peak);
  for (std::int64_t i = 0; i < lane.n; ++i) column[lane.units[i] * stride] = -image[i * image_stride] / length;
  column[unit * stride] = 1 / length;
  left[unit] = length;
}

// `modes` of J11 -> `all` modes of A; those beyond modes.count are of the eigenvalue 0. w.a holds A, and w.a, w.columns,
// w.y are overwritten. False when J11 is singular.
static bool extend_by_null_space(const Reduced& lane, const Workspace& w, const Modes& modes, Modes& all) {
  const std::int64_t n = all.n, m = lane.n, s = row_stride(n), active = modes.count;
  const std::int64_t zeros = list_off_units(lane, n, w.heads), cs = row_stride(zeros);
  clear(all.right, n * s);
  for (std::int64_t i = 0; i < m; ++i)
    copy(all.right + lane.units[i] * s, modes.right + i * modes.right_stride, active);
  if (!modes.left) return true;
  double *coupling = w.columns, *share = w.y;
  clear(coupling, m * cs);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < zeros; ++j) coupling[i * cs + j] = w.a[lane.units[i] * s + w.heads[j]];
  product(active, zeros, m, {modes.left, modes.left_stride, 1}, coupling, cs, share, cs);
  if (!divide_by_eigenvalues(modes, zeros, share)) return false;
  all.left = w.a;
  clear(all.left, all.count * s);
  for (std::int64_t k = 0; k < active; ++k) {
    for (std::int64_t i = 0; i < m; ++i) all.left[k * s + lane.units[i]] = modes.left[k * modes.left_stride + i];
    for (std::int64_t j = 0; j < zeros; ++j) all.left[k * s + w.heads[j]] = share[k * cs + j];
  }
  double* image = w.columns;
  if (all.count > active) product(m, zeros, active, {modes.right, modes.right_stride, 1}, share, cs, image, cs);
  for (std::int64_t k = active; k < all.count; ++k)
    make_null_vector(lane, image + k - active, cs, w.heads[k - active], all.right + k, all.left + k * s, s);
  return true;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
