// Eigenvectors of one upper Hessenberg matrix by inverse iteration, kEigenLanes eigenvalues at a time, one per lane.
//
// H - lambda is reduced to triangular form by elimination from the right, from its last column to its first, with
// pivoting between the column at hand and its neighbour. A column of the triangular factor is used, by the
// back-substitution that runs in the same pass, the moment it exists, and is then forgotten: the work space is a few
// vectors and not a matrix per eigenvalue. Two columns are eliminated per pass over the rows.
#pragma once
#include "qr_lanes.hpp"

#define PYRNNSIM_METHOD inline __attribute__((always_inline))

namespace pyrnnsim::PYRNNSIM_ISA {

struct InverseIteration {
  const double* columns;  // (n, stride) row j is column j of H
  std::int64_t n, stride;
  double size;    // 1-norm of H: rounding of this size stands for a pivot of zero
  double enough;  // residual |(H - lambda) x| of a vector of length 1 that needs no second iteration
  double* work;   // inverse_iteration_doubles(n)
};

constexpr std::int64_t inverse_iteration_doubles(std::int64_t n) { return 7 * n * kEigenLanes; }

inline constexpr std::int64_t kSmall = 16;  // below it the second iteration costs nothing and gains digits

template <bool COMPLEX>
struct InverseLanes {
  using V = Vec<double>;
  using M = Mask<double>;
  struct Number {
    V re, im;
  };
  // One elimination of the column at hand c and its neighbour h: the pivot is h where `swap`, else c; the next column
  // is the other one minus m times the pivot; z is the solution's element.
  struct Step {
    M swap;
    Number m, z;
  };

  const double* columns;
  std::int64_t n, stride;
  Number shift;
  V tiny;
  double *c_re, *c_im, *x_re, *x_im, *m_re, *m_im, *swaps;

  PYRNNSIM_METHOD InverseLanes(const InverseIteration& it, V re, V im)
      : columns(it.columns), n(it.n), stride(it.stride), shift{re, im}, tiny(broadcast(it.size * kRounding)) {
    const std::int64_t each = n * kEigenLanes;
    c_re = it.work;
    c_im = c_re + each;
    x_re = c_im + each;
    x_im = x_re + each;
    m_re = x_im + each;
    m_im = m_re + each;
    swaps = m_im + each;
  }

  PYRNNSIM_METHOD Number get(const double* re, const double* im, std::int64_t i) const {
    return {load(re + i * kEigenLanes), COMPLEX ? load(im + i * kEigenLanes) : V{}};
  }
  PYRNNSIM_METHOD void put(double* re, double* im, std::int64_t i, Number v) const {
    store(re + i * kEigenLanes, v.re);
    if (COMPLEX) store(im + i * kEigenLanes, v.im);
  }
  static PYRNNSIM_METHOD Number times(Number a, Number b) {
    if (!COMPLEX) return {a.re * b.re, V{}};
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
  static PYRNNSIM_METHOD Number reciprocal(Number a) {
    if (!COMPLEX) return {1.0 / a.re, V{}};
    const V d = 1.0 / (a.re * a.re + a.im * a.im);
    return {a.re * d, -a.im * d};
  }
  static PYRNNSIM_METHOD Number choose(M m, Number yes, Number no) {
    return {select<double>(m, yes.re, no.re), COMPLEX ? select<double>(m, yes.im, no.im) : V{}};
  }
  static PYRNNSIM_METHOD V size_of(Number a) { return COMPLEX ? absolute(a.re) + absolute(a.im) : absolute(a.re); }
  // A pivot of zero stands for an exact eigenvalue: rounding's size in its place gives the vector.
  PYRNNSIM_METHOD Number at_least_tiny(Number p) const { return choose(size_of(p) < tiny, {tiny, V{}}, p); }

  // Eliminates element j of {c, h}: below = h_{j,j-1}, p = c_j; b is element j of the right-hand side.
  PYRNNSIM_METHOD Step eliminate(std::int64_t j, double below, Number p, Number b) const {
    const Number h{broadcast(below), V{}};
    Step s;
    s.swap = absolute(h.re) > size_of(p);
    const Number pivot = at_least_tiny(choose(s.swap, h, p)), inverse = reciprocal(pivot);
    s.m = times(choose(s.swap, p, h), inverse);
    s.z = times(b, inverse);
    put(m_re, m_im, j, s.m);
    store(swaps + j * kEigenLanes, select<double>(s.swap, broadcast(1.0), V{}));
    put(x_re, x_im, j, s.z);
    return s;
  }

  // Moves row i on: h is the neighbour's element; the pivot column, h or c, leaves through the right-hand side x.
  template <bool DIAGONAL>
  PYRNNSIM_METHOD void advance(const Step& s, V h, Number& c, Number& x) const {
    const V pr = select<double>(s.swap, h, c.re), qr = select<double>(s.swap, c.re, h);
    x.re = x.re - s.z.re * pr;
    c.re = qr - s.m.re * pr;
    if constexpr (!COMPLEX) return;
    const V hi = DIAGONAL ? -shift.im : V{};
    const V pi = select<double>(s.swap, hi, c.im), qi = select<double>(s.swap, c.im, hi);
    x.im = x.im - s.z.re * pi;
    x.re = x.re + s.z.im * pi;
    x.im = x.im - s.z.im * pr;
    c.im = qi - s.m.re * pi;
    c.re = c.re + s.m.im * pi;
    c.im = c.im - s.m.im * pr;
  }

  PYRNNSIM_METHOD Number column_at(std::int64_t i) const { return get(c_re, c_im, i); }
  PYRNNSIM_METHOD Number solution_at(std::int64_t i) const { return get(x_re, x_im, i); }

  PYRNNSIM_METHOD void eliminate_all() const {
    const double* last = columns + (n - 1) * stride;
    for (std::int64_t i = 0; i < n; ++i) put(c_re, c_im, i, {broadcast(last[i]), V{}});
    Number corner = column_at(n - 1);
    put(c_re, c_im, n - 1, {corner.re - shift.re, -shift.im});
    std::int64_t j = n - 1;
    for (; j >= 2; j -= 2) eliminate_two(j);
    if (j == 1) {
      const Step s = eliminate(1, columns[1], column_at(1), solution_at(1));
      Number c = column_at(0), x = solution_at(0);
      advance<true>(s, columns[0] - shift.re, c, x);
      put(c_re, c_im, 0, c);
      put(x_re, x_im, 0, x);
    }
    put(x_re, x_im, 0, times(solution_at(0), reciprocal(at_least_tiny(column_at(0)))));
  }

  PYRNNSIM_METHOD void eliminate_two(std::int64_t j) const {
    const double *h1 = columns + (j - 1) * stride, *h2 = h1 - stride;
    const Step first = eliminate(j, h1[j], column_at(j), solution_at(j));
    Number c = column_at(j - 1), x = solution_at(j - 1);
    advance<true>(first, h1[j - 1] - shift.re, c, x);
    const Step second = eliminate(j - 1, h2[j - 1], c, x);
    c = column_at(j - 2);
    x = solution_at(j - 2);
    advance<false>(first, broadcast(h1[j - 2]), c, x);
    advance<true>(second, h2[j - 2] - shift.re, c, x);
    put(c_re, c_im, j - 2, c);
    put(x_re, x_im, j - 2, x);
    for (std::int64_t i = 0; i < j - 2; ++i) {
      c = column_at(i);
      x = solution_at(i);
      advance<false>(first, broadcast(h1[i]), c, x);
      advance<false>(second, broadcast(h2[i]), c, x);
      put(c_re, c_im, i, c);
      put(x_re, x_im, i, x);
    }
  }

  // Undoes the column operations, from the first to the last, and returns the length of the vector.
  PYRNNSIM_METHOD V undo() const {
    Number a = solution_at(0);
    V squares{};
    for (std::int64_t j = 1; j < n; ++j) {
      const Number b = solution_at(j), product = times(get(m_re, m_im, j), a);
      const Number t{b.re - product.re, b.im - product.im};
      const M swap = load(swaps + j * kEigenLanes) > 0.0;
      const Number done = choose(swap, t, a);
      put(x_re, x_im, j - 1, done);
      squares += done.re * done.re;
      if (COMPLEX) squares += done.im * done.im;
      a = choose(swap, a, t);
    }
    put(x_re, x_im, n - 1, a);
    squares += a.re * a.re;
    if (COMPLEX) squares += a.im * a.im;
    return square_root(squares);
  }

  // Brings the vectors to length 1 and says whether in some lane the solution grew less than it must for an eigenvalue.
  PYRNNSIM_METHOD bool normalise(V length, double least_growth) const {
    const V scale = 1.0 / length;
    for (std::int64_t i = 0; i < n; ++i) {
      const Number x = solution_at(i);
      put(x_re, x_im, i, {x.re * scale, x.im * scale});
    }
    return any(~(length > least_growth));
  }
};

// Start vectors in [-1, 1), one of its own for each eigenvalue: of repeated ones, equal starts would give equal vectors.
static void random_start(std::int64_t n, const double* numbers, double* re, double* im) {
  typedef std::uint64_t U __attribute__((vector_size(kVectorBytes)));
  U state;
  for (int l = 0; l < kEigenLanes; ++l)
    state[l] = (static_cast<std::uint64_t>(numbers[l]) + 1) * 0x9e3779b97f4a7c15ull ^ 0x2545f4914f6cdd1dull;
  for (std::int64_t i = -4; i < n; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    if (i < 0) continue;
    const U bits = (state >> 12) | 0x3ff0000000000000ull;
    Vec<double> unit;
    std::memcpy(&unit, &bits, sizeof unit);
    store(re + i * kEigenLanes, 2.0 * unit - 3.0);
    store(im + i * kEigenLanes, Vec<double>{});
  }
}

// The vectors of eigenvalues re + i im, unit length, at solution[i * kEigenLanes + lane]; `numbers` seeds them.
template <bool COMPLEX>
static void inverse_iterate(const InverseIteration& it, const double* re, const double* im, const double* numbers,
                            const double*& solution_re, const double*& solution_im) {
  const InverseLanes<COMPLEX> lanes(it, load(re), load(im));
  random_start(it.n, numbers, lanes.x_re, lanes.x_im);
  double start_length = __builtin_sqrt(static_cast<double>(it.n) / 3);
  for (int pass = 0; pass < 2; ++pass) {
    lanes.eliminate_all();
    const bool again = lanes.normalise(lanes.undo(), start_length / it.enough);
    if (!again && it.n >= kSmall) break;
    start_length = 1;
  }
  solution_re = lanes.x_re;
  solution_im = lanes.x_im;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
