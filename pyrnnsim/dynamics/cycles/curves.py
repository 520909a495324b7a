"""Invariant closed curves, on which a network turns by an irrational part of a circle in each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.cycles.rotation import bump, fundamental, strongest_frequency
from pyrnnsim.dynamics.principal import principal_axes
from pyrnnsim.dynamics.systems import System

Floats = NDArray[np.float64]

#: Least turns within the half of a trajectory, for averages that have converged.
_TURNS = 12
_GAP = 0.12  # of the circle, without a visited state, that an interpolation can bridge
_EXPONENTS = 8
_ALIGNMENT, _CHUNK = 512, 256
_CORNERS = 512  # states kept of a curve
_DISTINCT = 1e-7  # of a turn between states that an interpolation can tell apart


class _Limits(NamedTuple):
    """How far a trajectory on a curve may be from what it must be."""

    off: float  # distance of states from the curve they must lie on, relative to its extent
    moved: float  # change of mean and deviation from one half to the other, relative to the extent
    frequency: float  # relative change of the frequency
    neutral: float  # growth per turn, in powers of e, that is none


_SMOOTH = _Limits(off=2e-3, moved=1e-5, frequency=1e-6, neutral=1e-4)
_KINKED = _Limits(off=5e-3, moved=2e-4, frequency=1e-4, neutral=0.02)  # averages over the kinks of relu converge slowly


@dataclass(frozen=True, eq=False)
class InvariantCurve:
    """A closed curve that F maps onto itself, as visited states show it.

    Attributes:
        states: (T, S) at evenly spaced phases, once around, by interpolation between visited states.
        frequency: Turns per step, in (0, 0.5].
        error: Of the frequency.
        residual: Largest distance, both of F(states) and of states visited later, from where the curve through earlier
            states is at the phase that they must have.
        exponents: (E,) Lyapunov exponents per step, the largest E; the one of motion along the curve, which is zero,
            comes first.
    """

    states: Floats
    frequency: float
    error: float
    residual: float
    exponents: Floats

    @property
    def stable(self) -> bool:
        """Whether perturbations off the curve die away; a trajectory would not be on it otherwise."""
        return True

    @property
    def return_time(self) -> float:
        """Steps for one turn."""
        return 1 / self.frequency

    @property
    def multipliers(self) -> Floats:
        """(E,) factors by which perturbations grow in a turn: 1 along the curve, then off it."""
        return np.exp(self.exponents * self.return_time)


def find_curve(system: System, x: Floats, visited: Floats) -> InvariantCurve | None:
    """The attracting invariant curve that a trajectory is on, or None if it shows none.

    It is none if its mean or variance changes from the first half to the second (a slow spiral), if the state is no
    continuous function of a phase that grows steadily (chaos, a torus, several curves), if perturbations off the curve
    do not die away, or so slowly that it cannot be told, or if it turns too seldom to tell.

    Args:
        system: F.
        x: (M,) constant input.
        visited: (T, S) consecutive states, transients left out.
    Cost: T / 2 Jacobians and QR-factorisations of (S, 8) matrices.
    Source: Das et al. 2017, weighted Birkhoff averages; Benettin et al. 1980, Lyapunov exponents.
    """
    half = len(visited) // 2
    early, late = visited[:half], visited[half:]
    extent, limits = float(np.ptp(visited, axis=0).max()), _SMOOTH if system.smooth else _KINKED
    if half < 2 * _TURNS or _change(early, late) > limits.moved * extent:
        return None
    whole, first = (strongest_frequency(principal_axes(part, 1).project(part)[:, 0]) for part in (visited, early))
    frequency = fundamental(early, whole)
    error = abs(whole - first) + 1e-15
    if frequency * half < _TURNS or error > limits.frequency * whole:
        return None
    residual, curve = _curve(system, x, (early, late), frequency)
    if residual > limits.off * extent:
        return None
    exponents = _exponents(system, x, late)
    along = int(np.abs(exponents).argmin())
    others, neutral = np.delete(exponents, along), limits.neutral
    # Where neighbours off the curve do not come nearer, it is one of a continuum, or has not been reached yet.
    if abs(exponents[along]) > neutral * frequency or (others >= -neutral * frequency).any():
        return None
    ordered = np.concatenate([exponents[[along]], others])
    return InvariantCurve(curve, frequency, error, residual, ordered)


def _change(early: Floats, late: Floats) -> float:
    """How far the weighted mean and standard deviation of some leading coordinates differ between two stretches."""
    (mean, spread), (later_mean, later_spread) = (_moments(part) for part in (early, late))
    return float(max(np.abs(mean - later_mean).max(), np.abs(spread - later_spread).max()))


def _moments(states: Floats) -> tuple[Floats, Floats]:
    weights = bump(len(states))
    mean = weights @ states
    return mean, np.sqrt(weights @ (states - mean) ** 2)


def _curve(system: System, x: Floats, halves: tuple[Floats, Floats], frequency: float) -> tuple[float, Floats]:
    """How far states lie off the curve through the earlier half, and this curve at evenly spaced phases."""
    from scipy.interpolate import CubicSpline

    early, late = halves
    phase = np.arange(len(early)) * frequency % 1
    order = np.argsort(phase, kind="stable")
    ordered, states = phase[order], early[order]
    apart = np.diff(ordered, prepend=-1.0) > _DISTINCT
    apart[0] = ordered[0] + 1 - ordered[-1] > _DISTINCT
    ordered, states = ordered[apart], states[apart]
    if not apart.any() or np.diff(ordered, append=ordered[0] + 1).max() > _GAP:
        return float("inf"), early[:0]
    closed = CubicSpline(np.append(ordered, ordered[0] + 1), np.vstack([states, states[:1]]), bc_type="periodic")
    even = np.arange(_CORNERS) / _CORNERS
    curve = closed(even)
    mapped = system.step(np.ascontiguousarray(curve), x) - closed(even + frequency)
    later = late - closed((np.arange(len(late)) + len(early)) * frequency % 1)
    return float(max(np.abs(mapped).max(), np.abs(later).max())), curve


def _exponents(system: System, x: Floats, visited: Floats) -> Floats:
    """(E,) the largest Lyapunov exponents per step in descending order, by weighted averages."""
    count = min(_EXPONENTS, system.size)
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(system.size, count)))[0]
    growth = []
    for begin in range(0, len(visited), _CHUNK):
        for jacobian in system.expand(visited[begin : begin + _CHUNK], x).by_states:
            basis, factor = np.linalg.qr(jacobian @ basis)
            growth.append(np.abs(np.diag(factor)))
    rates = np.log(np.maximum(np.array(growth[min(_ALIGNMENT, len(growth) // 4) :]), 1e-300))
    return np.sort(bump(len(rates)) @ rates)[::-1]
