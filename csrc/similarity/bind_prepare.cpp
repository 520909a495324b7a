// Bindings of the kernels that prepare one network (centred.hpp).
#include <vector>

#include "../common/bind_arrays.hpp"
#include "../common/bind_gil.hpp"
#include "bind_similarity.hpp"
#include "centred.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pyrnnsim {
namespace {

template <class T>
Activity<T> activity_of(const Array<T>& x) {
  expect(x.ndim() == 2, "x must be (samples, units), got " + shape_of(x));
  return {x.data(), x.shape(1), x.shape(0), x.shape(1)};
}

void expect_vector(const py::array& a, py::ssize_t length, const char* name) {
  expect(a.ndim() == 1 && a.shape(0) == length,
         std::string(name) + " must be (" + std::to_string(length) + ",), got " + shape_of(a));
}

// sums and spread are accumulated in place, so that chunks of samples give the bits of one pass.
template <class T>
void add_column_sums(const Array<T>& x, const Array<double>& shift, Array<double>& sums, Array<double>& spread) {
  const Activity<T> activity = activity_of(x);
  expect_vector(shift, x.shape(1), "shift");
  expect_vector(sums, x.shape(1), "sums");
  expect_vector(spread, x.shape(1), "spread");
  const ColumnSums<T> arguments{activity, shift.data(), sums.mutable_data(), spread.mutable_data()};
  const GilReleased nogil;
  PYRNNSIM_CHOSEN(void(const ColumnSums<T>&), column_sums)(arguments);
}

using Size = std::int64_t(std::int64_t);

py::tuple gram_shape(std::int64_t units) {
  return py::make_tuple(PYRNNSIM_CHOSEN(Size, gram_rows)(units), PYRNNSIM_CHOSEN(Size, gram_stride)(units));
}

template <class T>
void add_centred_gram(const Array<T>& x, const Array<double>& mean, const Array<double>& scale, Array<double>& gram) {
  const Activity<T> activity = activity_of(x);
  const std::int64_t units = x.shape(1), rows = PYRNNSIM_CHOSEN(Size, gram_rows)(units),
                     stride = PYRNNSIM_CHOSEN(Size, gram_stride)(units);
  expect_vector(mean, units, "mean");
  expect_vector(scale, units, "scale");
  expect(gram.ndim() == 2 && gram.shape(0) == rows && gram.shape(1) == stride,
         "gram must have gram_shape(units), got " + shape_of(gram));
  const double *mean_data = mean.data(), *scale_data = scale.data();
  double* out = gram.mutable_data();
  const GilReleased nogil;
  std::vector<double> scratch(static_cast<std::size_t>(PYRNNSIM_CHOSEN(Size, gram_scratch)(units)));
  PYRNNSIM_CHOSEN(void(const CentredGram<T>&),
                  centred_gram)({activity, mean_data, scale_data, out, stride, scratch.data()});
}

template <class T>
Array<T> centred_of(const Array<T>& x, const Array<double>& mean, double scale) {
  expect(x.ndim() == 2, "x must be (samples, units), got " + shape_of(x));
  expect_vector(mean, x.shape(1), "mean");
  Array<T> out({x.shape(0), x.shape(1)});
  const T* in = x.data();
  const double* mean_data = mean.data();
  T* data = out.mutable_data();
  const py::ssize_t samples = x.shape(0), units = x.shape(1);
  const GilReleased nogil;
  for (py::ssize_t p = 0; p < samples; ++p)
    for (py::ssize_t j = 0; j < units; ++j)
      data[p * units + j] = static_cast<T>((static_cast<double>(in[p * units + j]) - mean_data[j]) * scale);
  return out;
}

template <class T>
Array<T> project_of(const Array<T>& x, const Array<double>& mean, const Array<double>& weights, bool precise) {
  const Activity<T> activity = activity_of(x);
  expect_vector(mean, x.shape(1), "mean");
  expect(weights.ndim() == 2 && weights.shape(0) == x.shape(1),
         "weights must be (" + std::to_string(x.shape(1)) + ", rank), got " + shape_of(weights));
  Array<T> out({x.shape(0), weights.shape(1)});
  T* data = out.mutable_data();
  const double *mean_data = mean.data(), *weight_data = weights.data();
  const std::int64_t rank = weights.shape(1);
  const GilReleased nogil;
  using Bytes = std::size_t(std::int64_t, std::int64_t);
  std::vector<double> scratch(PYRNNSIM_CHOSEN(Bytes, projection_scratch_bytes)(activity.units, rank) / sizeof(double) +
                              1);
  PYRNNSIM_CHOSEN(void(const Projection<T>&),
                  project)({activity, mean_data, weight_data, rank, data, precise, scratch.data()});
  return out;
}

template <class T>
void bind(py::module_& m) {
  m.def("add_column_sums", &add_column_sums<T>, py::arg("x").noconvert(), py::arg("shift").noconvert(),
        py::arg("sums").noconvert(), py::arg("spread").noconvert(),
        "sums += column sums of x - shift; spread = max(spread, |x - shift|).");
  m.def("add_centred_gram", &add_centred_gram<T>, py::arg("x").noconvert(), py::arg("mean").noconvert(),
        py::arg("scale").noconvert(), py::arg("gram").noconvert(),
        "Adds the lower triangle of Y^T Y, Y = (x - mean) * scale, to a gram of gram_shape(units).");
  m.def("centred", &centred_of<T>, py::arg("x").noconvert(), py::arg("mean").noconvert(), "scale"_a,
        "(x - mean) * scale, in x's dtype.");
  m.def("project", &project_of<T>, py::arg("x").noconvert(), py::arg("mean").noconvert(),
        py::arg("weights").noconvert(), py::kw_only(), "precise"_a = true,
        "(x - mean) @ weights in x's dtype; precise=False sums float32 in float32.");
}

}  // namespace

void bind_prepare(py::module_& m) {
  bind<float>(m);
  bind<double>(m);
  m.def("gram_shape", &gram_shape, "units"_a, "Shape of the padded array that add_centred_gram fills.");
}

}  // namespace pyrnnsim
