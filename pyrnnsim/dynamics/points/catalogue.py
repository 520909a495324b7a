"""The distinct fixed points known so far, and how more are found from them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.points.assessment import Assessment, assess, resting
from pyrnnsim.dynamics.points.merging import cover, midpoints
from pyrnnsim.dynamics.systems import System

Floats = NDArray[np.float64]

_SAME = 1e-6  # fixed points closer than this, relative to 1 + max|h|, are one
_NEAR = 1e-2  # rough iterates closer than this to each other are one
_TRUSTED = 1e-3  # a rough iterate so near a known point leads there
_CROWDED = 0.1  # midpoints closer than this share of the smallest distance of known points are tried once
_ROUNDS = 20
_MOST_MIDPOINTS = 4096
_PARTIAL_ROUNDS = 3  # that leave midpoints out: of hundreds of points one cannot be sure anyhow


class Catalogue:
    """Distinct fixed points of one system at one input.

    Attributes:
        points: They, in the order they were found; none is ever removed.
    """

    def __init__(self, system: System, x: Floats, tolerance: float) -> None:
        self.system, self.x, self.tolerance = system, x, tolerance
        self.points = assess(system, x, np.zeros((0, system.size)), tolerance)

    @property
    def crowded(self) -> bool:
        """Whether there are too many points to try the midpoints of all of them."""
        return len(self.points) * (len(self.points) - 1) // 2 > _MOST_MIDPOINTS

    @property
    def degree(self) -> int:
        """Sum of sign det(I - J)."""
        return int(self.points.sign.sum())

    def polish(self, states: Floats) -> tuple[NDArray[np.intp], Floats]:
        """Newton's method from states (n, S) to the end.

        Returns:
            (n,) which of ``points`` each led to, -1 for none; (n, S) where it ended.
        """
        ends = self.system.refine(states, self.x)
        label = np.full(len(ends), -1, dtype=np.intp)
        near = np.flatnonzero(resting(self.system, self.x, ends))  # of the rest no error need be known
        label[near] = self.take(assess(self.system, self.x, ends[near], self.tolerance))
        return label, ends

    def take(self, made: Assessment) -> NDArray[np.intp]:
        """Add those that are fixed and new; which of ``points`` each of them is, -1 for none."""
        label = np.full(len(made), -1, dtype=np.intp)
        fixed = np.flatnonzero(made.fixed)
        reach = _SAME * (1 + np.abs(made.states[fixed]).max(axis=1, initial=0.0))
        for at, radius in zip(fixed, reach, strict=True):
            label[at] = self._known(made.states[at], radius)
        fresh = label[fixed] < 0
        fixed, reach = fixed[fresh], reach[fresh]
        distinct = cover(made.states[fixed], reach, made.error[fixed])
        label[fixed] = len(self.points) + distinct.owner
        self.points = self.points.joined(made.at(fixed[distinct.kept]))
        return label

    def close(self, approach: Callable[[Floats], Floats]) -> bool:
        """Search from the midpoints of all pairs, and the mirror images, of known points until nothing new is found.

        Args:
            approach: Leads from starts to the neighbourhood of fixed points.
        Returns:
            Whether the last round found nothing, from all pairs; False where there is no point to begin with, or so
            many that not all of their midpoints can be tried.
        """
        if not len(self.points):
            return False
        seen, complete, partial = 0, True, 0
        for _ in range(_ROUNDS):
            count = len(self.points)
            if count == seen:
                return complete
            if partial == _PARTIAL_ROUNDS:
                return False
            starts, every = midpoints(self.points.states, seen, _MOST_MIDPOINTS)
            starts = starts[cover(starts, _CROWDED * self._spacing()).kept]
            mirrored = -self.points.states[seen:]
            complete, partial, seen = complete and every, partial + (not every), count
            rough = approach(np.concatenate([starts, mirrored]))
            self.polish(self._unknown(rough))
        return False

    def _spacing(self) -> float:
        """Smallest distance between two known points; 0 for fewer."""
        points = self.points.states
        distances = [((points[i + 1 :] - points[i]) ** 2).sum(axis=1).min() for i in range(len(points) - 1)]
        return float(np.sqrt(min(distances, default=0.0)))

    def _unknown(self, rough: Floats) -> Floats:
        """Distinct rough iterates that are not within reach of a point known already."""
        rough = rough[cover(rough, _NEAR).kept]
        far = [self._known(state, _TRUSTED) < 0 for state in rough]
        return np.asarray(rough[np.array(far, dtype=bool)])

    def _known(self, state: Floats, radius: float) -> int:
        if not len(self.points):
            return -1
        distance = ((self.points.states - state) ** 2).sum(axis=1)
        nearest = int(np.argmin(distance))
        return nearest if distance[nearest] <= radius**2 else -1
