// Philox4x32-10, a counter-based generator: four words of 32 random bits as a function of a counter of 128 bits and a
// key of 64 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3).
//
// A trial's draws: key = seed, counter = (block, trial, iteration's low word, iteration's high word). Integers only, so
// any device gives the same words.
#pragma once
#include <cstdint>

#include "../common/host_device.hpp"

namespace pyrnnsim {

struct PhiloxBlock {
  std::uint32_t word[4];
};

PYRNNSIM_HOST_DEVICE PhiloxBlock philox4x32(PhiloxBlock counter, std::uint32_t key0, std::uint32_t key1) {
  constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kStep0 = 0x9E3779B9, kStep1 = 0xBB67AE85;  // golden ratio, sqrt(3) - 1
  std::uint32_t x0 = counter.word[0], x1 = counter.word[1], x2 = counter.word[2], x3 = counter.word[3];
  PYRNNSIM_UNROLL
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{kMultiplier0} * x0, p1 = std::uint64_t{kMultiplier1} * x2;
    x0 = static_cast<std::uint32_t>(p1 >> 32) ^ x1 ^ key0;
    x2 = static_cast<std::uint32_t>(p0 >> 32) ^ x3 ^ key1;
    x1 = static_cast<std::uint32_t>(p1);
    x3 = static_cast<std::uint32_t>(p0);
    key0 += kStep0;
    key1 += kStep1;
  }
  return {{x0, x1, x2, x3}};
}

// Names the draws of one trial.
struct TrialStream {
  std::uint64_t seed, iteration;
  std::uint32_t trial;
};

PYRNNSIM_HOST_DEVICE PhiloxBlock draw_block(const TrialStream& s, std::uint32_t block) {
  return philox4x32(
      {{block, s.trial, static_cast<std::uint32_t>(s.iteration), static_cast<std::uint32_t>(s.iteration >> 32)}},
      static_cast<std::uint32_t>(s.seed), static_cast<std::uint32_t>(s.seed >> 32));
}

}  // namespace pyrnnsim
