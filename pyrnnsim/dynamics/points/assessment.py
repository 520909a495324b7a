"""What is known of states that a solver proposes: are they fixed points, and of which kind?"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.systems import System

Floats = NDArray[np.float64]

_BESIDE = 1e-9  # how far from a state, relative to 1 + max|h|, its other region is looked for
_RESIDUAL = 1e-10  # largest |F(h) - h| of a fixed point, relative to 1 + max|h|


@dataclass(frozen=True, eq=False)
class Assessment:
    """n states and the evidence for each; see :class:`pyrnnsim.FixedPointSet`."""

    states: Floats
    by_states: Floats
    residual: Floats
    speed: Floats
    error: Floats
    sign: NDArray[np.int64]
    fixed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.states)

    def at(self, chosen: NDArray[np.intp]) -> Self:
        """Some of them, in the order of their positions."""
        return type(self)(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def joined(self, other: Self) -> Self:
        """These, then the others."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return type(self)(*(np.concatenate(pair) for pair in pairs))


def assess(system: System, x: Floats, states: Floats, tolerance: float) -> Assessment:
    """Residual, error estimate, index and verdict of states (n, S).

    The error is estimated by the length of a Newton step, |(J - I)^-1| (|r| + rounding error of F) in the maximum
    norm: large wherever J - I is singular, however small the residual is. A point is fixed if that is at most the
    tolerance and it lies in the box that F maps into itself.
    """
    if not len(states):
        empty = np.zeros(0)
        square = np.zeros((0, system.size, system.size))
        return Assessment(states, square, empty, empty, empty, np.zeros(0, np.int64), np.zeros(0, bool))
    at, by_states, _ = system.expand(states, x)
    moved = at - states
    residual, speed = np.abs(moved).max(axis=1), np.linalg.norm(moved, axis=1)
    scale = 1 + np.abs(states).max(axis=1)
    rounding = residual + system.epsilon * scale
    difference = np.eye(system.size) - by_states
    error = _inverse_norms(difference) * rounding
    if not system.smooth:  # a point on a kink belongs to two regions at least
        beside = system.expand(states + _BESIDE * scale[:, None], x).by_states
        error = np.maximum(error, _inverse_norms(np.eye(system.size) - beside) * rounding)
    sign = np.sign(np.linalg.slogdet(difference)[0]).astype(np.int64)
    exact = residual <= _largest_residual(system) * scale
    fixed = exact & (error <= tolerance * scale) & system.box(x).holds(states)
    return Assessment(states, by_states, residual, speed, error, sign, fixed)


def resting(system: System, x: Floats, states: Floats) -> NDArray[np.bool_]:
    """(n,) whether states move so little that :func:`assess` may find them fixed; much cheaper than that."""
    residual = np.abs(system.step(states, x) - states).max(axis=1, initial=0.0)
    return np.asarray(residual <= 2 * _largest_residual(system) * (1 + np.abs(states).max(axis=1, initial=0.0)))


def _largest_residual(system: System) -> float:
    return max(_RESIDUAL, 100 * system.epsilon)


def _inverse_norms(matrices: Floats) -> Floats:
    """(n,) maximum norms of the inverses; inf where there is none."""
    try:
        inverses = np.linalg.inv(matrices)
    except np.linalg.LinAlgError:  # one of them is exactly singular
        inverses = np.full(matrices.shape, np.inf)
        for i, matrix in enumerate(matrices):
            with suppress(np.linalg.LinAlgError):
                inverses[i] = np.linalg.inv(matrix)
    with np.errstate(invalid="ignore", over="ignore"):
        norms = np.abs(inverses).sum(axis=2).max(axis=1)
    return np.where(np.isfinite(norms), norms, np.inf)
