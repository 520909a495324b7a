#include "bind_similarity.hpp"

#include "bind_projection.hpp"

namespace pyrnnsim {

void bind_similarity(pybind11::module_& m) {
  bind_prepare(m);
  bind_tiles(m);
  bind_projection(m);
}

}  // namespace pyrnnsim
