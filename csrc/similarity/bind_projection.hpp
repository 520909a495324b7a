// Binding of the PWCCA weighting kernel (projection_weights.hpp).
#pragma once
#include <pybind11/pybind11.h>

namespace pyrnnsim {

void bind_projection(pybind11::module_& m);

}  // namespace pyrnnsim
