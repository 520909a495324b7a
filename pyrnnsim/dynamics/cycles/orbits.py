"""Orbits of either kind, and how near states are to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.cycles.curves import InvariantCurve
from pyrnnsim.dynamics.cycles.periodic import PeriodicOrbit

Floats = NDArray[np.float64]
Orbit = PeriodicOrbit | InvariantCurve

_ARRIVED = 1e-3  # distance to an orbit, relative to its extent, that counts as on it
_SAME = 1e-6  # relative difference of states, or frequencies, of two orbits that are one


def extent(states: Floats) -> float:
    """Largest range of a coordinate of states (T, S)."""
    return float(np.ptp(states, axis=0).max())


def lies_on(segment: Floats, orbit: Orbit) -> bool:
    """Whether all states of a segment (n, S) are as near to an orbit as those that have arrived there."""
    away = beside if isinstance(orbit, PeriodicOrbit) else _off_polygon
    return away(segment, orbit.states) <= _ARRIVED * extent(orbit.states)


def beside(segment: Floats, states: Floats) -> float:
    """Largest distance of a state of the segment from the nearest of some states."""
    return float(max(np.abs(states - one).max(axis=1).min() for one in segment))


def same_orbit(one: Orbit, other: Orbit) -> bool:
    """Whether two orbits are one, up to a shift of phase."""
    if isinstance(one, PeriodicOrbit) and isinstance(other, PeriodicOrbit):
        if one.period != other.period:
            return False
        near = _SAME * (1 + np.abs(one.states).max())
        shift = int(np.abs(one.states - other.states[0]).max(axis=1).argmin())
        return bool(np.abs(np.roll(one.states, -shift, axis=0) - other.states).max() <= near)
    if isinstance(one, InvariantCurve) and isinstance(other, InvariantCurve):
        alike = abs(one.frequency - other.frequency) <= _SAME * one.frequency
        return alike and lies_on(other.states[:: max(1, len(other.states) // 64)], one)
    return False


def _off_polygon(segment: Floats, corners: Floats) -> float:
    """Largest distance of a state of the segment from the closed polygon of these corners."""
    sides = np.roll(corners, -1, axis=0) - corners
    squared = np.maximum((sides**2).sum(axis=1), 1e-300)
    most = 0.0
    for one in segment:
        share = np.clip(((one - corners) * sides).sum(axis=1) / squared, 0, 1)
        most = max(most, float(np.abs(corners + share[:, None] * sides - one).max(axis=1).min()))
    return most
