// NumPy arrays as the kernels' views; shapes are checked here, values in the package.
#pragma once
#include <pybind11/numpy.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace pyrnnsim {

// Exactly this dtype and layout: the package converts, a binding never does so behind its back.
template <class T>
using Array = pybind11::array_t<T, pybind11::array::c_style>;
template <class T>
using Arrays = std::vector<Array<T>>;

inline void expect(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument(what);
}

inline std::string shape_of(const pybind11::array& a) {
  std::string text = "(";
  for (pybind11::ssize_t i = 0; i < a.ndim(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(a.shape(i));
  }
  text += a.ndim() == 1 ? ",)" : ")";
  return text;
}

// A list of arrays as it comes from Python. pybind11 would convert and copy elements silently; this refuses instead.
template <class T>
Arrays<T> array_list(const pybind11::list& list, const char* name) {
  Arrays<T> arrays;
  arrays.reserve(list.size());
  for (const auto& item : list) {
    expect(pybind11::isinstance<Array<T>>(item),
           std::string(name) + ": every item must be a C-contiguous array of the tile's dtype");
    arrays.push_back(pybind11::reinterpret_borrow<Array<T>>(item));
  }
  return arrays;
}

}  // namespace pyrnnsim
