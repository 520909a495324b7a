// Runs pieces of work of one kernel on the thread pool, with scratch memory per worker and without the interpreter lock.
#pragma once
#include <algorithm>
#include <vector>

#include "../common/bind_gil.hpp"
#include "../common/buffer.hpp"
#include "../common/flush_denormals.hpp"
#include "../common/parallel.hpp"
#include "cell_states.hpp"
#include "cell_train.hpp"

namespace pyrnnsim {

template <class Work, class Body>
void for_each_network(std::vector<Work>& work, int n_jobs, Body&& body) {
  std::vector<Buffer> memory(static_cast<std::size_t>(std::max(n_jobs, 1)));
  const GilReleased released;
  parallel_for(static_cast<std::int64_t>(work.size()), n_jobs, [&](std::int64_t index, int worker) {
    const FlushDenormals flush;
    Work& piece = work[static_cast<std::size_t>(index)];
    const std::int64_t bytes = PYRNNSIM_CHOSEN(std::int64_t(const Work&), workspace_bytes)(piece);
    piece.workspace = memory[static_cast<std::size_t>(worker)].reserve(static_cast<std::size_t>(bytes));
    body(piece);
  });
}

}  // namespace pyrnnsim
