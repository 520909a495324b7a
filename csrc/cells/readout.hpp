// The linear readout of a step and its errors.
//
// There are few outputs, so each is a sum over the units of one trial; W such sums, spread over the lanes of W vectors,
// become one vector by a tree of shuffles.
#pragma once
#include "packed_weights.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// Lanes of a and b side by side, each group of GROUP lanes folded onto its lower half: those of a first.
template <class T, int GROUP>
PYRNNSIM_INLINE Vec<T> folded(Vec<T> a, Vec<T> b) {
  constexpr int W = kWidth<T>, half = GROUP / 2;
  Mask<T> low{}, high{};
#pragma GCC unroll 16
  for (int lane = 0; lane < W; ++lane) {
    const int in_vector = lane % (W / 2), source = lane / (W / 2) * W + in_vector / half * GROUP + in_vector % half;
    low[lane] = source;
    high[lane] = source + half;
  }
  return __builtin_shuffle(a, b, low) + __builtin_shuffle(a, b, high);
}

// Lane i of the result is the sum of the lanes of vectors[i].
template <class T, int GROUP = kWidth<T>>
PYRNNSIM_INLINE Vec<T> lane_sums(Vec<T>* vectors) {
  if constexpr (GROUP == 1)
    return vectors[0];
  else {
#pragma GCC unroll 8
    for (int i = 0; i < GROUP / 2; ++i) vectors[i] = folded<T, GROUP>(vectors[2 * i], vectors[2 * i + 1]);
    return lane_sums<T, GROUP / 2>(vectors);
  }
}

// Readouts without bias of W trial-output pairs from one on, in the order of (trials, outputs); past the last: zeros.
template <class T>
PYRNNSIM_INLINE Vec<T> readouts(const Layout<T>& a, const PackedWeights<T>& packed, const T* now, std::int64_t trial,
                                std::int64_t output) {
  constexpr int W = kWidth<T>;
  Vec<T> sums[W];
  for (int lane = 0; lane < W; ++lane) {
    sums[lane] = Vec<T>{};
    if (trial < a.trials)
      for (std::int64_t state = 0; state < a.states; ++state) {
        const T* s = now + state * a.plane + trial * a.row;
        const T* weights = packed.readout + (output * a.states + state) * a.width;
        for (std::int64_t n = 0; n < a.width; n += W) sums[lane] += load(s + n) * load(weights + n);
      }
    if (++output == a.outputs) {
      output = 0;
      ++trial;
    }
  }
  return lane_sums<T>(sums);
}

// From one step's targets to the next one's: whole vectors of trial-output pairs, zeros after the last pair.
template <class T>
PYRNNSIM_INLINE std::int64_t error_stride(const Layout<T>& a) {
  return round_up(a.trials * a.outputs, kWidth<T>);
}

// Turns a step's targets (trials, outputs) into errors, scale * mask * (output - target): the derivative of the loss by
// the outputs. mask may be null. Adds the errors to bias_sums (trials, outputs) and returns the sum of
// mask * (output - target)^2.
template <class T>
static double step_errors(const Layout<T>& a, const PackedWeights<T>& packed, const T* now, T scale, const T* mask,
                          T* targets, double* bias_sums) {
  constexpr std::int64_t W = kWidth<T>;
  const std::int64_t pairs = a.trials * a.outputs;
  Vec<T> squares{};
  for (std::int64_t q = 0; q < pairs; q += W) {
    const Vec<T> y = readouts(a, packed, now, q / a.outputs, q % a.outputs) + load(packed.readout_bias + q);
    Vec<T> error = y - load(targets + q), weighted = error;
    if (mask) {  // a masked target may be NaN: it is taken out, not multiplied by zero
      const Vec<T> weight = load(mask + q);
      error = weight == T(0) ? Vec<T>{} : error;
      weighted = weight * error;
    }
    squares += weighted * error;
    store(targets + q, scale * weighted);
  }
  for (std::int64_t q = 0; q < pairs; ++q) bias_sums[q] += static_cast<double>(targets[q]);
  double sum = 0;
  for (std::int64_t lane = 0; lane < W; ++lane) sum += static_cast<double>(squares[lane]);
  return sum;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
