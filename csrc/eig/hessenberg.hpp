// Householder reduction of one matrix to upper Hessenberg form, A = Q H Q^T with Q = P_0 P_1 ... P_{n-3}.
//
// A step's two-sided update, A -= y v^T + v w^T, needs the products of A with its reflector from both sides. The
// updates of two steps are applied in the pass over A in which the step after them forms its products; the step in
// between only reads the matrix and corrects its products. So A is read once per step and written once per two,
// instead of thrice each.
#pragma once
#include "eigen_scratch.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// Reflectors in groups of kGroup: element i of reflector k at [(k / kGroup) * rows + i] * kGroup + k % kGroup.
inline constexpr int kGroup = 4;

struct Hessenberg {
  double* reflectors;  // reflector_doubles(n)
  double* tau;         // (round_up(n, kGroup),) P_k = I - tau_k v_k v_k^T
  double* work;        // hessenberg_doubles(n)
};

constexpr std::int64_t hessenberg_doubles(std::int64_t n) { return 12 * (row_stride(n) + 8); }
constexpr std::int64_t reflector_doubles(std::int64_t n) { return round_up(n, kGroup) * n; }

// Squared norm below which a column counts as reduced: the matrix has size 1.
inline constexpr double kNothing = 1e-290;

// An update A -= y v^T + v w^T.
struct RankTwo {
  double *v, *w, *y;
  double* v_columns;  // v where it stands for columns: zero, as w is, in those that are done
};

// x, zero up to k, and its products with A: A x, and A^T x, which is added to. On the way column k + 1 is picked up:
// one by one its elements are in as many cache lines.
struct Products {
  double *x, *by_rows, *by_columns, *column;
  std::int64_t k;
};

// Applies two updates to four rows from i on and multiplies. Rows above the reflectors (LOWER = false) have neither v
// nor x.
template <bool LOWER>
PYRNNSIM_INLINE void update_and_multiply_rows(double* a, std::int64_t stride, std::int64_t n, std::int64_t i,
                                              std::int64_t from, const RankTwo (&u)[2], const Products& p) {
  constexpr int W = kWidth<double>;
  using V = Vec<double>;
  V y0[4], y1[4], r0[4], r1[4], x[4], dot[4]{};
#pragma GCC unroll 4
  for (int t = 0; t < 4; ++t) {
    y0[t] = broadcast(u[0].y[i + t]);
    y1[t] = broadcast(u[1].y[i + t]);
    r0[t] = broadcast(u[0].v[i + t]);
    r1[t] = broadcast(u[1].v[i + t]);
    x[t] = broadcast(p.x[i + t]);
  }
  double* row = a + i * stride;
  for (std::int64_t j = from; j < n; j += W) {
    const V v0 = load(u[0].v_columns + j), v1 = load(u[1].v_columns + j), w0 = load(u[0].w + j), w1 = load(u[1].w + j);
    const V xj = load(p.x + j);
    V even = LOWER ? load(p.by_columns + j) : V{}, odd{};
#pragma GCC unroll 4
    for (int t = 0; t < 4; ++t) {
      V h = load(row + t * stride + j);
      h -= y0[t] * v0;
      h -= y1[t] * v1;
      if (LOWER) h -= r0[t] * w0;
      if (LOWER) h -= r1[t] * w1;
      store(row + t * stride + j, h);
      dot[t] += h * xj;
      if (LOWER) (t % 2 ? odd : even) += x[t] * h;
    }
    if (LOWER) store(p.by_columns + j, even + odd);
  }
#pragma GCC unroll 4
  for (int t = 0; t < 4; ++t) {
    p.by_rows[i + t] = horizontal_sum<double>(dot[t]);
    p.column[i + t] = row[t * stride + p.k + 1];
  }
}

template <bool LOWER>
PYRNNSIM_INLINE void multiply_rows(const double* a, std::int64_t stride, std::int64_t n, std::int64_t i,
                                   std::int64_t from, const Products& p) {
  constexpr int W = kWidth<double>;
  using V = Vec<double>;
  V x[4], dot[4]{};
#pragma GCC unroll 4
  for (int t = 0; t < 4; ++t) x[t] = broadcast(p.x[i + t]);
  const double* row = a + i * stride;
  for (std::int64_t j = from; j < n; j += W) {
    const V xj = load(p.x + j);
    V even = LOWER ? load(p.by_columns + j) : V{}, odd{};
#pragma GCC unroll 4
    for (int t = 0; t < 4; ++t) {
      const V h = load(row + t * stride + j);
      dot[t] += h * xj;
      if (LOWER) (t % 2 ? odd : even) += x[t] * h;
    }
    if (LOWER) store(p.by_columns + j, even + odd);
  }
#pragma GCC unroll 4
  for (int t = 0; t < 4; ++t) {
    p.by_rows[i + t] = horizontal_sum<double>(dot[t]);
    p.column[i + t] = row[t * stride + p.k + 1];
  }
}

// y^T x for vectors padded with zeros; x is zero before `from`, a multiple of the vector's width.
PYRNNSIM_INLINE double dot_from(std::int64_t from, std::int64_t n, const double* y, const double* x) {
  constexpr int W = kWidth<double>;
  Vec<double> sum{};
  for (std::int64_t i = from; i < n; i += W) sum += load(y + i) * load(x + i);
  return horizontal_sum<double>(sum);
}

// Products with A - y v^T - v w^T from those with A.
static void correct_products(std::int64_t from, std::int64_t n, const RankTwo& u, const Products& p) {
  constexpr int W = kWidth<double>;
  const double v = dot_from(from, n, u.v, p.x), w = dot_from(from, n, u.w, p.x), y = dot_from(from, n, u.y, p.x);
  for (std::int64_t i = 0; i < n; i += W) {
    store(p.by_rows + i, load(p.by_rows + i) - v * load(u.y + i) - w * load(u.v + i));
    store(p.by_columns + i, load(p.by_columns + i) - y * load(u.v_columns + i) - v * load(u.w + i));
  }
}

// The update of step k, whose reflector is I - tau x x^T.
static void make_update(std::int64_t n, double tau, const Products& p, const RankTwo& u) {
  constexpr int W = kWidth<double>;
  const std::int64_t from = (p.k + 1) / W * W;
  const double share = tau * tau * dot_from(from, n, p.by_rows, p.x);
  for (std::int64_t j = 0; j < n; j += W) {
    const Vec<double> x = load(p.x + j);
    store(u.y + j, tau * load(p.by_rows + j));
    store(u.v + j, x);
    store(u.v_columns + j, x);
    store(u.w + j, j < from ? Vec<double>{} : tau * load(p.by_columns + j) - share * x);
  }
  for (std::int64_t j = from; j <= p.k; ++j) u.w[j] = 0;
}

// Brings column k up to date with an update, which is then done with it, though a vector may hold it still.
static void finish_column(std::int64_t n, double* column, std::int64_t k, const RankTwo& u) {
  constexpr int W = kWidth<double>;
  const double vk = u.v_columns[k], wk = u.w[k];
  for (std::int64_t i = 0; i < n; i += W) store(column + i, load(column + i) - vk * load(u.y + i) - wk * load(u.v + i));
  u.v_columns[k] = u.w[k] = 0;
}

// Makes p.x from column k of A, whose part below the subdiagonal becomes zero, and returns tau.
static double make_column_reflector(std::int64_t n, const Products& p) {
  constexpr int W = kWidth<double>;
  const std::int64_t k = p.k, from = (k + 1) / W * W;
  clear(p.x, row_stride(n));
  if (k + 1 >= n) return 0;
  double& head = p.column[k + 1];
  copy(p.x + k + 2, p.column + k + 2, n - k - 2);
  clear(p.column + k + 2, n - k - 2);
  const double squares = dot_from(from, n, p.x, p.x);
  if (squares <= kNothing) {
    clear(p.x, row_stride(n));
    p.x[k + 1] = 1;
    return 0;
  }
  const double norm = __builtin_copysign(__builtin_sqrt(head * head + squares), head), pivot = head + norm;
  for (std::int64_t i = from; i < n; i += W) store(p.x + i, load(p.x + i) / pivot);
  p.x[k + 1] = 1;
  head = -norm;
  return pivot / norm;
}

// All rows: `apply` the updates of the two steps before, or leave the first to wait.
static void pass_over_rows(std::int64_t n, double* a, std::int64_t stride, bool apply, const RankTwo (&updates)[2],
                           const Products& p) {
  constexpr int W = kWidth<double>;
  const std::int64_t from = (p.k + 1) / W * W;
  clear(p.by_columns, row_stride(n));
  for (std::int64_t i = 0; i < n; i += 4) {
    if (apply && i + 3 < p.k - 1)
      update_and_multiply_rows<false>(a, stride, n, i, from, updates, p);
    else if (apply)
      update_and_multiply_rows<true>(a, stride, n, i, from, updates, p);
    else if (i + 3 < p.k + 1)
      multiply_rows<false>(a, stride, n, i, from, p);
    else
      multiply_rows<true>(a, stride, n, i, from, p);
  }
  if (!apply) correct_products(from, n, updates[0], p);
}

// a: (n, stride) with rows n .. round_up(n, 4) - 1 allocated, all padding zero. On return a holds H.
static void reduce_to_hessenberg(std::int64_t n, double* a, std::int64_t stride, const Hessenberg& out) {
  const std::int64_t width = row_stride(n) + 8;
  auto row = [&](std::int64_t i) { return out.work + i * width; };
  const RankTwo updates[2] = {{row(0), row(1), row(2), row(3)}, {row(4), row(5), row(6), row(7)}};
  clear(out.work, 12 * width);
  clear(out.reflectors, reflector_doubles(n));
  clear(out.tau, round_up(n, kGroup));
  double* column = row(11);
  for (std::int64_t i = 0; i < n; ++i) column[i] = a[i * stride];
  for (std::int64_t k = 0; k < n; ++k) {
    const Products p{row(8), row(9), row(10), column, k};
    const bool apply = k % 2 == 0;
    finish_column(n, column, k, updates[0]);
    if (apply) finish_column(n, column, k, updates[1]);
    const double tau = out.tau[k] = make_column_reflector(n, p);
    for (std::int64_t i = 0; i < n; ++i) a[i * stride + k] = column[i];
    if (tau != 0)
      for (std::int64_t i = k + 1; i < n; ++i) out.reflectors[((k / kGroup) * n + i) * kGroup + k % kGroup] = p.x[i];
    if (k + 1 >= n) break;
    pass_over_rows(n, a, stride, apply, updates, p);
    make_update(n, tau, p, updates[k % 2]);
  }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
