// The product U^T L in register tiles; a tile's magnitudes are summed while it is still in the first cache level, so
// the (count x units) product never exists as a whole.
#include <new>

#include "micro_kernel.hpp"
#include "projection_weights.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

constexpr std::align_val_t kAlignment{64};

template <class T>
class Scratch {
 public:
  explicit Scratch(std::int64_t size)
      : data_(static_cast<T*>(::operator new(static_cast<std::size_t>(size) * sizeof(T), kAlignment))) {}
  ~Scratch() { ::operator delete(data_, kAlignment); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* data() const { return data_; }

 private:
  T* data_;
};

// Copies `columns` columns of a row-major matrix next to each other, filled up with zeros to `width`: no read outside
// the matrix at its edges, and rows a power of two apart no longer compete for the same cache sets.
template <class T>
void pack(const T* matrix, std::int64_t stride, std::int64_t rows, std::int64_t columns, std::int64_t width,
          T* packed) {
  for (std::int64_t r = 0; r < rows; ++r, matrix += stride, packed += width) {
    for (std::int64_t j = 0; j < columns; ++j) packed[j] = matrix[j];
    for (std::int64_t j = columns; j < width; ++j) packed[j] = T(0);
  }
}

template <int NORM, class Number>
PYRNNSIM_INLINE Number term(Number x) {
  if constexpr (NORM == 2) return x * x;
  if constexpr (NORM == 1) return x < 0 ? -x : x;
}

// Sum over one row of a tile. Only the `columns` real ones count: the zeros beyond are NaN where u holds infinity.
template <int NORM, class T>
PYRNNSIM_INLINE double row_sum(const T* row, std::int64_t columns) {
  typedef T Narrow __attribute__((vector_size(kWidth<double> * sizeof(T))));
  Vec<double> sums{};
  std::int64_t j = 0;
  for (; j + kWidth<double> <= columns; j += kWidth<double>) {
    Narrow narrow;
    std::memcpy(&narrow, row + j, sizeof narrow);
    sums += term<NORM>(__builtin_convertvector(narrow, Vec<double>));
  }
  double sum = horizontal_sum<double>(sums);
  for (; j < columns; ++j) sum += term<NORM>(static_cast<double>(row[j]));
  return sum;
}

// weights[i] += sum_j |(U^T L)_ij|^NORM over one packed panel of VECTORS vectors of units.
template <int NORM, int VECTORS, class T>
void add_panel(const ProjectionWeights<T>& a, const T* directions, const T* last_directions, const T* panel,
               std::int64_t columns, double* weights) {
  constexpr std::int64_t kPanel = VECTORS * kWidth<T>;
  alignas(64) T tile[kRows * kPanel];
  for (std::int64_t m = 0; m < a.count; m += kRows) {
    const bool whole = m + kRows <= a.count;
    micro_kernel<T, kRows, VECTORS>(a.rank, whole ? directions + m : last_directions, 1,
                                    whole ? a.direction_stride : kRows, panel, kPanel, tile, kPanel, false);
    const std::int64_t rows = whole ? kRows : a.count - m;
    for (std::int64_t i = 0; i < rows; ++i) weights[m + i] += row_sum<NORM>(tile + i * kPanel, columns);
  }
}

template <int NORM, class T>
void weigh(const ProjectionWeights<T>& a) {
  constexpr std::int64_t W = kWidth<T>, kPanel = kVectors * W;
  const Scratch<T> panel(a.rank * kPanel), last_directions(a.rank * kRows);
  const std::int64_t whole = a.count / kRows * kRows;
  for (std::int64_t pair = 0; pair < a.pairs; ++pair) {
    const T* directions = a.directions + pair * a.rank * a.direction_stride;
    const T* loadings = a.loadings + a.network[pair] * a.rank * a.loading_stride;
    double* weights = a.weights + pair * a.count;
    for (std::int64_t m = 0; m < a.count; ++m) weights[m] = 0;
    pack(directions + whole, a.direction_stride, a.rank, a.count - whole, kRows, last_directions.data());
    for (std::int64_t j = 0; j < a.units; j += kPanel) {
      const std::int64_t columns = a.units - j < kPanel ? a.units - j : kPanel;
      const std::int64_t vectors = (columns + W - 1) / W;
      pack(loadings + j, a.loading_stride, a.rank, columns, vectors * W, panel.data());
      static_assert(kVectors == 3, "one case per number of vectors");
      if (vectors == 3)
        add_panel<NORM, 3>(a, directions, last_directions.data(), panel.data(), columns, weights);
      else if (vectors == 2)
        add_panel<NORM, 2>(a, directions, last_directions.data(), panel.data(), columns, weights);
      else
        add_panel<NORM, 1>(a, directions, last_directions.data(), panel.data(), columns, weights);
    }
  }
}

}  // namespace

void projection_weights(const ProjectionWeights<float>& a) { a.norm == 2 ? weigh<2>(a) : weigh<1>(a); }
void projection_weights(const ProjectionWeights<double>& a) { a.norm == 2 ? weigh<2>(a) : weigh<1>(a); }

}  // namespace pyrnnsim::PYRNNSIM_ISA
