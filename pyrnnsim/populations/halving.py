"""Successive halving: which of many candidates train on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.populations.state import TrainingState


class Halving:
    """At each rung the worse half of every family is given up, by the loss on the validation trials.

    Args:
        families: One label per network; candidates of equal label compete.
        iterations: Of the survivors.
        candidates: Candidates per family, which decides how many rungs there are: one per halving, each with half as
            many iterations as the next.
        repeats: Networks per candidate, one after the other; they stand and fall together by the worst of them.
    """

    def __init__(self, families: Sequence[int], iterations: int, candidates: int, repeats: int = 1) -> None:
        self._families = np.asarray(families)
        self._candidates = np.arange(len(self._families)) // repeats
        count = max(0, int(candidates).bit_length() - 1)
        wanted = {max(1, iterations >> (count - rung)) for rung in range(count)}
        self.rungs = sorted(rung for rung in wanted if rung < iterations)

    def record(self) -> dict[str, Any]:
        """For JSON."""
        labels = {"families": self._families.tolist(), "candidates": self._candidates.tolist()}
        return {**labels, "rungs": self.rungs}

    def drop(self, state: TrainingState, validation: NDArray[np.float64]) -> None:
        """Mark the networks that do not train on after a rung.

        Ties are broken by position; candidates with networks without a finite loss go first.

        Args:
            state: Its ``dropped_at`` is written.
            validation: (K,) losses at this rung.
        """
        if state.iteration not in self.rungs:
            return
        for family in np.unique(self._families):
            left = np.unique(self._candidates[(self._families == family) & (state.dropped_at < 0)])
            ranked = sorted(left, key=lambda candidate: standing(validation[self._candidates == candidate]))
            given_up = np.isin(self._candidates, ranked[(len(left) + 1) // 2 :])
            state.dropped_at[given_up] = state.iteration


def standing(losses: NDArray[np.float64]) -> tuple[int, float]:
    """Rank of a candidate by the losses of its networks, lower is better: how many are not finite, the worst other."""
    finite = losses[np.isfinite(losses)]
    return len(losses) - len(finite), float(finite.max(initial=-np.inf))
