"""Where trajectories of one system end: periodic orbits, invariant curves, fixed points, elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.cycles.curves import find_curve
from pyrnnsim.dynamics.cycles.orbits import Orbit, beside, extent, lies_on, same_orbit
from pyrnnsim.dynamics.cycles.periodic import PeriodicOrbit, find_orbit
from pyrnnsim.dynamics.cycles.resting import RestingPlaces
from pyrnnsim.dynamics.following import advance, follow
from pyrnnsim.dynamics.points.merging import canonical_order
from pyrnnsim.dynamics.systems import System

Floats = NDArray[np.float64]

_ROUNDS = 5  # trajectories that have not settled go on, twice as far each time
_WINDOW, _WIDEST = 40, 8  # steps that are looked at, in units of the longest turn, and by which factor they may grow
_FAR = 1e12  # states beyond have diverged
_RECURS = 1e-3  # a state that comes back so near, relative to the extent, may be periodic
_LONG, _RECURS_LATE = 8, 1e-6  # periods are tried up to so many turns; the more steps, the more often it is by chance
_PASSES = 0.02  # near which an unstable orbit may lie
_SHADOWED = 10 * _RECURS, 5 * _PASSES  # from which the orbit that was found may not be farther
_TRIES, _LOOKS, _MOST_PASSED = 3, 4, 8
_COMPARED = 16  # states that must all lie on an orbit


@dataclass(frozen=True)
class CycleAim:
    """What is asked for.

    Attributes:
        transient: Steps before the first look.
        longest: Steps of the longest turn; periods of several turns may be longer.
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
        at_rest: Starts that ended in a fixed point, or approach a stable one as its slowest mode decays.
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
            if same_orbit(known, orbit):
                return i
        self.orbits.append(orbit)
        self.basin.append(0)
        return len(self.orbits) - 1


def find_attractors(system: System, x: Floats, starts: Floats, aim: CycleAim) -> Attractors:
    """Follow the starts (n, S) until each has settled, or for 31 transients and the looks between them."""
    found = Attractors()
    look = _Look(system, x, aim, found)
    here = starts[canonical_order(starts)]
    for turn in range(_ROUNDS):
        here = advance(system, here, x, aim.transient * 2**turn)
        near = _bounded(here)
        found.diverged += int((~near).sum())
        window = _WINDOW * aim.longest * min(2**turn, _WIDEST)  # the slow passage of a resonance needs a long look
        ends = [look.settle(state, window, last=turn == _ROUNDS - 1) for state in here[near]]
        here = np.array([end for end in ends if end is not None]).reshape(-1, starts.shape[1])
    near = _bounded(here)
    found.unsettled += int(near.sum())
    found.diverged += int((~near).sum())
    return found


class _Look:
    """Looks at one trajectory after the other, and adds what it sees to ``found``."""

    def __init__(self, system: System, x: Floats, aim: CycleAim, found: Attractors) -> None:
        self.system, self.x, self.aim, self.found = system, x, aim, found
        self.resting = RestingPlaces(system, x, aim.tolerance)

    def settle(self, state: Floats, window: int, *, last: bool) -> Floats | None:
        """Count a start whose trajectory has settled by ``state`` (S,); else where it has got to."""
        if self._is_known(state):
            return None
        visited = follow(self.system, state[None], self.x, window)[0]
        settled = bool(_bounded(visited).all()) and self._ends(visited, last=last)
        return None if settled else np.asarray(visited[-1])

    def _is_known(self, state: Floats) -> bool:
        if self.resting.holds(state):
            self.found.at_rest += 1
            return True
        segment = np.concatenate([state[None], follow(self.system, state[None], self.x, _COMPARED - 1)[0]])
        if _bounded(segment).all():
            for i, orbit in enumerate(self.found.orbits):
                if orbit.stable and lies_on(segment, orbit):
                    self.found.basin[i] += 1
                    return True
        return False

    def _ends(self, visited: Floats, *, last: bool) -> bool:
        """Whether states (T, S) show where the trajectory ends; counted if they do."""
        if self.resting.holds(visited[-1]) or self.resting.attracts(visited):
            self.found.at_rest += 1
            return True
        longest = self.aim.longest
        orbits = [*islice(self._returns(visited, (0, longest), _RECURS, _SHADOWED[0]), 1)]
        if not orbits and (curve := find_curve(self.system, self.x, visited)) is not None:
            self.found.basin[self.found.add(curve)] += 1
            return True
        late = self._returns(visited, (longest, _LONG * longest), _RECURS_LATE, _SHADOWED[0])
        for orbit in orbits or islice(late, 1):
            position = self.found.add(orbit)
            if orbit.stable and lies_on(visited[-_COMPARED:], orbit):
                self.found.basin[position] += 1
                return True
        if last and sum(not known.stable for known in self.found.orbits) < _MOST_PASSED:
            for end in np.linspace(len(visited) // 2, len(visited), _LOOKS, dtype=int):
                for passed in self._returns(visited[:end], (0, longest), _PASSES, _SHADOWED[1]):
                    self.found.add(passed)
        return False

    def _returns(
        self, visited: Floats, among: tuple[int, int], near: float, shadowed: float
    ) -> Iterator[PeriodicOrbit]:
        """Periodic orbits at which states (T, S) are in the end, or which they pass by.

        Args:
            visited: Consecutive states.
            among: Periods are above the first number and at most the second.
            near: Distance of the last state from one that many steps before, relative to the extent, to try a period.
            shadowed: Largest distance of the states from the orbit, likewise.
        """
        size = extent(visited)
        least, most = among[0], min(among[1], len(visited) - 1)
        missed = np.abs(visited[-most - 1 : -1 - least] - visited[-1]).max(axis=1)[::-1]
        for period in least + 1 + np.flatnonzero(missed <= near * size)[:_TRIES]:
            shown = visited[-period:]
            orbit = find_orbit(self.system, self.x, shown, self.aim.tolerance)
            if orbit is not None and beside(shown, orbit.states) <= shadowed * size:
                yield orbit


def _bounded(states: Floats) -> NDArray[np.bool_]:
    """Which of states (n, S) have not overflowed."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(states).max(axis=1, initial=0.0) < _FAR)
