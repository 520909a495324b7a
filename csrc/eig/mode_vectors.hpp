// Vectors of one matrix from its Hessenberg form and its eigenvalues.
#pragma once
#include "../common/flush_denormals.hpp"
#include "back_transform.hpp"
#include "inverse_iteration.hpp"
#include "modes.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// One matrix between reduction and vectors; kept per lane.
struct Reduced {
  std::int64_t n;       // rows that are not zero
  std::int64_t* units;  // (n,) which ones
  int exponent;
  double *h, *reflectors, *tau, *scale;  // (round_up(n, 4), row_stride(n)), ..., (n,) balancing
  double *re, *im;                       // (n,) as the iteration leaves them
};

// Memory that the matrices of a group use in turn, for sizes up to `largest`.
struct Workspace {
  double *columns, *y, *right, *left, *a, *wide;  // (largest, row_stride(largest)) each
  double *iteration, *factors, *inverse, *small;
  double *re, *im, *magnitude;
  std::int64_t* heads;
};

// One side's vectors of the first `count` eigenvalues, as columns of `y` (n, stride), before scaling.
struct VectorSide {
  bool left;
  std::int64_t count, stride;
  double* y;
};

// Transposed copy of H, or its mirror image for left vectors: H^T with both orders reversed is Hessenberg again.
static void copy_columns(const Reduced& m, bool left, double* columns) {
  const std::int64_t n = m.n, s = row_stride(n);
  clear(columns, n * s);
  if (left) {
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = i > 0 ? i - 1 : 0; j < n; ++j) columns[(n - 1 - i) * s + n - 1 - j] = m.h[i * s + j];
    return;
  }
  constexpr std::int64_t kLine = 8;  // rows at a time, so that whole cache lines are written
  for (std::int64_t first = 0; first < n; first += kLine) {
    const std::int64_t end = first + kLine < n ? first + kLine : n;
    for (std::int64_t j = first > 0 ? first - 1 : 0; j < n; ++j)
      for (std::int64_t i = first, stop = j + 2 < end ? j + 2 : end; i < stop; ++i) columns[j * s + i] = m.h[i * s + j];
  }
}

struct Norms {
  double one;      // largest sum of magnitudes of a row of `columns`
  double longest;  // largest Euclidean norm of a row: at most |A|, and seldom far below it
};

static Norms norms_of(const double* columns, std::int64_t n, std::int64_t stride) {
  constexpr int W = kWidth<double>;
  Norms norms{};
  for (std::int64_t j = 0; j < n; ++j) {
    Vec<double> sums{}, squares{};
    for (std::int64_t i = 0; i < n; i += W) {
      const Vec<double> x = load(columns + j * stride + i);
      sums += absolute(x);
      squares += x * x;
    }
    const double sum = horizontal_sum<double>(sums), square = horizontal_sum<double>(squares);
    norms.one = sum > norms.one ? sum : norms.one;
    norms.longest = square > norms.longest ? square : norms.longest;
  }
  norms.longest = __builtin_sqrt(norms.longest);
  return norms;
}

// Residuals in units of n |A| epsilon: kGood ends the iteration, beyond kBad LAPACK takes over.
inline constexpr double kGood = 3, kBad = 5;
constexpr double allowed_residual(std::int64_t n, double factor) {
  return factor * kRounding * static_cast<double>(n < 6 ? 6 : n);
}

template <bool COMPLEX>
static void iterate_side(const InverseIteration& it, const Workspace& w, const VectorSide& side) {
  constexpr int L = kEigenLanes;
  std::int64_t found[L];
  for (std::int64_t k = 0; k < side.count;) {
    int lanes = 0;
    for (; k < side.count && lanes < L; ++k)
      if (COMPLEX ? w.im[k] > 0 : w.im[k] == 0) found[lanes++] = k;
    if (lanes == 0) return;
    alignas(kVectorBytes) double re[L], im[L], numbers[L];
    for (int l = 0; l < L; ++l) {
      const std::int64_t mode = found[l < lanes ? l : lanes - 1];
      re[l] = w.re[mode];
      im[l] = w.im[mode];
      numbers[l] = static_cast<double>(mode);
    }
    const double *x = nullptr, *y = nullptr;
    inverse_iterate<COMPLEX>(it, re, im, numbers, x, y);
    for (std::int64_t i = 0; i < it.n; ++i) {
      double* row = side.y + (side.left ? it.n - 1 - i : i) * side.stride;
      for (int l = 0; l < lanes; ++l) {
        row[found[l]] = x[i * L + l];
        if (COMPLEX) row[found[l] + 1] = y[i * L + l];
      }
    }
  }
}

// Columns of side.y: vectors of the balanced matrix's inverse scaling undone, right D Q y, left D^-1 Q y.
static void compute_side(const Reduced& m, const Workspace& w, const VectorSide& side) {
  const FlushDenormals flush;
  const std::int64_t n = m.n;
  copy_columns(m, side.left, w.columns);
  for (std::int64_t i = 0; i < n; ++i) clear(side.y + i * side.stride + side.count, side.stride - side.count);
  const Norms norms = norms_of(w.columns, n, row_stride(n));
  const InverseIteration it{w.columns,  n, row_stride(n), norms.one, norms.longest * allowed_residual(n, kGood),
                            w.iteration};
  iterate_side<true>(it, w, side);
  iterate_side<false>(it, w, side);
  back_transform(n, m.reflectors, w.factors, side.y, side.stride, side.count);
  for (std::int64_t i = 0; i < n; ++i) {
    const double f = side.left ? 1 / m.scale[i] : m.scale[i];
    if (f != 1)
      for (std::int64_t k = 0; k < side.count; ++k) side.y[i * side.stride + k] *= f;
  }
}

// Largest element of G - I off the diagonal (2 x 2 for pairs) once rows are scaled.
static double coupling_of(const Modes& modes, const double* g, std::int64_t stride) {
  double most = 0;
  for (std::int64_t k = 0; k < modes.count; ++k) {
    const std::int64_t head = modes.im[k] < 0 ? k - 1 : k, end = head + (modes.im[k] != 0 ? 2 : 1);
    double size = 0;
    for (std::int64_t j = head; j < end; ++j) size += g[k * stride + j] * g[k * stride + j];
    size = __builtin_sqrt(size);
    for (std::int64_t j = 0; j < modes.count; ++j) {
      if (j >= head && j < end) continue;
      const double share = __builtin_fabs(g[k * stride + j]) / size;
      most = share > most || share != share ? share : most;
    }
  }
  return most;
}

// Left rows of the leading modes by an iteration of their own; biorthogonal up to rounding, which near-equal or
// ill-conditioned eigenvalues amplify: then all rows are combined, else, which keeps each a better left vector, only
// the two of a pair.
static bool iterate_left(const Reduced& m, const Workspace& w, const Modes& modes) {
  constexpr double kDecoupled = 1e-11;
  const std::int64_t n = modes.n, p = modes.count, s = modes.right_stride, ls = modes.left_stride;
  compute_side(m, w, {true, p, s, w.y});
  double *rows = w.columns, *g = w.y;  // (p, ls) the left vectors as rows; (p, s) rows times right vectors
  clear(rows, p * ls);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t k = 0; k < p; ++k) rows[k * ls + i] = w.y[i * s + k];
  product(p, p, n, {rows, ls, 1}, modes.right, s, g, s);
  for (std::int64_t k = 0; k < p; ++k)
    for (std::int64_t j = p; j < s; ++j) g[k * s + j] = 0;
  if (coupling_of(modes, g, s) <= kDecoupled)
    for (std::int64_t k = 0; k < p; ++k)
      for (std::int64_t j = 0; j < p; ++j)
        if (j != k && j != (modes.im[k] > 0 ? k + 1 : modes.im[k] < 0 ? k - 1 : k)) g[k * s + j] = 0;
  if (!invert(p, g, s, w.inverse)) return false;
  product(p, n, p, {g, s, 1}, rows, ls, modes.left, ls);
  return true;
}

// Rows with left * right = I for the columns at hand; false when these cannot be told apart.
static bool dual_rows(const Reduced& m, const Workspace& w, const Modes& modes) {
  if (modes.count < modes.n) return iterate_left(m, w, modes);
  const std::int64_t s = modes.left_stride;
  for (std::int64_t i = 0; i < modes.n; ++i) copy(modes.left + i * s, modes.right + i * modes.right_stride, s);
  return invert(modes.n, modes.left, s, w.inverse);
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
