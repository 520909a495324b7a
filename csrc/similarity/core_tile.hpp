// The cores U_i^T V_j of a tile of pairs, accumulated over chunks of samples.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "../common/buffer.hpp"
#include "stacked_product.hpp"

namespace pyrnnsim {

// The same samples of every network of one side; row-major (samples, ranks[i]).
template <class T>
struct SampleChunk {
  std::vector<const T*> bases;
  std::vector<std::int64_t> strides;
};

template <class T>
struct CoreView {
  const T* data;
  std::int64_t stride, rows, columns;
};

// All pairs of a rectangle of networks, as one stacked product. Reused for many tiles: memory is kept.
template <class T>
class CoreTile {
 public:
  // `triangular`: both sides are the same networks and only pairs i < j are wanted.
  void start(std::vector<std::int64_t> left_ranks, std::vector<std::int64_t> right_ranks, bool triangular);
  // Chunks come in the order of the samples; all but the last must be multiples of kSampleBlock long.
  void accumulate(const SampleChunk<T>& left, const SampleChunk<T>& right, std::int64_t samples, int threads);
  CoreView<T> core(std::int64_t i, std::int64_t j) const;
  bool wanted(std::int64_t i, std::int64_t j) const { return !triangular_ || i < j; }
  // Gives back the panels, for a tile that is kept for its cores alone.
  void release_panels() { left_panels_ = Buffer(), right_panels_ = Buffer(); }
  std::int64_t left_networks() const { return static_cast<std::int64_t>(left_ranks_.size()); }
  std::int64_t right_networks() const { return static_cast<std::int64_t>(right_ranks_.size()); }

 private:
  void pack(const SampleChunk<T>& chunk, const std::vector<std::int64_t>& offsets, std::int64_t width,
            std::int64_t samples, T* out, int threads) const;
  void multiply(const T* left, const T* right, std::int64_t samples, int threads);

  std::vector<std::int64_t> left_ranks_, right_ranks_, left_offsets_, right_offsets_, first_column_;
  std::int64_t left_columns_ = 0, right_columns_ = 0;  // rounded up to whole panels
  bool triangular_ = false, begun_ = false;
  Buffer left_panels_, right_panels_, c_;
  T* cores_ = nullptr;
};

// Chosen pairs in double: for pairs whose values depend on more digits than a tile of floats has.
class CoreList {
 public:
  void start(std::vector<std::int64_t> left_ranks, std::vector<std::int64_t> right_ranks,
             std::vector<std::pair<std::int64_t, std::int64_t>> pairs);
  void accumulate(const SampleChunk<double>& left, const SampleChunk<double>& right, std::int64_t samples, int threads);
  CoreView<double> core(std::size_t index) const;
  const std::vector<std::pair<std::int64_t, std::int64_t>>& pairs() const { return pairs_; }

 private:
  std::vector<std::int64_t> left_ranks_, right_ranks_;
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs_;
  std::vector<CoreTile<double>> tiles_;  // one by one: a pair is a tile of one left and one right network
};

extern template class CoreTile<float>;
extern template class CoreTile<double>;

}  // namespace pyrnnsim
