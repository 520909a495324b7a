"""Slow points of functions: local minima of the speed, where Newton's method finds no fixed point.

Networks are searched by the native ``cell_slowest``, in the same way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.systems import System

Floats = NDArray[np.float64]


def slowest(system: System, x: Floats, states: Floats, *, iterations: int = 60, enough: float = 1e-6) -> Floats:
    """Local minima of q = |F(h) - h|^2 / 2 near some states, by Levenberg and Marquardt's method.

    Args:
        system: F.
        x: (M,) input.
        states: (n, S); those with a small residual save work.
        iterations: At most so many.
        enough: A step this small, relative to 1 + max|h|, is the last one.
    """
    box = system.box(x)
    here = box.clip(states)
    damping = np.full(len(here), 1e-3)
    moved = np.abs(system.step(here, x) - here).max(axis=1, initial=0.0)
    active = np.flatnonzero(moved > 4 * system.epsilon * (1 + np.abs(here).max(axis=1, initial=0.0)))  # not exact
    identity = np.eye(system.size)
    for _ in range(iterations):
        if not len(active):
            break
        at, jacobian, _unused = system.expand(here[active], x)
        residual = at - here[active]
        matrix = jacobian - identity
        normal = matrix.transpose(0, 2, 1) @ matrix
        gradient = (matrix.transpose(0, 2, 1) @ residual[:, :, None])[:, :, 0]
        step = -np.linalg.solve(normal + damping[active, None, None] * identity, gradient[:, :, None])[:, :, 0]
        trial = box.clip(here[active] + step)
        moved = system.step(trial, x) - trial
        with np.errstate(over="ignore", invalid="ignore"):
            better = (moved**2).sum(axis=1) < (residual**2).sum(axis=1)
        here[active[better]] = trial[better]
        damping[active] = np.where(better, np.maximum(damping[active] * 0.2, 1e-12), damping[active] * 4)
        small = np.abs(step).max(axis=1) <= enough * (1 + np.abs(here[active]).max(axis=1))
        active = active[~(small & better) & (damping[active] < 1e12)]
    return here
