// Cores of many pairs at once: C = [U_1 ... U_m]^T [V_1 ... V_n], summed over samples, by the algorithm of strassen.hpp.
//
// stack_quarters() first lays the networks side by side, quarter by quarter. Each of the products of the algorithm is
// then a product of sums of long contiguous rows; no sum mixes networks. For one product, and one block of its rows,
// partial_product() forms the sums of both operands in panels, in the order in which the inner loop reads them, so that
// they stream through the nearest caches at 90-97 % of the machine's peak. When all samples have been seen, combine()
// adds the products up to the cores of one row of networks.
//
// The bits of a core depend on its two networks alone: samples are taken in blocks of fixed size, and the terms of an
// element are added in the order of the samples.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../common/isa.hpp"
#include "strassen.hpp"

namespace pyrnnsim {

inline constexpr std::int64_t kDepth = 400;                       // samples of a panel, a quarter of a block
inline constexpr std::int64_t kSampleBlock = kQuarters * kDepth;  // samples that are cut into quarters together

struct PanelWidths {
  std::int64_t left, right;  // stacked columns per panel
};

// Samples of a stream that are laid out; a last block that does not divide by four is filled up with zeros.
static constexpr std::int64_t padded_samples(std::int64_t samples) {
  return samples / kSampleBlock * kSampleBlock + kQuarters * quarter(samples % kSampleBlock);
}

// Copies samples [first, first + samples) of one network, row-major (samples, rank), behind the networks before it:
// out (kQuarters, padded_samples, columns) gets its quarters in columns [offset, offset + quarter(rank)).
template <class T>
struct StackQuarters {
  const T* basis;
  std::int64_t stride, rank, samples, offset, columns;
  T* out;
};

// Rows of one of the products: panels [row_begin, row_end) of the left stack against columns of the right one.
template <class T>
struct PartialProduct {
  const T *left, *right;                     // stacked quarters
  std::int64_t left_columns, right_columns;  // of the stacks
  std::int64_t samples;
  std::int64_t product;                   // 0 .. kProducts - 1
  std::int64_t row_begin, row_end;        // in panels
  std::int64_t column_begin, column_end;  // in panels
  const std::int64_t* first_column;       // (row panels,) panels left of it are not needed
  T* out;                                 // (whole row panels, stride)
  std::int64_t stride;
  bool accumulate;  // add to what out holds (later samples of a stream)
  void* scratch;    // partial_product_scratch()
};

// Cores of left network i with the right networks [first, networks).
template <class T>
struct Combination {
  const T* products;  // (kProducts, plane)
  std::int64_t plane, stride;
  const std::int64_t *left_ranks, *left_offsets, *right_ranks, *right_offsets;
  const std::int64_t* right_columns;  // (networks,) where the core of network j begins in a row of cores
  std::int64_t network, first, networks;
  T* cores;  // (left_ranks[i], cores_stride), its first row is the first of network i
  std::int64_t cores_stride;
};

#define PYRNNSIM_DECLARE_PRODUCT(isa)                                                               \
  namespace isa {                                                                                   \
  PanelWidths panel_widths(float);                                                                  \
  PanelWidths panel_widths(double);                                                                 \
  void stack_quarters(const StackQuarters<float>& a);                                               \
  void stack_quarters(const StackQuarters<double>& a);                                              \
  std::size_t partial_product_scratch(std::int64_t row_panels, std::int64_t column_panels, float);  \
  std::size_t partial_product_scratch(std::int64_t row_panels, std::int64_t column_panels, double); \
  void partial_product(const PartialProduct<float>& a);                                             \
  void partial_product(const PartialProduct<double>& a);                                            \
  void combine(const Combination<float>& a);                                                        \
  void combine(const Combination<double>& a);                                                       \
  }
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_PRODUCT)
#undef PYRNNSIM_DECLARE_PRODUCT

}  // namespace pyrnnsim
