"""Where trajectories of one system end: periodic orbits, invariant curves, fixed points, elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.assessment import assess
from pyrnnsim.dynamics.curves import InvariantCurve, find_curve
from pyrnnsim.dynamics.following import advance, follow
from pyrnnsim.dynamics.merging import canonical_order
from pyrnnsim.dynamics.periodic import PeriodicOrbit, find_orbit
from pyrnnsim.dynamics.spectra import eigenvalues
from pyrnnsim.dynamics.systems import System

Floats = NDArray[np.float64]
Orbit = PeriodicOrbit | InvariantCurve

ROUNDS = 5  # trajectories that have not settled go on, twice as far each time
WINDOW = 40  # steps that are looked at, in units of the longest period
_REST = 1e-10  # speed, relative to 1 + max|h|, of a state that has come to rest
_CLOSE = 1e-6  # distance to a stable fixed point, relative to 1 + max|h|, from which nothing leads away
_FAR = 1e12  # states beyond have diverged
_ARRIVED = 1e-3  # distance to a stable orbit, relative to its extent, that counts as on it
_RECURS = 1e-3  # a state that comes back so near, relative to the extent, may be periodic
_PASSES = 0.02  # near which an unstable orbit may lie
_TRIES, _LOOKS, _MOST_PASSED = 3, 4, 8
_COMPARED = 16  # last states that must all lie on a curve


@dataclass(frozen=True)
class CycleAim:
    """What is asked for.

    Attributes:
        transient: Steps before the first look.
        longest: Longest period of an orbit, and of a turn.
        tolerance: Largest error estimate of a periodic orbit, relative to 1 + max|h|.
    """

    transient: int
    longest: int
    tolerance: float


@dataclass(eq=False)
class Attractors:
    """What has been found so far.

    Attributes:
        orbits: Distinct orbits.
        basin: Starts that led to each.
        at_rest: Starts that ended in a fixed point.
        diverged: Starts that overflowed.
        unsettled: Starts that did neither, nor stay on an orbit: chaotic, too slow, or of too long a period.
    """

    orbits: list[Orbit] = field(default_factory=list)
    basin: list[int] = field(default_factory=list)
    at_rest: int = 0
    diverged: int = 0
    unsettled: int = 0

    def add(self, orbit: Orbit) -> int:
        """The position of an orbit, which is new or known."""
        for i, known in enumerate(self.orbits):
            if _same(known, orbit):
                return i
        self.orbits.append(orbit)
        self.basin.append(0)
        return len(self.orbits) - 1


def find_attractors(system: System, x: Floats, starts: Floats, aim: CycleAim) -> Attractors:
    """Follow the starts (n, S) until each has settled, or for 31 transients."""
    found = Attractors()
    resting: list[Floats] = []
    here = starts[canonical_order(starts)]
    for turn in range(ROUNDS):
        here = advance(system, here, x, aim.transient * 2**turn)
        with np.errstate(invalid="ignore"):
            gone = ~(np.abs(here).max(axis=1, initial=0.0) < _FAR)
        found.diverged += int(gone.sum())
        left = []
        for state in here[~gone]:
            end = _settle(system, x, state, found, resting, aim, last=turn == ROUNDS - 1)
            if end is not None:
                left.append(end)
        if not left:
            return found
        here = np.array(left)
    finite = np.isfinite(here).all(axis=1)
    found.unsettled += int(finite.sum())
    found.diverged += int((~finite).sum())
    return found


def _settle(
    system: System, x: Floats, state: Floats, found: Attractors, resting: list[Floats], aim: CycleAim, *, last: bool
) -> Floats | None:
    """Count a start whose trajectory has settled by ``state``; else where it has got to."""
    if _rests(system, x, state, resting, aim.tolerance):
        found.at_rest += 1
        return None
    segment = np.concatenate([state[None], follow(system, state[None], x, _COMPARED - 1)[0]])
    if np.isfinite(segment).all():
        for i, orbit in enumerate(found.orbits):
            if orbit.stable and _lies_on(segment, orbit):
                found.basin[i] += 1
                return None
    visited = follow(system, state[None], x, WINDOW * aim.longest)[0]
    with np.errstate(invalid="ignore"):
        bounded = bool((np.abs(visited) < _FAR).all())
    if not bounded:
        return np.asarray(visited[-1])
    if _rests(system, x, visited[-1], resting, aim.tolerance):
        found.at_rest += 1
        return None
    orbit = _recurrent(system, x, visited, aim) or find_curve(system, x, visited)
    if orbit is not None:
        position = found.add(orbit)
        if not isinstance(orbit, PeriodicOrbit) or (orbit.stable and _lies_on(visited[-_COMPARED:], orbit)):
            found.basin[position] += 1
            return None
    if last and sum(not known.stable for known in found.orbits) < _MOST_PASSED:
        for passed in _passed(system, x, visited, aim):
            found.add(passed)
    return np.asarray(visited[-1])


def _rests(system: System, x: Floats, state: Floats, resting: list[Floats], tolerance: float) -> bool:
    """Whether a state has come to rest, or is so near a stable fixed point that it will."""
    scale = 1 + np.abs(state).max()
    if any(np.abs(point - state).max() <= _CLOSE * scale for point in resting):
        return True
    speed = np.abs(system.step(state[None], x)[0] - state).max()
    if not speed <= _CLOSE * scale:
        return False
    ends = system.refine(state[None], x)
    made = assess(system, x, ends, tolerance)
    if made.fixed[0] and np.abs(ends[0] - state).max() <= _CLOSE * scale:
        if np.abs(eigenvalues(made.by_states)).max() >= 1:
            return False  # it rests on a saddle for now
        resting.append(ends[0])
        return True
    return bool(speed <= max(_REST, 10 * system.epsilon) * scale)  # a continuum of fixed points, perhaps


def _recurrent(system: System, x: Floats, visited: Floats, aim: CycleAim) -> PeriodicOrbit | None:
    """The periodic orbit that a trajectory has come close to."""
    extent = float(np.ptp(visited[-2 * aim.longest :], axis=0).max())
    missed = _recurrences(visited, aim.longest)
    for period in 1 + np.flatnonzero(missed <= _RECURS * extent)[:_TRIES]:
        shown = visited[-period:]
        orbit = find_orbit(system, x, shown, aim.tolerance)
        if orbit is not None and _beside(shown, orbit.states) <= 10 * _RECURS * extent:
            return orbit
    return None


def _passed(system: System, x: Floats, visited: Floats, aim: CycleAim) -> list[PeriodicOrbit]:
    """Orbits, unstable as a rule, that an unsettled trajectory comes near."""
    extent = float(np.ptp(visited, axis=0).max())
    made = []
    for end in np.linspace(len(visited) // 2, len(visited), _LOOKS, dtype=int):
        missed = _recurrences(visited[:end], aim.longest)
        for period in 1 + np.flatnonzero(missed <= _PASSES * extent)[:_TRIES]:
            shown = visited[end - period : end]
            orbit = find_orbit(system, x, shown, aim.tolerance)
            if orbit is not None and _beside(shown, orbit.states) <= 5 * _PASSES * extent:
                made.append(orbit)
    return made


def _recurrences(visited: Floats, longest: int) -> Floats:
    """(longest,) distance of the last state from that 1, 2, .. steps before."""
    most = min(longest, len(visited) - 1)
    return np.asarray(np.abs(visited[-most - 1 : -1] - visited[-1]).max(axis=1)[::-1])


def _lies_on(segment: Floats, orbit: Orbit) -> bool:
    """Whether all states of a segment are as near to an orbit as one that has arrived there."""
    near = _ARRIVED * float(np.ptp(orbit.states, axis=0).max())
    away = _beside if isinstance(orbit, PeriodicOrbit) else _off_polygon
    return away(segment, orbit.states) <= near


def _beside(segment: Floats, states: Floats) -> float:
    """Largest distance of a state of the segment from the nearest of some states."""
    return float(max(np.abs(states - one).max(axis=1).min() for one in segment))


def _off_polygon(segment: Floats, corners: Floats) -> float:
    """Largest distance of a state of the segment from the closed polygon of these corners."""
    sides = np.roll(corners, -1, axis=0) - corners
    squared = np.maximum((sides**2).sum(axis=1), 1e-300)
    most = 0.0
    for one in segment:
        share = np.clip(((one - corners) * sides).sum(axis=1) / squared, 0, 1)
        most = max(most, float(np.abs(corners + share[:, None] * sides - one).max(axis=1).min()))
    return most


def _same(one: Orbit, other: Orbit) -> bool:
    """Whether two orbits are one, up to a shift of phase."""
    if isinstance(one, PeriodicOrbit) and isinstance(other, PeriodicOrbit):
        if one.period != other.period:
            return False
        near = 1e-6 * (1 + np.abs(one.states).max())
        shift = int(np.abs(one.states - other.states[0]).max(axis=1).argmin())
        return bool(np.abs(np.roll(one.states, -shift, axis=0) - other.states).max() <= near)
    if isinstance(one, InvariantCurve) and isinstance(other, InvariantCurve):
        alike = abs(one.frequency - other.frequency) <= 1e-6 * one.frequency
        return alike and _lies_on(other.states[:: max(1, len(other.states) // 64)], one)
    return False
