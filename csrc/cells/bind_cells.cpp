#include "bind_cells.hpp"

namespace pyrnnsim {

void bind_cells(pybind11::module_& m) {
  bind_train(m);
  bind_states(m);
}

}  // namespace pyrnnsim
