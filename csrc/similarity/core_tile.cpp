#include "core_tile.hpp"

#include <algorithm>

#include "../common/parallel.hpp"

namespace pyrnnsim {
namespace {

template <class T>
using PackFunction = void (*)(const PackPanel<T>&);
template <class T>
using BlockFunction = void (*)(const ProductBlock<T>&);
template <class T>
using WidthFunction = PanelWidths (*)(T);

template <class T>
PanelWidths widths() {
  return PYRNNSIM_CHOSEN(WidthFunction<T>, panel_widths)(T{});
}

std::vector<std::int64_t> offsets_of(const std::vector<std::int64_t>& ranks) {
  std::vector<std::int64_t> offsets(ranks.size() + 1, 0);
  for (std::size_t i = 0; i < ranks.size(); ++i) offsets[i + 1] = offsets[i] + ranks[i];
  return offsets;
}

std::int64_t whole(std::int64_t columns, std::int64_t width) { return (columns + width - 1) / width * width; }

// Blocks of C that stay in the second-level cache together with the panels that make them.
constexpr std::int64_t kBlockRows = 384, kBlockColumnBytes = 1536;

}  // namespace

template <class T>
void CoreTile<T>::start(std::vector<std::int64_t> left_ranks, std::vector<std::int64_t> right_ranks, bool triangular) {
  left_ranks_ = std::move(left_ranks);
  right_ranks_ = std::move(right_ranks);
  left_offsets_ = offsets_of(left_ranks_);
  right_offsets_ = offsets_of(right_ranks_);
  triangular_ = triangular;
  begun_ = false;
  const PanelWidths width = widths<T>();
  left_columns_ = whole(left_offsets_.back(), width.left);
  right_columns_ = whole(right_offsets_.back(), width.right);
  cores_ = c_.template reserve_array<T>(static_cast<std::size_t>(left_columns_ * right_columns_));
  first_column_.assign(static_cast<std::size_t>(left_columns_ / width.left), 0);
  if (!triangular) return;
  for (std::size_t panel = 0; panel < first_column_.size();
       ++panel) {  // the panel's first network meets only later ones
    const auto column = static_cast<std::int64_t>(panel) * width.left;
    const auto network =
        std::upper_bound(left_offsets_.begin() + 1, left_offsets_.end() - 1, column) - left_offsets_.begin();
    first_column_[panel] = right_offsets_[static_cast<std::size_t>(network)] / width.right;
  }
}

template <class T>
void CoreTile<T>::pack(const SampleChunk<T>& chunk, const std::vector<std::int64_t>& offsets, std::int64_t width,
                       std::int64_t samples, T* out, int threads) const {
  const std::int64_t columns = whole(offsets.back(), width), panels = columns / width;
  const std::int64_t blocks = (samples + kSampleBlock - 1) / kSampleBlock;
  const Stack<T> stack{chunk.bases.data(), chunk.strides.data(), offsets.data(),
                       static_cast<std::int64_t>(chunk.bases.size())};
  const auto pack_panel = PYRNNSIM_CHOSEN(PackFunction<T>, pack_panel);
  constexpr std::int64_t kGroup = 16;  // panels per task
  const std::int64_t groups = (panels + kGroup - 1) / kGroup;
  parallel_for(blocks * groups, threads, [&](std::int64_t task, int) {
    const std::int64_t first = task / groups * kSampleBlock, count = std::min(kSampleBlock, samples - first);
    const std::int64_t begin = task % groups * kGroup;
    for (std::int64_t panel = begin; panel < std::min(begin + kGroup, panels); ++panel)
      pack_panel({stack, first, count, panel, width, out + first * columns + panel * width * count});
  });
}

template <class T>
void CoreTile<T>::multiply(const T* left, const T* right, std::int64_t samples, int threads) {
  const PanelWidths width = widths<T>();
  const std::int64_t rows = left_columns_ / width.left, columns = right_columns_ / width.right;
  const std::int64_t block_rows = kBlockRows / width.left;
  const std::int64_t block_columns = kBlockColumnBytes / static_cast<std::int64_t>(sizeof(T)) / width.right;
  std::vector<ProductBlock<T>> blocks;
  for (std::int64_t i = 0; i < rows; i += block_rows)
    for (std::int64_t j = 0; j < columns; j += block_columns) {
      if (first_column_[static_cast<std::size_t>(i)] >= j + block_columns) continue;
      blocks.push_back({left, right, left_columns_, right_columns_, samples, i, std::min(i + block_rows, rows), j,
                        std::min(j + block_columns, columns), first_column_.data(), cores_, right_columns_, begun_});
    }
  const auto product_block = PYRNNSIM_CHOSEN(BlockFunction<T>, product_block);
  parallel_for(static_cast<std::int64_t>(blocks.size()), threads,
               [&](std::int64_t index, int) { product_block(blocks[static_cast<std::size_t>(index)]); });
}

template <class T>
void CoreTile<T>::accumulate(const SampleChunk<T>& left, const SampleChunk<T>& right, std::int64_t samples,
                             int threads) {
  const PanelWidths width = widths<T>();
  T* left_panels = left_panels_.template reserve_array<T>(static_cast<std::size_t>(left_columns_ * samples));
  T* right_panels = right_panels_.template reserve_array<T>(static_cast<std::size_t>(right_columns_ * samples));
  pack(left, left_offsets_, width.left, samples, left_panels, threads);
  pack(right, right_offsets_, width.right, samples, right_panels, threads);
  multiply(left_panels, right_panels, samples, threads);
  begun_ = true;
}

template <class T>
CoreView<T> CoreTile<T>::core(std::int64_t i, std::int64_t j) const {
  const auto row = static_cast<std::size_t>(i), column = static_cast<std::size_t>(j);
  return {cores_ + left_offsets_[row] * right_columns_ + right_offsets_[column], right_columns_, left_ranks_[row],
          right_ranks_[column]};
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
    tile.release_panels();
  });
}

CoreView<double> CoreList::core(std::size_t index) const { return tiles_[index].core(0, 0); }

template class CoreTile<float>;
template class CoreTile<double>;

}  // namespace pyrnnsim
