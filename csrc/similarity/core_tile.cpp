#include "core_tile.hpp"

#include <algorithm>

#include "../common/parallel.hpp"

namespace pyrnnsim {
namespace {

template <class T>
using WidthFunction = PanelWidths (*)(T);
template <class T>
using StackFunction = void (*)(const StackQuarters<T>&);
template <class T>
using ScratchFunction = std::size_t (*)(std::int64_t, std::int64_t, T);
template <class T>
using ProductFunction = void (*)(const PartialProduct<T>&);
template <class T>
using CombineFunction = void (*)(const Combination<T>&);

template <class T>
PanelWidths widths() {
  return PYRNNSIM_CHOSEN(WidthFunction<T>, panel_widths)(T{});
}

std::int64_t panels_of(std::int64_t columns, std::int64_t width) { return (columns + width - 1) / width; }

// Stacked columns of a task, in rows and columns of the product: many, for the sums of quarters are formed anew in every
// task; fewer rows when there are more threads than products.
constexpr std::int64_t kTaskColumns = 768, kManyThreads = 8;
// Behind each product: vectors are loaded beyond its end, and products a power of two apart would share few cache sets.
constexpr std::int64_t kSlack = 80;

}  // namespace

template <class T>
void CoreTile<T>::Side::start(std::vector<std::int64_t> given) {
  ranks = std::move(given);
  columns.assign(ranks.size() + 1, 0);
  offsets.assign(ranks.size() + 1, 0);
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    columns[i + 1] = columns[i] + ranks[i];
    offsets[i + 1] = offsets[i] + quarter(ranks[i]);
  }
}

template <class T>
const T* CoreTile<T>::Side::stack(const SampleChunk<T>& chunk, std::int64_t samples, int threads) {
  T* data = quarters.template reserve_array<T>(
      static_cast<std::size_t>(kQuarters * padded_samples(samples) * offsets.back()));
  const auto run = PYRNNSIM_CHOSEN(StackFunction<T>, stack_quarters);
  parallel_for(networks(), threads, [&](std::int64_t index, int) {
    const auto i = static_cast<std::size_t>(index);
    run({chunk.bases[i], chunk.strides[i], ranks[i], samples, offsets[i], offsets.back(), data});
  });
  return data;
}

template <class T>
void CoreTile<T>::start(std::vector<std::int64_t> left_ranks, std::vector<std::int64_t> right_ranks, bool triangular) {
  const PanelWidths width = widths<T>();
  left_.start(std::move(left_ranks));
  right_.start(std::move(right_ranks));
  triangular_ = triangular;
  begun_ = finished_ = false;
  row_panels_ = panels_of(left_.offsets.back(), width.left);
  column_panels_ = panels_of(right_.offsets.back(), width.right);
  stride_ = column_panels_ * width.right;
  plane_ = row_panels_ * width.left * stride_ + kSlack;
  product_data_ = products_.template reserve_array<T>(static_cast<std::size_t>(kProducts * plane_));
  core_data_ = cores_.template reserve_array<T>(static_cast<std::size_t>(left_.columns.back() * right_.columns.back()));
  first_column_.assign(static_cast<std::size_t>(row_panels_), 0);
  if (!triangular) return;
  for (std::size_t panel = 0; panel < first_column_.size(); ++panel) {  // its first network meets only later ones
    const auto column = static_cast<std::int64_t>(panel) * width.left;
    const auto network =
        std::upper_bound(left_.offsets.begin() + 1, left_.offsets.end() - 1, column) - left_.offsets.begin();
    first_column_[panel] = right_.offsets[static_cast<std::size_t>(network)] / width.right;
  }
}

template <class T>
void CoreTile<T>::accumulate(const SampleChunk<T>& left, const SampleChunk<T>& right, std::int64_t samples,
                             int threads) {
  const T* right_quarters = right_.stack(right, samples, threads);
  const T* left_quarters = triangular_ ? right_quarters : left_.stack(left, samples, threads);
  const PanelWidths width = widths<T>();
  const std::int64_t row_step = kTaskColumns / (threads > kManyThreads ? 2 : 1) / width.left;
  const std::int64_t column_step = kTaskColumns / width.right;
  std::vector<PartialProduct<T>> tasks;
  for (std::int64_t i = 0; i < row_panels_; i += row_step)
    for (std::int64_t j = 0; j < column_panels_; j += column_step) {
      const std::int64_t begin = std::max(j, first_column_[static_cast<std::size_t>(i)]);
      const std::int64_t end = std::min(j + column_step, column_panels_);
      for (std::int64_t product = 0; begin < end && product < kProducts; ++product)
        tasks.push_back({left_quarters, right_quarters, left_.offsets.back(), right_.offsets.back(), samples, product,
                         i, std::min(i + row_step, row_panels_), begin, end, first_column_.data(),
                         product_data_ + product * plane_, stride_, begun_, nullptr});
    }
  scratch_.resize(std::max(scratch_.size(), static_cast<std::size_t>(std::max(1, threads))));
  const auto run = PYRNNSIM_CHOSEN(ProductFunction<T>, partial_product);
  const auto scratch_bytes = PYRNNSIM_CHOSEN(ScratchFunction<T>, partial_product_scratch);
  parallel_for(static_cast<std::int64_t>(tasks.size()), threads, [&](std::int64_t index, int worker) {
    PartialProduct<T> task = tasks[static_cast<std::size_t>(index)];
    task.scratch = scratch_[static_cast<std::size_t>(worker)].reserve(
        scratch_bytes(task.row_end - task.row_begin, task.column_end - task.column_begin, T{}));
    run(task);
  });
  begun_ = true;
}

template <class T>
void CoreTile<T>::finish(int threads) {
  if (finished_) return;
  const auto run = PYRNNSIM_CHOSEN(CombineFunction<T>, combine);
  const std::int64_t cores_stride = right_.columns.back();
  parallel_for(left_.networks(), threads, [&](std::int64_t i, int) {
    run({product_data_, plane_, stride_, left_.ranks.data(), left_.offsets.data(), right_.ranks.data(),
         right_.offsets.data(), right_.columns.data(), i, triangular_ ? i + 1 : 0, right_.networks(),
         core_data_ + left_.columns[static_cast<std::size_t>(i)] * cores_stride, cores_stride});
  });
  finished_ = true;
}

template <class T>
void CoreTile<T>::release_products() {
  products_ = Buffer();
  left_.quarters = Buffer();
  right_.quarters = Buffer();
  scratch_.clear();
}

template <class T>
CoreView<T> CoreTile<T>::core(std::int64_t i, std::int64_t j) const {
  const auto row = static_cast<std::size_t>(i), column = static_cast<std::size_t>(j);
  const std::int64_t stride = right_.columns.back();
  return {core_data_ + left_.columns[row] * stride + right_.columns[column], stride, left_.ranks[row],
          right_.ranks[column]};
}

void CoreList::start(std::vector<std::int64_t> left_ranks, std::vector<std::int64_t> right_ranks,
                     std::vector<std::pair<std::int64_t, std::int64_t>> pairs) {
  left_ranks_ = std::move(left_ranks);
  right_ranks_ = std::move(right_ranks);
  pairs_ = std::move(pairs);
  tiles_.clear();
  tiles_.resize(pairs_.size());
  for (std::size_t p = 0; p < pairs_.size(); ++p)
    tiles_[p].start({left_ranks_[static_cast<std::size_t>(pairs_[p].first)]},
                    {right_ranks_[static_cast<std::size_t>(pairs_[p].second)]}, false);
}

void CoreList::accumulate(const SampleChunk<double>& left, const SampleChunk<double>& right, std::int64_t samples,
                          int threads) {
  parallel_for(static_cast<std::int64_t>(pairs_.size()), threads, [&](std::int64_t index, int) {
    const auto [i, j] = pairs_[static_cast<std::size_t>(index)];
    const auto row = static_cast<std::size_t>(i), column = static_cast<std::size_t>(j);
    CoreTile<double>& tile = tiles_[static_cast<std::size_t>(index)];
    tile.accumulate({{left.bases[row]}, {left.strides[row]}}, {{right.bases[column]}, {right.strides[column]}}, samples,
                    1);
  });
}

void CoreList::finish(int threads) {
  parallel_for(static_cast<std::int64_t>(tiles_.size()), threads, [&](std::int64_t index, int) {
    tiles_[static_cast<std::size_t>(index)].finish(1);
    tiles_[static_cast<std::size_t>(index)].release_products();
  });
}

CoreView<double> CoreList::core(std::size_t index) const { return tiles_[index].core(0, 0); }

template class CoreTile<float>;
template class CoreTile<double>;

}  // namespace pyrnnsim
