"""All fixed points of a trained flip-flop network from 1024 starts, against Newton's method in plain torch.

``--fixed-point-finder DIR``, a checkout of mattgolub/fixed-point-finder, adds that package at its defaults. What each
backend finds is written beside its time: points that are fixed, out of those that it returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import fixed_point_peers as peers
import numpy as np
import pytest
from cases import Case, Job
from results import OURS

from pyrnnsim import Population, find_fixed_points
from pyrnnsim.dynamics.starts import default_starts
from pyrnnsim.dynamics.systems import NetworkSystem
from pyrnnsim.tasks import FlipFlop

TASK, STARTS, INPUT = FlipFlop(), 1024, np.zeros(3)
TORCH, FINDER = "torch Newton", "fixed-point-finder"


@dataclass(frozen=True)
class Search(Job):
    """One network of a kind; times are per network."""

    @property
    def title(self) -> str:
        return f"fixed points, {self.measure} tanh"

    @property
    def network(self) -> Population:
        return trained(self.measure, self.units)

    def __str__(self) -> str:
        return f"{self.title}, N={self.units}, {STARTS} starts, {self.threads} thread{'s'[: self.threads > 1]}"


@lru_cache
def trained(cell: str, units: int) -> Population:
    """A network that does the 3-bit flip-flop; a gru in torch's order, which the rivals know."""
    options = {"reset_after": True} if cell == "gru" else {}
    made = Population.create([cell], ["tanh"], [units], [0], task=TASK, gain=0.9, **options)
    record = made.train(TASK, iterations=1000, optimizer="adam", learning_rate=0.003, decay=0.1, progress=False)
    return record.population


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    quick = config.getoption("--quick")
    sizes = [16] if quick else [64, 128]
    cases = [Search(cell, 1, units, "float64", scope="search") for cell in ("gru", "vanilla") for units in sizes]
    backends = [OURS, TORCH] + ([FINDER] if config.getoption("--fixed-point-finder") else [])
    several = [Search("gru", 1, sizes[0], "float64", 2, "search")]
    return [(case, backend) for case in cases for backend in backends] + [(case, OURS) for case in several]


def bench_search(case: Search, backend: str, compete, benchmark, pytestconfig) -> None:
    population = case.network
    starts = default_starts("bench", population, TASK, 3, count=STARTS, noise=0.5, seed=0, jobs=1)[0]

    def ours() -> np.ndarray:
        found = find_fixed_points(population, INPUT, starts=starts, n_jobs=case.threads)[0, 0]
        return found.states[found.fixed]  # slow points, which a start or two may lead to, are no rival's business

    calls = {
        OURS: ours,
        TORCH: lambda: peers.torch_newton(population[0], INPUT, starts),
        FINDER: lambda: peers.fixed_point_finder(pytestconfig.getoption("--fixed-point-finder"), population[0], starts),
    }
    system = NetworkSystem(population[0])

    def check() -> tuple[np.ndarray, np.ndarray]:
        points = calls[backend]()
        return system.step(points, INPUT), points

    checked = None if backend == FINDER else check  # what it returns is counted, not trusted
    points = compete(case, backend, calls[backend], checked, tolerance=1e-9)
    inside = np.abs(points).max(axis=1) <= 1
    moved = np.abs(system.step(points, INPUT) - points).max(axis=1)
    benchmark.extra_info["points"] = f"{int((inside & (moved < 1e-6)).sum())} of {len(points)} are fixed"
