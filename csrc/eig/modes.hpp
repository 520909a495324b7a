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
  const double *re, *im;  // sorted; im > 0: first of a pair, < 0: second; readable up to whole vectors
  double* right;          // (n, right_stride)
  std::int64_t right_stride;
  double* left;  // (count, left_stride), or nullptr
  std::int64_t left_stride;
};

// The other half of each pair in a row of columns k ...; zero for real ones. Reads one number to either side.
PYRNNSIM_INLINE Vec<double> partners(const double* row, Vec<double> im) {
  return select<double>(im > 0.0, load(row + 1), select<double>(im < 0.0, load(row - 1), Vec<double>{}));
}

// Sorts eigenvalues whose pairs are adjacent, positive imaginary part first; equal magnitudes by real part. Zeros fill
// the last vector.
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
  for (; at < round_up(n, kWidth<double>); ++at) sorted_re[at] = sorted_im[at] = 0;
}

// Columns of `from` brought to length 1 with their largest element real and positive; `work`: 4 * stride doubles.
// Columns beyond m.count must be zero and become so.
static void normalise_columns(const Modes& m, const double* from, double* work) {
  constexpr int W = kWidth<double>;
  const std::int64_t s = m.right_stride, width = round_up(m.count, W);
  double *squares = work, *peak = work + s, *c = work + 2 * s, *d = work + 3 * s;
  clear(work, 4 * s);
  for (std::int64_t i = 0; i < m.n; ++i)
    for (std::int64_t k = 0; k < width; k += W) {
      const Vec<double> x = load(from + i * s + k), y = partners(from + i * s + k, load(m.im + k));
      const Vec<double> size = x * x + y * y, most = load(peak + k);
      const Mask<double> larger = size > most;
      store(squares + k, load(squares + k) + size);
      store(peak + k, select<double>(larger, size, most));
      store(c + k, select<double>(larger, x, load(c + k)));
      store(d + k, select<double>(larger, y, load(d + k)));
    }
  for (std::int64_t k = 0; k < m.count; ++k) {
    if (m.im[k] < 0) {  // what its partner has, exactly
      c[k] = c[k - 1];
      d[k] = -d[k - 1];
      continue;
    }
    const double scale = 1 / (__builtin_sqrt(squares[k]) * __builtin_sqrt(peak[k]));
    c[k] *= scale;
    d[k] *= scale;
  }
  for (std::int64_t i = 0; i < m.n; ++i)
    for (std::int64_t k = 0; k < width; k += W) {
      const Vec<double> x = load(from + i * s + k), y = partners(from + i * s + k, load(m.im + k));
      store(m.right + i * s + k, load(c + k) * x + load(d + k) * y);
    }
  for (std::int64_t i = 0; i < m.n; ++i) clear(m.right + i * s + width, s - width);
}

struct Residual {
  double largest;    // max_k |A r_k - lambda_k r_k|
  double frobenius;  // |A|
};

// `image` (n, right_stride) is scratch, `squares` (right_stride,) too.
static Residual residual_of(const Modes& m, const double* a, std::int64_t stride, double* image, double* squares) {
  constexpr int W = kWidth<double>;
  product(m.n, m.count, m.n, {a, stride, 1}, m.right, m.right_stride, image, m.right_stride);
  clear(squares, m.right_stride);
  double norm = 0;
  for (std::int64_t i = 0; i < m.n; ++i) {
    const double* r = m.right + i * m.right_stride;
    const double* t = image + i * m.right_stride;
    norm += row_squares(a + i * stride, m.n);
    for (std::int64_t k = 0; k < m.count; k += W) {
      const Vec<double> im = load(m.im + k), partner = partners(r + k, im);
      const Vec<double> e = load(t + k) - load(m.re + k) * load(r + k) + im * partner;
      store(squares + k, load(squares + k) + e * e);
    }
  }
  double worst = 0;
  for (std::int64_t k = 0; k < m.count; ++k) {
    const double e = squares[k] + (m.im[k] > 0 ? squares[k + 1] : m.im[k] < 0 ? squares[k - 1] : 0);
    worst = e > worst || e != e ? e : worst;
  }
  return {__builtin_sqrt(worst), __builtin_sqrt(norm)};
}

// Complex numbers from their parts, `count` of them.
PYRNNSIM_INLINE void write_complex(double* out, Vec<double> re, Vec<double> im, std::int64_t count) {
  constexpr int W = kWidth<double>;
  alignas(kVectorBytes) double parts[2][W];
  store(parts[0], re);
  store(parts[1], im);
  if (count >= W) {
#pragma GCC unroll 8
    for (int l = 0; l < W; ++l) {
      out[2 * l] = parts[0][l];
      out[2 * l + 1] = parts[1][l];
    }
    return;
  }
  for (int l = 0; l < count; ++l) {
    out[2 * l] = parts[0][l];
    out[2 * l + 1] = parts[1][l];
  }
}

static void write_right(const Modes& m, const EigenProblem& p) {
  constexpr int W = kWidth<double>;
  for (std::int64_t i = 0; i < m.n; ++i)
    for (std::int64_t k = 0; k < p.modes; k += W) {
      const double* row = m.right + i * m.right_stride + k;
      const Vec<double> im = load(m.im + k), x = load(row), y = partners(row, im);
      const Mask<double> second = im < 0.0;
      write_complex(p.right + 2 * (i * p.modes + k), select<double>(second, y, x), select<double>(second, -x, y),
                    p.modes - k);
    }
}

// Also the conditions: lengths of the left vectors. Returns the largest.
static double write_left(const Modes& m, const EigenProblem& p) {
  constexpr int W = kWidth<double>;
  double worst = 0;
  for (std::int64_t k = 0; k < p.modes; ++k) {
    const bool pair = m.im[k] != 0;
    const double* x = m.left + (m.im[k] < 0 ? k - 1 : k) * m.left_stride;
    const double* y = pair ? x + m.left_stride : x;
    const double share_x = pair ? 0.5 : 1, share_y = m.im[k] > 0 ? -0.5 : pair ? 0.5 : 0;
    for (std::int64_t j = 0; j < m.n; j += W)
      write_complex(p.left + 2 * (k * m.n + j), share_x * load(x + j), share_y * load(y + j), m.n - j);
    const double squares = row_squares(x, m.n) + (pair ? row_squares(y, m.n) : 0);
    p.condition[k] = share_x * __builtin_sqrt(squares);
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
