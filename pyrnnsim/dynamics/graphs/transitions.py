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
_SETTLED = 2.0**-16  # |J^m| at which the norm of a target is complete
_AGREEMENT = 0.25  # a fall may differ from that of the linearised dynamics by this share
_LOOKS = 3  # in succession, at which it does not
_FLOOR = 1e-7  # distance, relative to 1 + max|h|, at which it is there at once


@dataclass(frozen=True, eq=False)
class Targets:
    """Stable fixed points, and what tells that a trial has arrived.

    Under the linearised dynamics d' = J d the norm V(d) = sum over all k of |J^k d|^2 falls by the sum over the first
    16 of them in 16 steps. A trial within ``radius`` of a point whose V falls by that much, give or take a quarter, in
    three looks in succession has arrived: what the linear approximation leaves out does not undo the contraction there,
    and shrinks faster than V from then on. ``radius`` keeps out trials that approach a point in passing.

    Attributes:
        states: (t, S).
        radius: (t,) Euclidean distance within which trials are watched.
        floor: (t,) distance at which a trial is there without being watched, above the error of the point.
        patience: (t,) steps m = 16, 32, .. from which on |J^m| <= 1/2.
        norms: (t, S, S) P with V(d) = d^T P d; NaN where |J^m| stays above 1/2: such a point is reached at its floor.
        falls: (t, S, S) Q, by d^T Q d of which V falls between two looks.
    """

    states: Floats
    radius: Floats
    floor: Floats
    patience: NDArray[np.int64]
    norms: Floats
    falls: Floats

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
            none = np.zeros((0, states.shape[1], states.shape[1]))
            return cls(states, radius, floor, np.zeros(0, np.int64), none, none)
        made = [contraction(one, steps) for one in system.expand(states, x).by_states]
        patience, norms, falls = zip(*made, strict=True)
        return cls(states, radius, floor, np.array(patience, np.int64), np.stack(norms), np.stack(falls))

    def nearest(self, states: Floats) -> tuple[Ints, Floats]:
        """Which target is nearest to each of states (B, S), and how far it is."""
        with np.errstate(over="ignore", invalid="ignore"):
            closeness = states @ self.states.T - (self.states**2).sum(axis=1) / 2
            which = closeness.argmax(axis=1)
            distance = np.sqrt(((states - self.states[which]) ** 2).sum(axis=1))
        return which, distance


def contraction(jacobian: Floats, steps: int) -> tuple[int, Floats, Floats]:
    """Fewest steps m = 16, 32, .. with |J^m| <= 1/2, and P and Q of :class:`Targets`.

    m is more than ``steps``, and P is NaN, where there are none up to there.
    """
    power, total, m, patience = jacobian, np.eye(len(jacobian)), 1, 0
    fall = total
    while m < _INTERVAL or not np.linalg.norm(power) <= _SETTLED:
        if m >= _INTERVAL and not patience and np.linalg.norm(power) <= _CONTRACTION:
            patience = m
        if m > steps and m >= _INTERVAL and not patience:
            return m, np.full_like(total, np.nan), fall
        total = total + power.T @ total @ power  # of twice as many steps
        power, m = power @ power, 2 * m
        fall = total if m <= _INTERVAL else fall
    return patience or m, total, fall


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
    """Trials within the radius of a target: of which, V there, how far it should fall, and how often it has."""

    def __init__(self, targets: Targets, count: int) -> None:
        self.targets = targets
        self.target = np.full(count, -1, dtype=np.intp)
        self.value, self.fall = np.zeros(count), np.zeros(count)
        self.agreed = np.zeros(count, dtype=np.int64)
        self.taken = 0

    def at(self, chosen: NDArray[np.bool_]) -> _Watch:
        """Some of the trials."""
        some = _Watch(self.targets, 0)
        some.target, some.value, some.fall = self.target[chosen], self.value[chosen], self.fall[chosen]
        some.agreed, some.taken = self.agreed[chosen], self.taken
        return some

    def look(self, states: Floats, taken: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which of the trials, at these states after so many steps, have arrived, and which have diverged."""
        which, distance = self.targets.nearest(states)
        near = distance <= self.targets.radius[which]
        value, fall = self._judged(states, which, near)
        same = near & (self.target == which) & (taken - self.taken == _INTERVAL)
        agrees = same & (np.abs(self.value - value - self.fall) <= _AGREEMENT * self.fall)
        self.agreed = np.where(agrees, self.agreed + 1, 0)
        self.target, self.value, self.fall, self.taken = np.where(near, which, -1), value, fall, taken
        arrived = near & ((distance <= self.targets.floor[which]) | (self.agreed >= _LOOKS))
        return arrived, ~np.isfinite(distance)

    def _judged(self, states: Floats, which: Ints, near: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """V of the trials that are near a target, and by how much it should fall until the next look; NaN elsewhere."""
        value, fall = np.full((2, len(states)), np.nan)
        for target in np.unique(which[near]):
            some = np.flatnonzero(near & (which == target))
            away = states[some] - self.targets.states[target]
            for form, made in ((self.targets.norms[target], value), (self.targets.falls[target], fall)):
                made[some] = ((away @ form) * away).sum(axis=1)
        return value, fall
