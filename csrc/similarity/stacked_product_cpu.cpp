#include "micro_kernel.hpp"
#include "stacked_product.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

constexpr std::int64_t kMostColumns = 384;  // of a block of C that stays in the second-level cache with its panels
constexpr std::int64_t kStrip = 8;          // samples that are summed before they are copied into panels

// Quarters of one block of samples: term (columns, samples) begins at data + (columns * rows + samples * depth) * stride.
template <class T>
struct Quarters {
  const T* data;
  std::int64_t rows, depth, stride;
};

template <int COUNT, class T>
void sum_rows(const T* const* source, const T* sign, std::int64_t n, T* __restrict__ out) {
  for (std::int64_t q = 0; q < n; ++q) {
    T sum = sign[0] * source[0][q];
#pragma GCC unroll 4
    for (int t = 1; t < COUNT; ++t) sum += sign[t] * source[t][q];
    out[q] = sum;
  }
}

// out[panel][p][WIDTH] of the stacked columns [begin * WIDTH, end * WIDTH), for every sample p of a quarter; zeros past
// the end of the stack.
template <int WIDTH, class T>
void pack(const Quarters<T>& from, const Sum& sum, std::int64_t begin, std::int64_t end, T* strip, T* out) {
  const std::int64_t columns = (end - begin) * WIDTH, rest = from.stride - begin * WIDTH;
  const std::int64_t present = rest < columns ? rest : columns;
  for (std::int64_t p = 0; p < kStrip; ++p)
    for (std::int64_t q = present; q < columns; ++q) strip[p * columns + q] = 0;
  T sign[4];
  const T* source[4];
  for (std::int64_t p0 = 0; p0 < from.depth; p0 += kStrip) {
    const std::int64_t samples = from.depth - p0 < kStrip ? from.depth - p0 : kStrip;
    for (std::int64_t p = 0; p < samples; ++p) {
      for (int t = 0; t < sum.count; ++t) {
        const Term term = sum.terms[t];
        sign[t] = static_cast<T>(term.sign);
        source[t] =
            from.data + (term.columns * from.rows + term.samples * from.depth + p0 + p) * from.stride + begin * WIDTH;
      }
      if (sum.count == 1)
        sum_rows<1>(source, sign, present, strip + p * columns);
      else if (sum.count == 2)
        sum_rows<2>(source, sign, present, strip + p * columns);
      else
        sum_rows<4>(source, sign, present, strip + p * columns);
    }
    for (std::int64_t panel = 0; panel < end - begin; ++panel)
      for (std::int64_t p = 0; p < samples; ++p)
        std::memcpy(out + (panel * from.depth + p0 + p) * WIDTH, strip + p * columns + panel * WIDTH,
                    WIDTH * sizeof(T));
  }
}

template <class T>
void stack(const StackQuarters<T>& a) {
  const std::int64_t width = quarter(a.rank), all = padded_samples(a.samples);
  for (std::int64_t part = 0; part < kQuarters; ++part) {
    const std::int64_t column = part * width, rest = a.rank - column,
                       present = rest < 0       ? 0
                                 : rest < width ? rest
                                                : width;
    T* out = a.out + part * all * a.columns + a.offset;
    for (std::int64_t p = 0; p < all; ++p, out += a.columns) {
      const std::int64_t given = p < a.samples ? present : 0;
      for (std::int64_t q = 0; q < given; ++q) out[q] = a.basis[p * a.stride + column + q];
      for (std::int64_t q = given; q < width; ++q) out[q] = 0;
    }
  }
}

template <class T>
inline constexpr std::int64_t kPanel = kVectors * kWidth<T>;

template <class T>
void multiply(const PartialProduct<T>& a, const T* left, const T* right, std::int64_t depth, bool accumulate) {
  constexpr std::int64_t step = kMostColumns / kPanel<T>;
  for (std::int64_t j0 = a.column_begin; j0 < a.column_end; j0 += step) {
    const std::int64_t j1 = j0 + step < a.column_end ? j0 + step : a.column_end;
    for (std::int64_t i = a.row_begin; i < a.row_end; ++i) {  // the left panel stays in the first-level cache
      const T* rows = left + (i - a.row_begin) * kRows * depth;
      for (std::int64_t j = a.first_column[i] > j0 ? a.first_column[i] : j0; j < j1; ++j)
        micro_kernel<T, kRows, kVectors>(depth, rows, 1, kRows, right + (j - a.column_begin) * kPanel<T> * depth,
                                         kPanel<T>, a.out + i * kRows * a.stride + j * kPanel<T>, a.stride, accumulate);
    }
  }
}

template <class T>
std::size_t scratch_of(std::int64_t row_panels, std::int64_t column_panels) {
  const std::int64_t columns = row_panels * kRows + column_panels * kPanel<T>;
  return static_cast<std::size_t>(columns * (kDepth + kStrip)) * sizeof(T);
}

template <class T>
void all_samples(const PartialProduct<T>& a) {
  const std::int64_t rows = (a.row_end - a.row_begin) * kRows, columns = (a.column_end - a.column_begin) * kPanel<T>;
  T* left = static_cast<T*>(a.scratch);
  T* right = left + rows * kDepth;
  T* strip = right + columns * kDepth;
  const Sum left_terms = left_sum(a.product), right_terms = right_sum(a.product);
  const std::int64_t all = padded_samples(a.samples);
  for (std::int64_t first = 0; first < a.samples; first += kSampleBlock) {
    const std::int64_t depth = quarter(a.samples - first < kSampleBlock ? a.samples - first : kSampleBlock);
    pack<kRows>(Quarters<T>{a.left + first * a.left_columns, all, depth, a.left_columns}, left_terms, a.row_begin,
                a.row_end, strip, left);
    pack<kPanel<T>>(Quarters<T>{a.right + first * a.right_columns, all, depth, a.right_columns}, right_terms,
                    a.column_begin, a.column_end, strip, right);
    multiply(a, left, right, depth, a.accumulate || first > 0);
  }
}

// The 16 blocks of C from the 49 products, for `n` neighbouring elements; both levels of the algorithm, inner one first.
template <class Value, class Load>
PYRNNSIM_INLINE void recombine(const Load& load_product, Value (&block)[16]) {
#pragma GCC unroll 16
  for (int b = 0; b < 16; ++b) block[b] = Value{};
#pragma GCC unroll 7
  for (int outer = 0; outer < strassen::kOne; ++outer) {
    Value product[strassen::kOne];
#pragma GCC unroll 7
    for (int inner = 0; inner < strassen::kOne; ++inner) product[inner] = load_product(outer * strassen::kOne + inner);
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
      Value sum{};
#pragma GCC unroll 7
      for (int inner = 0; inner < strassen::kOne; ++inner) {
        if (strassen::kOut[c][inner] > 0) sum += product[inner];
        if (strassen::kOut[c][inner] < 0) sum -= product[inner];
      }
#pragma GCC unroll 4
      for (int a = 0; a < 4; ++a) {  // (row, column) of the block: outer (a / 2, a % 2), inner (c / 2, c % 2)
        const int at = (a / 2 * 2 + c / 2) * 4 + a % 2 * 2 + c % 2;
        if (strassen::kOut[a][outer] > 0) block[at] += sum;
        if (strassen::kOut[a][outer] < 0) block[at] -= sum;
      }
    }
  }
}

template <class T>
void combine_pair(const Combination<T>& a, std::int64_t j) {
  constexpr std::int64_t W = kWidth<T>;
  const std::int64_t rows = a.left_ranks[a.network], columns = a.right_ranks[j];
  const std::int64_t high = quarter(rows), wide = quarter(columns);
  for (std::int64_t r = 0; r < high; ++r) {
    const T* from = a.products + (a.left_offsets[a.network] + r) * a.stride + a.right_offsets[j];
    T* to = a.cores + r * a.cores_stride + a.right_columns[j];
    for (std::int64_t c = 0; c < wide; c += W) {
      Vec<T> block[16];
      recombine<Vec<T>>([=](int product) { return load(from + product * a.plane + c); }, block);
      for (std::int64_t b = 0; b < 16; ++b) {
        const std::int64_t row = b / 4 * high, column = b % 4 * wide + c;
        const std::int64_t most = wide - c < W ? wide - c : W, left = columns - column, n = left < most ? left : most;
        if (r + row >= rows || n <= 0) continue;
        T* out = to + row * a.cores_stride + column;
        if (n == W)
          store(out, block[b]);
        else
          for (std::int64_t q = 0; q < n; ++q) out[q] = block[b][q];
      }
    }
  }
}

template <class T>
void combine_row_of_cores(const Combination<T>& a) {
  for (std::int64_t j = a.first; j < a.networks; ++j) combine_pair(a, j);
}

}  // namespace

PanelWidths panel_widths(float) { return {kRows, kPanel<float>}; }
PanelWidths panel_widths(double) { return {kRows, kPanel<double>}; }
std::size_t partial_product_scratch(std::int64_t row_panels, std::int64_t column_panels, float) {
  return scratch_of<float>(row_panels, column_panels);
}
std::size_t partial_product_scratch(std::int64_t row_panels, std::int64_t column_panels, double) {
  return scratch_of<double>(row_panels, column_panels);
}
void stack_quarters(const StackQuarters<float>& a) { stack(a); }
void stack_quarters(const StackQuarters<double>& a) { stack(a); }
void partial_product(const PartialProduct<float>& a) { all_samples(a); }
void partial_product(const PartialProduct<double>& a) { all_samples(a); }
void combine(const Combination<float>& a) { combine_row_of_cores(a); }
void combine(const Combination<double>& a) { combine_row_of_cores(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
