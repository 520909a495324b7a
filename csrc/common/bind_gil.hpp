// Releases the interpreter lock for as long as it lives.
#pragma once
#include <pybind11/pybind11.h>

namespace pyrnnsim {

// Unlike pybind11's gil_scoped_release, the destructor may unwind: before Python 3.14, a daemon thread that wants the
// lock back while the interpreter shuts down is ended by unwinding its stack, and a destructor that forbids that turns
// the end of a finished program into an abort.
class GilReleased {
 public:
  GilReleased() : state_(PyEval_SaveThread()) {}
  ~GilReleased() noexcept(false) { PyEval_RestoreThread(state_); }
  GilReleased(const GilReleased&) = delete;
  GilReleased& operator=(const GilReleased&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace pyrnnsim
