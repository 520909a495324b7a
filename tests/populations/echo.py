"""A small task of the tests' own, and what they compare."""

from __future__ import annotations

import numpy as np

from pyrnnsim.tasks import Task


class Echo(Task):
    """Repeat the first of two noise signals one step later."""

    inputs, outputs = 2, 1
    name = "echo"

    def __init__(self, steps=6):
        self.steps = steps

    def trial(self, rng):
        signals = rng.normal(size=(self.steps, 2))
        return signals, np.roll(signals[:, :1], 1, axis=0), np.arange(self.steps)[:, None] > 0


def same_weights(first, second):
    """Whether two populations agree in every bit."""
    return len(first) == len(second) and all(
        a.cell == b.cell
        and a.parameters.keys() == b.parameters.keys()
        and all(np.array_equal(a.parameters[name], b.parameters[name]) for name in a.parameters)
        for a, b in zip(first, second, strict=True)
    )
