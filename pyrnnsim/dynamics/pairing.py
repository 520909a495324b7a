"""Networks and the fixed points that were found in them: do they belong together?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
from pyrnnsim.dynamics.subjects import Subjects
from pyrnnsim.dynamics.systems import System

_SAME = 1e-6  # of a residual that is computed again, relative to 1 + max|h|
_REMEDY = "find the fixed points of this population, or pass the one they were found in"


@dataclass(frozen=True, eq=False)
class Pairing:
    """K systems, each with its points at C inputs.

    Attributes:
        subjects: (K) what :func:`pyrnnsim.linearize` takes: a network, or the function.
        systems: (K) the maps.
        points: Those of all of them; one set as a grid of one.
        single: Whether one set was given, not K times C.
    """

    subjects: tuple[Any, ...]
    systems: Sequence[System]
    points: FixedPoints
    single: bool

    @property
    def sets(self) -> tuple[tuple[FixedPointSet, ...], ...]:
        """K tuples of C sets."""
        return self.points.sets

    @property
    def inputs(self) -> NDArray[np.float64]:
        """(C, M)."""
        return self.points.inputs


def pair(caller: str, subjects: Subjects, fixed_points: object, *, one_set: bool = True) -> Pairing:
    """The networks, or the function, with their points; a function learns from them how large its state is.

    Args:
        caller: For errors.
        subjects: Whose points they should be.
        fixed_points: What the caller was given.
        one_set: Whether a single set may stand for one network at one input.
    Raises:
        TypeError, ValueError: If they are something else, or points of other networks.
    """
    single = isinstance(fixed_points, FixedPointSet) and one_set
    if isinstance(fixed_points, FixedPointSet) and one_set:
        points = FixedPoints(((fixed_points,),), fixed_points.input[None])
    elif isinstance(fixed_points, FixedPoints):
        points = fixed_points
    else:
        wanted = "what find_fixed_points returns" + (", or one [k, c] of it" if one_set else ", all of it")
        raise TypeError(f"{caller}: fixed_points must be {wanted}, got {type(fixed_points).__name__}; find them first")
    if len(points) != len(subjects.systems):
        remedy = "pass one network, as population[k]" if single else "pass the population they were found in"
        raise ValueError(
            f"{caller}: fixed_points are of {len(points)} networks, the population has {len(subjects.systems)}; "
            f"{remedy}"
        )
    with thread_limit():
        for k, (system, row) in enumerate(zip(subjects.systems, points, strict=True)):
            for one in row:
                _check(caller, k, system, one)
    return Pairing(subjects.given, subjects.systems, points, single)


def _check(caller: str, k: int, system: System, one: FixedPointSet) -> None:
    found, label = (one.states.shape[1], len(one.input)), f"network {k} ({system.name!r})"
    if one.name != system.name:
        raise ValueError(f"{caller}: fixed_points of {one.name!r} stand where {label} is; {_REMEDY}")
    if system.size < 0:  # a function does not know
        system.size, system.inputs = found
    if found != (system.size, system.inputs):
        raise ValueError(
            f"{caller}: {label} has S = {system.size} and M = {system.inputs}, its fixed_points have S = {found[0]} "
            f"and M = {found[1]}; {_REMEDY}"
        )
    if not len(one):
        return
    residual = np.abs(system.step(one.states, one.input) - one.states).max(axis=1)
    allowed = max(_SAME, 1e3 * system.epsilon) * (1 + np.abs(one.states).max(axis=1))
    wrong = np.flatnonzero(~(np.abs(residual - one.residual) <= allowed))
    if len(wrong):
        i = wrong[0]
        raise ValueError(
            f"{caller}: fixed_points of {label} were found in other weights of this name: point {i} moves by "
            f"{residual[i]:.2g} in a step, not by {one.residual[i]:.2g}; {_REMEDY}"
        )
