"""All fixed points of one system at one input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.points.assessment import Assessment, assess
from pyrnnsim.dynamics.points.catalogue import Catalogue
from pyrnnsim.dynamics.points.merging import canonical_order, cover
from pyrnnsim.dynamics.spectra import eigenvalues
from pyrnnsim.dynamics.systems import System

Floats = NDArray[np.float64]

_ROUGH_RADIUS = 1e-2  # closer than this, rough iterates are sent on as one
_SLOW_RADIUS = 1e-2  # slow points are thinned to this distance: they may be a continuum
_FIRST_ITERATIONS = 10  # of the search for slow points, after which those near each other become one
_ITERATIONS = 60  # of those that are left
_NEARLY = 1e-6  # |F(h) - h|, relative to 1 + max|h|, at which a slow point may be a fixed one
_QUANTUM = 1e-6  # coordinates that differ by less are the same when points are put in order


@dataclass(frozen=True)
class Aim:
    """What is asked for.

    Attributes:
        tolerance: Largest error estimate of a fixed point, relative to 1 + max|h|.
        closure: Whether to search from the midpoints of known points until nothing new is found.
    """

    tolerance: float
    closure: bool


@dataclass(frozen=True, eq=False)
class Found:
    """The outcome.

    Attributes:
        points: Fixed points, then slow ones, each by number of unstable modes and then by coordinates.
        eigenvalues: (n, S) of the Jacobians there.
        basin: (n,) starts that led to each.
        degree: Sum of sign det(I - J) over the fixed points.
        closed: Whether a last search from all midpoints found nothing new.
        listed: Whether all isolated points were listed, so that nothing can be missing.
        must_be_one: Whether the degree of all fixed points together is 1.
    """

    points: Assessment
    eigenvalues: NDArray[np.complex128]
    basin: NDArray[np.int64]
    degree: int
    closed: bool
    listed: bool
    must_be_one: bool


def search(system: System, x: Floats, starts: Floats, aim: Aim) -> Found:
    """Look for fixed points, polish them, go on from midpoints, assess and count.

    Args:
        system: F.
        x: (M,).
        starts: (n, S).
        aim: What is asked for.
    """
    known = Catalogue(system, x, aim.tolerance)
    rough = system.approach(starts, x)
    near = cover(rough.states, _ROUGH_RADIUS, (~rough.settled).astype(np.float64))
    ends, settled = rough.states[near.kept], rough.settled[near.kept]
    label = np.full(len(ends), -1, dtype=np.intp)
    label[settled], ends[settled] = known.polish(ends[settled])  # more steps would not help where twenty did not
    lost = np.flatnonzero(label < 0)
    slow, slow_label = _slow_points(known, ends[lost], label, lost)
    listed = system.listed(x)
    if listed is not None:
        known.polish(listed)
    closed = aim.closure and known.close(lambda states: system.approach(states, x).states)
    must_be_one = system.box(x).compact
    owner = near.owner
    if must_be_one and aim.closure and known.degree != 1 and not known.crowded:  # two points within the radius, perhaps
        fine, _ = known.polish(starts)
        label, owner = np.where(fine >= 0, fine, label[owner]), np.arange(len(starts))
        slow_label = slow_label[near.owner]
        closed = known.close(lambda states: system.approach(states, x).states)
    return _outcome(known, slow, label[owner], slow_label[owner], (closed, listed is not None, must_be_one))


def _slow_points(
    known: Catalogue, ends: Floats, label: NDArray[np.intp], lost: NDArray[np.intp]
) -> tuple[Assessment, NDArray[np.intp]]:
    """Slow points near the ends of unsuccessful iterations, and for each representative which one is its own."""
    owner = np.full(len(label), -1, dtype=np.intp)
    finite = np.isfinite(ends).all(axis=1)
    lost, ends = lost[finite], ends[finite]
    first = known.system.slowest(ends, known.x, _FIRST_ITERATIONS, rough=True)
    some = cover(first, _SLOW_RADIUS)
    settled = known.system.slowest(first[some.kept], known.x, _ITERATIONS)
    moved = np.abs(known.system.step(settled, known.x) - settled).max(axis=1, initial=0.0)
    near = np.flatnonzero(moved <= _NEARLY * (1 + np.abs(settled).max(axis=1, initial=0.0)))
    which, ends = known.polish(settled[near])  # it may have stopped short of a fixed point
    settled[near[which >= 0]] = ends[which >= 0]
    made = assess(known.system, known.x, settled, known.tolerance)
    label[lost] = known.take(made)[some.owner]
    keep = np.flatnonzero(~made.fixed)
    thinned = cover(made.states[keep], _SLOW_RADIUS, made.speed[keep])
    position = np.full(len(settled), -1, dtype=np.intp)
    position[keep] = thinned.owner
    owner[lost] = position[some.owner]
    return made.at(keep[thinned.kept]), owner


def _outcome(
    known: Catalogue,
    slow: Assessment,
    label: NDArray[np.intp],
    slow_label: NDArray[np.intp],
    evidence: tuple[bool, bool, bool],
) -> Found:
    points, parts = known.points.joined(slow), [len(known.points), len(slow)]
    basin = np.concatenate(
        [np.bincount(one[one >= 0], minlength=n) for one, n in zip((label, slow_label), parts, strict=True)]
    )
    values = eigenvalues("find_fixed_points", known.system.name, points.by_states, known.system.threads)
    unstable = (np.abs(values) > 1).sum(axis=1)
    order = canonical_order(
        np.round(points.states / _QUANTUM), (~points.fixed).astype(float) * (points.states.shape[1] + 1) + unstable
    )
    closed, listed, must_be_one = evidence
    return Found(
        points.at(order), values[order], basin[order].astype(np.int64), known.degree, closed, listed, must_be_one
    )
