"""Fixed points of small relu networks by going through all their linear regions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SLACK = 1e-9  # of a pre-activation at the border of its region


def relu_points(weights: Floats, drive: Floats) -> Floats:
    """All isolated fixed points (n, N) of h = relu(W h + drive), one linear system for each set of active units.

    A region whose system is singular has no isolated one. A point on a border appears once for each region it
    touches.

    Args:
        weights: (N, N).
        drive: (N,).
    Cost: 2^N linear systems of N equations.
    """
    units = len(drive)
    active = (np.arange(2**units)[:, None] >> np.arange(units) & 1).astype(np.float64)
    systems = np.eye(units) - active[:, :, None] * weights
    with np.errstate(divide="ignore", invalid="ignore"):
        regular = np.linalg.cond(systems) < 1 / (units * np.finfo(np.float64).eps)
    active, systems = active[regular], systems[regular]
    states: Floats = np.linalg.solve(systems, (active * drive)[:, :, None])[:, :, 0]
    sums = states @ weights.T + drive
    slack = _SLACK * (1 + np.abs(sums).max(axis=1, keepdims=True))
    fits = np.where(active > 0, sums >= -slack, sums <= slack).all(axis=1)
    return np.asarray(np.maximum(states[fits], 0.0))
