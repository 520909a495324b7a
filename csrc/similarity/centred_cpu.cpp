#include "centred.hpp"
#include "micro_kernel.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

constexpr std::int64_t kGramSamples =
    100;  // samples centred at a time for the Gram matrix; divides _CHUNK of factors.py
constexpr std::int64_t kProjectSamples = 64;  // and for the product with weights

template <class T>
void sums(const ColumnSums<T>& a) {
  const Activity<T>& in = a.activity;
  for (std::int64_t p = 0; p < in.samples; ++p) {
    const T* row = in.x + p * in.stride;
    for (std::int64_t j = 0; j < in.units; ++j) {
      const double x = static_cast<double>(row[j]) - a.shift[j], size = x < 0 ? -x : x;
      a.sums[j] += x;
      a.spread[j] = size > a.spread[j] ? size : a.spread[j];
    }
  }
}

// Rows of (x - mean) * scale, padded with zeros to `wide` columns.
template <class T, class Out>
void centre(const Activity<T>& in, std::int64_t first, std::int64_t count, const double* mean, const double* scale,
            Out* out, std::int64_t stride, std::int64_t wide) {
  for (std::int64_t p = 0; p < count; ++p) {
    const T* row = in.x + (first + p) * in.stride;
    Out* to = out + p * stride;
    if (scale) {
      for (std::int64_t j = 0; j < in.units; ++j)
        to[j] = static_cast<Out>((static_cast<double>(row[j]) - mean[j]) * scale[j]);
    } else {
      for (std::int64_t j = 0; j < in.units; ++j) to[j] = static_cast<Out>(static_cast<double>(row[j]) - mean[j]);
    }
    for (std::int64_t j = in.units; j < wide; ++j) to[j] = 0;
  }
}

template <class T>
void gram(const CentredGram<T>& a) {
  const Activity<T>& in = a.activity;
  const std::int64_t stride = padded_row<double>(in.units), wide = round_up(in.units, kColumnPad);
  for (std::int64_t p = 0; p < in.samples; p += kGramSamples) {
    const std::int64_t count = in.samples - p < kGramSamples ? in.samples - p : kGramSamples;
    centre(in, p, count, a.mean, a.scale, a.scratch, stride, wide);
    scratch_product<double>(round_up(in.units, kRowPad), in.units, count, a.scratch, 1, stride, a.scratch, stride,
                            a.gram, a.gram_stride, true, true);
  }
}

template <class T, class Sum>
void multiply(const Projection<T>& a) {
  const Activity<T>& in = a.activity;
  constexpr std::int64_t panel = kVectors * kWidth<Sum>;
  const std::int64_t columns = round_up(a.rank, panel), stride = padded_row<Sum>(in.units), out_stride = columns + 16;
  Sum* weights = static_cast<Sum*>(a.scratch);  // in panels of the micro kernel's width
  Sum *rows = weights + in.units * columns, *product = rows + kProjectSamples * stride;
  for (std::int64_t q = 0; q < columns; ++q)
    for (std::int64_t j = 0; j < in.units; ++j)
      weights[(q / panel * in.units + j) * panel + q % panel] =
          q < a.rank ? static_cast<Sum>(a.weights[j * a.rank + q]) : Sum(0);
  for (std::int64_t p = 0; p < in.samples; p += kProjectSamples) {
    const std::int64_t count = in.samples - p < kProjectSamples ? in.samples - p : kProjectSamples;
    centre(in, p, count, a.mean, nullptr, rows, stride, in.units);
    for (std::int64_t q = 0; q < columns; q += panel)
      for (std::int64_t i = 0; i < count; i += kRows)
        micro_kernel<Sum, kRows, kVectors>(in.units, rows + i * stride, stride, 1, weights + q * in.units, panel,
                                           product + i * out_stride + q, out_stride, false);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t q = 0; q < a.rank; ++q)
        a.out[(p + i) * a.rank + q] = static_cast<T>(product[i * out_stride + q]);
  }
}

}  // namespace

std::int64_t gram_stride(std::int64_t units) { return padded_row<double>(units); }
std::int64_t gram_rows(std::int64_t units) { return round_up(units, kRowPad); }
std::int64_t gram_scratch(std::int64_t units) { return kGramSamples * padded_row<double>(units); }
std::size_t projection_scratch_bytes(std::int64_t units, std::int64_t rank) {
  const std::int64_t columns = round_up(rank, kVectors * kWidth<float>);  // a multiple of the double panel too
  return static_cast<std::size_t>(units * columns + kProjectSamples * (padded_row<double>(units) + columns + 32)) *
         sizeof(double);
}

void column_sums(const ColumnSums<float>& a) { sums(a); }
void column_sums(const ColumnSums<double>& a) { sums(a); }
void centred_gram(const CentredGram<float>& a) { gram(a); }
void centred_gram(const CentredGram<double>& a) { gram(a); }
void project(const Projection<float>& a) { a.precise ? multiply<float, double>(a) : multiply<float, float>(a); }
void project(const Projection<double>& a) { multiply<double, double>(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
