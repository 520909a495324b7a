#include "micro_kernel.hpp"
#include "stacked_product.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

template <class T>
void pack(const PackPanel<T>& a) {
  const std::int64_t begin = a.panel * a.width, end = begin + a.width;
  std::int64_t network = 0;
  while (network < a.stack.networks && a.stack.offsets[network + 1] <= begin) ++network;
  std::int64_t filled = 0;
  for (; network < a.stack.networks && a.stack.offsets[network] < end; ++network) {
    const std::int64_t from = a.stack.offsets[network] > begin ? a.stack.offsets[network] : begin;
    const std::int64_t to = a.stack.offsets[network + 1] < end ? a.stack.offsets[network + 1] : end;
    const std::int64_t stride = a.stack.strides[network], count = to - from;
    const T* source = a.stack.bases[network] + a.first * stride + (from - a.stack.offsets[network]);
    T* out = a.out + filled;
    for (std::int64_t p = 0; p < a.samples; ++p)
      for (std::int64_t q = 0; q < count; ++q) out[p * a.width + q] = source[p * stride + q];
    filled += count;
  }
  for (std::int64_t p = 0; p < a.samples; ++p)
    for (std::int64_t q = filled; q < a.width; ++q) a.out[p * a.width + q] = 0;
}

template <class T>
void multiply(const ProductBlock<T>& a) {
  constexpr std::int64_t width = kVectors * kWidth<T>;
  for (std::int64_t p = 0; p < a.samples; p += kSampleBlock) {
    const std::int64_t depth = a.samples - p < kSampleBlock ? a.samples - p : kSampleBlock;
    const T *left = a.left + p * a.left_columns, *right = a.right + p * a.right_columns;
    for (std::int64_t i = a.row_begin; i < a.row_end; ++i) {  // the left panel stays in the first-level cache
      const std::int64_t first = a.first_column[i] > a.column_begin ? a.first_column[i] : a.column_begin;
      for (std::int64_t j = first; j < a.column_end; ++j)
        micro_kernel<T, kRows, kVectors>(depth, left + i * kRows * depth, 1, kRows, right + j * width * depth, width,
                                         a.c + i * kRows * a.c_stride + j * width, a.c_stride, a.accumulate || p > 0);
    }
  }
}

}  // namespace

PanelWidths panel_widths(float) { return {kRows, kVectors * kWidth<float>}; }
PanelWidths panel_widths(double) { return {kRows, kVectors * kWidth<double>}; }
void pack_panel(const PackPanel<float>& a) { pack(a); }
void pack_panel(const PackPanel<double>& a) { pack(a); }
void product_block(const ProductBlock<float>& a) { multiply(a); }
void product_block(const ProductBlock<double>& a) { multiply(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
