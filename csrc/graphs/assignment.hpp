// The assignment of few rows to as many of the columns with the largest sum of weights: shortest augmenting paths
// (Jonker & Volgenant 1987), which go on from the prices of a similar problem.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace pyrnnsim {

// The largest x[i] - y[i]. Four at a time: a compiler may not reorder comparisons by itself.
inline double largest_difference(const double* x, const double* y, std::int64_t count) {
  double most[4];
  std::fill(most, most + 4, -std::numeric_limits<double>::infinity());
  std::int64_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (int k = 0; k < 4; ++k) most[k] = std::max(most[k], x[i + k] - y[i + k]);
  for (; i < count; ++i) most[0] = std::max(most[0], x[i] - y[i]);
  return std::max(std::max(most[0], most[1]), std::max(most[2], most[3]));
}

// Weights are not negative. Every row has a value and every column a price >= 0 with value + price >= weight, so their
// sum, which falls with each step, is at no time less than the best assignment; it equals it at the end.
class Assignment {
 public:
  // Weights are (rows, columns), rows <= columns, row-major.
  void reserve(std::int64_t rows, std::int64_t columns) {
    rows_ = rows, columns_ = columns;
    const auto r = static_cast<std::size_t>(rows), c = static_cast<std::size_t>(columns);
    value_.resize(r), column_.assign(r, -1), above_.resize(r), entered_.resize(r), row_done_.resize(r);
    row_.resize(c), before_.resize(c), distance_.resize(c), done_.resize(c);
  }

  // The largest sum, or, where it turns out not to exceed `enough`, any upper bound of it that does not either.
  // prices: (columns,) in: any >= 0, best those of a similar problem; out: those of this one.
  double solve(const double* weights, double* prices, double enough) {
    weights_ = weights, prices_ = prices;
    double sum = start();
    if (sum <= enough) return sum;
    for (std::int64_t r = 0; r < rows_; ++r) {
      if (column_[r] >= 0) continue;
      sum -= assign(r);
      if (sum <= enough) return sum;
    }
    for (std::int64_t c = 0; c < columns_; ++c) {
      if (row_[c] >= 0 || prices_[c] == 0) continue;
      sum -= cheapen(c);
      if (sum <= enough) return sum;
    }
    return sum;
  }

  // Starts the next problem from the assignment of another solver.
  void follow(const Assignment& other) { column_ = other.column_; }

  // The same before anything is assigned: an upper bound that takes one pass over the weights.
  double bound(const double* weights, const double* prices) const {
    double sum = 0;
    for (std::int64_t c = 0; c < columns_; ++c) sum += prices[c];
    for (std::int64_t r = 0; r < rows_; ++r) sum += largest_difference(weights + r * columns_, prices, columns_);
    return sum;
  }

  // (rows,) after solve() went to its end.
  double value(std::int64_t row) const { return value_[row]; }
  const std::vector<std::int32_t>& columns() const { return column_; }

 private:
  // Values from the prices, and rows to free columns that gave them: if possible to those of the last problem.
  double start() {
    double sum = 0;
    for (std::int64_t c = 0; c < columns_; ++c) row_[c] = -1, sum += prices_[c];
    for (std::int64_t r = 0; r < rows_; ++r) {
      const double* weight = weights_ + r * columns_;
      value_[r] = largest_difference(weight, prices_, columns_);
      sum += value_[r];
      const auto gives = [&](std::int64_t c) { return row_[c] < 0 && weight[c] - prices_[c] == value_[r]; };
      std::int64_t at = column_[r];
      if (at < 0 || !gives(at))
        for (at = 0; at < columns_ && !gives(at);) ++at;
      column_[r] = at < columns_ ? static_cast<std::int32_t>(at) : -1;
      if (at < columns_) row_[at] = static_cast<std::int32_t>(r);
    }
    return sum;
  }

  // Dijkstra's search from a free row to the nearest free column; what the sum falls by.
  double assign(std::int64_t root) {
    for (std::int64_t c = 0; c < columns_; ++c) {
      distance_[c] = std::numeric_limits<double>::infinity();
      done_[c] = 0;
    }
    std::int64_t row = root, end = -1;
    double length = 0;
    for (;;) {
      const double* weight = weights_ + row * columns_;
      const double offset = length + value_[row];
      double least = std::numeric_limits<double>::infinity();
      for (std::int64_t c = 0; c < columns_; ++c) {
        if (done_[c]) continue;
        const double here = offset + prices_[c] - weight[c];
        if (here < distance_[c]) distance_[c] = here, before_[c] = static_cast<std::int32_t>(row);
        if (distance_[c] < least || (distance_[c] == least && row_[c] < 0)) least = distance_[c], end = c;
      }
      length = least;
      if (row_[end] < 0) break;
      done_[end] = 1;
      row = row_[end];
    }
    value_[root] -= length;
    for (std::int64_t c = 0; c < columns_; ++c)
      if (done_[c]) prices_[c] += length - distance_[c], value_[row_[c]] -= length - distance_[c];
    for (std::int64_t c = end; c >= 0;) {
      const std::int32_t r = before_[c];
      row_[c] = r;
      const std::int32_t next = column_[r];
      column_[r] = static_cast<std::int32_t>(c);
      c = r == root ? -1 : next;
    }
    return length;
  }

  // The same from a free column with a price to where a price ends at 0; all rows have a column and keep one.
  double cheapen(std::int64_t root) {
    for (std::int64_t r = 0; r < rows_; ++r) {
      above_[r] = std::numeric_limits<double>::infinity();
      row_done_[r] = 0;
    }
    std::int64_t column = root, end = root;
    double length = 0, shortest = prices_[root];
    for (;;) {
      std::int64_t nearest = -1;
      double least = shortest;
      for (std::int64_t r = 0; r < rows_; ++r) {
        if (row_done_[r]) continue;
        const double here = length + value_[r] + prices_[column] - weights_[r * columns_ + column];
        if (here < above_[r]) above_[r] = here, entered_[r] = static_cast<std::int32_t>(column);
        if (above_[r] < least) least = above_[r], nearest = r;
      }
      if (nearest < 0) break;
      row_done_[nearest] = 1;
      length = least, column = column_[nearest];
      if (length + prices_[column] < shortest) shortest = length + prices_[column], end = column;
    }
    for (std::int64_t r = 0; r < rows_; ++r)
      if (row_done_[r] && above_[r] < shortest)
        value_[r] += shortest - above_[r], prices_[column_[r]] -= shortest - above_[r];
    prices_[root] -= shortest;
    prices_[end] = 0;
    if (end == root) return shortest;
    std::int32_t row = row_[end];
    row_[end] = -1;
    for (;;) {
      const std::int32_t to = entered_[row], evicted = row_[to];
      row_[to] = row;
      column_[row] = to;
      if (to == root) return shortest;
      row = evicted;
    }
  }

  std::int64_t rows_ = 0, columns_ = 0;
  const double* weights_ = nullptr;
  double* prices_ = nullptr;
  std::vector<double> value_, above_, distance_;
  std::vector<std::int32_t> column_, row_, before_, entered_;
  std::vector<char> done_, row_done_;
};

}  // namespace pyrnnsim
