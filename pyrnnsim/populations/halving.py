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
        families: One label per network; networks of equal label compete.
        iterations: Of the survivors.
        candidates: Networks per family, which decides how many rungs there are: one per halving, each with half as
            many iterations as the next.
    """

    def __init__(self, families: Sequence[int], iterations: int, candidates: int) -> None:
        self._families = np.asarray(families)
        count = max(0, int(candidates).bit_length() - 1)
        wanted = {max(1, iterations >> (count - rung)) for rung in range(count)}
        self.rungs = sorted(rung for rung in wanted if rung < iterations)

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {"families": self._families.tolist(), "rungs": self.rungs}

    def drop(self, state: TrainingState, validation: NDArray[np.float64]) -> None:
        """Mark the networks that do not train on after a rung.

        Ties are broken by position; networks without a finite loss go first.

        Args:
            state: Its ``dropped_at`` is written.
            validation: (K,) losses at this rung.
        """
        if state.iteration not in self.rungs:
            return
        for family in np.unique(self._families):
            members = np.flatnonzero((self._families == family) & (state.dropped_at < 0))
            keep = (len(members) + 1) // 2
            loss = np.where(np.isfinite(validation[members]), validation[members], np.inf)
            state.dropped_at[members[np.argsort(loss, kind="stable")[keep:]]] = state.iteration
