"""Trajectories that end in a fixed point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.points.assessment import assess
from pyrnnsim.dynamics.spectra import eigenvalues
from pyrnnsim.dynamics.systems import System

Floats = NDArray[np.float64]

_REST = 1e-10  # speed, relative to 1 + max|h|, of a state that has come to rest
_CLOSE = 1e-6  # distance to a stable fixed point, relative to 1 + max|h|, from which nothing leads away
_RATE = 0.2  # relative difference from the rate of the slowest mode of an approach to a fixed point


class RestingPlaces:
    """The stable fixed points of one system at one input that trajectories have come to."""

    def __init__(self, system: System, x: Floats, tolerance: float) -> None:
        self.system, self.x, self.tolerance = system, x, tolerance
        self.points: list[Floats] = []

    def holds(self, state: Floats) -> bool:
        """Whether a state (S,) has come to rest, or is so near a stable fixed point that it will."""
        scale = 1 + np.abs(state).max()
        if any(np.abs(point - state).max() <= _CLOSE * scale for point in self.points):
            return True
        speed = np.abs(self.system.step(state[None], self.x)[0] - state).max()
        if not 0 < speed <= _CLOSE * scale:
            return bool(speed == 0)
        point, fixed, leading = self._nearest(state)
        if fixed and np.abs(point - state).max() <= _CLOSE * scale:
            if leading < 1:
                self.points.append(point)
            return leading < 1  # else it rests on a saddle for now
        return bool(speed <= max(_REST, 10 * self.system.epsilon) * scale)  # a continuum of fixed points, perhaps

    def attracts(self, visited: Floats) -> bool:
        """Whether states (T, S) come nearer to a stable fixed point, all the time, at the rate of its slowest mode."""
        point, fixed, leading = self._nearest(visited[-1])
        if not fixed or not 0 < leading < 1:
            return False
        quarter = len(visited) // 4
        away = np.abs(visited[-4 * quarter :] - point).max(axis=1).reshape(4, quarter).max(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = np.diff(np.log(away)) / quarter / np.log(leading)
        return bool((np.abs(rates - 1) <= _RATE).all())

    def _nearest(self, state: Floats) -> tuple[Floats, bool, float]:
        """Where Newton's method leads, whether that is a fixed point, and its largest |eigenvalue|."""
        ends = self.system.refine(state[None], self.x)
        made = assess(self.system, self.x, ends, self.tolerance)
        if not made.fixed[0]:
            return ends[0], False, np.inf
        return ends[0], True, float(np.abs(eigenvalues("find_limit_cycles", self.system.name, made.by_states)).max())
