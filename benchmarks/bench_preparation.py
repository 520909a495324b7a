"""What is done once per network: centre, Gram matrix, eigenvectors, orthonormal basis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import peers
import pytest
from cases import Case
from results import OURS

import pyrnnsim

NUMPY = "NumPy"


@dataclass(frozen=True)
class Preparation(Case):
    """All networks of a population, one after the other."""

    @property
    def title(self) -> str:
        return "preparation, per network"

    @property
    def items(self) -> int:
        return self.networks

    @property
    def flops(self) -> float:
        return 0.0


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    quick = config.getoption("--quick")
    dtypes = ("float32",) if quick else ("float32", "float64")
    sizes = [64, 128] if quick else [64, 128, 256]
    cases = [Preparation("prepare", 4, units, dtype, scope="network") for units in sizes for dtype in dtypes]
    return [(case, backend) for case in cases for backend in (NUMPY, OURS)]


def bench_preparation(case: Case, backend: str, compete) -> None:
    def prepare() -> object:
        if backend == OURS:
            return [pyrnnsim.prepare(x) for x in case.data]
        return peers.prepare(case.data)

    def check() -> tuple[np.ndarray, np.ndarray]:
        """The first network, restored from its factors, and as it is; the unit is its standard deviation."""
        x = case.data[0].astype(np.float64)
        prepared = prepare()
        if backend == OURS:
            restored = prepared[0].basis.astype(np.float64) @ prepared[0].loadings
        else:
            restored = prepared.stacked[:, : case.units].astype(np.float64) @ prepared.loadings[0]
        return restored / x.std(), (x - x.mean(axis=0)) / x.std()

    compete(case, backend, prepare, check, tolerance=1e-4 if case.dtype == "float32" else 1e-10)
