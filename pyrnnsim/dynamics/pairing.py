"""Networks and the fixed points that were found in them: do they belong together?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
from pyrnnsim.dynamics.subjects import Subjects, parse_subjects
from pyrnnsim.dynamics.systems import System

_SAME = 1e-6  # of a residual that is computed again, relative to 1 + max|h|


@dataclass(frozen=True, eq=False)
class Pairing:
    """K systems, each with its points at C inputs.

    Attributes:
        subjects: (K) what :func:`pyrnnsim.linearize` takes: a network, or the function.
        systems: (K) the maps.
        sets: K tuples of C sets.
        inputs: (C, M).
        single: Whether one set was given, not K times C.
    """

    subjects: tuple[Any, ...]
    systems: tuple[System, ...]
    sets: tuple[tuple[FixedPointSet, ...], ...]
    inputs: NDArray[np.float64]
    single: bool


def pair(caller: str, population: object, fixed_points: object) -> Pairing:
    """The networks with their points.

    Raises:
        TypeError, ValueError: If one of them is something else, or the points are of other networks.
    """
    parsed = parse_subjects(caller, population)
    single = isinstance(fixed_points, FixedPointSet)
    if isinstance(fixed_points, FixedPointSet):
        sets: tuple[tuple[FixedPointSet, ...], ...] = ((fixed_points,),)
        inputs = fixed_points.input[None]
    elif isinstance(fixed_points, FixedPoints):
        sets, inputs = fixed_points.sets, fixed_points.inputs
    else:
        raise TypeError(
            f"{caller}: fixed_points must be what find_fixed_points returns, or one [k, c] of it, got "
            f"{type(fixed_points).__name__}"
        )
    if len(sets) != len(parsed.systems):
        remedy = "; pass one network, as population[k]" if single else "; pass the population they were found in"
        raise ValueError(
            f"{caller}: fixed_points are of {len(sets)} networks, the population has {len(parsed.systems)}{remedy}"
        )
    for k, row in enumerate(sets):
        for one in row:
            _check(caller, k, parsed.systems[k], one)
    return Pairing(_subjects(parsed, population), tuple(parsed.systems), sets, inputs, single)


def _subjects(parsed: Subjects, population: object) -> tuple[Any, ...]:
    return (population,) if parsed.population is None else tuple(parsed.population)


def _check(caller: str, k: int, system: System, one: FixedPointSet) -> None:
    size, inputs = one.states.shape[1], len(one.input)
    label = f"network {k} ({system.name!r})"
    remedy = "find the fixed points of this population, or pass the one they were found in"
    if one.name != system.name:
        raise ValueError(f"{caller}: fixed_points of {one.name!r} stand where {label} is; {remedy}")
    if system.size >= 0 and (system.size, system.inputs) != (size, inputs):
        raise ValueError(
            f"{caller}: {label} has S = {system.size} and M = {system.inputs}, its fixed_points have S = {size} and "
            f"M = {inputs}; {remedy}"
        )
    if not len(one):
        return
    scale = 1 + np.abs(one.states).max(axis=1)
    residual = np.abs(system.step(one.states, one.input) - one.states).max(axis=1)
    if not (np.abs(residual - one.residual) <= max(_SAME, 1e3 * system.epsilon) * scale).all():
        raise ValueError(f"{caller}: fixed_points of {label} were found in other weights of this name; {remedy}")
