// Z <- Q Z with Q = H_{n-1} ... H_1 from tridiagonal.hpp, reflectors applied in blocks of kReflectors:
// H_b+31 ... H_b = I - V^T S V with V the block's reflectors as rows and S lower triangular (compact WY).
#pragma once
#include "micro_kernel.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

inline constexpr std::int64_t kReflectors = 32;

constexpr std::int64_t back_transform_scratch(std::int64_t stride, std::int64_t rows) {
  return 2 * kReflectors * stride + rows * (kReflectors + kColumnPad) + 2 * kReflectors * 2 * kReflectors;
}

// v: (round_up(n, kReflectors), stride), row m zero from column m on; tau: as many, zero where there is no reflector;
// z: (n, stride). Rows of both are padded (padded_row).
template <class T>
static void back_transform(std::int64_t n, const T* v, const T* tau, T* z, std::int64_t stride, T* scratch) {
  constexpr std::int64_t K = kReflectors, square = 2 * K;
  T *product = scratch, *solved = product + K * stride, *transposed = solved + K * stride;
  T *gram = transposed + round_up(n, kRowPad) * (K + kColumnPad), *s = gram + K * square;
  for (std::int64_t first = 0; first < n; first += K) {
    const T* block = v + first * stride;
    const std::int64_t support = first + K < n ? first + K : n;
    for (std::int64_t q = 0; q < support; ++q)
      for (std::int64_t i = 0; i < K; ++i) transposed[q * K + i] = block[i * stride + q];
    scratch_product<T>(K, K, support, block, stride, 1, transposed, K, gram, square, false, true);
    for (std::int64_t i = 0; i < K; ++i) {  // row i of S from the rows before it
      T* row = s + i * square;
      for (std::int64_t j = 0; j < K; ++j) row[j] = 0;
      for (std::int64_t l = 0; l < i; ++l) {
        const T weight = -tau[first + i] * gram[i * square + l];
        for (std::int64_t j = 0; j < K; ++j) row[j] += weight * s[l * square + j];
      }
      row[i] = tau[first + i];
    }
    for (std::int64_t i = 0; i < K * square; ++i) s[i] = -s[i];
    scratch_product<T>(K, n, support, block, stride, 1, z, stride, product, stride, false);
    scratch_product<T>(K, n, K, s, square, 1, product, stride, solved, stride, false);
    scratch_product<T>(round_up(support, kRowPad), n, K, block, 1, stride, solved, stride, z, stride, true);
  }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
