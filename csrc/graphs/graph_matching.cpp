// Which searches a pair gets, and the distance from the edges themselves.
#include "graph_matching.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace pyrnnsim {
namespace {

// Work in entries of weights, of 1 to 3 ns: what graphs that are alike need, and what others are worth. On 276 pairs of
// trained flip-flop networks, kMoreSwaps of 15 million loses 9 to a beam search of thousands of branches, this none.
constexpr std::int64_t kFirstSwaps = 200'000, kBranches = 5'000'000, kMoreSwaps = 35'000'000;

std::int64_t stable_nodes(const GraphView& g) { return std::count(g.stable, g.stable + g.size, true); }

// Any strict order of graphs in which those with fewer stable nodes come first: below, equal, or above 0.
int compare(const GraphView& a, const GraphView& b) {
  const std::int64_t s = stable_nodes(a), t = stable_nodes(b);
  if (s != t) return s < t ? -1 : 1;
  if (a.size != b.size) return a.size < b.size ? -1 : 1;
  const auto n = static_cast<std::size_t>(a.size);
  if (n == 0) return 0;
  const int kinds = std::memcmp(a.stable, b.stable, n * sizeof(bool));
  return kinds != 0 ? kinds : std::memcmp(a.adjacency, b.adjacency, n * n * sizeof(double));
}

bool leads_to_unstable(const GraphView& g) {
  for (std::int64_t i = 0; i < g.size; ++i)
    for (std::int64_t j = 0; j < g.size; ++j)
      if (!g.stable[j] && g.adjacency[i * g.size + j] != 0) return true;
  return false;
}

double edge(const GraphView& g, std::int32_t from, std::int32_t to) {
  return from < 0 || to < 0 ? 0.0 : g.adjacency[from * g.size + to];
}

double distance(const GraphView& a, const GraphView& b, const Matching& m) {
  double sum = 0;
  for (std::size_t i = 0; i < m.first.size(); ++i)
    for (std::size_t j = 0; j < m.first.size(); ++j) {
      const double difference = edge(a, m.first[i], m.first[j]) - edge(b, m.second[i], m.second[j]);
      sum += difference * difference;
    }
  return std::sqrt(sum);
}

}  // namespace

Matching GraphMatcher::match(const GraphView& a, const GraphView& b) {
  const int order = compare(a, b);
  if (order > 0) {
    Matching made = match(b, a);
    std::swap(made.first, made.second);
    return made;
  }
  if (order == 0) {
    Matching made;
    for (std::int32_t n = 0; n < a.size; ++n) made.first.push_back(n);
    made.second = made.first;
    return made;
  }
  pair_.read(a, b);
  search();
  return outcome(a, b);
}

void GraphMatcher::search() {
  swaps_.start(pair_);
  swaps_.improve(kFirstSwaps);
  branches_.run(pair_, swaps_.order(), swaps_.cost(), kBranches);
  swaps_.adopt(branches_.order(), branches_.cost());
  if (!branches_.complete()) swaps_.improve(kMoreSwaps);
}

Matching GraphMatcher::outcome(const GraphView& a, const GraphView& b) {
  const std::vector<std::int32_t> order = swaps_.order();
  Matching made;
  made.proven = branches_.complete() && !leads_to_unstable(a) && !leads_to_unstable(b);
  for (std::int64_t i = 0; i < pair_.stable; ++i) {
    made.first.push_back(i < pair_.real ? pair_.nodes_a[i] : -1);
    made.second.push_back(pair_.nodes_b[order[i]]);
  }
  const std::int32_t *row = pair_.nodes_a.data() + pair_.real, *column = pair_.nodes_b.data() + pair_.stable;
  if (!pair_.rows_are_first) std::swap(row, column);
  std::vector<std::int32_t>& rows = pair_.rows_are_first ? made.first : made.second;
  std::vector<std::int32_t>& columns = pair_.rows_are_first ? made.second : made.first;
  std::vector<char> left(static_cast<std::size_t>(pair_.columns), 1);
  const std::vector<std::int32_t> assigned = swaps_.unstable(pair_, order);
  for (std::int64_t r = 0; r < pair_.rows; ++r) {
    rows.push_back(row[r]), columns.push_back(column[assigned[r]]);
    left[assigned[r]] = 0;
  }
  for (std::int64_t c = 0; c < pair_.columns; ++c)
    if (left[c]) rows.push_back(-1), columns.push_back(column[c]);
  made.distance = distance(a, b, made);
  made.proven |= made.distance == 0;
  return made;
}

}  // namespace pyrnnsim
