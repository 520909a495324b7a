// Named fields of a Python dict as checked values; every error says function, field, what was expected and what came.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <string>
#include <utility>
#include <vector>

#include "../common/bind_arrays.hpp"

namespace pyrnnsim {

using Shape = std::vector<pybind11::ssize_t>;

inline std::string text_of(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

// An array of exactly this dtype, layout and shape.
template <class T>
Array<T> checked_array(const pybind11::handle& value, const std::string& what, const Shape& shape) {
  const std::string wanted = what + " must be a C-contiguous " + (sizeof(T) == 4 ? "float32" : "float64") +
                             " array of shape " + text_of(shape) + ", got ";
  if (!pybind11::isinstance<pybind11::array>(value))
    expect(false, wanted + std::string(pybind11::str(pybind11::type::of(value).attr("__name__"))));
  const auto array = pybind11::reinterpret_borrow<pybind11::array>(value);
  const bool same = Shape(array.shape(), array.shape() + array.ndim()) == shape;
  const bool right = pybind11::isinstance<Array<T>>(value);
  expect(same && right, wanted + std::string(pybind11::str(array.dtype())) + " " + shape_of(array) +
                            (same && !right ? "; convert with numpy.ascontiguousarray" : ""));
  return pybind11::reinterpret_borrow<Array<T>>(value);
}

// Holds its own references: arrays stay where they are while a kernel runs, whatever other threads do to the dict.
class Fields {
 public:
  Fields(std::string what, const pybind11::dict& fields) : what_(std::move(what)), fields_(fields.attr("copy")()) {}

  bool has(const char* key) const { return fields_.contains(key) && !fields_[key].is_none(); }
  std::string name(const char* key) const { return std::string(what_).append("['").append(key).append("']"); }

  pybind11::object value(const char* key) const {
    expect(fields_.contains(key), what_ + " has no '" + key + "'");
    return fields_[key];
  }

  template <class V>
  V get(const char* key, const char* kind) const {
    try {
      return value(key).cast<V>();
    } catch (const pybind11::cast_error&) {
      throw pybind11::type_error(name(key) + " must be " + kind + ", got " + std::string(pybind11::repr(value(key))));
    }
  }
  template <class V>
  V get_or(const char* key, const char* kind, V otherwise) const {
    return has(key) ? get<V>(key, kind) : otherwise;
  }

  // Position of the field's text among the choices; absent: the first.
  int choice(const char* key, const std::vector<std::string>& choices, bool required = false) const {
    if (!required && !has(key)) return 0;
    const auto chosen = get<std::string>(key, "a string");
    std::string listed;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (choices[i] == chosen) return static_cast<int>(i);
      listed.append(i > 0 ? ", '" : "'").append(choices[i]).append("'");
    }
    throw std::invalid_argument(name(key) + " must be one of " + listed + ", got '" + chosen + "'");
  }

  template <class T>
  const T* array(const char* key, const Shape& shape) const {
    return checked_array<T>(value(key), name(key), shape).data();
  }
  template <class T>
  T* writable(const char* key, const Shape& shape) const {
    auto array = checked_array<T>(value(key), name(key), shape);
    expect(array.writeable(), name(key) + " must be writable: it is updated in place");
    return array.mutable_data();
  }

  // One number per network, of any dtype that converts.
  template <class V>
  std::vector<V> numbers(const char* key, pybind11::ssize_t networks) const {
    using Loose = pybind11::array_t<V, pybind11::array::c_style | pybind11::array::forcecast>;
    const auto array = Loose::ensure(value(key));
    if (!array) {
      PyErr_Clear();
      throw pybind11::type_error(name(key) + " must hold one number per network");
    }
    expect(array.ndim() == 1 && array.shape(0) == networks,
           name(key) + " must be (" + std::to_string(networks) + ",), one value per network, got " + shape_of(array));
    return {array.data(), array.data() + networks};
  }

 private:
  std::string what_;
  pybind11::dict fields_;
};

}  // namespace pyrnnsim
