"""Where trials end that begin at given states: at which stable point, or at none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.following import advance
from pyrnnsim.dynamics.systems import System

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_INTERVAL = 16  # steps between two looks at where the trials are
_RADIUS = 0.2  # share of the distance to the nearest other fixed point within which a trial is watched
_CONTRACTION = 0.5  # |J^m| of the linearised dynamics over m steps, Frobenius norm
_FALL = 0.75  # a watched trial has arrived when its distance falls to this share within m steps
_FLOOR = 1e-7  # distance, relative to 1 + max|h|, at which it is there at once


@dataclass(frozen=True, eq=False)
class Targets:
    """Stable fixed points, and what tells that a trial has arrived.

    At a point with |J^m| <= 1/2 the linearised dynamics halve every distance within m steps. A trial has arrived when
    it came within ``radius`` and its distance then fell by a quarter or more in m steps: what the linear approximation
    leaves out does not undo the contraction there, and shrinks faster than the distance from then on. ``radius`` keeps
    out trials that approach a point in passing.

    Attributes:
        states: (t, S).
        radius: (t,) Euclidean distance within which trials are watched.
        floor: (t,) distance at which a trial is there without being watched, above the error of the point.
        patience: (t,) m, in steps.
    """

    states: Floats
    radius: Floats
    floor: Floats
    patience: NDArray[np.int64]

    @classmethod
    def of(cls, system: System, x: Floats, states: Floats, spacing: Floats, error: Floats, steps: int) -> Self:
        """The targets that stable points are.

        Args:
            system: F.
            x: (M,).
            states: (t, S).
            spacing: (t,) distance to the nearest other fixed point.
            error: (t,) estimated distance to the true fixed point.
            steps: Most steps of a trial; patience beyond it need not be known.
        """
        radius = _RADIUS * spacing
        floor = np.minimum(radius, np.maximum(_FLOOR * (1 + np.abs(states).max(axis=1, initial=0.0)), 10 * error))
        if not len(states):
            return cls(states, radius, floor, np.zeros(0, np.int64))
        jacobians = system.expand(states, x).by_states
        return cls(states, radius, floor, np.array([_patience(one, steps) for one in jacobians], dtype=np.int64))

    def nearest(self, states: Floats) -> tuple[Ints, Floats]:
        """Which target is nearest to each of states (B, S), and how far it is."""
        with np.errstate(over="ignore", invalid="ignore"):
            closeness = states @ self.states.T - (self.states**2).sum(axis=1) / 2
            which = closeness.argmax(axis=1)
            distance = np.sqrt(((states - self.states[which]) ** 2).sum(axis=1))
        return which, distance


def _patience(jacobian: Floats, steps: int) -> int:
    """Fewest steps m = 16, 32, .. with |J^m| <= 1/2; more than ``steps`` where there are none up to there."""
    m = 1
    while m <= steps and (m < _INTERVAL or not np.linalg.norm(jacobian) <= _CONTRACTION):
        jacobian, m = jacobian @ jacobian, 2 * m
    return max(m, _INTERVAL)


def destinations(system: System, x: Floats, targets: Targets, starts: Floats, steps: int) -> Ints:
    """Roll trials forward at a constant input until they arrive.

    Args:
        system: F.
        x: (M,).
        targets: Where they may arrive.
        starts: (B, S).
        steps: At most so many.
    Returns:
        (B,) the target that each reached; -1 for none: it diverges, circles, or is slower than that.
    Cost: a step of F per trial and step; trials that arrived or diverged cost nothing more.
    """
    reached = np.full(len(starts), -1, dtype=np.intp)
    if not len(targets.states):
        return reached
    trials, states, taken = np.arange(len(starts)), starts, 0
    watch = _Watch(targets, len(starts))
    while True:
        arrived, lost = watch.look(states, taken)
        reached[trials[arrived]] = watch.target[arrived]
        going = ~(arrived | lost)
        trials, states, watch = trials[going], states[going], watch.at(going)
        if not len(trials) or taken >= steps:
            return reached
        interval = min(_INTERVAL, steps - taken)
        states, taken = advance(system, states, x, interval), taken + interval


class _Watch:
    """Trials within the radius of a target: of which, since when, and how far away they were then."""

    def __init__(self, targets: Targets, count: int) -> None:
        self.targets = targets
        self.target = np.full(count, -1, dtype=np.intp)
        self.since = np.zeros(count, dtype=np.int64)
        self.distance = np.zeros(count)

    def at(self, chosen: NDArray[np.bool_]) -> _Watch:
        """Some of the trials."""
        some = _Watch(self.targets, 0)
        some.target, some.since, some.distance = self.target[chosen], self.since[chosen], self.distance[chosen]
        return some

    def look(self, states: Floats, taken: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which of the trials, at these states after so many steps, have arrived, and which have diverged."""
        which, distance = self.targets.nearest(states)
        near = distance <= self.targets.radius[which]
        watched = near & (self.target == which)
        due = watched & (taken - self.since >= self.targets.patience[which])
        fell = distance <= _FALL * self.distance
        arrived = (near & (distance <= self.targets.floor[which])) | (due & fell)
        again = (near & ~watched) | (due & ~fell)
        self.target = np.where(near, which, -1)
        self.since[again], self.distance[again] = taken, distance[again]
        return arrived, ~np.isfinite(distance)
