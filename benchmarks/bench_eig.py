"""Eigen-decomposition of Jacobians, all in one call, against LAPACK through SciPy, one call for each.

Both give right and left vectors scaled to L R = I, and the condition numbers of the eigenvalues.
"""

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
    """Jacobians of random networks at random states, (N, N) or of an LSTM (2N, 2N); times are per matrix."""

    @property
    def title(self) -> str:
        wanted, _, kind = self.measure.partition("-")
        modes = f"{LEADING} leading modes" if wanted == "leading" else "all modes"
        return f"{modes}, both sides, {kind}"

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
    """Of networks at states that noise leads to: tanh units saturate, half of all relu units are off."""
    rng = np.random.default_rng(units)
    if kind == "lstm":
        return _lstm_jacobians(count, units // 2, rng)
    weights = rng.normal(size=(count, units, units)) * 1.5 / np.sqrt(units)
    drive = np.einsum("kij,kj->ki", weights, rng.normal(size=(count, units)))
    slope = 1 - np.tanh(drive) ** 2 if kind == "tanh" else (drive > 0).astype(float)
    return slope[:, :, None] * weights


def _lstm_jacobians(count: int, units: int, rng: np.random.Generator) -> np.ndarray:
    population = pyrnnsim.Population.create(
        ["lstm"], ["tanh"], [units], [1], inputs=2, outputs=1, gain=1.5, dtype="float64"
    )
    states = rng.normal(size=(count, population[0].state_size)) / 2
    return pyrnnsim.linearize(population, states, rng.normal(size=(count, 2))).jacobian


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    quick = config.getoption("--quick")
    sizes = {64: 64} if quick else {64: 128, 128: 64, 256: 32}
    wanted = [
        (measure, count, units, 1)
        for units, count in sizes.items()
        for measure in ("all-tanh", "leading-tanh", "all-relu", "all-lstm")
    ]
    if not quick:  # full groups of matrices, and four groups that are not
        wanted += [("all-tanh", count, units, 2) for units, count in sizes.items()]
        wanted += [("all-tanh", 27, 128, threads) for threads in (1, 2)]
    cases = [
        Spectrum(measure, count, units, "float64", threads, scope="eig") for measure, count, units, threads in wanted
    ]
    return [(case, backend) for case in cases for backend in (LAPACK, OURS) if backend == OURS or case.threads == 1]


def bench_eig(case: Spectrum, backend: str, compete) -> None:
    matrices = case.matrices

    def ours() -> pyrnnsim.EigenDecomposition:
        return pyrnnsim.eig(matrices, leading=case.leading, n_jobs=case.threads)

    if backend == OURS:
        compete(case, backend, ours, lambda: _errors(matrices, ours()))
        return
    values, right, left, _ = _by_lapack(matrices[0])
    error, overlap = matrices[0] @ right - right * values, left @ right - np.eye(len(left))
    errors = np.concatenate([error.ravel(), overlap.ravel()])
    compete(case, backend, lambda: [_by_lapack(matrix) for matrix in matrices], lambda: (errors, np.zeros_like(errors)))


def _by_lapack(matrix: np.ndarray) -> tuple[np.ndarray, ...]:
    """Eigenvalues, columns r, rows l with l r = 1, and conditions."""
    values, left, right = scipy.linalg.eig(matrix, left=True)
    overlap = np.einsum("nk,nk->k", left.conj(), right)
    return values, right, (left.conj() / overlap).T, 1 / np.abs(overlap)


def _errors(matrices: np.ndarray, found: pyrnnsim.EigenDecomposition) -> tuple[np.ndarray, np.ndarray]:
    """A R - R diag(lambda), relative to A, and L R - I; both should be 0."""
    k = found.right.shape[-1]
    scale = np.linalg.norm(matrices, axis=(1, 2), keepdims=True)
    error = (matrices @ found.right - found.right * found.eigenvalues[:, None, :k]) / scale
    overlap = found.left @ found.right - np.eye(k)
    errors = np.concatenate([error.ravel(), overlap.ravel()])
    return np.abs(errors), np.zeros(errors.size)
