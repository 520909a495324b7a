#include "back_transform.hpp"
#include "faint_directions.hpp"
#include "pair_batch.hpp"
#include "pair_error.hpp"
#include "projection_weights.hpp"
#include "ql_lanes.hpp"
#include "small_lanes.hpp"
#include "tridiagonal.hpp"
#include "twisted.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

// Hands out parts of one block of memory, each on its own cache line; with no block it only counts.
struct Arena {
  char* base;
  std::size_t used = 0;
  template <class T>
  T* take(std::int64_t count) {
    T* part = base ? reinterpret_cast<T*>(base + used) : nullptr;
    used += (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
    return part;
  }
};

struct Sizes {
  std::int64_t n, large, count, rows, depth, wide;  // rows, depth, wide: n, large padded
  bool vectors, lanes;
  Sizes(std::int64_t small, std::int64_t big, std::int64_t pairs, bool with_vectors)
      : n(small),
        large(big),
        count(pairs),
        rows(round_up(small, kReflectors)),
        depth(round_up(big, kRowPad)),
        wide(round_up(small, kColumnPad)),
        vectors(with_vectors),
        lanes(!with_vectors && small <= kSmall) {}
};

// What is kept of each pair until the batch's eigenvalues are known.
template <class T>
struct Pending {
  T *matrix, *reflectors, *tau;  // (depth, stride), (rows, stride), (rows,): PWCCA only
  double *d, *e;                 // the tridiagonal matrix
};

template <class T>
struct Scratch {
  std::int64_t stride, stride_double;
  double *lane_d, *lane_e, *lane_matrix, *lane_gram;
  double factor[kLanes];
  double *matrix, *gram, *reflectors, *tau, *tridiagonal, *rho, *lambda, *twisted, *alpha, *norm2;
  T *z, *image, *back;
  Pending<T> pending[kLanes];

  std::size_t lay_out(char* base, const Sizes& s) {
    Arena arena{base};
    stride = padded_row<T>(s.n);
    stride_double = padded_row<double>(s.n);
    lane_d = arena.take<double>(s.n * kLanes);
    lane_e = arena.take<double>(s.n * kLanes);
    rho = arena.take<double>(s.wide + kVectorLanes);
    lambda = arena.take<double>(s.wide + kVectorLanes);
    if (s.lanes) {
      const std::int64_t columns = round_up(s.n, 4);
      lane_matrix = arena.take<double>(s.large * columns * kLanes);
      lane_gram = arena.take<double>(columns * columns * kLanes);
      return arena.used;
    }
    matrix = arena.take<double>(s.depth * stride_double);
    gram = arena.take<double>(s.rows * stride_double);
    reflectors = arena.take<double>(s.rows * stride_double);
    tau = arena.take<double>(s.rows);
    tridiagonal = arena.take<double>(2 * s.wide);
    if (s.vectors) {
      twisted = arena.take<double>(3 * s.n * kVectorLanes);
      alpha = arena.take<double>(s.wide);
      norm2 = arena.take<double>(s.wide);
      z = arena.take<T>(s.rows * stride);
      image = arena.take<T>(s.depth * stride);
      back = arena.take<T>(back_transform_scratch(stride, s.rows));
    }
    for (std::int64_t q = 0; q < s.count; ++q) {
      Pending<T>& p = pending[q];
      p.d = arena.take<double>(s.n);
      p.e = arena.take<double>(s.n);
      if (!s.vectors) continue;
      p.matrix = arena.take<T>(s.depth * stride);
      p.reflectors = arena.take<T>(s.rows * stride);
      p.tau = arena.take<T>(s.rows);
    }
    return arena.used;
  }
};

// out (large, stride) = the core with its small side as columns, padding zeroed; blocks of 8 x 8 when it must be turned.
template <class T>
void load_core(const PairCore<T>& pair, const Sizes& s, T* out, std::int64_t stride) {
  const std::int64_t large = pair.rows_small ? pair.columns : pair.rows;
  if (!pair.rows_small) {
    for (std::int64_t p = 0; p < large; ++p)
      for (std::int64_t q = 0; q < s.n; ++q) out[p * stride + q] = pair.core[p * pair.stride + q];
  } else {
    for (std::int64_t q0 = 0; q0 < s.n; q0 += 8)
      for (std::int64_t p0 = 0; p0 < large; p0 += 8) {
        const std::int64_t qs = s.n - q0 < 8 ? s.n - q0 : 8, ps = large - p0 < 8 ? large - p0 : 8;
        for (std::int64_t q = 0; q < qs; ++q)
          for (std::int64_t p = 0; p < ps; ++p)
            out[(p0 + p) * stride + q0 + q] = pair.core[(q0 + q) * pair.stride + p0 + p];
      }
  }
  for (std::int64_t p = 0; p < large; ++p)
    for (std::int64_t q = s.n; q < s.wide; ++q) out[p * stride + q] = 0;
  for (std::int64_t p = large; p < round_up(large, kRowPad); ++p)
    for (std::int64_t q = 0; q < s.wide; ++q) out[p * stride + q] = 0;
}

// Entry (p, q) of M in double, scaled for the nuclear norm.
template <class T>
PYRNNSIM_INLINE double scaled_entry(const PairCore<T>& pair, std::int64_t p, std::int64_t q) {
  const std::int64_t row = pair.rows_small ? q : p, column = pair.rows_small ? p : q;
  double x = pair.core[row * pair.stride + column];
  if (pair.row_scale) x *= pair.row_scale[row] * pair.column_scale[column];
  return x;
}

// Brings every lane's matrix to a largest diagonal entry in [1/4, 1) by an exact power of 4, which the eigenvalues are
// multiplied by afterwards, so that the iteration's absolute thresholds are relative ones (nuclear norms are small).
void scale_lanes(std::int64_t n, double* d, double* e2, double* factor) {
  for (int l = 0; l < kLanes; ++l) {
    double largest = 0;
    for (std::int64_t i = 0; i < n; ++i) largest = d[i * kLanes + l] > largest ? d[i * kLanes + l] : largest;
    factor[l] = 1;
    if (!(largest > 1e-200)) continue;
    while (largest * factor[l] < 0.25) factor[l] *= 4;
    while (largest * factor[l] >= 1) factor[l] *= 0.25;
    for (std::int64_t i = 0; i < n; ++i) {
      d[i * kLanes + l] *= factor[l];
      e2[i * kLanes + l] *= factor[l] * factor[l];
    }
  }
}

// Many small pairs: everything in lanes up to the eigenvalues.
template <class T>
bool eigenvalues_in_lanes(const PairBatch<T>& a, const Sizes& s, Scratch<T>& w) {
  const std::int64_t columns = round_up(s.n, 4);
  for (std::int64_t i = 0; i < s.large * columns * kLanes; ++i) w.lane_matrix[i] = 0;
  for (std::int64_t l = 0; l < a.count; ++l) {
    const PairCore<T>& pair = a.pairs[l];
    const std::int64_t large = pair.rows_small ? pair.columns : pair.rows;
    for (std::int64_t p = 0; p < large; ++p)
      for (std::int64_t q = 0; q < s.n; ++q) w.lane_matrix[(p * columns + q) * kLanes + l] = scaled_entry(pair, p, q);
  }
  lanes_gram(s.large, columns, w.lane_matrix, w.lane_gram);
  lanes_tridiagonal(s.n, columns, w.lane_gram, w.lane_d, w.lane_e);
  scale_lanes(s.n, w.lane_d, w.lane_e, w.factor);
  return ql_eigenvalues(s.n, w.lane_d, w.lane_e);
}

// Gram matrix and tridiagonal form of one pair.
template <class T>
void reduce_pair(const PairCore<T>& pair, const Sizes& s, Scratch<T>& w, Pending<T>& out) {
  const std::int64_t large = pair.rows_small ? pair.columns : pair.rows, stride = w.stride_double;
  if (s.vectors) {
    load_core(pair, s, out.matrix, w.stride);
    for (std::int64_t p = 0; p < large; ++p)
      for (std::int64_t q = 0; q < s.wide; ++q) w.matrix[p * stride + q] = out.matrix[p * w.stride + q];
  } else {
    for (std::int64_t p = 0; p < large; ++p) {
      for (std::int64_t q = 0; q < s.n; ++q) w.matrix[p * stride + q] = scaled_entry(pair, p, q);
      for (std::int64_t q = s.n; q < s.wide; ++q) w.matrix[p * stride + q] = 0;
    }
  }
  scratch_product<double>(round_up(s.n, kRowPad), s.n, large, w.matrix, 1, stride, w.matrix, stride, w.gram, stride,
                          false, true);
  tridiagonalise(s.n, w.gram, stride, {out.d, out.e, w.reflectors, w.tau, w.tridiagonal});
  if (!s.vectors) return;
  for (std::int64_t m = 0; m < s.n; ++m) {
    out.tau[m] = static_cast<T>(w.tau[m]);
    for (std::int64_t q = 0; q < s.wide; ++q)
      out.reflectors[m * w.stride + q] = static_cast<T>(w.reflectors[m * stride + q]);
  }
  for (std::int64_t m = s.n; m < s.rows; ++m) {
    out.tau[m] = 0;
    for (std::int64_t q = 0; q < s.wide; ++q) out.reflectors[m * w.stride + q] = 0;
  }
}

template <class T>
bool eigenvalues_one_by_one(const PairBatch<T>& a, const Sizes& s, Scratch<T>& w) {
  for (std::int64_t l = 0; l < kLanes; ++l) {
    if (l < a.count) reduce_pair(a.pairs[l], s, w, w.pending[l]);
    const Pending<T>& from = w.pending[l < a.count ? l : 0];
    for (std::int64_t i = 0; i < s.n; ++i) {
      w.lane_d[i * kLanes + l] = from.d[i];
      w.lane_e[i * kLanes + l] = i + 1 < s.n ? from.e[i + 1] * from.e[i + 1] : 0;
    }
  }
  scale_lanes(s.n, w.lane_d, w.lane_e, w.factor);
  return ql_eigenvalues(s.n, w.lane_d, w.lane_e);
}

// Ascending; Shell's sort, for it needs no library and n is small.
void sort(double* x, std::int64_t n) {
  for (const std::int64_t gap : {701, 301, 132, 57, 23, 10, 4, 1})
    for (std::int64_t i = gap; i < n; ++i) {
      const double value = x[i];
      std::int64_t j = i;
      for (; j >= gap && x[j - gap] > value; j -= gap) x[j] = x[j - gap];
      x[j] = value;
    }
}

// lambda ascending (padded with its last entry for the vector lanes), rho = sqrt(lambda) within [0, 1].
template <class T>
void collect_eigenvalues(const Sizes& s, std::int64_t lane, Scratch<T>& w) {
  for (std::int64_t i = 0; i < s.n; ++i) w.lambda[i] = w.lane_d[i * kLanes + lane] / w.factor[lane];
  sort(w.lambda, s.n);
  for (std::int64_t i = 0; i < s.n; ++i) {
    const double clipped = w.lambda[i] < 0 ? 0 : w.lambda[i] > 1 ? 1 : w.lambda[i];
    w.rho[i] = __builtin_sqrt(clipped);
  }
  for (std::int64_t i = s.n; i < s.wide + kVectorLanes; ++i) w.lambda[i] = w.lambda[s.n - 1];
}

struct Side {
  double similarity, error, doubt;  // estimated errors: from rounding here, from the rounding of the input
};

// alpha and the weighted mean on one side; directions (rank, stride), their norms squared or null when they are 1.
template <class T>
Side weighted_mean(const PairBatch<T>& a, const Scratch<T>& w, const PairCore<T>& pair, const T* directions,
                   const T* loadings, std::int64_t rank, std::int64_t units, const double* norm2, bool outside) {
  const std::int32_t first = 0;
  projection_weights(
      ProjectionWeights<T>{directions, w.stride, loadings, units, &first, w.alpha, 1, a.small, rank, units, a.norm});
  double sum = 0, weighted = 0;
  for (std::int64_t k = 0; k < a.small; ++k) {
    if (norm2) {  // the computed length, not rho: rounding made them differ
      const double length2 = norm2[k] > 1e-60 ? norm2[k] : 1e-60;
      w.alpha[k] /= a.norm == 1 ? __builtin_sqrt(length2) : length2;
    }
    sum += w.alpha[k];
    weighted += w.alpha[k] * w.rho[k];
  }
  const double similarity = weighted / sum;
  const double error =
      weight_error(a.small, w.rho, w.alpha, units, pair.noise, kEigenvalueError, 0, true, outside, similarity);
  const double doubt =
      weight_error(a.small, w.rho, w.alpha, units, pair.doubt, 0, pair.noise + 4e-16, a.norm == 1, outside, similarity);
  return {similarity, error, doubt};
}

template <class T>
void weigh_pair(const PairBatch<T>& a, const Sizes& s, const PairCore<T>& pair, const Pending<T>& kept, Scratch<T>& w) {
  const std::int64_t large = pair.rows_small ? pair.columns : pair.rows;
  twisted_vectors<T>(s.n, kept.d, kept.e, w.lambda, w.z, w.stride, w.twisted);
  for (std::int64_t i = s.n; i < s.rows; ++i)
    for (std::int64_t q = 0; q < s.wide; ++q) w.z[i * w.stride + q] = 0;
  back_transform<T>(s.n, kept.reflectors, kept.tau, w.z, w.stride, w.back);
  scratch_product<T>(round_up(large, kRowPad), s.n, s.n, kept.matrix, w.stride, 1, w.z, w.stride, w.image, w.stride,
                     false);
  for (std::int64_t k = 0; k < s.wide; ++k) w.norm2[k] = 0;
  for (std::int64_t p = 0; p < large; ++p)
    for (std::int64_t k = 0; k < s.wide; ++k) {
      const double x = w.image[p * w.stride + k];
      w.norm2[k] += x * x;
    }
  const bool rows = pair.rows_small, wider = large > s.n;
  if (!wider && !restore_faint(s.n, w.stride, w.rho, w.image, w.norm2, w.alpha)) *pair.flags |= kUnresolved;
  const Side small = weighted_mean(a, w, pair, w.z, rows ? pair.row_loadings : pair.column_loadings, s.n,
                                   rows ? pair.row_units : pair.column_units, nullptr, false);
  const Side other = weighted_mean(a, w, pair, w.image, rows ? pair.column_loadings : pair.row_loadings, large,
                                   rows ? pair.column_units : pair.row_units, w.norm2, wider);
  *pair.row_weighted = rows ? small.similarity : other.similarity;
  *pair.column_weighted = rows ? other.similarity : small.similarity;
  // Written so that a NaN, from vectors that ties made collapse, counts as unresolved too.
  if (!(small.error <= a.tolerance && other.error <= a.tolerance)) *pair.flags |= kUnresolved;
  if (small.doubt > a.ambiguity || other.doubt > a.ambiguity) *pair.flags |= kAmbiguous;
}

template <class T>
void solve(const PairBatch<T>& a) {
  const Sizes s(a.small, a.large, a.count, a.vectors);
  Scratch<T> w;
  w.lay_out(static_cast<char*>(a.scratch), s);
  const bool converged = s.lanes ? eigenvalues_in_lanes(a, s, w) : eigenvalues_one_by_one(a, s, w);
  for (std::int64_t l = 0; l < a.count; ++l) {
    const PairCore<T>& pair = a.pairs[l];
    collect_eigenvalues(s, l, w);
    if (pair.total) {
      double sum = 0;
      for (std::int64_t k = 0; k < s.n; ++k) sum += w.rho[k];
      *pair.total = sum;
      if (!converged || !(total_error(s.n, w.rho) <= a.total_tolerance)) *pair.flags |= kUnresolved;
    }
    if (a.vectors) weigh_pair(a, s, pair, w.pending[l], w);
  }
}

}  // namespace

std::size_t batch_scratch_bytes(std::int64_t small, std::int64_t large, bool vectors, std::size_t element) {
  const Sizes s(small, large, batch_limit(small, large, vectors, element), vectors);
  if (element == sizeof(float)) return Scratch<float>().lay_out(nullptr, s);
  return Scratch<double>().lay_out(nullptr, s);
}

std::int64_t batch_limit(std::int64_t small, std::int64_t large, bool vectors, std::size_t element) {
  const double kept = vectors ? static_cast<double>(small + 64) * (small + large + 64) * element : 1.0;
  const double pairs = 1.28e8 / kept;
  return pairs > kLanes ? kLanes : pairs < 1 ? 1 : static_cast<std::int64_t>(pairs);
}

void solve_batch(const PairBatch<float>& a) { solve(a); }
void solve_batch(const PairBatch<double>& a) { solve(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
