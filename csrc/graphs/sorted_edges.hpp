// Edges of unstable nodes in descending order, without those to some stable nodes.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

namespace pyrnnsim {

// Sums of products of two lists are largest where both are sorted: the most that two nodes can share in edges to stable
// nodes whose partners are open.
struct SortedEdges {
  std::int64_t nodes = 0, most = 0;  // most: edges of any node that are left
  std::vector<double> left;          // (S, nodes) row n: the n-th longest edge of each, zeros behind the last
  std::vector<std::int32_t> count;   // (nodes,) edges that are left

  // to: (stable, nodes).
  void sort(const std::vector<double>& to, std::int64_t stable, std::int64_t unstable) {
    nodes = unstable;
    edges_.clear(), first_.assign(1, 0);
    for (std::int64_t u = 0; u < nodes; ++u) {
      const auto begin = static_cast<std::int64_t>(edges_.size());
      for (std::int64_t k = 0; k < stable; ++k)
        if (to[k * nodes + u] != 0) edges_.push_back({to[k * nodes + u], static_cast<std::int32_t>(k)});
      std::sort(edges_.begin() + begin, edges_.end(), [](const Edge& x, const Edge& y) {
        return x.length > y.length || (x.length == y.length && x.to < y.to);
      });
      first_.push_back(static_cast<std::int32_t>(edges_.size()));
    }
    left.assign(static_cast<std::size_t>(stable * nodes), 0.0);
    count.assign(static_cast<std::size_t>(nodes), 0);
  }

  void leave_out(const std::vector<char>& used) {
    std::fill(left.begin(), left.begin() + most * nodes, 0.0);
    most = 0;
    for (std::int64_t u = 0; u < nodes; ++u) {
      std::int64_t n = 0;
      for (std::int32_t e = first_[u]; e < first_[u + 1]; ++e)
        if (!used[edges_[e].to]) left[n++ * nodes + u] = edges_[e].length;
      count[u] = static_cast<std::int32_t>(n);
      most = std::max(most, n);
    }
  }

 private:
  struct Edge {
    double length;
    std::int32_t to;
  };
  std::vector<Edge> edges_;
  std::vector<std::int32_t> first_;
};

// Adds the largest sums of products to weights (rows, columns).
inline void add_products(const SortedEdges& row, const SortedEdges& column, double* weights) {
  for (std::int64_t r = 0; r < row.nodes; ++r) {
    const std::int64_t terms = std::min<std::int64_t>(row.count[r], column.most);
    for (std::int64_t n = 0; n < terms; ++n) {
      const double edge = row.left[n * row.nodes + r];
      for (std::int64_t c = 0; c < column.nodes; ++c)
        weights[r * column.nodes + c] += edge * column.left[n * column.nodes + c];
    }
  }
}

}  // namespace pyrnnsim
