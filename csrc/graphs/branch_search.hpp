// The best assignment of two graphs' nodes: depth first, one stable node of the smaller set after the other, with upper
// limits of what each partial assignment can share.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "assignment.hpp"
#include "graph_pair.hpp"
#include "sorted_edges.hpp"

namespace pyrnnsim {

// What a partial assignment costs at least: the edges between nodes that are assigned, for every other stable node the
// partner that differs least from it in edges to those and to itself, and of the edges from unstable nodes what the best
// assignment of these leaves. Two of them share no more than the products of their edges to assigned nodes, and of the
// other edges those of the sorted ones. A cheap limit of that assignment comes first (one pass, with the parent's
// prices), the whole only where it may prune.
class BranchSearch {
 public:
  // Improves an assignment of known cost, unless that takes more work than `most`, in entries of weights.
  void run(const GraphPair& pair, const std::vector<std::int32_t>& order, double cost, std::int64_t most) {
    pair_ = &pair;
    best_ = order, limit_ = cost, most_ = most, work_ = 0, complete_ = true;
    solver_.reserve(pair.rows, pair.columns);
    const auto s = static_cast<std::size_t>(pair.stable), n = static_cast<std::size_t>(pair.rows * pair.columns);
    sequence();
    edges_a_.sort(pair.to_a, pair.stable, pair.unstable_a);
    edges_b_.sort(pair.to_b, pair.stable, pair.unstable_b);
    used_a_.assign(s, 0), used_b_.assign(s, 0), chosen_.assign(s, -1);
    levels_.resize(s + 1);
    for (Level& level : levels_) level.linear.resize(s * s);
    levels_[0].weights.assign(n, 0.0);
    levels_[0].prices.assign(static_cast<std::size_t>(pair.columns), 0.0);
    whole_.resize(n);
    for (std::size_t i = 0; i < s; ++i)
      for (std::size_t k = 0; k < s; ++k) levels_[0].linear[i * s + k] = pair.between(i, k, i, k);
    if (pair.real > 0) extend(0, 0.0);
  }

  const std::vector<std::int32_t>& order() const { return best_; }
  double cost() const { return limit_; }
  bool complete() const { return complete_; }  // whether no assignment is better

 private:
  struct Free {
    std::int64_t node;
    double alone;
  };
  struct Child {
    double bound;
    std::int32_t node;
  };
  struct Level {
    std::vector<double> weights;  // (R, C) shared in edges to nodes that are assigned
    std::vector<double> prices;   // (C,)
    std::vector<double> linear;   // (S, S) cost of each free pair in edges between stable nodes, if assigned next
    std::vector<Child> children;
  };
  static constexpr double kGain = 1e-12;          // an improvement by less, of what is known, is none
  static constexpr double kRounding = 1e-14;      // of all squares
  static constexpr std::int64_t kSolution = 6;    // cost of an assignment of unstable nodes, in passes over the weights
  static constexpr std::int64_t kOverhead = 200;  // of a look at a choice, in entries of the weights

  // Nodes of A: first the one that most leads to, then those that share most origins with the ones before.
  void sequence() {
    const GraphPair& p = *pair_;
    std::vector<double> before(static_cast<std::size_t>(p.unstable_a), 0.0);
    std::vector<char> taken(static_cast<std::size_t>(p.real), 0);
    sequence_.clear();
    for (std::int64_t n = 0; n < p.real; ++n) {
      std::int64_t at = -1;
      double most = -1;
      for (std::int64_t i = 0; i < p.real; ++i) {
        if (taken[i]) continue;
        double shared = 0;
        for (std::int64_t u = 0; u < p.unstable_a; ++u) {
          const double edge = p.to_a[i * p.unstable_a + u];
          shared += edge * (before[u] + 0.1 * edge);
        }
        if (shared > most) most = shared, at = i;
      }
      taken[at] = 1;
      sequence_.push_back(static_cast<std::int32_t>(at));
      for (std::int64_t u = 0; u < p.unstable_a; ++u) before[u] += p.to_a[at * p.unstable_a + u];
    }
  }

  // What the edges from unstable nodes must share for less than the known cost.
  double enough(double stable) const {
    return (pair_->constant + stable - limit_ * (1 - kGain) + kRounding * pair_->scale) / 2;
  }

  // All choices for the next node, the most promising first. stable: cost of edges between assigned nodes.
  void extend(std::int64_t depth, double stable) {
    const GraphPair& p = *pair_;
    const std::int64_t s = p.stable, i = sequence_[depth];
    Level &level = levels_[depth], &next = levels_[depth + 1];
    level.children.clear();
    used_a_[i] = 1;
    edges_a_.leave_out(used_a_);
    for (std::int64_t k = 0; k < s; ++k) {
      if (used_b_[k]) continue;
      used_b_[k] = 1;
      const double least = stable + level.linear[i * s + k] + rest(depth, i, k);
      look(level, i, k);
      const double shared = solver_.bound(whole_.data(), level.prices.data());
      if (shared > enough(least)) level.children.push_back({least - 2 * shared, static_cast<std::int32_t>(k)});
      used_b_[k] = 0;
    }
    std::stable_sort(level.children.begin(), level.children.end(),
                     [](const Child& x, const Child& y) { return x.bound < y.bound; });
    for (std::size_t n = 0; n < level.children.size(); ++n) {
      const std::int64_t k = level.children[n].node;
      const double here = stable + level.linear[i * s + k], least = here + rest(depth, i, k);
      used_b_[k] = 1;
      edges_a_.leave_out(used_a_);
      look(level, i, k);
      next.prices = level.prices;
      complete_ &= work_ <= most_;
      if (!complete_) return;
      work_ += kSolution * p.rows * p.columns;
      const double shared = solver_.solve(whole_.data(), next.prices.data(), enough(least));
      if (shared > enough(least)) {
        chosen_[i] = static_cast<std::int32_t>(k);
        if (depth + 1 == p.real) {
          best_ = chosen_, limit_ = std::max(0.0, p.constant + least - 2 * shared);
          fill(best_);
        } else {
          next.weights = level.weights;
          p.add(i, k, next.weights.data());
          assign(level, next, i, k);
          extend(depth + 1, here);
        }
      }
      used_b_[k] = 0;
      if (!complete_) return;
    }
    used_a_[i] = 0;
  }

  // The most that rows and columns can share if i has k besides, into whole_; i and k are marked as used.
  void look(const Level& level, std::int64_t i, std::int64_t k) {
    work_ += pair_->rows * pair_->columns + kOverhead;
    whole_ = level.weights;
    pair_->add(i, k, whole_.data());
    edges_b_.leave_out(used_b_);
    const SortedEdges& row = pair_->rows_are_first ? edges_a_ : edges_b_;
    const SortedEdges& column = pair_->rows_are_first ? edges_b_ : edges_a_;
    add_products(row, column, whole_.data());
  }

  // The least cost of edges between stable nodes of which one or both are not assigned yet, once i has k: that of
  // leaving out each free node of B, and what every open node of A saves at most. Exact where none is open.
  double rest(std::int64_t depth, std::int64_t i, std::int64_t k) {
    const GraphPair& p = *pair_;
    const std::int64_t s = p.stable;
    const std::vector<double>& linear = levels_[depth].linear;
    const bool dummies = p.real < s, last = depth + 1 == p.real;
    double sum = 0;
    free_.clear();
    for (std::int64_t l = 0; l < s; ++l) {
      if (used_b_[l] || l == k) continue;
      const double alone = dummies ? linear[p.real * s + l] + p.between(p.real, l, i, k) : 0;
      sum += alone;
      if (last)
        for (const Free& other : free_) sum += p.between_left_out(l, other.node);
      free_.push_back({l, alone});
    }
    for (std::int64_t n = depth + 1; n < p.real; ++n) {
      const std::int64_t j = sequence_[n];
      double least = std::numeric_limits<double>::infinity();
      for (const Free& one : free_)
        least = std::min(least, linear[j * s + one.node] + p.between(j, one.node, i, k) - one.alone);
      sum += least;
    }
    return sum;
  }

  // Gives the dummies of A what is left.
  void fill(std::vector<std::int32_t>& order) const {
    std::int64_t i = pair_->real;
    for (std::int64_t l = 0; l < pair_->stable; ++l)
      if (!used_b_[l]) order[i++] = static_cast<std::int32_t>(l);
  }

  void assign(const Level& level, Level& next, std::int64_t i, std::int64_t k) const {
    const std::int64_t s = pair_->stable;
    for (std::int64_t j = 0; j < std::min(pair_->real + 1, s); ++j) {  // a dummy stands for all of them
      if (used_a_[j]) continue;
      for (std::int64_t l = 0; l < s; ++l)
        if (!used_b_[l]) next.linear[j * s + l] = level.linear[j * s + l] + pair_->between(j, l, i, k);
    }
  }

  const GraphPair* pair_ = nullptr;
  Assignment solver_;
  SortedEdges edges_a_, edges_b_;
  std::vector<Level> levels_;
  std::vector<Free> free_;
  std::vector<double> whole_;
  std::vector<char> used_a_, used_b_;
  std::vector<std::int32_t> sequence_, chosen_, best_;
  double limit_ = 0;
  std::int64_t most_ = 0, work_ = 0;
  bool complete_ = true;
};

}  // namespace pyrnnsim
