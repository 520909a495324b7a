"""Where states go: trajectories at a constant input."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import _core
from pyrnnsim.dynamics.systems import NetworkSystem, System

Floats = NDArray[np.float64]

_CHUNK = 2**17  # numbers held at once while states are only moved on: about what a cache holds


def follow(system: System, states: Floats, x: Floats, steps: int) -> Floats:
    """(n, steps, S) the states that follow each of ``states`` (n, S) at the input x (M,); those may overflow.

    A trajectory is the same to the last bit whichever others are in the call.
    """
    count, size = states.shape
    if not isinstance(system, NetworkSystem):
        made, here = np.empty((count, steps, size)), states
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(steps):
                here = system.step(here, x)
                made[:, t] = here
        return made
    inputs = np.ascontiguousarray(np.broadcast_to(x, (1, count, steps, system.inputs)))
    begin = np.ascontiguousarray(states, dtype=np.float64)[None]
    return np.asarray(_core.cell_rollout(system.spec, system.arrays, inputs, system.threads, begin)[0])


def advance(system: System, states: Floats, x: Floats, steps: int) -> Floats:
    """(n, S) where ``states`` are after some steps; NaN or infinite where they overflowed."""
    here = states
    chunk = max(1, _CHUNK // max(1, states.size))
    while steps > 0 and len(here):
        now = min(chunk, steps)
        here = follow(system, here, x, now)[:, -1]
        steps -= now
    return here
