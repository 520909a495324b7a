// Vectors of one instruction set, written with the compiler's vector types.
//
// Every kernel source is compiled once per instruction set; PYRNNSIM_VECTOR_BYTES is the register width and
// PYRNNSIM_ISA the namespace, so no name here can meet its twin at link time. Everything is force-inlined or
// static: an inline function with external linkage could be merged with a copy built for a wider machine.
#pragma once
#include <cstdint>
#include <cstring>

#define PYRNNSIM_INLINE static inline __attribute__((always_inline))

namespace pyrnnsim::PYRNNSIM_ISA {

inline constexpr int kVectorBytes = PYRNNSIM_VECTOR_BYTES;

template <class T>
struct SimdOf;
template <>
struct SimdOf<float> {
  typedef float Vec __attribute__((vector_size(kVectorBytes)));
  typedef float Loose __attribute__((vector_size(kVectorBytes), aligned(4)));
  typedef std::int32_t Mask __attribute__((vector_size(kVectorBytes)));
};
template <>
struct SimdOf<double> {
  typedef double Vec __attribute__((vector_size(kVectorBytes)));
  typedef double Loose __attribute__((vector_size(kVectorBytes), aligned(8)));
  typedef std::int64_t Mask __attribute__((vector_size(kVectorBytes)));
};
template <class T>
using Vec = typename SimdOf<T>::Vec;
template <class T>
using Mask = typename SimdOf<T>::Mask;

template <class T>
inline constexpr int kWidth = kVectorBytes / static_cast<int>(sizeof(T));

template <class T>
PYRNNSIM_INLINE Vec<T> broadcast(T x) {
  return x - Vec<T>{};  // x - 0 is x, bit for bit, so nothing is computed; 0 + x is not (-0)
}
template <class T>
PYRNNSIM_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename SimdOf<T>::Loose*>(p);
}
template <class T>
PYRNNSIM_INLINE void store(T* p, Vec<T> v) {
  *reinterpret_cast<typename SimdOf<T>::Loose*>(p) = v;
}

// Fixed tree order: the sum does not depend on where it is inlined.
template <class T>
PYRNNSIM_INLINE T horizontal_sum(Vec<T> v) {
  alignas(kVectorBytes) T lane[kWidth<T>];
  std::memcpy(lane, &v, sizeof v);
#pragma GCC unroll 4
  for (int half = kWidth<T> / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
  return lane[0];
}

template <class T>
PYRNNSIM_INLINE Vec<T> select(Mask<T> m, Vec<T> yes, Vec<T> no) {
  return m ? yes : no;
}
PYRNNSIM_INLINE Vec<double> absolute(Vec<double> v) { return v < 0.0 ? -v : v; }
PYRNNSIM_INLINE Vec<float> absolute(Vec<float> v) { return v < 0.0f ? -v : v; }

PYRNNSIM_INLINE Vec<double> square_root(Vec<double> v) {
  Vec<double> r;
#pragma GCC unroll 8
  for (int i = 0; i < kWidth<double>; ++i) r[i] = __builtin_sqrt(v[i]);
  return r;
}

PYRNNSIM_INLINE bool any(Mask<double> m) {
  std::int64_t seen = 0;
  for (int i = 0; i < kWidth<double>; ++i) seen |= m[i];
  return seen != 0;
}

constexpr std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
