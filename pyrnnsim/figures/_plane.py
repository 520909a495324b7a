"""States on their principal axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.principal import principal_axes

Floats = NDArray[np.float64]


def principal_plane(states: Floats, basis: Floats | None = None, dimensions: int = 2) -> tuple[Floats, Floats]:
    """Coordinates (n, dimensions) of states (n, S), and the share of the variance along each axis.

    Args:
        states: What is placed.
        basis: (m, S) the states whose axes are taken; by default the same ones.
        dimensions: Axes. Where there are fewer, because states have fewer entries or there are fewer of them,
            coordinates and shares are 0.
    """
    basis = states if basis is None else basis
    if not len(basis):
        return np.zeros((len(states), dimensions)), np.zeros(dimensions)
    made = principal_axes(basis, min(dimensions, len(basis)))
    missing = dimensions - len(made.axes)
    return np.pad(made.project(states), ((0, 0), (0, missing))), np.pad(made.shares, (0, missing))
