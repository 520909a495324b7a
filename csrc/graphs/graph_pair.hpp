// Two graphs whose nodes are to be assigned to each other, laid out for the search.
#pragma once
#include <cstdint>
#include <vector>

namespace pyrnnsim {

struct GraphView {
  const double* adjacency;  // (size, size)
  const bool* stable;       // (size,)
  std::int64_t size;
};

// |A - P B P^T|^2 = constant + stable(P) - 2 shared(P): the squares of all edges from unstable nodes, the differences of
// those between stable nodes, and the products of the former. Edges to unstable nodes are left out.
//
// B has as many stable nodes as A or more; dummies without edges make up for those that A lacks. Of the unstable nodes
// the smaller set are rows, the larger one columns; no dummies, as they would share nothing.
struct GraphPair {
  std::int64_t stable = 0;                     // S, of B
  std::int64_t real = 0;                       // of A, the others are dummies
  std::int64_t rows = 0, columns = 0;          // R <= C
  bool rows_are_first = true;                  // whether A's unstable nodes are the rows
  double constant = 0;                         // squares of all edges from unstable nodes
  double scale = 0;                            // squares of all edges
  std::vector<std::int32_t> nodes_a, nodes_b;  // stable ones, then unstable ones
  std::vector<double> stable_a, stable_b;      // (S, S)
  std::vector<double> to_a, to_b;              // (S, unstable nodes) edges from these to each stable one
  std::int64_t unstable_a = 0, unstable_b = 0;

  void read(const GraphView& a, const GraphView& b) {
    split(a, nodes_a, real);
    split(b, nodes_b, stable);
    unstable_a = a.size - real, unstable_b = b.size - stable;
    rows_are_first = unstable_a <= unstable_b;
    rows = rows_are_first ? unstable_a : unstable_b;
    columns = rows_are_first ? unstable_b : unstable_a;
    constant = scale = 0;
    take(a, nodes_a, real, unstable_a, stable_a, to_a);
    take(b, nodes_b, stable, unstable_b, stable_b, to_b);
    scale += constant;
  }

  // Stable node i of A assigned to k of B: adds what each row and column then share to weights (R, C).
  void add(std::int64_t i, std::int64_t k, double* weights) const {
    const double* from_a = to_a.data() + i * unstable_a;
    const double* from_b = to_b.data() + k * unstable_b;
    const double* row = rows_are_first ? from_a : from_b;
    const double* column = rows_are_first ? from_b : from_a;
    for (std::int64_t r = 0; r < rows; ++r) {
      if (row[r] == 0) continue;
      for (std::int64_t c = 0; c < columns; ++c) weights[r * columns + c] += row[r] * column[c];
    }
  }

  // After i and j have exchanged k and l, weight (r, c) is more by (row_more[r] - row_less[r]) (more[c] - less[c]).
  struct Exchange {
    const double *row_less, *row_more, *less, *more;
  };
  Exchange exchange(std::int64_t i, std::int64_t j, std::int64_t k, std::int64_t l) const {
    const double *ai = to_a.data() + i * unstable_a, *aj = to_a.data() + j * unstable_a;
    const double *bk = to_b.data() + k * unstable_b, *bl = to_b.data() + l * unstable_b;
    return rows_are_first ? Exchange{ai, aj, bl, bk} : Exchange{bk, bl, aj, ai};
  }

  // Squared differences of the edges between i, k and another pair j, l that is assigned.
  double between(std::int64_t i, std::int64_t k, std::int64_t j, std::int64_t l) const {
    const double out = stable_a[i * stable + j] - stable_b[k * stable + l];
    const double in = stable_a[j * stable + i] - stable_b[l * stable + k];
    return i == j ? out * out : out * out + in * in;
  }

  // Squares of the edges between two nodes of B that both have dummies.
  double between_left_out(std::int64_t k, std::int64_t l) const {
    const double out = stable_b[k * stable + l], in = stable_b[l * stable + k];
    return out * out + in * in;
  }

 private:
  static void split(const GraphView& graph, std::vector<std::int32_t>& nodes, std::int64_t& stable) {
    nodes.clear();
    for (const bool kind : {true, false}) {
      for (std::int64_t n = 0; n < graph.size; ++n)
        if (graph.stable[n] == kind) nodes.push_back(static_cast<std::int32_t>(n));
      if (kind) stable = static_cast<std::int64_t>(nodes.size());
    }
  }

  void take(const GraphView& graph, const std::vector<std::int32_t>& nodes, std::int64_t own, std::int64_t unstable,
            std::vector<double>& between_stable, std::vector<double>& to) {
    between_stable.assign(static_cast<std::size_t>(stable * stable), 0.0);
    to.assign(static_cast<std::size_t>(stable * unstable), 0.0);
    for (std::int64_t k = 0; k < own; ++k) {
      for (std::int64_t j = 0; j < own; ++j) {
        const double edge = graph.adjacency[nodes[j] * graph.size + nodes[k]];
        between_stable[j * stable + k] = edge;
        scale += edge * edge;
      }
      for (std::int64_t u = 0; u < unstable; ++u) {
        const double edge = graph.adjacency[nodes[own + u] * graph.size + nodes[k]];
        to[k * unstable + u] = edge;
        constant += edge * edge;
      }
    }
  }
};

}  // namespace pyrnnsim
