#include "eigen_solver.hpp"

#include <algorithm>
#include <numeric>

#include "../common/buffer.hpp"
#include "../common/parallel.hpp"
#include "eigen_group.hpp"

namespace pyrnnsim {
namespace {

// Beyond this size nothing was measured, and a group of matrices takes hundreds of megabytes.
constexpr std::int64_t kLargest = 768;

std::int64_t rows_in_use(const EigenProblem& p) {
  std::int64_t rows = 0;
  for (std::int64_t i = 0; i < p.n; ++i)
    rows += std::any_of(p.matrix + i * p.n, p.matrix + (i + 1) * p.n, [](double x) { return x != 0; }) ? 1 : 0;
  return rows;
}

// By size of what is to be solved, large ones first: lanes end together, and so do threads.
std::vector<std::int64_t> native_order(const std::vector<EigenProblem>& problems, bool any_size) {
  std::vector<std::int64_t> rows(problems.size()), order;
  for (std::size_t i = 0; i < problems.size(); ++i) {
    rows[i] = rows_in_use(problems[i]);
    if (any_size || problems[i].n <= kLargest) order.push_back(static_cast<std::int64_t>(i));
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return rows[static_cast<std::size_t>(a)] > rows[static_cast<std::size_t>(b)];
  });
  return order;
}

// As many groups as the lanes ask for, rounded up to the threads, so that all of these are at work until the end: what
// a group costs is the same however few lanes are filled, but for the vectors, which are most of it.
std::int64_t count_groups(std::int64_t problems, std::int64_t lanes, std::int64_t threads) {
  const std::int64_t least = (problems + lanes - 1) / lanes, even = (least + threads - 1) / threads * threads;
  return std::min(problems, even);
}

void solve_native(const std::vector<EigenProblem>& problems, const std::vector<std::int64_t>& order, int threads) {
  using Bytes = std::size_t(std::int64_t);
  const std::int64_t lanes = PYRNNSIM_CHOSEN(std::int64_t(), group_lanes)();
  const auto count = static_cast<std::int64_t>(order.size());
  const std::int64_t groups = count_groups(count, lanes, std::max(1, threads));
  std::vector<Buffer> scratch(static_cast<std::size_t>(std::max(1, threads)));
  parallel_for(groups, threads, [&](std::int64_t index, int worker) {
    const std::int64_t begin = index * count / groups, end = (index + 1) * count / groups;
    EigenGroup group{problems.data(), order.data() + begin, end - begin, nullptr};
    std::int64_t largest = 0;
    for (std::int64_t l = 0; l < group.count; ++l)
      largest = std::max(largest, problems[static_cast<std::size_t>(group.order[l])].n);
    const std::size_t bytes = PYRNNSIM_CHOSEN(Bytes, group_scratch_bytes)(largest);
    group.memory = scratch[static_cast<std::size_t>(worker)].reserve(bytes);
    PYRNNSIM_CHOSEN(void(const EigenGroup&), solve_group)(group);
  });
}

}  // namespace

void solve_eigen(const std::vector<EigenProblem>& problems, const EigenOptions& options) {
  std::vector<std::int64_t> open;
  for (const EigenProblem& p : problems) *p.flags = kEigenUnresolved;
  if (options.method != EigenMethod::lapack)
    solve_native(problems, native_order(problems, options.method == EigenMethod::native), options.threads);
  if (options.method == EigenMethod::native) return;
  for (std::size_t i = 0; i < problems.size(); ++i)
    if (*problems[i].flags & kEigenUnresolved) open.push_back(static_cast<std::int64_t>(i));
  parallel_for(static_cast<std::int64_t>(open.size()), options.threads, [&](std::int64_t index, int) {
    solve_eigen_by_lapack(problems[static_cast<std::size_t>(open[static_cast<std::size_t>(index)])]);
  });
}

}  // namespace pyrnnsim
