// Bindings of the cells: training, and the building blocks.
#pragma once
#include <pybind11/pybind11.h>

namespace pyrnnsim {

void bind_cells(pybind11::module_& m);
void bind_train(pybind11::module_& m);
void bind_states(pybind11::module_& m);

}  // namespace pyrnnsim
