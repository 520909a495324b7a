// Bindings of the tiles of pairs (core_tile.hpp, tile_values.hpp).
#include <algorithm>
#include <limits>
#include <numeric>

#include "../common/bind_arrays.hpp"
#include "../common/bind_gil.hpp"
#include "../common/lapack.hpp"
#include "bind_similarity.hpp"
#include "tile_values.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pyrnnsim {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

template <class T>
SampleChunk<T> chunk_of(const Arrays<T>& arrays, const std::vector<std::int64_t>& ranks, py::ssize_t samples,
                        const char* name) {
  expect(arrays.size() == ranks.size(), std::string(name) + " must have " + std::to_string(ranks.size()) +
                                            " arrays, got " + std::to_string(arrays.size()));
  SampleChunk<T> chunk;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    expect(arrays[i].ndim() == 2 && arrays[i].shape(0) == samples && arrays[i].shape(1) == ranks[i],
           std::string(name) + "[" + std::to_string(i) + "] must be (" + std::to_string(samples) + ", " +
               std::to_string(ranks[i]) + "), got " + shape_of(arrays[i]));
    chunk.bases.push_back(arrays[i].data());
    chunk.strides.push_back(ranks[i]);
  }
  return chunk;
}

// Keeps the arrays alive while the kernels read them.
template <class T>
struct SideArrays {
  Arrays<T> loadings;
  Arrays<double> scales;
  NetworkSide<T> side;

  SideArrays(const py::list& loading_list, const py::list& scale_list, const std::vector<std::int64_t>& leading,
             const std::vector<double>& noise, const std::vector<double>& doubt, const std::vector<std::int64_t>& ranks)
      : loadings(array_list<T>(loading_list, "loadings")), scales(array_list<double>(scale_list, "scales")) {
    expect((loadings.empty() || loadings.size() == ranks.size()) && scales.size() == ranks.size() &&
               leading.size() == ranks.size() && noise.size() == ranks.size() && doubt.size() == ranks.size(),
           "loadings, scales, leading, noise and doubt must have one item per network");
    side.leading = leading;
    side.noise = noise;
    side.doubt = doubt;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      expect(leading[i] >= 1 && leading[i] <= ranks[i], "leading must lie in [1, rank]");
      expect(scales[i].ndim() == 1 && scales[i].shape(0) == ranks[i], "scales must be (rank,) each");
      side.scales.push_back(scales[i].data());
      if (loadings.empty()) continue;
      expect(loadings[i].ndim() == 2 && loadings[i].shape(0) == ranks[i], "loadings must be (rank, units) each");
      side.loadings.push_back(loadings[i].data());
      side.units.push_back(loadings[i].shape(1));
    }
  }
};

Request request_of(const py::dict& options, int n_jobs) {
  return {options["measures"].cast<unsigned>(), options["norm"].cast<int>(),
          options["core_noise"].cast<double>(), options["tolerance"].cast<double>(),
          options["ambiguity"].cast<double>(),  n_jobs};
}

template <class T>
class BoundTile {
 public:
  void start(const std::vector<std::int64_t>& left_ranks, const std::vector<std::int64_t>& right_ranks,
             bool triangular) {
    left_ranks_ = left_ranks;
    right_ranks_ = right_ranks;
    tile_.start(left_ranks, right_ranks, triangular);
  }

  void accumulate(const py::list& left, const py::list& right, int n_jobs) {
    const Arrays<T> left_arrays = array_list<T>(left, "left"), right_arrays = array_list<T>(right, "right");
    const py::ssize_t samples = left_arrays.empty() ? 0 : left_arrays[0].shape(0);
    const SampleChunk<T> a = chunk_of(left_arrays, left_ranks_, samples, "left"),
                         b = chunk_of(right_arrays, right_ranks_, samples, "right");
    const GilReleased nogil;
    tile_.accumulate(a, b, samples, n_jobs);
  }

  // `only`: None, or (rows, columns) bool; other pairs are left out.
  py::tuple solve(const SideArrays<T>& left, const SideArrays<T>& right, const py::dict& options, int n_jobs,
                  const py::object& only) {
    const Request request = request_of(options, n_jobs);
    const std::int64_t rows = tile_.left_networks(), columns = tile_.right_networks();
    Array<bool> chosen;
    if (!only.is_none()) {
      chosen = only.cast<Array<bool>>();
      expect(chosen.ndim() == 2 && chosen.shape(0) == rows && chosen.shape(1) == columns,
             "only must be (rows, columns) of the tile, got " + shape_of(chosen));
    }
    Array<double> values({rows, columns, static_cast<std::int64_t>(kValues)});
    Array<std::uint8_t> flags({rows, columns});
    std::fill_n(values.mutable_data(), values.size(), kMissing);
    std::fill_n(flags.mutable_data(), flags.size(), std::uint8_t{0});
    std::vector<PairSlot<T>> slots;
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j)
        if (tile_.wanted(i, j) && (only.is_none() || chosen.at(i, j)))
          slots.push_back({tile_.core(i, j), i, j, values.mutable_data(i, j, 0), flags.mutable_data(i, j)});
    {
      const GilReleased nogil;
      tile_.finish(n_jobs);
      compute_values(slots, left.side, right.side, request);
    }
    return py::make_tuple(values, flags);
  }

  Array<T> core(std::int64_t i, std::int64_t j) {
    expect(i >= 0 && i < tile_.left_networks() && j >= 0 && j < tile_.right_networks(),
           "core: no such pair in this tile");
    tile_.finish(1);
    const CoreView<T> view = tile_.core(i, j);
    Array<T> out({view.rows, view.columns});
    for (std::int64_t r = 0; r < view.rows; ++r)
      std::copy_n(view.data + r * view.stride, view.columns, out.mutable_data(r, 0));
    return out;
  }

  // All cores side by side: (sum of left ranks, sum of right ranks).
  Array<T> matrix() {
    const std::int64_t rows = std::accumulate(left_ranks_.begin(), left_ranks_.end(), std::int64_t{0});
    const std::int64_t columns = std::accumulate(right_ranks_.begin(), right_ranks_.end(), std::int64_t{0});
    Array<T> out({rows, columns});
    if (rows == 0 || columns == 0) return out;
    tile_.finish(1);
    const CoreView<T> first = tile_.core(0, 0);
    for (std::int64_t r = 0; r < rows; ++r) std::copy_n(first.data + r * first.stride, columns, out.mutable_data(r, 0));
    return out;
  }

  const std::vector<std::int64_t>& left_ranks() const { return left_ranks_; }
  const std::vector<std::int64_t>& right_ranks() const { return right_ranks_; }

 private:
  std::vector<std::int64_t> left_ranks_, right_ranks_;
  CoreTile<T> tile_;
};

class BoundList {
 public:
  void start(const std::vector<std::int64_t>& left_ranks, const std::vector<std::int64_t>& right_ranks,
             const std::vector<std::pair<std::int64_t, std::int64_t>>& pairs) {
    for (const auto& [i, j] : pairs)
      expect(i >= 0 && i < static_cast<std::int64_t>(left_ranks.size()) && j >= 0 &&
                 j < static_cast<std::int64_t>(right_ranks.size()),
             "pairs: no such network");
    left_ranks_ = left_ranks;
    right_ranks_ = right_ranks;
    list_.start(left_ranks, right_ranks, pairs);
  }

  void accumulate(const py::list& left, const py::list& right, int n_jobs) {
    const Arrays<double> left_arrays = array_list<double>(left, "left"),
                         right_arrays = array_list<double>(right, "right");
    const py::ssize_t samples = left_arrays.empty() ? 0 : left_arrays[0].shape(0);
    const SampleChunk<double> a = chunk_of(left_arrays, left_ranks_, samples, "left"),
                              b = chunk_of(right_arrays, right_ranks_, samples, "right");
    const GilReleased nogil;
    list_.accumulate(a, b, samples, n_jobs);
  }

  py::tuple solve(const SideArrays<double>& left, const SideArrays<double>& right, const py::dict& options,
                  int n_jobs) {
    const Request request = request_of(options, n_jobs);
    const auto count = static_cast<std::int64_t>(list_.pairs().size());
    Array<double> values({count, static_cast<std::int64_t>(kValues)});
    Array<std::uint8_t> flags(count);
    std::fill_n(values.mutable_data(), values.size(), kMissing);
    std::fill_n(flags.mutable_data(), flags.size(), std::uint8_t{0});
    std::vector<PairSlot<double>> slots;
    for (std::int64_t p = 0; p < count; ++p) {
      const auto index = static_cast<std::size_t>(p);
      slots.push_back({list_.core(index), list_.pairs()[index].first, list_.pairs()[index].second,
                       values.mutable_data(p, 0), flags.mutable_data(p)});
    }
    {
      const GilReleased nogil;
      list_.finish(n_jobs);
      compute_values(slots, left.side, right.side, request);
    }
    return py::make_tuple(values, flags);
  }

  const std::vector<std::int64_t>& left_ranks() const { return left_ranks_; }
  const std::vector<std::int64_t>& right_ranks() const { return right_ranks_; }

 private:
  std::vector<std::int64_t> left_ranks_, right_ranks_;
  CoreList list_;
};

// solve() takes each side as (loadings, scales, leading, noise, doubt).
template <class Bound, class T, class... More>
py::tuple solve_sides(Bound& bound, const py::tuple& left, const py::tuple& right, const py::dict& options, int n_jobs,
                      More... more) {
  expect(left.size() == 5 && right.size() == 5, "each side must be (loadings, scales, leading, noise, doubt)");
  const SideArrays<T> a(left[0].cast<py::list>(), left[1].cast<py::list>(), left[2].cast<std::vector<std::int64_t>>(),
                        left[3].cast<std::vector<double>>(), left[4].cast<std::vector<double>>(), bound.left_ranks());
  const SideArrays<T> b(right[0].cast<py::list>(), right[1].cast<py::list>(),
                        right[2].cast<std::vector<std::int64_t>>(), right[3].cast<std::vector<double>>(),
                        right[4].cast<std::vector<double>>(), bound.right_ranks());
  return bound.solve(a, b, options, n_jobs, more...);
}

template <class T>
void bind_tile(py::module_& m, const char* name) {
  py::class_<BoundTile<T>>(m, name, "Cores of all pairs of a rectangle of networks.")
      .def(py::init<>())
      .def("start", &BoundTile<T>::start, "left_ranks"_a, "right_ranks"_a, py::kw_only(), "triangular"_a)
      .def("accumulate", &BoundTile<T>::accumulate, "left"_a, "right"_a, py::kw_only(), "n_jobs"_a)
      .def("solve", &solve_sides<BoundTile<T>, T, py::object>, "left"_a, "right"_a, "options"_a, py::kw_only(),
           "n_jobs"_a, "only"_a = py::none())
      .def("core", &BoundTile<T>::core, "i"_a, "j"_a)
      .def("matrix", &BoundTile<T>::matrix);
}

// The capsule of scipy.linalg.cython_lapack.__pyx_capi__["dgesdd"]; its name is the C signature.
void set_lapack(const py::capsule& routine) {
  const char* signature = routine.name();
  expect(signature && std::string(signature).find("int *") != std::string::npos,
         std::string("dgesdd: expected 32-bit integers, SciPy exports ") + (signature ? signature : "no signature"));
  set_dgesdd(reinterpret_cast<Dgesdd>(routine.get_pointer<void>()));
}

}  // namespace

void bind_tiles(py::module_& m) {
  bind_tile<float>(m, "CoreTileFloat32");
  bind_tile<double>(m, "CoreTileFloat64");
  py::class_<BoundList>(m, "CoreListFloat64", "Cores of chosen pairs.")
      .def(py::init<>())
      .def("start", &BoundList::start, "left_ranks"_a, "right_ranks"_a, "pairs"_a)
      .def("accumulate", &BoundList::accumulate, "left"_a, "right"_a, py::kw_only(), "n_jobs"_a)
      .def("solve", &solve_sides<BoundList, double>, "left"_a, "right"_a, "options"_a, py::kw_only(), "n_jobs"_a);
  m.def("set_lapack", &set_lapack, "dgesdd"_a);
  m.attr("SAMPLE_BLOCK") = kSampleBlock;
}

}  // namespace pyrnnsim
