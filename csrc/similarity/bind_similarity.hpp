// Bindings of the similarity kernels, one function per topic.
#pragma once
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace pyrnnsim {

void bind_prepare(pybind11::module_& m);
void bind_tiles(pybind11::module_& m);
void bind_similarity(pybind11::module_& m);

}  // namespace pyrnnsim
