// Householder reduction of one matrix to upper Hessenberg form, A = Q H Q^T with Q = P_0 P_1 ... P_{n-3}.
//
// A step's two-sided update, A -= y v^T + v w^T, is applied in the pass over A in which the next step multiplies by its
// reflector from both sides: the matrix is read and written once per step instead of three times.
#pragma once
#include "eigen_scratch.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// Reflectors in groups of kGroup: element i of reflector k at [(k / kGroup) * rows + i] * kGroup + k % kGroup.
inline constexpr int kGroup = 4;

struct Hessenberg {
  double* reflectors;  // reflector_doubles(n)
  double* tau;         // (round_up(n, kGroup),) P_k = I - tau_k v_k v_k^T
  double* work;        // 7 * (row_stride(n) + 8)
};

constexpr std::int64_t reflector_doubles(std::int64_t n) { return round_up(n, kGroup) * n; }

// Squared norm below which a column counts as reduced: the matrix has size 1.
inline constexpr double kNothing = 1e-290;

// Makes v (zero up to k) from column k of A, whose part below the subdiagonal becomes zero; returns tau.
static double make_column_reflector(double* a, std::int64_t stride, std::int64_t n, std::int64_t k, double* v) {
  double squares = 0;
  for (std::int64_t i = k + 2; i < n; ++i) squares += a[i * stride + k] * a[i * stride + k];
  if (k + 1 >= n) return 0;
  v[k + 1] = 1;
  double& head = a[(k + 1) * stride + k];
  if (squares <= kNothing) {
    for (std::int64_t i = k + 2; i < n; ++i) a[i * stride + k] = 0;
    return 0;
  }
  const double norm = __builtin_copysign(__builtin_sqrt(head * head + squares), head), pivot = head + norm;
  for (std::int64_t i = k + 2; i < n; ++i) {
    v[i] = a[i * stride + k] / pivot;
    a[i * stride + k] = 0;
  }
  head = -norm;
  return pivot / norm;
}

struct Pending {
  const double *v, *w, *y;  // the update A -= y v^T + v w^T that is still to be applied
  const double* v_columns;  // v where it stands for columns: zero in those that are done
  const double* next_v;
  double *next_w, *next_y;  // A^T next_v (added to) and A next_v of the updated A
};

// Four rows from i on. Rows above the reflectors (LOWER = false) have neither the v w^T term nor a share in next_w.
template <bool LOWER>
PYRNNSIM_INLINE void update_and_multiply_rows(double* a, std::int64_t stride, std::int64_t n, std::int64_t i,
                                              std::int64_t from, const Pending& p) {
  constexpr int W = kWidth<double>;
  using V = Vec<double>;
  V y[4], v[4], x[4], dot[4];
#pragma GCC unroll 4
  for (int t = 0; t < 4; ++t) {
    y[t] = broadcast(p.y[i + t]);
    v[t] = broadcast(p.v[i + t]);
    x[t] = broadcast(p.next_v[i + t]);
    dot[t] = V{};
  }
  double* row = a + i * stride;
  for (std::int64_t j = from; j < n; j += W) {
    const V vj = load(p.v_columns + j), wj = load(p.w + j), xj = load(p.next_v + j);
    V even = LOWER ? load(p.next_w + j) : V{}, odd{};
#pragma GCC unroll 4
    for (int t = 0; t < 4; ++t) {
      V h = load(row + t * stride + j);
      h -= y[t] * vj;
      if (LOWER) h -= v[t] * wj;
      store(row + t * stride + j, h);
      dot[t] += h * xj;
      if (LOWER) (t % 2 ? odd : even) += x[t] * h;
    }
    if (LOWER) store(p.next_w + j, even + odd);
  }
#pragma GCC unroll 4
  for (int t = 0; t < 4; ++t) p.next_y[i + t] = horizontal_sum<double>(dot[t]);
}

// a: (n, stride) with rows n .. round_up(n, 4) - 1 allocated, all padding zero. On return a holds H.
static void reduce_to_hessenberg(std::int64_t n, double* a, std::int64_t stride, const Hessenberg& out) {
  constexpr int W = kWidth<double>;
  const std::int64_t width = row_stride(n) + 8;
  double *v = out.work, *w = v + width, *y = w + width, *next_v = y + width, *next_w = next_v + width,
         *next_y = next_w + width, *v_columns = next_y + width;
  clear(out.work, 7 * width);
  clear(out.reflectors, reflector_doubles(n));
  clear(out.tau, round_up(n, kGroup));
  for (std::int64_t k = 0; k < n; ++k) {
    const double vk = v[k], wk = w[k];
    for (std::int64_t i = 0; i < n; ++i) a[i * stride + k] -= y[i] * vk + v[i] * wk;
    clear(next_v, width);
    const double tau = make_column_reflector(a, stride, n, k, next_v);
    out.tau[k] = tau;
    if (tau != 0)
      for (std::int64_t i = k + 1; i < n; ++i) out.reflectors[((k / kGroup) * n + i) * kGroup + k % kGroup] = next_v[i];
    clear(next_w, width);
    v_columns[k] = w[k] = 0;  // a vector may hold columns that are done
    const std::int64_t from = (k + 1) / W * W;
    for (std::int64_t i = 0; i < n; i += 4) {
      const Pending p{v, w, y, v_columns, next_v, next_w, next_y};
      if (i + 3 < k)
        update_and_multiply_rows<false>(a, stride, n, i, from, p);
      else
        update_and_multiply_rows<true>(a, stride, n, i, from, p);
    }
    double projection = 0;
    for (std::int64_t i = k + 1; i < n; ++i) projection += next_v[i] * next_y[i];
    for (std::int64_t j = 0; j < n; ++j) {
      w[j] = j > k ? tau * next_w[j] - tau * tau * projection * next_v[j] : 0;
      y[j] = tau * next_y[j];
      v[j] = v_columns[j] = next_v[j];
    }
  }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
