// Binding of the task generators.
#pragma once
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace pyrnnsim {

void bind_tasks(pybind11::module_& m);

}  // namespace pyrnnsim
