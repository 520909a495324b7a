#include "bind_projection.hpp"

#include <cstdint>
#include <string>

#include "../common/bind_arrays.hpp"
#include "../common/bind_gil.hpp"
#include "projection_weights.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pyrnnsim {
namespace {

void check(const py::array& directions, const py::array& loadings, const Array<std::int32_t>& network, int norm) {
  const std::string caller = "projection_weights: ";
  expect(directions.ndim() == 3, caller + "directions must be (pairs, rank, count), got " + shape_of(directions));
  const std::string pairs = std::to_string(directions.shape(0)), rank = std::to_string(directions.shape(1));
  expect(loadings.ndim() == 3 && loadings.shape(1) == directions.shape(1),
         caller + "loadings must be (networks, " + rank + ", units), got " + shape_of(loadings));
  expect(network.ndim() == 1 && network.shape(0) == directions.shape(0),
         caller + "network must be (" + pairs + ",), got " + shape_of(network));
  expect(norm == 1 || norm == 2, caller + "norm must be 1 or 2, got " + std::to_string(norm));
  for (py::ssize_t pair = 0; pair < network.shape(0); ++pair)
    if (network.at(pair) < 0 || network.at(pair) >= loadings.shape(0))
      expect(false, caller + "network[" + std::to_string(pair) + "] is " + std::to_string(network.at(pair)) +
                        ", expected 0 to " + std::to_string(loadings.shape(0) - 1));
}

template <class T>
Array<double> weights_of(const Array<T>& directions, const Array<T>& loadings, const Array<std::int32_t>& network,
                         int norm) {
  check(directions, loadings, network, norm);
  const py::ssize_t pairs = directions.shape(0), rank = directions.shape(1), count = directions.shape(2);
  const py::ssize_t units = loadings.shape(2);
  Array<double> weights({pairs, count});
  const ProjectionWeights<T> arguments{.directions = directions.data(),
                                       .direction_stride = count,
                                       .loadings = loadings.data(),
                                       .loading_stride = units,
                                       .network = network.data(),
                                       .weights = weights.mutable_data(),
                                       .pairs = pairs,
                                       .count = count,
                                       .rank = rank,
                                       .units = units,
                                       .norm = norm};
  const GilReleased released;
  PYRNNSIM_CHOSEN(void(const ProjectionWeights<T>&), projection_weights)(arguments);
  return weights;
}

template <class T>
void bind(py::module_& m, const char* doc) {
  m.def("projection_weights", &weights_of<T>, py::arg("directions").noconvert(), py::arg("loadings").noconvert(),
        py::arg("network").noconvert(), py::kw_only(), "norm"_a, doc);
}

}  // namespace

void bind_projection(py::module_& m) {
  bind<float>(m, "sum_j |sum_r directions[pair, r, m] loadings[network[pair], r, j]|**norm as float64 (pairs, count).");
  bind<double>(m, "The same in float64.");
}

}  // namespace pyrnnsim
