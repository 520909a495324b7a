// What Python calls: keeps graphs for as long as pairs of them are asked for.
#include "bind_graphs.hpp"

#include <pybind11/stl.h>

#include <algorithm>
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

  py::tuple distances(const Array<std::int64_t>& first, const Array<std::int64_t>& second, int n_jobs) const {
    expect(first.ndim() == 1 && second.ndim() == 1 && first.size() == second.size(),
           "first and second must be (pairs,)");
    const py::ssize_t pairs = first.size();
    for (py::ssize_t p = 0; p < pairs; ++p) view(first.at(p)), view(second.at(p));
    Array<double> distance(pairs);
    Array<bool> proven(pairs);
    std::vector<GraphMatcher> matchers(static_cast<std::size_t>(std::max(n_jobs, 1)));
    double* to = distance.mutable_data();
    bool* known = proven.mutable_data();
    const std::int64_t *a = first.data(), *b = second.data();
    {
      const GilReleased released;
      parallel_for(pairs, n_jobs, [&](std::int64_t p, int worker) {
        const Matching made = matchers[static_cast<std::size_t>(worker)].match(views_[static_cast<std::size_t>(a[p])],
                                                                               views_[static_cast<std::size_t>(b[p])]);
        to[p] = made.distance, known[p] = made.proven;
      });
    }
    return py::make_tuple(distance, proven);
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
      .def("distances", &GraphList::distances, py::arg("first").noconvert(), py::arg("second").noconvert(),
           py::kw_only(), "n_jobs"_a,
           "(pairs,) distances under the best assignment found, and whether each is proven to be the least.")
      .def("assignment", &GraphList::assignment, "first"_a, "second"_a,
           "Distance of one pair, whether it is proven, and the nodes assigned to each other, -1 for dummies.");
}

}  // namespace pyrnnsim
