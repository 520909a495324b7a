"""Discrete dynamical systems h' = F(h, x): what the solvers need to know of a network, or of a function of yours."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import _core
from pyrnnsim.dynamics.bounds import Box, state_bounds
from pyrnnsim.dynamics.points.regions import relu_points
from pyrnnsim.populations.network import Network

Floats = NDArray[np.float64]

#: Newton step, relative to 1 + max|h|, at which the first search stops: the method converges quadratically, so the
#: goal is then some 1e-4 away.
ROUGH = 1e-2
FINE = 1e-11  # at which it ends
ITERATIONS = 40
#: Step, relative to 1 + max|h|, at which the search for slow points ends, and the share by which eight of its
#: iterations must lower the squared speed for it to go on.
SLOW_STEP, SLOW_PROGRESS = 1e-6, 3e-3
_FIRST_STEPS, _ROUGH_ITERATIONS = 3, 20
_MOST_LISTED_UNITS = 10  # 2^N linear systems at once


def trust_radius(size: int) -> float:
    """Longest Newton step in a state of S entries that lie in [-1, 1]."""
    return max(1.0, math.sqrt(size) / 8)


class Expansion(NamedTuple):
    """F and its first derivatives at n states."""

    next: Floats  # (n, S)
    by_states: Floats  # (n, S, S): dF_i / dh_j
    by_inputs: Floats  # (n, S, M)


class Approach(NamedTuple):
    """Where the first search led from n starts."""

    states: Floats  # (n, S); where it did not settle, the slowest state it met
    settled: NDArray[np.bool_]  # (n,) whether its last step was small


class System(Protocol):
    """A map F, and what is known of it.

    Attributes:
        name: How errors call it.
        size: S.
        inputs: M.
        epsilon: Relative rounding error of F.
        smooth: Whether its derivatives are continuous.
        threads: On which one call may run; no result depends on it.
    """

    name: str
    size: int
    inputs: int
    epsilon: float
    smooth: bool
    threads: int

    def step(self, states: Floats, x: Floats) -> Floats:
        """F (n, S) at states (n, S) and inputs (M,) or (n, M)."""

    def expand(self, states: Floats, x: Floats) -> Expansion:
        """F and its derivatives there."""

    def box(self, x: Floats) -> Box:
        """Where the fixed points lie at the input x (M,)."""

    def listed(self, x: Floats) -> Floats | None:
        """All isolated fixed points (n, S) at x (M,) where they can be listed, else None."""

    def approach(self, starts: Floats, x: Floats) -> Approach:
        """Three steps of F from each start (n, S), then Newton's method to the neighbourhood of fixed points."""

    def refine(self, states: Floats, x: Floats) -> Floats:
        """Newton's method from each of states (n, S) to rounding level; where it fails, the slowest state it met."""

    def slowest(self, states: Floats, x: Floats, iterations: int, *, rough: bool = False) -> Floats:
        """Local minima of |F(h) - h| near states (n, S), in at most so many iterations; only rough ones are faster."""

    def outputs(self, states: Floats) -> Floats:
        """(n, O) readout of states (n, S)."""


class NetworkSystem:
    """A network of a population in float64 with Jacobians in closed form; see :class:`System`."""

    def __init__(self, network: Network) -> None:
        self.name, self.size, self.inputs = network.name, network.state_size, network.inputs
        self.epsilon = float(np.finfo(np.float64).eps)
        self.cell, self.spec, self.threads = network.cell, network.cell.record(), 1
        self.smooth = network.cell.activation != "relu"
        self.arrays = {
            name: np.ascontiguousarray(array[None], dtype=np.float64) for name, array in network.parameters.items()
        }
        self.single = {name: array.astype(np.float32) for name, array in self.arrays.items()}
        self.own = {name: array[0] for name, array in self.arrays.items()}

    def step(self, states: Floats, x: Floats) -> Floats:
        """See :class:`System`."""
        given, inputs = self._given(states, x)
        return np.asarray(_core.cell_step(self.spec, self.arrays, given, inputs, self.threads)[0])

    def expand(self, states: Floats, x: Floats) -> Expansion:
        """See :class:`System`."""
        given, inputs = self._given(states, x)
        made = _core.cell_jacobian(self.spec, self.arrays, given, inputs, self.threads)
        return Expansion(*(part[0] for part in made))

    def box(self, x: Floats) -> Box:
        """See :class:`System`."""
        return state_bounds(self.cell, self.own, x)

    def listed(self, x: Floats) -> Floats | None:
        """See :class:`System`."""
        if (self.cell.cell, self.cell.activation) != ("vanilla", "relu") or self.size > _MOST_LISTED_UNITS:
            return None
        return relu_points(self.own["w_rec"][0], self.own["w_in"][0] @ x + self.own["b"][0])

    def approach(self, starts: Floats, x: Floats) -> Approach:
        """See :class:`System`; in float32, whose errors are far below the distance at which points are told apart."""
        states = self.box(x).clip(starts).astype(np.float32)[None]
        inputs = np.broadcast_to(x.astype(np.float32), (1, len(starts), self.inputs)).copy()
        for _ in range(_FIRST_STEPS):
            states = _core.cell_step(self.spec, self.single, states, inputs, self.threads)
        return self._newton(states[0], x, self.single, ROUGH, _ROUGH_ITERATIONS)

    def refine(self, states: Floats, x: Floats) -> Floats:
        """See :class:`System`."""
        return self._newton(self.box(x).clip(states), x, self.arrays, FINE, ITERATIONS).states

    def slowest(self, states: Floats, x: Floats, iterations: int, *, rough: bool = False) -> Floats:
        """See :class:`System`; rough ones in float32."""
        arrays = self.single if rough else self.arrays
        at = self._at(self.box(x).clip(states), x, arrays)
        made = _core.cell_slowest(self.spec, arrays, at, SLOW_STEP, SLOW_PROGRESS, iterations, self.threads)
        return np.asarray(made[0][0, 0], dtype=np.float64)

    def _newton(
        self, states: NDArray[Any], x: Floats, arrays: dict[str, NDArray[Any]], tolerance: float, iterations: int
    ) -> Approach:
        at = self._at(states, x, arrays)
        radius, relative = trust_radius(self.size), not self.box(x).compact
        found, best, settled = _core.cell_newton(
            self.spec, arrays, at, tolerance, iterations, radius, relative, self.threads
        )
        ends = np.where(settled[0, 0][:, None], found[0, 0], best[0, 0])
        return Approach(ends.astype(np.float64), settled[0, 0])

    def _at(self, states: NDArray[Any], x: Floats, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """What the solvers are given besides the network."""
        box, dtype = self.box(x), arrays["w_rec"].dtype
        given = {"states": states, "inputs": x, "lower": box.lower, "upper": box.upper}
        return {name: np.ascontiguousarray(array, dtype=dtype)[None, None] for name, array in given.items()}

    def outputs(self, states: Floats) -> Floats:
        """See :class:`System`."""
        return np.asarray(states @ self.own["w_out"].T + self.own["b_out"])

    def _given(self, states: Floats, x: Floats) -> tuple[NDArray[Any], NDArray[Any]]:
        inputs = np.ascontiguousarray(np.broadcast_to(x, (len(states), self.inputs)))
        return np.ascontiguousarray(states)[None], inputs[None]
