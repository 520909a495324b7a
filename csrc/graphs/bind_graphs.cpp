// What Python calls: keeps graphs for as long as pairs of them are asked for.
#include "bind_graphs.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "../common/bind_arrays.hpp"
#include "../common/bind_gil.hpp"
#include "../common/parallel.hpp"
#include "graph_matching.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pyrnnsim {
namespace {

class GraphList {
 public:
  GraphList(const py::list& adjacencies, const py::list& stable)
      : adjacencies_(array_list<double>(adjacencies, "adjacencies")), stable_(array_list<bool>(stable, "stable")) {
    expect(adjacencies_.size() == stable_.size(), "stable must have one array for each adjacency");
    for (std::size_t g = 0; g < stable_.size(); ++g) {
      const py::ssize_t n = stable_[g].ndim() == 1 ? stable_[g].shape(0) : -1;
      const Array<double>& a = adjacencies_[g];
      expect(a.ndim() == 2 && a.shape(0) == n && a.shape(1) == n,
             "adjacencies must be (n, n) and stable (n,), got " + shape_of(a) + " and " + shape_of(stable_[g]));
      views_.push_back({a.data(), stable_[g].data(), n});
    }
  }

  // Of as many of the first pairs, at least one, as can be begun within so many seconds: the caller looks after signals
  // and progress in between. What a pair gives depends on no clock.
  py::tuple distances(const Array<std::int64_t>& first, const Array<std::int64_t>& second, int n_jobs,
                      double seconds) const {
    expect(first.ndim() == 1 && second.ndim() == 1 && first.size() == second.size(),
           "first and second must be (pairs,)");
    const py::ssize_t pairs = first.size();
    for (py::ssize_t p = 0; p < pairs; ++p) view(first.at(p)), view(second.at(p));
    std::vector<double> distance(static_cast<std::size_t>(pairs));
    std::vector<char> proven(static_cast<std::size_t>(pairs));
    std::atomic<std::int64_t> left_out{pairs};  // the first pair that came too late
    {
      const GilReleased released;
      const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
      std::vector<GraphMatcher> matchers(static_cast<std::size_t>(std::max(n_jobs, 1)));
      parallel_for(pairs, n_jobs, [&](std::int64_t p, int worker) {
        if (p > 0 && std::chrono::steady_clock::now() > end) {
          std::int64_t known = left_out;
          while (p < known && !left_out.compare_exchange_weak(known, p)) {
          }
          return;
        }
        const Matching made =
            matchers[static_cast<std::size_t>(worker)].match(view(first.data()[p]), view(second.data()[p]));
        distance[static_cast<std::size_t>(p)] = made.distance;
        proven[static_cast<std::size_t>(p)] = made.proven;
      });
    }
    const py::ssize_t done = left_out;
    Array<double> distances_out(done);
    Array<bool> proven_out(done);
    std::copy_n(distance.begin(), done, distances_out.mutable_data());
    std::copy_n(proven.begin(), done, proven_out.mutable_data());
    return py::make_tuple(distances_out, proven_out);
  }

  py::tuple assignment(std::int64_t first, std::int64_t second) const {
    const GraphView &a = view(first), &b = view(second);
    Matching made;
    {
      const GilReleased released;
      made = GraphMatcher().match(a, b);
    }
    return py::make_tuple(made.distance, made.proven, py::cast(made.first), py::cast(made.second));
  }

 private:
  const GraphView& view(std::int64_t g) const {
    expect(g >= 0 && g < static_cast<std::int64_t>(views_.size()), "there is no graph " + std::to_string(g));
    return views_[static_cast<std::size_t>(g)];
  }

  Arrays<double> adjacencies_;
  Arrays<bool> stable_;
  std::vector<GraphView> views_;
};

}  // namespace

void bind_graphs(py::module_& m) {
  py::class_<GraphList>(m, "GraphList", "Graphs (n, n) with the kinds (n,) of their nodes, whose pairs are matched.")
      .def(py::init<const py::list&, const py::list&>(), "adjacencies"_a, "stable"_a)
      .def(
          "distances", &GraphList::distances, py::arg("first").noconvert(), py::arg("second").noconvert(),
          py::kw_only(), "n_jobs"_a, "seconds"_a,
          "(n,) distances of the first n pairs under the best assignments found, and whether each is proven to be the\n"
          "least; as many, at least one, as are begun within `seconds`.")
      .def("assignment", &GraphList::assignment, "first"_a, "second"_a,
           "Distance of one pair, whether it is proven, and the nodes assigned to each other, -1 for dummies.");
}

}  // namespace pyrnnsim
