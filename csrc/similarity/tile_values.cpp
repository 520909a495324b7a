#include "tile_values.hpp"

#include <algorithm>

#include "../common/parallel.hpp"
#include "pair_solver.hpp"
#include "weighted_norm.hpp"

namespace pyrnnsim {
namespace {

constexpr double kNearOne = 0.999;

template <class T>
PairCore<T> plain_pair(const PairSlot<T>& slot, std::int64_t rows, std::int64_t columns) {
  PairCore<T> pair{};
  pair.core = slot.core.data;
  pair.stride = slot.core.stride;
  pair.rows = rows;
  pair.columns = columns;
  pair.rows_small = rows <= columns;
  pair.flags = slot.flags;
  return pair;
}

template <class T>
void correlations(const std::vector<PairSlot<T>>& slots, const NetworkSide<T>& left, const NetworkSide<T>& right,
                  const Request& request) {
  const bool weighted = request.measures & kPwcca;
  std::vector<PairCore<T>> pairs;
  for (const PairSlot<T>& slot : slots) {
    PairCore<T> pair = plain_pair(slot, slot.core.rows, slot.core.columns);
    const auto i = static_cast<std::size_t>(slot.left), j = static_cast<std::size_t>(slot.right);
    pair.noise = request.core_noise + left.noise[i] + right.noise[j];
    pair.doubt = left.doubt[i] + right.doubt[j];
    if (weighted) {
      pair.row_loadings = left.loadings[i];
      pair.column_loadings = right.loadings[j];
      pair.row_units = left.units[i];
      pair.column_units = right.units[j];
      pair.row_weighted = slot.values + kWeightedFromLeft;
      pair.column_weighted = slot.values + kWeightedFromRight;
    }
    if (request.measures & kCca) pair.total = slot.values + kMeanCorrelation;
    pairs.push_back(pair);
  }
  solve_pairs(pairs, {weighted, request.norm, request.tolerance, true, request.ambiguity, request.threads});
  if (!(request.measures & kCca)) return;
  for (const PairCore<T>& pair : pairs) *pair.total /= static_cast<double>(std::min(pair.rows, pair.columns));
}

template <class T>
void leading_correlations(const std::vector<PairSlot<T>>& slots, const NetworkSide<T>& left,
                          const NetworkSide<T>& right, const Request& request) {
  std::vector<PairCore<T>> pairs;
  for (const PairSlot<T>& slot : slots) {
    PairCore<T> pair = plain_pair(slot, left.leading[static_cast<std::size_t>(slot.left)],
                                  right.leading[static_cast<std::size_t>(slot.right)]);
    pair.total = slot.values + kMeanLeadingCorrelation;
    pairs.push_back(pair);
  }
  solve_pairs(pairs, {false, 1, request.tolerance, true, request.ambiguity, request.threads});
  for (const PairCore<T>& pair : pairs) *pair.total /= static_cast<double>(std::min(pair.rows, pair.columns));
}

template <class T>
void nuclear_norms(const std::vector<PairSlot<T>>& slots, const NetworkSide<T>& left, const NetworkSide<T>& right,
                   const Request& request) {
  std::vector<PairCore<T>> pairs;
  for (const PairSlot<T>& slot : slots) {
    PairCore<T> pair = plain_pair(slot, slot.core.rows, slot.core.columns);
    pair.row_scale = left.scales[static_cast<std::size_t>(slot.left)];
    pair.column_scale = right.scales[static_cast<std::size_t>(slot.right)];
    pair.total = slot.values + kNuclearNorm;
    pairs.push_back(pair);
  }
  solve_pairs(pairs, {false, 1, request.tolerance, false, request.ambiguity, request.threads});
  if (sizeof(T) == sizeof(double)) return;
  // The angle is asked for in the end: near 1 its derivative turns the rounding of a float core into whole digits.
  for (const PairCore<T>& pair : pairs)
    if (*pair.total > kNearOne) *pair.flags |= kUnresolved;
}

template <class T>
void kernel_alignments(const std::vector<PairSlot<T>>& slots, const NetworkSide<T>& left, const NetworkSide<T>& right,
                       int threads) {
  using Norm = double (*)(const WeightedNorm<T>&);
  const auto norm2 = PYRNNSIM_CHOSEN(Norm, weighted_norm2);
  parallel_for(static_cast<std::int64_t>(slots.size()), threads, [&](std::int64_t index, int) {
    const PairSlot<T>& slot = slots[static_cast<std::size_t>(index)];
    slot.values[kKernelAlignment] =
        norm2({slot.core.data, slot.core.stride, slot.core.rows, slot.core.columns,
               left.scales[static_cast<std::size_t>(slot.left)], right.scales[static_cast<std::size_t>(slot.right)]});
  });
}

}  // namespace

template <class T>
void compute_values(const std::vector<PairSlot<T>>& slots, const NetworkSide<T>& left, const NetworkSide<T>& right,
                    const Request& request) {
  if (request.measures & (kCca | kPwcca)) correlations(slots, left, right, request);
  if (request.measures & kSvcca) leading_correlations(slots, left, right, request);
  if (request.measures & kCka) kernel_alignments(slots, left, right, request.threads);
  if (request.measures & kProcrustes) nuclear_norms(slots, left, right, request);
}

template void compute_values(const std::vector<PairSlot<float>>&, const NetworkSide<float>&, const NetworkSide<float>&,
                             const Request&);
template void compute_values(const std::vector<PairSlot<double>>&, const NetworkSide<double>&,
                             const NetworkSide<double>&, const Request&);

}  // namespace pyrnnsim
