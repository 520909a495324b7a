// Cores of many pairs as one matrix product: C = [U_1 ... U_m]^T [V_1 ... V_n], summed over samples.
//
// Both operands are first copied into panels in the order in which the inner loop reads them: blocks of kSampleBlock
// samples, in each block panels of kRows (left) or kVectors registers (right) stacked columns. The product of two panels
// then streams through the nearest caches at 90-97 % of the machine's peak. An element of C is summed over samples in
// ascending order within blocks of fixed size, so its bits depend neither on the tile nor on the number of threads.
#pragma once
#include <cstdint>

#include "../common/isa.hpp"

namespace pyrnnsim {

inline constexpr std::int64_t kSampleBlock = 400;

struct PanelWidths {
  std::int64_t left, right;  // stacked columns per panel
};

// Row-major (samples, columns) matrices side by side: network i has columns offsets[i] .. offsets[i + 1] - 1.
template <class T>
struct Stack {
  const T* const* bases;
  const std::int64_t* strides;
  const std::int64_t* offsets;
  std::int64_t networks;
};

// Copies samples [first, first + samples) of one panel (columns panel * width ...) into out (samples, width); columns
// past the end of the stack become zero.
template <class T>
struct PackPanel {
  Stack<T> stack;
  std::int64_t first, samples, panel, width;
  T* out;
};

// C rows [row_panels.begin, end) x columns [column_panels.begin, end), in panels.
template <class T>
struct ProductBlock {
  const T* left;                             // panels of all sample blocks: block p0 at left + p0 * left_columns
  const T* right;                            // likewise
  std::int64_t left_columns, right_columns;  // stacked columns, rounded up to whole panels
  std::int64_t samples;
  std::int64_t row_begin, row_end, column_begin, column_end;
  const std::int64_t* first_column;  // (row panels,) panels left of it are not needed
  T* c;
  std::int64_t c_stride;
  bool accumulate;  // add to what c holds (later samples of a stream)
};

#define PYRNNSIM_DECLARE_PRODUCT(isa)                \
  namespace isa {                                    \
  PanelWidths panel_widths(float);                   \
  PanelWidths panel_widths(double);                  \
  void pack_panel(const PackPanel<float>& a);        \
  void pack_panel(const PackPanel<double>& a);       \
  void product_block(const ProductBlock<float>& a);  \
  void product_block(const ProductBlock<double>& a); \
  }
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_PRODUCT)
#undef PYRNNSIM_DECLARE_PRODUCT

}  // namespace pyrnnsim
