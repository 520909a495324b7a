// The contract of the training kernel: iterations of gradient descent on one network, everything inside one call.
//
// Per iteration: trials, states of all steps, loss, back-propagation through time, clipping by the global norm, update.
//   loss = sum mask (y - target)^2 / sum mask,   y = w_out s + b_out,   gradients those of loss_factor * loss
//   sgd:   v = momentum v + g,   w -= rate v
//   adam:  m = momentum m + (1 - momentum) g,   v = beta2 v + (1 - beta2) g^2,
//          w -= rate (m / (1 - momentum^k)) / (sqrt(v / (1 - beta2^k)) + epsilon),   k = iterations so far
//   rate:  learning_rate decay^(i / decay_steps), or a straight line from learning_rate at 0 to learning_rate * decay at
//          decay_steps and constant after it, or constant
//   g = min(1, clip / |g|) g, l2 w added before (clip_after_l2) or after it
#pragma once
#include <cstdint>

#include "../common/isa.hpp"
#include "cell.hpp"

namespace pyrnnsim {

enum class Decay : int { none, exponential, linear };

struct TrainOptions {
  bool adam;
  Decay decay_kind;
  bool l2_on_all;  // else on w_rec, w_in and w_out
  bool clip_after_l2;
  bool train_h0;  // else h0 stays and does not count in the norm
  double learning_rate, momentum, clip, l2, decay, decay_steps, beta2, epsilon, until_loss, loss_factor;
};

// One trial: inputs (steps, inputs), targets and mask (steps, outputs); mask null counts everything.
template <class T>
struct Trial {
  const T *inputs, *targets, *mask;
};
// Where trials come from; `iteration` counts from the first of the call. `scratch` holds steps * (inputs + 2 * outputs)
// numbers that the answer may point into.
template <class T>
struct TrialSource {
  Trial<T> (*trial)(const void* context, std::int64_t iteration, std::int64_t trial, T* scratch);
  const void* context;
};

template <class T>
struct TrainNetwork {
  Cell cell;
  Sizes sizes;
  TrainOptions options;
  Parameters<T> parameters, first, second;  // in and out; `second` for adam only
  TrialSource<T> source;
  std::int64_t first_iteration, iterations;
  double *loss, *gradient_norm;  // (iterations,) out: loss_factor * loss and |g| before the update; NaN after the stop
  std::int64_t stopped_at, diverged_at;  // out: iteration counted from 0 of all calls, or -1
  void* workspace;                       // workspace_bytes() bytes, aligned to 64
};

// A network stops without an update where its loss falls below until_loss, or where loss or gradient norm are not finite.
// One thread; the bits of the result depend on nothing but the arguments and the instruction set.
#define PYRNNSIM_DECLARE_TRAIN(isa)                            \
  namespace isa {                                              \
  std::int64_t workspace_bytes(const TrainNetwork<float>& a);  \
  std::int64_t workspace_bytes(const TrainNetwork<double>& a); \
  void train_network(TrainNetwork<float>& a);                  \
  void train_network(TrainNetwork<double>& a);                 \
  }
PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_DECLARE_TRAIN)
#undef PYRNNSIM_DECLARE_TRAIN

}  // namespace pyrnnsim
