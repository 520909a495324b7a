"""Jacobians of 1024 states of a GRU, against a closed form in torch and ``torch.func``'s ``vmap(jacrev)``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import fixed_point_peers as peers
import numpy as np
import pytest
from bench_fixed_points import INPUT, TASK
from cases import Case, Job
from results import OURS

from pyrnnsim import Population
from pyrnnsim.dynamics.systems import NetworkSystem

STATES = 1024
CLOSED, JACREV = "torch closed form", "torch.func vmap(jacrev)"


@dataclass(frozen=True)
class Jacobian(Job):
    """All states of one network; times are for all of them."""

    @property
    def title(self) -> str:
        return f"{STATES} Jacobians, {self.measure} tanh"

    def __str__(self) -> str:
        return f"{self.title}, N={self.units}, {self.threads} thread{'s'[: self.threads > 1]}"


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    sizes = [16] if config.getoption("--quick") else [64, 128]
    cases = [Jacobian("gru", 1, units, "float64", scope="jacobians") for units in sizes]
    several = [Jacobian("gru", 1, sizes[0], "float64", 2, "jacobians")]
    return [(case, backend) for case in cases for backend in (OURS, CLOSED, JACREV)] + [
        (case, OURS) for case in several
    ]


def bench_jacobians(case: Jacobian, backend: str, compete) -> None:
    network = Population.create(["gru"], ["tanh"], [case.units], [0], task=TASK, reset_after=True)[0]
    states = np.random.default_rng(0).uniform(-1, 1, size=(STATES, case.units))
    system = NetworkSystem(network)
    system.threads = case.threads
    calls: dict[str, Callable[[], np.ndarray]] = {
        OURS: lambda: system.expand(states, INPUT).by_states,
        CLOSED: lambda: peers.torch_jacobians(network, INPUT, states),
        JACREV: lambda: peers.torch_jacrev(network, INPUT, states),
    }
    compete(case, backend, calls[backend], lambda: (calls[backend](), calls[CLOSED]()), tolerance=1e-12)
