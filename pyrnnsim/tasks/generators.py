"""One NumPy generator per trial, of a stream that depends on nothing but seed, iteration and index."""

from __future__ import annotations

import numpy as np


class TrialGenerators:
    """The generators of an iteration's trials.

    They share one Philox bit generator that is set to the start of a trial's stream: making one draws entropy from the
    operating system, which takes ten times as long. So a generator is good until the next is asked for.

    Args:
        seed: From 0 to 2**64 - 1.
        iteration: From 0 to 2**64 - 1.
    """

    def __init__(self, seed: int, iteration: int) -> None:
        self._bits = np.random.Philox(key=np.array([seed, 0], np.uint64))
        self._start = self._bits.state
        self._iteration = iteration

    def of(self, index: int) -> np.random.Generator:
        """The generator at the start of the stream of one trial; its counter leaves 2**128 blocks to each."""
        self._start["state"]["counter"] = np.array([0, 0, index, self._iteration], np.uint64)
        self._bits.state = self._start
        return np.random.Generator(self._bits)
