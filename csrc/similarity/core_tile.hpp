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
  // Makes the cores when all samples have been seen; they stay until the next start().
  void finish(int threads);
  CoreView<T> core(std::int64_t i, std::int64_t j) const;
  bool wanted(std::int64_t i, std::int64_t j) const { return !triangular_ || i < j; }
  // Gives back everything but the cores.
  void release_products();
  std::int64_t left_networks() const { return left_.networks(); }
  std::int64_t right_networks() const { return right_.networks(); }

 private:
  struct Side {
    std::vector<std::int64_t> ranks, columns, offsets;  // where cores and quarters of network i begin
    Buffer quarters;
    void start(std::vector<std::int64_t> given);
    const T* stack(const SampleChunk<T>& chunk, std::int64_t samples, int threads);
    std::int64_t networks() const { return static_cast<std::int64_t>(ranks.size()); }
  };

  Side left_, right_;
  std::vector<std::int64_t> first_column_;
  // Products are (row_panels * width, stride) each, plane elements apart.
  std::int64_t row_panels_ = 0, column_panels_ = 0, stride_ = 0, plane_ = 0;
  bool triangular_ = false, begun_ = false, finished_ = false;
  Buffer products_, cores_;
  std::vector<Buffer> scratch_;  // one per worker
  T *product_data_ = nullptr, *core_data_ = nullptr;
};

// Chosen pairs in double: for pairs whose values depend on more digits than a tile of floats has.
class CoreList {
 public:
  void start(std::vector<std::int64_t> left_ranks, std::vector<std::int64_t> right_ranks,
             std::vector<std::pair<std::int64_t, std::int64_t>> pairs);
  void accumulate(const SampleChunk<double>& left, const SampleChunk<double>& right, std::int64_t samples, int threads);
  void finish(int threads);
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
