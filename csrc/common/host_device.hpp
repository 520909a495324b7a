// What functions shared by the sources of both devices begin with, and their short loops of fixed length. Internal
// linkage: no copy built for a wide machine can replace another.
#pragma once

#if defined(__CUDACC__)
#define PYRNNSIM_HOST_DEVICE static __host__ __device__ __forceinline__
#define PYRNNSIM_UNROLL _Pragma("unroll")
#else
#define PYRNNSIM_HOST_DEVICE static inline __attribute__((always_inline))
#define PYRNNSIM_UNROLL _Pragma("GCC unroll 16")
#endif
