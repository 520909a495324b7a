// Good assignments of two graphs' nodes, without proof: descents by swaps, from disturbed copies of the best.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "assignment.hpp"
#include "graph_pair.hpp"

namespace pyrnnsim {

class SwapSearch {
 public:
  // Descends from the assignment that pairs nodes by what leads to them.
  void start(const GraphPair& pair) {
    pair_ = &pair;
    solver_.reserve(pair.rows, pair.columns);
    trial_solver_.reserve(pair.rows, pair.columns);
    weights_.resize(static_cast<std::size_t>(pair.rows * pair.columns));
    prices_.assign(static_cast<std::size_t>(pair.columns), 0.0);
    raised_.resize(static_cast<std::size_t>(pair.columns));
    open_.assign(static_cast<std::size_t>(pair.stable), 1);
    state_ = 0x9e3779b97f4a7c15u, work_ = 0;
    first_order();
    evaluate();
    descend();
    best_ = order_, best_cost_ = cost_;
  }

  // Descends from disturbed copies of the best assignment, or of a slightly worse one that such a descent led to, until
  // so much work has been done in all.
  void improve(std::int64_t most) {
    const std::int64_t s = pair_->stable;
    if (pair_->real == 0 || s < 3) return;
    std::vector<std::int32_t> from = best_;
    double here = best_cost_;
    for (std::int64_t round = 0; work_ < most; ++round) {
      order_ = from;
      for (std::int64_t n = 0; n < 2 + round % 3; ++n) {
        const std::size_t i = below(pair_->real), j = below(s);
        std::swap(order_[i], order_[j]);
        open_[i] = open_[j] = 1;
      }
      evaluate();
      descend();
      if (cost_ < here + kAccepted * best_cost_) from = order_, here = cost_;
      if (cost_ < best_cost_ - kGain * pair_->scale) best_ = order_, best_cost_ = cost_;
      if (round % kPatience == kPatience - 1) from = best_, here = best_cost_;
    }
  }

  // Goes on from a better assignment, which was found elsewhere.
  void adopt(const std::vector<std::int32_t>& order, double cost) { best_ = order, best_cost_ = cost; }

  // (R,) the columns of the best assignment of unstable nodes if stable ones have this.
  const std::vector<std::int32_t>& unstable(const GraphPair& pair, const std::vector<std::int32_t>& order) {
    pair_ = &pair, order_ = order;
    std::fill(prices_.begin(), prices_.end(), 0.0);
    evaluate();
    return solver_.columns();
  }

  // constant + stable - 2 shared of order(); the same for the same pair, always.
  double cost() const { return best_cost_; }

  const std::vector<std::int32_t>& order() const { return best_; }  // (S,) stable nodes of B by those of A

 private:
  static constexpr double kGain = 1e-13;          // an improvement by less, of all squares, is none
  static constexpr double kAccepted = 0.04;       // what may be lost between two descents, of the best cost
  static constexpr std::int64_t kPatience = 20;   // descents until the best assignment is returned to
  static constexpr std::int64_t kOverhead = 200;  // of a look at a swap, in entries of the weights
  static constexpr std::int64_t kSolution = 6;    // cost of an assignment of unstable nodes, in passes over the weights

  std::size_t below(std::int64_t count) {  // xorshift
    state_ ^= state_ << 13, state_ ^= state_ >> 7, state_ ^= state_ << 17;
    return static_cast<std::size_t>((state_ >> 11) % static_cast<std::uint64_t>(count));
  }

  // Pairs stable nodes so that the products of their sorted edges have the largest sum.
  void first_order() {
    const GraphPair& p = *pair_;
    const std::int64_t s = p.stable, u = p.rows;
    std::vector<std::vector<double>> a = sorted_edges(p.to_a, p.unstable_a), b = sorted_edges(p.to_b, p.unstable_b);
    std::vector<double> alike(static_cast<std::size_t>(s * s)), prices(static_cast<std::size_t>(s));
    for (std::int64_t i = 0; i < s; ++i)
      for (std::int64_t k = 0; k < s; ++k)
        for (std::int64_t n = 0; n < u; ++n) alike[i * s + k] += a[i][n] * b[k][n];
    Assignment solver;
    solver.reserve(s, s);
    solver.solve(alike.data(), prices.data(), -1.0);
    order_ = solver.columns();
  }

  std::vector<std::vector<double>> sorted_edges(const std::vector<double>& to, std::int64_t unstable) const {
    std::vector<std::vector<double>> made;
    for (std::int64_t k = 0; k < pair_->stable; ++k) {
      made.emplace_back(to.begin() + k * unstable, to.begin() + (k + 1) * unstable);
      std::sort(made.back().begin(), made.back().end(), std::greater<>());
    }
    return made;
  }

  double stable_cost() const {
    double sum = 0;
    for (std::int64_t i = 0; i < pair_->stable; ++i)
      for (std::int64_t j = 0; j <= i; ++j) sum += pair_->between(i, order_[i], j, order_[j]);
    return sum;
  }

  void evaluate() {
    work_ += kSolution * pair_->rows * pair_->columns;
    std::fill(weights_.begin(), weights_.end(), 0.0);
    for (std::int64_t i = 0; i < pair_->stable; ++i) pair_->add(i, order_[i], weights_.data());
    shared_ = solver_.solve(weights_.data(), prices_.data(), -1.0);
    stable_ = stable_cost();
    cost_ = pair_->constant + stable_ - 2 * shared_;
  }

  // Swaps until none of an open node is better; those that swap are open again.
  void descend() {
    const std::int64_t s = pair_->stable;
    for (std::int64_t i = 0, since = 0; since < s; i = (i + 1) % s, ++since) {
      if (!open_[i]) continue;
      open_[i] = 0;
      for (std::int64_t j = 0; j < s; ++j) {
        if (i == j || !swap_if_better(i, j)) continue;
        open_[i] = open_[j] = 1;
        since = -1;
      }
    }
  }

  bool swap_if_better(std::int64_t i, std::int64_t j) {
    const std::int32_t k = order_[i], l = order_[j];
    if (i >= pair_->real && j >= pair_->real) return false;
    const double stable = stable_ + change(i, j, k, l);
    const double enough = (pair_->constant + stable - cost_) / 2 + kGain * pair_->scale;
    work_ += pair_->rows * pair_->columns + kOverhead;
    const GraphPair::Exchange x = pair_->exchange(i, j, k, l);
    if (limit_after(x) <= enough) return false;
    work_ += kSolution * pair_->rows * pair_->columns;
    trial_ = weights_, trial_prices_ = prices_;
    for (std::int64_t r = 0; r < pair_->rows; ++r)
      for (std::int64_t c = 0; c < pair_->columns; ++c)
        trial_[r * pair_->columns + c] += (x.row_more[r] - x.row_less[r]) * (x.more[c] - x.less[c]);
    trial_solver_.follow(solver_);
    if (trial_solver_.solve(trial_.data(), trial_prices_.data(), enough) <= enough) return false;
    std::swap(order_[i], order_[j]);
    evaluate();
    return true;
  }

  // The most that can be shared after an exchange, by the prices of now: rows without a change keep their values.
  double limit_after(const GraphPair::Exchange& x) {
    const std::int64_t columns = pair_->columns;
    double sum = shared_;
    for (std::int64_t r = 0; r < pair_->rows; ++r) {
      const double factor = x.row_more[r] - x.row_less[r];
      if (factor == 0) continue;
      for (std::int64_t c = 0; c < columns; ++c)
        raised_[c] = weights_[r * columns + c] + factor * (x.more[c] - x.less[c]);
      const double most = largest_difference(raised_.data(), prices_.data(), columns);
      sum += most - solver_.value(r);
    }
    return sum;
  }

  // Of the cost of edges between stable nodes where i and j exchange k and l.
  double change(std::int64_t i, std::int64_t j, std::int32_t k, std::int32_t l) const {
    const GraphPair& p = *pair_;
    double sum = p.between(i, l, i, l) + p.between(j, k, j, k) + p.between(i, l, j, k);
    sum -= p.between(i, k, i, k) + p.between(j, l, j, l) + p.between(i, k, j, l);
    for (std::int64_t n = 0; n < p.stable; ++n) {
      if (n == i || n == j) continue;
      const std::int32_t m = order_[n];
      sum += p.between(i, l, n, m) + p.between(j, k, n, m) - p.between(i, k, n, m) - p.between(j, l, n, m);
    }
    return sum;
  }

  const GraphPair* pair_ = nullptr;
  Assignment solver_, trial_solver_;
  std::vector<double> weights_, trial_, prices_, trial_prices_, raised_;
  std::vector<std::int32_t> order_, best_;
  std::vector<char> open_;  // (S,) nodes whose swaps are to be looked at
  std::uint64_t state_ = 0;
  std::int64_t work_ = 0;
  double cost_ = 0, stable_ = 0, shared_ = 0, best_cost_ = 0;
};

}  // namespace pyrnnsim
