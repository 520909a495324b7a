// Modes in real form: an eigenvector x + i y of a conjugate pair is two columns x, y, its left vector two rows p, q with
// l = (p - i q) / 2, so that real rows times real columns are the identity when the complex ones are.
#pragma once
#include "balance.hpp"
#include "eigen_problem.hpp"
#include "inverse.hpp"
#include "qr_lanes.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

struct Modes {
  std::int64_t n, count;
  const double *re, *im;  // (count,) sorted; im > 0: first of a pair, < 0: second
  double* right;          // (n, right_stride)
  std::int64_t right_stride;
  double* left;  // (count, left_stride), or nullptr
  std::int64_t left_stride;
};

// Sorts eigenvalues whose pairs are adjacent, positive imaginary part first; equal magnitudes by real part.
static void sort_eigenvalues(std::int64_t n, const double* re, const double* im, double* sorted_re, double* sorted_im,
                             double* magnitude, std::int64_t* heads) {
  std::int64_t units = 0;
  for (std::int64_t i = 0; i < n; i += im[i] > 0 ? 2 : 1) {
    heads[units++] = i;
    magnitude[i] = __builtin_hypot(re[i], im[i]);
  }
  auto before = [&](std::int64_t a, std::int64_t b) {
    if (magnitude[a] != magnitude[b]) return magnitude[a] > magnitude[b];
    return re[a] != re[b] ? re[a] > re[b] : a < b;
  };
  for (std::int64_t gap = units / 2; gap > 0; gap /= 2)  // Shell's sort: short, and sizes are hundreds
    for (std::int64_t i = gap; i < units; ++i) {
      const std::int64_t held = heads[i];
      std::int64_t j = i;
      for (; j >= gap && before(held, heads[j - gap]); j -= gap) heads[j] = heads[j - gap];
      heads[j] = held;
    }
  std::int64_t at = 0;
  for (std::int64_t u = 0; u < units; ++u)
    for (std::int64_t i = heads[u], end = i + (im[i] > 0 ? 2 : 1); i < end; ++i, ++at) {
      sorted_re[at] = re[i];
      sorted_im[at] = im[i];
    }
}

// Columns of `from` brought to length 1 with their largest element real and positive; `work`: 4 * stride doubles.
static void normalise_columns(const Modes& m, const double* from, double* work) {
  const std::int64_t s = m.right_stride;
  double *squares = work, *peak = work + s, *c = work + 2 * s, *d = work + 3 * s;
  clear(work, 4 * s);
  for (std::int64_t i = 0; i < m.n; ++i) {
    const double* row = from + i * s;
    for (std::int64_t k = 0; k < m.count; ++k) {
      const double x = row[k], y = m.im[k] > 0 ? row[k + 1] : 0, size = x * x + y * y;
      squares[k] += size;
      if (size > peak[k]) {
        peak[k] = size;
        c[k] = x;
        d[k] = y;
      }
    }
  }
  for (std::int64_t k = 0; k < m.count; ++k) {
    const double scale = 1 / (__builtin_sqrt(squares[k]) * __builtin_sqrt(peak[k]));
    c[k] *= scale;
    d[k] *= scale;
  }
  for (std::int64_t i = 0; i < m.n; ++i) {
    const double* row = from + i * s;
    double* out = m.right + i * s;
    for (std::int64_t k = 0; k < m.count; ++k) {
      if (m.im[k] < 0) continue;
      const double x = row[k], y = m.im[k] > 0 ? row[k + 1] : 0;
      out[k] = c[k] * x + d[k] * y;
      if (m.im[k] > 0) out[k + 1] = c[k] * y - d[k] * x;
    }
  }
}

struct Residual {
  double largest;    // max_k |A r_k - lambda_k r_k|
  double frobenius;  // |A|
};

// `image` (n, right_stride) is scratch, `squares` (right_stride,) too.
static Residual residual_of(const Modes& m, const double* a, std::int64_t stride, double* image, double* squares) {
  product(m.n, m.count, m.n, a, stride, m.right, m.right_stride, image, m.right_stride);
  clear(squares, m.right_stride);
  double norm = 0;
  for (std::int64_t i = 0; i < m.n; ++i) {
    const double* r = m.right + i * m.right_stride;
    const double* t = image + i * m.right_stride;
    norm += row_norm(a + i * stride, m.n) * row_norm(a + i * stride, m.n);
    for (std::int64_t k = 0; k < m.count; ++k) {
      const double partner = m.im[k] == 0 ? 0 : m.im[k] > 0 ? r[k + 1] : r[k - 1];
      const double e = t[k] - m.re[k] * r[k] + m.im[k] * partner;
      squares[k] += e * e;
    }
  }
  double worst = 0;
  for (std::int64_t k = 0; k < m.count; ++k) {
    const double e = squares[k] + (m.im[k] > 0 ? squares[k + 1] : m.im[k] < 0 ? squares[k - 1] : 0);
    worst = e > worst || e != e ? e : worst;
  }
  return {__builtin_sqrt(worst), __builtin_sqrt(norm)};
}

static void write_right(const Modes& m, const EigenProblem& p) {
  for (std::int64_t i = 0; i < m.n; ++i) {
    const double* row = m.right + i * m.right_stride;
    double* out = p.right + 2 * i * p.modes;
    for (std::int64_t k = 0; k < p.modes; ++k) {
      out[2 * k] = m.im[k] < 0 ? row[k - 1] : row[k];
      out[2 * k + 1] = m.im[k] == 0 ? 0 : m.im[k] < 0 ? -row[k] : row[k + 1];
    }
  }
}

// Also the conditions: lengths of the left vectors. Returns the largest.
static double write_left(const Modes& m, const EigenProblem& p) {
  double worst = 0;
  for (std::int64_t k = 0; k < p.modes; ++k) {
    const bool pair = m.im[k] != 0;
    const double* x = m.left + (m.im[k] < 0 ? k - 1 : k) * m.left_stride;
    const double* y = pair ? x + m.left_stride : x;
    const double share_x = pair ? 0.5 : 1, share_y = m.im[k] > 0 ? -0.5 : pair ? 0.5 : 0;
    double* out = p.left + 2 * k * m.n;
    double squares = 0;
    for (std::int64_t j = 0; j < m.n; ++j) {
      out[2 * j] = share_x * x[j];
      out[2 * j + 1] = pair ? share_y * y[j] : 0;
    }
    for (std::int64_t j = 0; j < 2 * m.n; ++j) squares += out[j] * out[j];
    p.condition[k] = __builtin_sqrt(squares);
    worst = p.condition[k] > worst || squares != squares ? p.condition[k] : worst;
  }
  return worst;
}

static void write_residual(const EigenProblem& p, const Residual& r) {
  *p.residual = r.frobenius > 0 ? r.largest / r.frobenius : 0;
}

static void write_eigenvalues(const EigenProblem& p, const double* re, const double* im, int exponent) {
  const PowerOfTwo back(-exponent);
  for (std::int64_t k = 0; k < p.n; ++k) {
    p.eigenvalues[2 * k] = re[k] * back.first * back.second;
    p.eigenvalues[2 * k + 1] = im[k] * back.first * back.second;
  }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
