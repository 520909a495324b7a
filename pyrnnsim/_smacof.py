"""SMACOF: scaling by majorizing a complicated function, in blocks that stay in the cache."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._threads import thread_limit

# Rows and columns of a block: three of this size fit the second-level cache, and long rows suit NumPy's loops.
_ROWS, _COLUMNS = 96, 512
# Points closer than this share of the largest distance coincide: the direction between them is rounding.
_COINCIDENT = 1e-10


@dataclass(frozen=True, eq=False)
class Majorization:
    """Points after the last step, and how the steps went.

    Attributes:
        points: ``(n, dimensions)``, in the units of the distances.
        stress: ``(steps + 1,)`` Stress-1 before the first step and after each; never rises, but for
            the rounding of its square (1e-15).
        converged: Whether the last step lowered the squared stress by no more than the tolerance.
    """

    points: NDArray[np.float64]
    stress: NDArray[np.float64]
    converged: bool


def majorize(table: NDArray[np.float64], start: NDArray[np.float64], *, steps: int, tolerance: float) -> Majorization:
    """Lower the stress of points step by step.

    Args:
        table: ``(n, n)`` symmetric distances with zero diagonal, at least one of them positive. Not modified.
        start: ``(n, dimensions)`` where to begin. Not modified.
        steps: Most steps.
        tolerance: A step that lowers the squared Stress-1 by no more than this is the last one.
    Returns:
        The points and their stress.
    Cost: nine passes over half the matrix per step, block by block.
    Source: de Leeuw (1977), Guttman transform; Borg & Groenen (2005), section 8.6, all weights 1.
    """
    scale = float(table.max())
    unit = table / scale  # distances near the limits of float64 would overflow or vanish when squared
    points, total = start / scale, float(np.vdot(unit, unit))
    trace, converged = [], False
    # One BLAS thread, or the last bits of the points would depend on the machine's setting.
    with thread_limit():
        for step in range(steps + 1):
            moved, product = guttman(unit, points)
            centred = points - points.mean(axis=0)
            squares = 2 * len(unit) * float(np.vdot(centred, centred))  # sum d^2
            trace.append(max(squares - 2 * product + total, 0.0) / total)
            converged = step > 0 and trace[-2] - trace[-1] <= tolerance
            if converged or step == steps:
                break
            points = moved
    return Majorization(points * scale, np.sqrt(trace), converged)


def guttman(table: NDArray[np.float64], points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The Guttman transform ``B(X) X / n``, and ``sum delta d`` over ordered pairs at the points before it.

    Args:
        table: ``(n, n)`` symmetric distances, the largest of them 1.
        points: ``(n, dimensions)``.
    """
    count, dimensions = points.shape
    columns = np.ascontiguousarray(points.T)
    # The ones make the row sums of delta / d a column of the same product.
    extended = np.column_stack([points, np.ones(count)])
    pulls = np.zeros((count, dimensions + 1))
    scratch = np.empty((2, _ROWS * max(_ROWS, _COLUMNS)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for top in range(0, count, _ROWS):
            rows = slice(top, min(top + _ROWS, count))
            lefts = range(rows.stop, count, _COLUMNS)
            for across in (rows, *(slice(left, min(left + _COLUMNS, count)) for left in lefts)):
                shape = (rows.stop - top, across.stop - across.start)
                shown, spare = (buffer[: shape[0] * shape[1]].reshape(shape) for buffer in scratch)
                _distances(columns[:, rows], columns[:, across], shown, spare)
                ratio = np.divide(table[rows, across], shown, out=spare)
                pull = ratio @ extended[across]
                if not (pull[:, -1] < 1 / _COINCIDENT).all():  # also where 0 / 0 left no number
                    ratio[shown <= _COINCIDENT] = 0.0
                    pull = ratio @ extended[across]
                pulls[rows] += pull
                if across is not rows:
                    pulls[across] += ratio.T @ extended[rows]
    moved = (points * pulls[:, -1:] - pulls[:, :-1]) / count
    # tr X'B(X)X: no pass over the pairs for this.
    return moved, 2 * count * float(np.vdot(points, moved))


def place(
    distances: NDArray[np.float64], points: NDArray[np.float64], start: NDArray[np.float64], *, steps: int
) -> NDArray[np.float64]:
    """Points that fit distances to others, which stay where they are; each from its own start.

    Args:
        distances: ``(q, n)`` of q new points to n old ones.
        points: ``(n, dimensions)`` of the old ones.
        start: ``(q, dimensions)`` of the new ones. Not modified.
        steps: Most steps.
    Returns:
        ``(q, dimensions)``; no point has a higher stress than at its start.
    """
    scale = max(float(distances.max(initial=0.0)), float(np.abs(points).max(initial=0.0))) or 1.0
    given, old, new = distances / scale, points / scale, start / scale
    centre = old.mean(axis=0)
    moving = np.arange(len(new))
    for _ in range(steps):
        away = new[moving, None, :] - old
        shown = np.sqrt(np.einsum("qnd,qnd->qn", away, away))
        ratio = np.divide(given[moving], shown, out=np.zeros_like(shown), where=shown > _COINCIDENT)
        moved = centre + np.einsum("qn,qnd->qd", ratio, away) / len(old)
        far = np.abs(moved - new[moving]).max(axis=1) > 1e-12
        new[moving] = moved
        moving = moving[far]
        if moving.size == 0:
            break
    return new * scale


def _distances(
    first: NDArray[np.float64], second: NDArray[np.float64], out: NDArray[np.float64], spare: NDArray[np.float64]
) -> None:
    """Euclidean distances from differences: a Gram matrix would lose those of close points to cancellation."""
    for axis, (a, b) in enumerate(zip(first, second, strict=True)):
        target = spare if axis else out
        np.subtract(a[:, None], b, out=target)
        np.multiply(target, target, out=target)
        if axis:
            np.add(out, spare, out=out)
    np.sqrt(out, out=out)
