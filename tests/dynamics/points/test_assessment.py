"""The cheap test for rest lets no fixed point go, and spares the dear one what moves."""

from __future__ import annotations

import numpy as np
import pytest

from pyrnnsim import Population
from pyrnnsim.dynamics.points.assessment import assess, resting
from pyrnnsim.dynamics.systems import NetworkSystem

X = np.array([0.3, -0.2])


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("cell", ["vanilla", "ugrnn", "gru", "lstm"])
def test_what_is_fixed_rests(cell, activation, rng):
    system = NetworkSystem(Population.create([cell], [activation], [8], [0], inputs=2, outputs=1, gain=0.8)[0])
    start = np.abs(rng.normal(size=(20, system.size)))
    ends = system.refine(start, X)
    states = np.concatenate([ends + size * start for size in (0.0, 1e-11, 1e-9, 1e-3)])
    rests, made = resting(system, X, states), assess(system, X, states, 1e-8)
    assert made.fixed.any() or (cell, activation) == ("lstm", "relu")  # whose cell states may be kept as they are
    assert (rests | ~made.fixed).all()
    moved = np.abs(system.step(states, X) - states).max(axis=1)
    assert not rests[moved > 1e-8].any() and (moved > 1e-8).any()
    assert resting(system, X, states[:0]).shape == (0,)
