"""Slow points of a network from states around those it visits, against scipy.optimize.least_squares and NumPy.

NumPy runs the same method on all states at once, with batched LAPACK. Times are per start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from cases import Case, Job
from results import OURS
from scipy.optimize import least_squares

from pyrnnsim import Population
from pyrnnsim.dynamics.points.slow import slowest
from pyrnnsim.dynamics.systems import NetworkSystem

STARTS, ITERATIONS, INPUT = 64, 60, np.zeros(2)
NUMPY, SCIPY = "NumPy", "scipy least_squares"


@dataclass(frozen=True)
class Descent(Job):
    """One untrained network of a kind, whose gain makes it chaotic: few starts lead to a fixed point."""

    @property
    def items(self) -> int:
        return STARTS

    @property
    def title(self) -> str:
        return f"slow points, {self.measure} tanh"

    @property
    def system(self) -> NetworkSystem:
        made = Population.create([self.measure], ["tanh"], [self.units], [0], inputs=2, outputs=1, gain=2.0)
        return NetworkSystem(made[0])

    def __str__(self) -> str:
        return f"{self.title}, N={self.units}, {STARTS} starts, {self.threads} thread{'s'[: self.threads > 1]}"


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    sizes = [16] if config.getoption("--quick") else [64, 128]
    cases = [Descent(cell, 1, units, "float64", scope="descent") for cell in ("vanilla", "gru") for units in sizes]
    return [(case, backend) for case in cases for backend in (OURS, NUMPY, SCIPY)]


def bench_descent(case: Descent, backend: str, compete, benchmark) -> None:
    system = case.system
    system.threads = case.threads
    starts = np.random.default_rng(0).uniform(-0.5, 0.5, size=(STARTS, system.size))
    calls = {
        OURS: lambda: system.slowest(starts, INPUT, ITERATIONS),
        NUMPY: lambda: slowest(system, INPUT, starts, iterations=ITERATIONS),
        SCIPY: lambda: np.array([_scipy(system, start) for start in starts]),
    }

    def speeds(states: np.ndarray) -> np.ndarray:
        return np.linalg.norm(system.step(states, INPUT) - states, axis=1)

    def check() -> tuple[np.ndarray, np.ndarray]:
        """None of them is faster than where it began."""
        return np.maximum(speeds(calls[backend]()) - speeds(starts), 0), np.zeros(STARTS)

    ends = compete(case, backend, calls[backend], check, tolerance=1e-9)
    benchmark.extra_info["points"] = f"median |F(h) - h| {np.median(speeds(ends)):.3g}"


def _scipy(system: NetworkSystem, start: np.ndarray) -> np.ndarray:
    identity = np.eye(system.size)
    made = least_squares(
        lambda h: system.step(h[None], INPUT)[0] - h,
        start,
        jac=lambda h: system.expand(h[None], INPUT).by_states[0] - identity,
        method="lm",
        max_nfev=ITERATIONS,
    )
    return np.asarray(made.x)
