// The bilinear algorithm behind the products: two levels of Strassen's (1969), 49 products of quarters instead of 64.
//
// A core C = U_i^T U_j is cut into 4 x 4 blocks: the columns of either network into quarters, and the samples too. What
// makes the algorithm cheap here is that its sums of blocks belong to one network each: they are made once per network
// and product and serve every pair, and the sums of products touch C alone, which is small against the P samples. So
// nearly all of the 23 % of multiplications saved is time saved. Rounding grows by a factor of about 3 (measured:
// 2.7e-8 instead of 8e-9 per element in float, P = 3200, N = 128), which NOISE in similarity/engine.py accounts for.
#pragma once
#include <cstdint>

namespace pyrnnsim {

inline constexpr std::int64_t kQuarters = 4;   // blocks per dimension
inline constexpr std::int64_t kProducts = 49;  // products of blocks

// Functions are static: an inline one compiled for a wide instruction set could be preferred at link time.

// A signed block of U: columns [columns * w, ...), samples [samples * q, ...) where w and q are the quarters' sizes.
struct Term {
  std::int8_t columns, samples, sign;
};

// What enters one product from one side: a sum of at most four blocks.
struct Sum {
  Term terms[4];
  int count;
};

namespace strassen {

// One level. Blocks are numbered row * 2 + column; of U^T the rows are columns of U and the columns are samples.
inline constexpr int kOne = 7;
inline constexpr std::int8_t kLeft[kOne][4] = {{1, 0, 0, 1}, {0, 0, 1, 1},  {1, 0, 0, 0}, {0, 0, 0, 1},
                                               {1, 1, 0, 0}, {-1, 0, 1, 0}, {0, 1, 0, -1}};
inline constexpr std::int8_t kRight[kOne][4] = {{1, 0, 0, 1}, {1, 0, 0, 0}, {0, 1, 0, -1}, {-1, 0, 1, 0},
                                                {0, 0, 0, 1}, {1, 1, 0, 0}, {0, 0, 1, 1}};
inline constexpr std::int8_t kOut[4][kOne] = {
    {1, 0, 0, 1, -1, 0, 1}, {0, 0, 1, 0, 1, 0, 0}, {0, 1, 0, 1, 0, 0, 0}, {1, -1, 1, 0, 0, 1, 0}};

// Two levels: block (2 a + c, 2 b + d) of 4 x 4 is block (c, d) of block (a, b).
static constexpr Sum two_levels(const std::int8_t (&one)[kOne][4], std::int64_t product, bool transposed) {
  Sum sum{};
  for (int outer = 0; outer < 4; ++outer)
    for (int inner = 0; inner < 4; ++inner) {
      const int sign = one[product / kOne][outer] * one[product % kOne][inner];
      if (sign == 0) continue;
      const int row = outer / 2 * 2 + inner / 2, column = outer % 2 * 2 + inner % 2;
      sum.terms[sum.count++] = {static_cast<std::int8_t>(transposed ? row : column),
                                static_cast<std::int8_t>(transposed ? column : row), static_cast<std::int8_t>(sign)};
    }
  return sum;
}

}  // namespace strassen

static constexpr Sum left_sum(std::int64_t product) { return strassen::two_levels(strassen::kLeft, product, true); }
static constexpr Sum right_sum(std::int64_t product) { return strassen::two_levels(strassen::kRight, product, false); }

// Size of a quarter of n, the last one may be short or empty.
static constexpr std::int64_t quarter(std::int64_t n) { return (n + kQuarters - 1) / kQuarters; }

}  // namespace pyrnnsim
