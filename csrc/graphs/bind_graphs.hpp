// Bindings of the distances between graphs.
#pragma once
#include <pybind11/pybind11.h>

namespace pyrnnsim {

void bind_graphs(pybind11::module_& m);

}  // namespace pyrnnsim
