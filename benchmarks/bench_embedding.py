"""Steps of SMACOF against scikit-learn's, from the same start; times are per step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
from cases import Case
from results import OURS
from scipy.spatial.distance import pdist, squareform

from pyrnnsim._smacof import majorize

SKLEARN = "scikit-learn"
STEPS, CHECKED_STEPS, CHECKED_NETWORKS = 20, 5, 200


@dataclass(frozen=True)
class Steps(Case):
    """SMACOF in the plane for K networks in eight groups."""

    @property
    def title(self) -> str:
        return "SMACOF, per step"

    @property
    def items(self) -> int:
        return STEPS

    @property
    def flops(self) -> float:
        return 0.0

    def __str__(self) -> str:
        return f"{self.title}, K={self.networks}"


@lru_cache(maxsize=1)
def distances(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = 5 * rng.standard_normal((8, 50))
    return squareform(pdist(centres[rng.integers(8, size=count)] + rng.standard_normal((count, 50))))


def points_after(backend: str, table: np.ndarray, steps: int) -> np.ndarray:
    start = np.random.default_rng(1).standard_normal((len(table), 2))
    if backend == OURS:
        return majorize(table, start, steps=steps, tolerance=0.0).points
    from sklearn.manifold import smacof

    return smacof(table, init=start, n_init=1, max_iter=steps, eps=0.0, normalized_stress=False)[0]


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    sizes = [300] if config.getoption("--quick") else [300, 2880]
    return [
        (Steps("smacof", count, 2, "float64", scope="embedding"), backend)
        for count in sizes
        for backend in (SKLEARN, OURS)
    ]


def bench_embedding(case: Steps, backend: str, compete) -> None:
    pytest.importorskip("sklearn.manifold")
    few = distances(CHECKED_NETWORKS)
    expected = points_after(SKLEARN if backend == OURS else OURS, few, CHECKED_STEPS)
    table = distances(case.networks)
    compete(
        case,
        backend,
        lambda: points_after(backend, table, STEPS),
        lambda: (points_after(backend, few, CHECKED_STEPS), expected),
        tolerance=1e-8,
    )
