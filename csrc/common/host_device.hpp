// Functions shared by the sources of both devices. Internal linkage: no copy built for a wide machine can replace another.
#pragma once

#if defined(__CUDACC__)
#define PYRNNSIM_HOST_DEVICE static __host__ __device__ __forceinline__
#else
#define PYRNNSIM_HOST_DEVICE static inline __attribute__((always_inline))
#endif
