// Loops over independent work on the project's own threads (no OpenMP: two OpenMP runtimes in one process, as wheels
// of different projects bring them, slow each other down by orders of magnitude).
#pragma once
#include <cstdint>
#include <memory>
#include <type_traits>

namespace pyrnnsim {

// Calls body(context, index, worker) once for every index in [0, count), on at most `threads` threads.
//
// Indices are handed out in ascending order, one at a time; the caller takes part as worker 0 and `worker` is below
// `threads`, unique among the threads that run at the same time, so it may select scratch memory. Which worker meets
// which index is not fixed: bodies must write only what belongs to their index.
//
// The first exception in index order is rethrown here after all bodies that had begun have ended; later indices may
// then have been skipped. A call from inside a body runs serially in that body's thread. Several Python threads may
// call at once, and a forked child may call: it starts threads of its own. threads <= 1 runs in the caller alone.
void parallel_for(std::int64_t count, int threads, void (*body)(void* context, std::int64_t index, int worker),
                  void* context);

// The same for a callable taking (std::int64_t index, int worker).
template <class Body>
void parallel_for(std::int64_t count, int threads, Body&& body) {
  using Callable = std::remove_reference_t<Body>;
  parallel_for(
      count, threads,
      [](void* context, std::int64_t index, int worker) { (*static_cast<Callable*>(context))(index, worker); },
      const_cast<void*>(static_cast<const void*>(std::addressof(body))));
}

}  // namespace pyrnnsim
