// Bindings of the kernels that look for fixed points.
#pragma once
#include <pybind11/pybind11.h>

namespace pyrnnsim {

void bind_dynamics(pybind11::module_& m);

}  // namespace pyrnnsim
