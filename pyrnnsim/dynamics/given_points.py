"""Fixed points that the caller has found already."""

from __future__ import annotations

import numpy as np

from pyrnnsim.dynamics.points.result import FixedPoints
from pyrnnsim.dynamics.subjects import Subjects

_MOVED = 1e-2  # |F(h) - h| of a given fixed point, relative to 1 + max|h|, that shows it to be of another network


def check_fixed_points(caller: str, value: object, subjects: Subjects) -> FixedPoints:
    """The fixed points, if they belong to these networks.

    Raises:
        TypeError, ValueError: If they are something else, of other networks, or do not stay where they are.
    """
    if not isinstance(value, FixedPoints):
        raise TypeError(
            f"{caller}: fixed_points must be what find_fixed_points returned, got {type(value).__name__}; leave it out "
            "to have them found"
        )
    names = tuple(system.name for system in subjects.systems)
    if len(value) != len(names):
        raise ValueError(f"{caller}: fixed_points are of {len(value)} networks, the population has {len(names)}")
    for k, (system, row) in enumerate(zip(subjects.systems, value, strict=True)):
        if row[0].name != system.name:
            raise ValueError(f"{caller}: fixed_points[{k}] are of {row[0].name!r}, network {k} is {system.name!r}")
        for c, one in enumerate(row):
            if one.states.shape[1] != system.size or one.input.shape != (system.inputs,):
                raise ValueError(
                    f"{caller}: fixed_points[{k}, {c}] have states of {one.states.shape[1]} entries and inputs of "
                    f"{len(one.input)}, network {system.name!r} has {system.size} and {system.inputs}"
                )
            points = one.states[one.fixed]
            moved = np.abs(system.step(points, one.input) - points).max(initial=0.0)
            if not moved <= _MOVED * (1 + np.abs(points).max(initial=0.0)):
                raise ValueError(
                    f"{caller}: fixed_points[{k}, {c}] move by {moved:.2g} in a step of network {system.name!r}; they "
                    "belong to another version of it: call find_fixed_points again"
                )
    return value
