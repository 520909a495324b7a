// What Python calls: allocates the arrays of a result, describes each matrix as a problem, and hands SciPy's LAPACK
// over, so that the extension links none of its own.
#include "bind_eig.hpp"

#include <pybind11/complex.h>

#include <complex>

#include "../common/bind_arrays.hpp"
#include "../common/bind_gil.hpp"
#include "../common/lapack.hpp"
#include "eigen_solver.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pyrnnsim {
namespace {

using Complex = std::complex<double>;

EigenMethod method_of(const std::string& name) {
  if (name == "native") return EigenMethod::native;
  if (name == "lapack") return EigenMethod::lapack;
  expect(name == "auto", "method must be auto, native or lapack, got " + name);
  return EigenMethod::automatic;
}

py::dict eig(const Array<double>& matrices, std::int64_t modes, bool left, int n_jobs, const std::string& method) {
  expect(matrices.ndim() == 3 && matrices.shape(1) == matrices.shape(2),
         "matrices must be (count, n, n), got " + shape_of(matrices));
  const py::ssize_t count = matrices.shape(0), n = matrices.shape(1), rows = left ? modes : 0;
  expect(modes >= 0 && modes <= n, "modes must lie in [0, n]");
  Array<Complex> values({count, n}), right({count, n, static_cast<py::ssize_t>(modes)}), left_rows({count, rows, n});
  Array<double> condition({count, rows}), residual(count);
  Array<std::uint8_t> flags(count);
  std::vector<EigenProblem> problems;
  auto numbers = [](Complex* at) { return reinterpret_cast<double*>(at); };
  for (py::ssize_t i = 0; i < count; ++i)
    problems.push_back({matrices.data() + i * n * n, n, modes, numbers(values.mutable_data() + i * n),
                        numbers(right.mutable_data() + i * n * modes),
                        left ? numbers(left_rows.mutable_data() + i * n * modes) : nullptr,
                        left ? condition.mutable_data() + i * modes : nullptr, residual.mutable_data() + i,
                        flags.mutable_data() + i});
  {
    const EigenOptions options{method_of(method), n_jobs};
    const GilReleased nogil;
    solve_eigen(problems, options);
  }
  return py::dict("eigenvalues"_a = values, "right"_a = right, "left"_a = left_rows, "condition"_a = condition,
                  "residual"_a = residual, "flags"_a = flags);
}

// The capsule of scipy.linalg.cython_lapack.__pyx_capi__["dgeevx"]; its name is the C signature.
void set_lapack_eigen(const py::capsule& routine) {
  const char* signature = routine.name();
  expect(signature && std::string(signature).find("int *") != std::string::npos,
         std::string("dgeevx: expected 32-bit integers, SciPy exports ") + (signature ? signature : "no signature"));
  set_dgeevx(reinterpret_cast<Dgeevx>(routine.get_pointer<void>()));
}

}  // namespace

void bind_eig(py::module_& m) {
  m.def("eig", &eig, py::arg("matrices").noconvert(), "modes"_a, py::kw_only(), "left"_a, "n_jobs"_a,
        "method"_a = "auto", "Arrays of a decomposition by name; flags are bits of EigenFlag.");
  m.def("set_lapack_eigen", &set_lapack_eigen, "dgeevx"_a);
}

}  // namespace pyrnnsim
