// Binding of the eigen-decomposition.
#pragma once
#include <pybind11/pybind11.h>

namespace pyrnnsim {

void bind_eig(pybind11::module_& m);

}  // namespace pyrnnsim
