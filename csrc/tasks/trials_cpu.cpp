#include "draw_math.hpp"
#include "philox.hpp"
#include "task.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

constexpr std::int64_t kChunk = 256;  // words drawn at once: a multiple of a block and of every vector

// words[i] = word first + i of the stream, for count rounded up to whole blocks. `first` is a multiple of 4.
void draw_words(const TrialStream& stream, std::int64_t first, std::int64_t count, std::uint32_t* __restrict words) {
  const TrialStream s = stream;
  const std::uint32_t start = static_cast<std::uint32_t>(first / 4);
  const std::int32_t blocks = static_cast<std::int32_t>((count + 3) / 4);
  for (std::int32_t b = 0; b < blocks; ++b) {
    const PhiloxBlock block = draw_block(s, start + static_cast<std::uint32_t>(b));
    words[4 * b + 0] = block.word[0];
    words[4 * b + 1] = block.word[1];
    words[4 * b + 2] = block.word[2];
    words[4 * b + 3] = block.word[3];
  }
}

void draw_normals(const std::uint32_t* __restrict words, std::int64_t pairs, double* __restrict normals) {
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(pairs); ++i) {
    const NormalPair z = normal_pair(words[2 * i], words[2 * i + 1]);
    normals[2 * i] = z.first;
    normals[2 * i + 1] = z.second;
  }
}

std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// The last non-zero value of some bits. Several at once, since each waits for its own last step; arithmetic on -1, 0 and
// 1, since a branch would be mispredicted at every flip.
template <int width, class T>
void hold(const TaskSpec& task, const T* __restrict inputs, T* __restrict targets) {
  const std::int64_t bits = task.inputs, entries = task.steps * bits;
  T held[width] = {};
  for (std::int64_t row = 0; row < entries; row += bits)
#pragma GCC unroll 4
    for (int i = 0; i < width; ++i) {
      const T now = inputs[row + i];
      held[i] = held[i] * (1 - now * now) + now;
      targets[row + i] = held[i];
    }
}

// Entry i = step * bits + bit: word i flips it where it is among the lowest probability * 2^32, and its last bit is the
// sign.
template <class T>
void flip_flop(const TaskSpec& task, const TrialStream& stream, T* __restrict inputs, T* __restrict targets) {
  const std::int64_t bits = task.inputs, entries = task.steps * bits;
  const double share = task.numbers[1] * 0x1p32 + 0.5;
  const std::uint32_t last = static_cast<std::uint32_t>(static_cast<std::uint64_t>(share < 1.0 ? 1.0 : share) - 1);
  std::uint32_t words[kChunk];
  for (std::int64_t start = 0; start < entries; start += kChunk) {
    const std::int64_t count = smaller(kChunk, entries - start);
    draw_words(stream, start, count, words);
    T* __restrict row = inputs + start;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int32_t sign = 1 - static_cast<std::int32_t>((words[i] & 1) << 1);
      row[i] = static_cast<T>(words[i] <= last ? sign : 0);
    }
  }
  std::int64_t bit = 0;
  for (; bit + 3 <= bits; bit += 3) hold<3>(task, inputs + bit, targets + bit);
  for (; bit < bits; ++bit) hold<1>(task, inputs + bit, targets + bit);
}

// Word 0 is the command x; the target starts at phase 0.
template <class T>
void sine_wave(const TaskSpec& task, const TrialStream& stream, T* __restrict inputs, T* __restrict targets) {
  const double command = uniform(draw_block(stream, 0).word[0]);
  const double frequency = add(task.numbers[0], multiply(task.numbers[1], command));
  const T input = static_cast<T>(command);
  const std::int32_t steps = static_cast<std::int32_t>(task.steps);
  for (std::int32_t t = 0; t < steps; ++t) {
    inputs[t] = input;
    targets[t] = static_cast<T>(sine_cosine_turns(multiply(static_cast<double>(t), frequency)).sine);
  }
}

// Word 0 cues a context, words 1 to K are the streams' means; from the next whole block on, two words make two normal
// numbers, entry i = step * K + stream in order.
template <class T>
void context_integration(const TaskSpec& task, const TrialStream& stream, T* __restrict inputs, T* __restrict targets) {
  const std::int64_t contexts = task.inputs / 2, entries = task.steps * contexts, first = (contexts + 4) / 4 * 4;
  const double range = task.numbers[1], noise = task.numbers[2], scale = task.numbers[3];
  std::uint32_t words[kChunk];
  double means[kMostContexts], normals[kChunk];
  draw_words(stream, 0, first, words);
  const std::int64_t cued = below(words[0], static_cast<std::uint32_t>(contexts));
  for (std::int64_t k = 0; k < contexts; ++k) {
    const double u = uniform(words[1 + k]);
    means[k] = multiply(range, add(add(u, u), -1.0));
  }
  double sum = 0.0;
  std::int64_t step = 0, k = 0;
  for (std::int64_t start = 0; start < entries; start += kChunk) {
    const std::int64_t count = smaller(kChunk, entries - start);
    draw_words(stream, first + start, count, words);
    draw_normals(words, (count + 1) / 2, normals);
    for (std::int64_t i = 0; i < count; ++i) {
      const double value = add(means[k], multiply(noise, normals[i]));
      T* row = inputs + step * 2 * contexts;
      row[k] = static_cast<T>(k == cued ? 1 : 0);
      row[contexts + k] = static_cast<T>(value);
      sum = k == cued ? add(sum, value) : sum;
      if (++k == contexts) {
        targets[step] = static_cast<T>(multiply(scale, sum));
        k = 0;
        ++step;
      }
    }
  }
}

template <class T>
void fill(T* out, std::int64_t count, T value) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = value;
}

// Word 0 places Ready, word 1 is the interval.
template <class T>
void ready_set_go(const TaskSpec& task, const TrialStream& stream, T* __restrict inputs, T* __restrict targets) {
  const double* n = task.numbers;
  const PhiloxBlock block = draw_block(stream, 0);
  const std::int64_t pulse = static_cast<std::int64_t>(n[0]);
  const std::int64_t ready =
      static_cast<std::int64_t>(n[1]) + below(block.word[0], static_cast<std::uint32_t>(n[2] - n[1] + 1));
  const std::int64_t interval =
      static_cast<std::int64_t>(n[3]) + below(block.word[1], static_cast<std::uint32_t>(n[4] - n[3] + 1));
  fill(inputs, 2 * task.steps, T(0));
  fill(targets, task.steps, T(0));
  for (std::int64_t t = 0; t < pulse; ++t) {
    inputs[2 * (ready + t)] = 1;
    inputs[2 * (ready + interval + t) + 1] = 1;
    targets[ready + 2 * interval + t] = 1;
  }
}

template <class T>
void fill_any(const TaskSpec& task, const TrialStream& stream, T* inputs, T* targets, T* mask) {
  switch (task.kind) {
    case TaskKind::flip_flop:
      flip_flop(task, stream, inputs, targets);
      break;
    case TaskKind::sine_wave:
      sine_wave(task, stream, inputs, targets);
      break;
    case TaskKind::context_integration:
      context_integration(task, stream, inputs, targets);
      break;
    case TaskKind::ready_set_go:
      ready_set_go(task, stream, inputs, targets);
      break;
  }
  if (mask) fill(mask, task.steps * task.outputs, T(1));
}

}  // namespace

void fill_trial(const TaskSpec& task, std::uint64_t seed, std::uint64_t iteration, std::uint64_t trial, float* inputs,
                float* targets, float* mask) {
  fill_any(task, {seed, iteration, static_cast<std::uint32_t>(trial)}, inputs, targets, mask);
}
void fill_trial(const TaskSpec& task, std::uint64_t seed, std::uint64_t iteration, std::uint64_t trial, double* inputs,
                double* targets, double* mask) {
  fill_any(task, {seed, iteration, static_cast<std::uint32_t>(trial)}, inputs, targets, mask);
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
