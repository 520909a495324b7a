"""Newton's method on F(h) - h from many states at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.bounds import Box
from pyrnnsim.dynamics.systems import ITERATIONS, Approach, System, trust_radius

Floats = NDArray[np.float64]

#: Steps larger than this are none: the matrix is singular up to rounding, and the step of least length is taken.
_ABSURD = 1e7
_BLOCK_BYTES = 2**24  # of Jacobians held at once


def newton(system: System, x: Floats, states: Floats, *, tolerance: float, iterations: int = ITERATIONS) -> Approach:
    """Solve F(h, x) = h from each of some states; none influences another.

    A step is cut to the trust radius, in a box without finite bounds to the length of the state if that is more,
    and the result is projected on the box. Where J - I is singular, as on a continuum of fixed points, the step of
    least length is taken, which leads onto the continuum and not along it.

    Args:
        system: F.
        x: (M,) input.
        states: (n, S).
        tolerance: Largest entry of the last step, relative to 1 + max|h|.
        iterations: At most so many.
    Returns:
        Where the iteration ended; where it did not, the state with the smallest residual that it met.
    """
    rows = max(1, _BLOCK_BYTES // (8 * system.size * max(system.size, 1)))
    parts = [_newton(system, x, states[i : i + rows], tolerance, iterations) for i in range(0, len(states), rows)]
    if not parts:
        return Approach(states.copy(), np.zeros(0, bool))
    return Approach(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def _newton(system: System, x: Floats, states: Floats, tolerance: float, iterations: int) -> Approach:
    box = system.box(x)
    here, best = box.clip(states), states.copy()
    lowest = np.full(len(here), np.inf)
    settled = np.zeros(len(here), bool)
    active = np.arange(len(here))
    for _ in range(iterations):
        expansion = system.expand(here[active], x)
        residual = expansion.next - here[active]
        size, scale = np.abs(residual).max(axis=1), 1 + np.abs(here[active]).max(axis=1)
        improved = size < lowest[active]
        lowest[active[improved]], best[active[improved]] = size[improved], here[active[improved]]
        exact = size <= 4 * system.epsilon * scale
        settled[active[exact]] = True
        usable = ~exact & np.isfinite(expansion.by_states).all(axis=(1, 2)) & np.isfinite(size)
        active, scale = active[usable], scale[usable]
        if not len(active):
            break
        step = newton_step(expansion.by_states[usable], residual[usable], scale)
        here[active] = box.clip(here[active] + _cut(step, here[active], box))
        done = np.abs(step).max(axis=1) <= tolerance * scale
        settled[active[done]] = True
        active = active[~done]
        if not len(active):
            break
    return Approach(np.where(settled[:, None], here, best), settled)


def newton_step(by_states: Floats, residual: Floats, scale: Floats) -> Floats:
    """(n, S) solution d of (J - I) d = -r, of least length where J - I is singular."""
    matrix = by_states - np.eye(by_states.shape[-1])
    try:
        step = np.linalg.solve(matrix, -residual[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:  # one of them is exactly singular
        step = np.full(residual.shape, np.inf)
    with np.errstate(invalid="ignore"):
        absurd = ~(np.abs(step).max(axis=1) <= _ABSURD * scale)
    for i in np.flatnonzero(absurd):
        step[i] = np.linalg.lstsq(matrix[i], -residual[i], rcond=1e-10)[0]
    return np.asarray(step)


def _cut(step: Floats, states: Floats, box: Box) -> Floats:
    length = np.linalg.norm(step, axis=1, keepdims=True)
    radius = np.full_like(length, trust_radius(states.shape[1]))
    if not box.compact:
        radius = np.maximum(radius, np.linalg.norm(states, axis=1, keepdims=True))
    return np.asarray(step * np.minimum(1.0, radius / np.maximum(length, 1e-300)))
