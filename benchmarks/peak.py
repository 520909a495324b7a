"""Peak floating-point rates of this machine, measured in the process that uses them."""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

_GEMM_SIZE = 2048
_GEMM_ROUNDS, _FMA_ROUNDS = 4, 12
_FMA_STEPS = 400_000

# Independent chains of multiply-adds that stay in registers: enough of them to hide the latency of two units.
_FMA_SOURCE = r"""
#if defined(__AVX512F__)
enum { kBytes = 64, kChains = 24 };
#elif defined(__AVX__)
enum { kBytes = 32, kChains = 12 };
#else
enum { kBytes = 16, kChains = 24 };
#endif
#define RATE(NAME, T)                                                         \
  typedef T NAME##_vector __attribute__((vector_size(kBytes)));               \
  double NAME(long steps, double factor) {                                    \
    NAME##_vector chain[kChains], a = (NAME##_vector){0} + (T)factor;         \
    for (int c = 0; c < kChains; ++c) chain[c] = a + (T)c;                    \
    for (long i = 0; i < steps; ++i)                                          \
      _Pragma("GCC unroll 32") for (int c = 0; c < kChains; ++c)              \
        chain[c] = chain[c] * a + a;                                          \
    double sum = 0;                                                           \
    for (int c = 0; c < kChains; ++c) sum += (double)chain[c][0];             \
    return sum;                                                               \
  }                                                                           \
  long NAME##_flops(void) { return 2L * kChains * (long)(kBytes / sizeof(T)); }
RATE(float32, float)
RATE(float64, double)
"""


class Peak:
    """Best rates seen so far, in FLOP/s, by dtype and threads; measuring again can only raise them."""

    def __init__(self) -> None:
        self._gemm: dict[tuple[str, int], float] = {}
        self._fma: dict[tuple[str, int], float] = {}

    def measure(self, dtype: str, threads: int) -> None:
        """Measure once more. Cost: about half a second."""
        key = dtype, threads
        self._gemm[key] = max(self._gemm.get(key, 0.0), gemm_rate(dtype, threads))
        rate = fma_rate(dtype, threads)
        if rate is not None:
            self._fma[key] = max(self._fma.get(key, 0.0), rate)

    def measure_again(self) -> None:
        """Measure everything that was measured before, at another moment of a shared machine."""
        for key in list(self._gemm):
            self.measure(*key)

    def gemm(self, dtype: str, threads: int) -> float:
        """Rate of a large matrix product of NumPy (sgemm or dgemm)."""
        if (dtype, threads) not in self._gemm:
            self.measure(dtype, threads)
        return self._gemm[dtype, threads]

    def fma(self, dtype: str, threads: int) -> float | None:
        """Rate of multiply-adds on registers, which no product can exceed; None where no C compiler is found."""
        self.gemm(dtype, threads)
        return self._fma.get((dtype, threads))

    def lines(self) -> list[str]:
        """What was measured, one line per dtype and number of threads."""
        return [
            f"peak, {dtype}, {threads} thread{'s'[: threads > 1]}: {self._gemm[dtype, threads] / 1e9:.1f} GFLOP/s by "
            f"a NumPy product of {_GEMM_SIZE}², {self._registers(dtype, threads)}"
            for dtype, threads in sorted(self._gemm)
        ]

    def _registers(self, dtype: str, threads: int) -> str:
        rate = self._fma.get((dtype, threads))
        return "no compiler for a register-only figure" if rate is None else f"{rate / 1e9:.1f} on registers alone"


def gemm_rate(dtype: str, threads: int) -> float:
    """FLOP/s of the best of a few large products."""
    a, b = (np.random.default_rng(i).random((_GEMM_SIZE, _GEMM_SIZE)).astype(dtype) for i in range(2))
    out = np.empty_like(a)
    with threadpool_limits(threads, user_api="blas"):
        return 2.0 * _GEMM_SIZE**3 / _best(lambda: np.matmul(a, b, out=out), _GEMM_ROUNDS)


def fma_rate(dtype: str, threads: int) -> float | None:
    """FLOP/s of multiply-adds on registers on so many threads at once; None without a compiler."""
    library = _fma_library()
    if library is None:
        return None
    run = getattr(library, dtype)
    flops = getattr(library, f"{dtype}_flops")() * _FMA_STEPS * threads
    with ThreadPoolExecutor(threads) as pool:
        return flops / _best(lambda: list(pool.map(run, [_FMA_STEPS] * threads, [0.5] * threads)), _FMA_ROUNDS)


@cache
def _fma_library() -> ctypes.CDLL | None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "fma.c"), Path(folder, "fma.so")
        source.write_text(_FMA_SOURCE)
        flags = f"-O3 -march=native -ffp-contract=fast -shared -fPIC {source} -o {target}".split()
        try:
            subprocess.run([*shlex.split(os.environ.get("CC", "cc")), *flags], check=True, capture_output=True)
            library = ctypes.CDLL(str(target))
        except (OSError, subprocess.CalledProcessError):
            return None
    for name in ("float32", "float64"):
        getattr(library, name).argtypes = [ctypes.c_long, ctypes.c_double]
        getattr(library, name).restype = ctypes.c_double
        getattr(library, f"{name}_flops").restype = ctypes.c_long
    return library


def _best(action, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)
