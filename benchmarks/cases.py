"""What is timed: measures, sizes, and the values that must come out first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import peers
from population import states
from reference import similarity as reference

import pyrnnsim

SAMPLES = 3200
_CHECKED_SAMPLES, _CHECKED_NETWORKS = 800, 3  # the references are slow


@dataclass(frozen=True)
class Case:
    """One comparison, timed for every backend in one group.

    Attributes:
        measure: Key of ``MEASURES``.
        scope: ``"whole"`` includes the preparation of the networks, ``"pairs"`` starts from prepared ones; other words
            say what else is timed.
        ties: Networks with many nearly equal canonical correlations.
    """

    measure: str
    networks: int
    units: int
    dtype: str
    threads: int = 1
    scope: str = "whole"
    ties: bool = False
    samples: int = SAMPLES

    @property
    def items(self) -> int:
        """Pairs; what a time is divided by."""
        return self.networks * (self.networks - 1) // 2

    @property
    def flops(self) -> float:
        """Of the products Q_i^T Q_j alone, each pair once: the least that the measure needs; 0 where unknown."""
        width = min(peers.LEADING, self.units) if self.measure == "svcca" else self.units
        return 2.0 * self.samples * width**2 * self.items

    @property
    def arithmetic(self) -> str:
        """Dtype whose peak the rate is compared with."""
        return self.dtype

    @property
    def title(self) -> str:
        return MEASURES[self.measure].title + (", near ties" if self.ties else "")

    @property
    def key(self) -> str:
        """Words that ``pytest -k`` takes."""
        ties = "-ties" if self.ties else ""
        return f"{self.measure}{ties}-{self.scope}-K{self.networks}-N{self.units}-{self.dtype}-{self.threads}thread"

    @property
    def data(self) -> list[np.ndarray]:
        return states(self.networks, self.samples, self.units, self.dtype, ties=self.ties)

    def __str__(self) -> str:
        sizes = f"K={self.networks} P={self.samples} N={self.units}"
        return f"{self.title}, {self.scope}, {sizes}, {self.dtype}, {self.threads} thread{'s'[: self.threads > 1]}"


@dataclass(frozen=True)
class Job(Case):
    """One piece of work as a whole, whose multiplications nobody counts."""

    @property
    def items(self) -> int:
        return 1

    @property
    def flops(self) -> float:
        return 0.0


@dataclass(frozen=True)
class Measure:
    """A measure as pyrnnsim computes it, as plain NumPy does, and by definition.

    Attributes:
        ours: Representations (or prepared ones), threads -> (K, K) distances, or a dict of them.
        prepare, rival: The same in two steps for NumPy.
        reference: Distance of one pair from float64 transcriptions of the papers.
    """

    title: str
    ours: Callable
    prepare: Callable
    rival: Callable
    reference: Callable[[np.ndarray, np.ndarray], float] | dict[str, Callable]


def _both_directions(x: np.ndarray, y: np.ndarray) -> float:
    return 1 - (reference.pwcca(x, y) + reference.pwcca(y, x)) / 2


_REFERENCES = {
    "cca": lambda x, y: 1 - reference.mean_cca(x, y),
    "svcca": lambda x, y: 1 - reference.svcca(x, y, components=peers.LEADING),
    "pwcca": _both_directions,
    "cka": lambda x, y: 1 - reference.linear_cka_from_features(x, y),
    "procrustes": reference.procrustes_angle,
}

MEASURES = {
    "pwcca": Measure(
        "PWCCA, both directions",
        lambda reps, jobs: pyrnnsim.pairwise_pwcca(reps, n_jobs=jobs),
        peers.prepare,
        peers.pwcca,
        _REFERENCES["pwcca"],
    ),
    "cca": Measure(
        "mean CCA",
        lambda reps, jobs: pyrnnsim.pairwise_cca(reps, n_jobs=jobs),
        peers.prepare,
        peers.cca,
        _REFERENCES["cca"],
    ),
    "cka": Measure(
        "linear CKA",
        lambda reps, jobs: pyrnnsim.pairwise_cka(reps, n_jobs=jobs),
        peers.prepare_cka,
        peers.cka,
        _REFERENCES["cka"],
    ),
    "svcca": Measure(
        f"SVCCA, {peers.LEADING} directions",
        lambda reps, jobs: pyrnnsim.pairwise_svcca(reps, n_components=peers.LEADING, n_jobs=jobs),
        peers.prepare_svcca,
        peers.svcca,
        _REFERENCES["svcca"],
    ),
    "procrustes": Measure(
        "Procrustes",
        lambda reps, jobs: pyrnnsim.pairwise_procrustes(reps, n_jobs=jobs),
        peers.prepare_cka,
        peers.procrustes,
        _REFERENCES["procrustes"],
    ),
    "all": Measure(
        "all five in one pass",
        lambda reps, jobs: pyrnnsim.pairwise(reps, n_components=peers.LEADING, n_jobs=jobs),
        peers.prepare,
        peers.all_measures,
        _REFERENCES,
    ),
}


def similarity_cases(quick: bool) -> list[Case]:
    """Cases that share data stand together, so that few populations are in memory at once."""
    sizes = [(8, 64), (8, 128)] if quick else [(32, 64), (32, 128), (12, 256)]
    cases = []
    for networks, units in sizes:
        for dtype in ("float32",) if quick else ("float32", "float64"):
            base = Case("cca", networks, units, dtype)
            main = [replace(base, measure=name) for name in ("pwcca", "cca", "cka", "svcca")]
            cases += [replace(case, scope=scope) for case in main for scope in ("whole", "pairs")]
            if units == 128 and dtype == "float32":
                cases += [replace(base, measure=name) for name in ("all", "procrustes")]
                cases += [replace(case, threads=2) for case in main]
                cases.append(replace(base, measure="pwcca", ties=True))
    return cases


def expected(case: Case) -> np.ndarray | dict[str, np.ndarray]:
    """Distances between the first few networks over the first samples, by definition."""
    return _expected(case.measure, case.units, case.dtype, case.ties)


def checked_data(case: Case) -> list[np.ndarray]:
    """What ``expected`` belongs to."""
    return states(_CHECKED_NETWORKS, _CHECKED_SAMPLES, case.units, case.dtype, ties=case.ties)


def largest_error(found: np.ndarray | dict, wanted: np.ndarray | dict) -> float:
    """Largest absolute difference of two matrices, or of two sets of matrices."""
    if isinstance(wanted, dict):
        return float(np.max([largest_error(found[name], wanted[name]) for name in wanted]))  # a NaN stays one
    return float(np.abs(np.asarray(found) - wanted).max())


@lru_cache(maxsize=64)
def _expected(measure: str, units: int, dtype: str, ties: bool) -> np.ndarray | dict[str, np.ndarray]:
    data = states(_CHECKED_NETWORKS, _CHECKED_SAMPLES, units, dtype, ties=ties)
    definition = MEASURES[measure].reference
    if isinstance(definition, dict):
        return {name: _expected(name, units, dtype, ties) for name in definition}
    return symmetric(definition, data)


def symmetric(distance: Callable[[np.ndarray, np.ndarray], float], data: Sequence[np.ndarray]) -> np.ndarray:
    """(K, K) distances by a loop over the pairs i < j."""
    full = np.zeros((len(data), len(data)))
    for i, j in zip(*np.triu_indices(len(data), 1), strict=True):
        full[i, j] = full[j, i] = distance(data[i], data[j])
    return full
