"""Eigen-decomposition of Jacobians, all in one call, against LAPACK through SciPy, one call for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
import scipy.linalg
from cases import Case
from results import OURS

import pyrnnsim

LAPACK = "LAPACK"
LEADING = 12


@dataclass(frozen=True)
class Spectrum(Case):
    """Jacobians of random networks at random states; times are per matrix."""

    @property
    def title(self) -> str:
        kind, _, units = self.measure.partition("-")
        wanted = f"{LEADING} leading modes" if kind == "leading" else "all modes"
        return f"{wanted}, both sides, {units} units"

    @property
    def items(self) -> int:
        return self.networks

    @property
    def flops(self) -> float:
        return 0.0

    @property
    def leading(self) -> int | None:
        return LEADING if self.measure.startswith("leading") else None

    @property
    def matrices(self) -> np.ndarray:
        return jacobians(self.networks, self.units, self.measure.partition("-")[2])

    def __str__(self) -> str:
        return f"{self.title}, {self.networks} matrices, N={self.units}, {self.threads} thread{'s'[: self.threads > 1]}"


@lru_cache(maxsize=4)
def jacobians(count: int, units: int, kind: str) -> np.ndarray:
    """diag(f'(W h)) W at h from white noise through W: tanh units saturate, half of all relu units are off."""
    rng = np.random.default_rng(units)
    weights = rng.normal(size=(count, units, units)) * 1.5 / np.sqrt(units)
    drive = np.einsum("kij,kj->ki", weights, rng.normal(size=(count, units)))
    slope = 1 - np.tanh(drive) ** 2 if kind == "tanh" else (drive > 0).astype(float)
    return slope[:, :, None] * weights


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    quick = config.getoption("--quick")
    sizes = {64: 64} if quick else {64: 128, 128: 64, 256: 32}
    cases = [
        Spectrum(f"{wanted}-{kind}", count, units, "float64", threads, scope="eig")
        for units, count in sizes.items()
        for wanted, kind in (("all", "tanh"), ("leading", "tanh"), ("all", "relu"))
        for threads in ((1,) if quick or (wanted, kind) != ("all", "tanh") else (1, 2))
    ]
    return [(case, backend) for case in cases for backend in (LAPACK, OURS) if backend == OURS or case.threads == 1]


def bench_eig(case: Spectrum, backend: str, compete) -> None:
    matrices = case.matrices

    def ours() -> pyrnnsim.EigenDecomposition:
        return pyrnnsim.eig(matrices, leading=case.leading, n_jobs=case.threads)

    def lapack() -> list[tuple[np.ndarray, ...]]:
        return [scipy.linalg.eig(matrix, left=True) for matrix in matrices]

    if backend == OURS:
        compete(case, backend, ours, lambda: _errors(matrices, ours()))
        return
    values, _, right = lapack()[0]
    error = matrices[0] @ right - right * values
    compete(case, backend, lapack, lambda: (error, np.zeros_like(error)))


def _errors(matrices: np.ndarray, found: pyrnnsim.EigenDecomposition) -> tuple[np.ndarray, np.ndarray]:
    """A R - R diag(lambda), relative to A, and L R - I; both should be 0."""
    k = found.right.shape[-1]
    scale = np.linalg.norm(matrices, axis=(1, 2), keepdims=True)
    error = (matrices @ found.right - found.right * found.eigenvalues[:, None, :k]) / scale
    overlap = found.left @ found.right - np.eye(k)
    errors = np.concatenate([error.ravel(), overlap.ravel()])
    return np.abs(errors), np.zeros(errors.size)
