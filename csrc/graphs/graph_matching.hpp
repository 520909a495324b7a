// The contract of matching: how little the edges of two graphs differ under the best assignment of their nodes.
#pragma once
#include <cstdint>
#include <vector>

#include "branch_search.hpp"
#include "graph_pair.hpp"
#include "swap_search.hpp"

namespace pyrnnsim {

struct Matching {
  double distance = 0;                      // |A - P B P^T|, Frobenius norm
  bool proven = true;                       // whether no other assignment can be better
  std::vector<std::int32_t> first, second;  // nodes that are assigned to each other; -1 for dummies
};

// Assigns stable nodes to stable ones and unstable to unstable ones; dummies without edges make up the numbers. Swaps
// find a good assignment, a search by branches improves it or proves that it is the best. Both end after an amount of
// work that is counted, never timed: the outcome is then an upper bound. The same bits for (a, b) as for (b, a).
//
// Holds memory for one pair at a time: one for each thread.
class GraphMatcher {
 public:
  Matching match(const GraphView& a, const GraphView& b);

 private:
  void search();
  Matching outcome(const GraphView& a, const GraphView& b);

  GraphPair pair_;
  SwapSearch swaps_;
  BranchSearch branches_;
};

}  // namespace pyrnnsim
