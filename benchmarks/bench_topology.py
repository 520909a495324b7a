"""The transition graph of a trained flip-flop network: 100 kicks from each of its fixed points, against plain torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import fixed_point_peers as peers
import numpy as np
import pytest
from bench_fixed_points import INPUT, trained
from cases import Case, Job
from results import OURS

from pyrnnsim import FixedPointSet, find_fixed_points, transition_graph

KICKS, TORCH = 100, "torch loop"


@dataclass(frozen=True)
class Graph(Job):
    """One network of a kind; times are per network."""

    @property
    def title(self) -> str:
        return f"transition graph, {self.measure} tanh"

    @property
    def points(self) -> FixedPointSet:
        return points(self.measure, self.units)

    def __str__(self) -> str:
        return f"{self.title}, N={self.units}, {KICKS} kicks, {self.threads} thread{'s'[: self.threads > 1]}"


@lru_cache
def points(cell: str, units: int) -> FixedPointSet:
    return find_fixed_points(trained(cell, units), INPUT)[0, 0]


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    units = 16 if config.getoption("--quick") else 64
    cases = [Graph(cell, 1, units, "float64", scope="graph") for cell in ("gru", "vanilla")]
    return [(case, backend) for case in cases for backend in (OURS, TORCH)]


def bench_graph(case: Graph, backend: str, compete, benchmark) -> None:
    """Both roll the same kicks; the shares that arrive at each point must be the same to one kick in a hundred."""
    network, found = trained(case.measure, case.units), case.points

    def ours() -> np.ndarray:
        graph = transition_graph(network, found, perturbations=KICKS, n_jobs=case.threads)
        return graph.reordered(np.argsort(graph.nodes)).adjacency

    def rival() -> np.ndarray:
        return peers.torch_transitions(network[0], INPUT, found, KICKS)

    call = ours if backend == OURS else rival
    compete(case, backend, call, lambda: (call(), rival()), tolerance=1 / KICKS + 1e-9)
    benchmark.extra_info["points"] = int(found.fixed.sum())
