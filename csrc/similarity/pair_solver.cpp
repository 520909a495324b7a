#include "pair_solver.hpp"

#include <algorithm>
#include <numeric>

#include "../common/buffer.hpp"
#include "../common/lapack.hpp"
#include "../common/parallel.hpp"
#include "pair_error.hpp"
#include "projection_weights.hpp"

namespace pyrnnsim {
namespace {

template <class T>
std::int64_t small_side(const PairCore<T>& p) {
  return p.rows_small ? p.rows : p.columns;
}
template <class T>
std::int64_t large_side(const PairCore<T>& p) {
  return p.rows_small ? p.columns : p.rows;
}

using BatchLimit = std::int64_t (*)(std::int64_t, std::int64_t, bool, std::size_t);
using BatchScratch = std::size_t (*)(std::int64_t, std::int64_t, bool, std::size_t);
template <class T>
using SolveBatch = void (*)(const PairBatch<T>&);
using Weigh = void (*)(const ProjectionWeights<double>&);

template <class T>
struct Group {
  std::vector<PairCore<T>> pairs;
  std::int64_t small = 0, large = 0;
};

// Batches of equal small side, large ones first so that the threads end together.
template <class T>
std::vector<Group<T>> make_batches(const std::vector<PairCore<T>>& pairs, bool vectors) {
  std::vector<std::size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return small_side(pairs[a]) > small_side(pairs[b]); });
  const auto limit = PYRNNSIM_CHOSEN(BatchLimit, batch_limit);
  std::vector<Group<T>> batches;
  for (const std::size_t index : order) {
    const PairCore<T>& pair = pairs[index];
    const std::int64_t small = small_side(pair), large = large_side(pair);
    const bool fits = !batches.empty() && batches.back().small == small &&
                      static_cast<std::int64_t>(batches.back().pairs.size()) <
                          limit(small, std::max(large, batches.back().large), vectors, sizeof(T));
    if (!fits) batches.push_back({{}, small, 0});
    batches.back().pairs.push_back(pair);
    batches.back().large = std::max(batches.back().large, large);
  }
  return batches;
}

template <class T>
void run_batches(const std::vector<PairCore<T>>& pairs, const SolveOptions& options) {
  const std::vector<Group<T>> batches = make_batches(pairs, options.vectors);
  std::vector<Buffer> scratch(static_cast<std::size_t>(std::max(1, options.threads)));
  const auto solve = PYRNNSIM_CHOSEN(SolveBatch<T>, solve_batch);
  const auto scratch_bytes = PYRNNSIM_CHOSEN(BatchScratch, batch_scratch_bytes);
  parallel_for(static_cast<std::int64_t>(batches.size()), options.threads, [&](std::int64_t index, int worker) {
    const Group<T>& group = batches[static_cast<std::size_t>(index)];
    void* memory = scratch[static_cast<std::size_t>(worker)].reserve(
        scratch_bytes(group.small, group.large, options.vectors, sizeof(T)));
    const double total_tolerance = options.tolerance * (options.total_is_mean ? static_cast<double>(group.small) : 1.0);
    solve({group.pairs.data(), static_cast<std::int64_t>(group.pairs.size()), group.small, group.large, options.vectors,
           options.norm, options.tolerance, total_tolerance, options.ambiguity, memory});
  });
}

// Weighted mean over canonical correlations on one side; rows of `directions` (rank, count) as projection_weights takes them.
double side_by_lapack(const PairCore<double>& pair, const SolveOptions& options, const double* directions,
                      std::int64_t count, bool rows, const double* rho, bool outside, bool& ambiguous) {
  const std::int32_t first = 0;
  std::vector<double> alpha(static_cast<std::size_t>(count));
  const std::int64_t units = rows ? pair.row_units : pair.column_units;
  const auto weigh = PYRNNSIM_CHOSEN(Weigh, projection_weights);
  weigh({directions, count, rows ? pair.row_loadings : pair.column_loadings, units, &first, alpha.data(), 1, count,
         rows ? pair.rows : pair.columns, units, options.norm});
  double sum = 0, weighted = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    sum += alpha[static_cast<std::size_t>(k)];
    weighted += alpha[static_cast<std::size_t>(k)] * rho[k];
  }
  const double error = weight_error(count, rho, alpha.data(), units, pair.doubt, 0, pair.noise + 4e-16,
                                    options.norm == 1, outside, weighted / sum);
  ambiguous = ambiguous || !(error <= options.ambiguity);
  return weighted / sum;
}

}  // namespace

void solve_pairs(const std::vector<PairCore<float>>& pairs, const SolveOptions& options) {
  run_batches(pairs, options);
}

void solve_pairs(const std::vector<PairCore<double>>& pairs, const SolveOptions& options) {
  std::vector<std::uint8_t> flags(pairs.size(), 0);  // of this call alone
  std::vector<PairCore<double>> local = pairs;
  for (std::size_t i = 0; i < local.size(); ++i) local[i].flags = &flags[i];
  run_batches(local, options);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < local.size(); ++i)
    if (flags[i] & kUnresolved) open.push_back(i);
  parallel_for(static_cast<std::int64_t>(open.size()), options.threads, [&](std::int64_t index, int) {
    const std::size_t i = open[static_cast<std::size_t>(index)];
    flags[i] = kByLapack;
    solve_by_lapack(local[i], options);
  });
  for (std::size_t i = 0; i < local.size(); ++i) *pairs[i].flags |= flags[i];
}

void solve_by_lapack(const PairCore<double>& pair, const SolveOptions& options) {
  // Row-major (rows, columns) is what Fortran calls a (columns, rows) matrix: its left vectors are the columns' side.
  const auto rows = static_cast<std::size_t>(pair.rows), columns = static_cast<std::size_t>(pair.columns);
  const std::size_t n = std::min(rows, columns);
  std::vector<double> a(rows * columns), rho(n), u(options.vectors ? columns * n : 1),
      vt(options.vectors ? n * rows : 1);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) {
      a[r * columns + c] = pair.core[r * static_cast<std::size_t>(pair.stride) + c];
      if (pair.row_scale) a[r * columns + c] *= pair.row_scale[r] * pair.column_scale[c];
    }
  svd(a.data(), static_cast<int>(columns), static_cast<int>(rows), rho.data(), options.vectors ? u.data() : nullptr,
      vt.data());
  for (double& r : rho) r = std::min(r, 1.0);
  if (pair.total) *pair.total = std::accumulate(rho.begin(), rho.end(), 0.0);
  if (!options.vectors) return;
  // Both come as the transpose of what the weighting takes: (n, columns) and, lucky, (rows, n).
  std::vector<double> column_directions(columns * n);
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t c = 0; c < columns; ++c) column_directions[c * n + k] = u[k * columns + c];
  const auto count = static_cast<std::int64_t>(n);
  bool ambiguous = false;
  *pair.row_weighted = side_by_lapack(pair, options, vt.data(), count, true, rho.data(), pair.rows > count, ambiguous);
  *pair.column_weighted = side_by_lapack(pair, options, column_directions.data(), count, false, rho.data(),
                                         pair.columns > count, ambiguous);
  if (ambiguous) *pair.flags |= kAmbiguous;
}

}  // namespace pyrnnsim
