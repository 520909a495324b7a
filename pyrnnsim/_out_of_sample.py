"""New points among those of an embedding."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim._smacof import place

# Axes shorter than this share of the longest hold rounding; a new point has coordinate 0 there.
_NOISE = 1e-6
_STEPS = 1000
_CALLER = "Embedding.transform"


def place_new(
    distances: ArrayLike, coordinates: NDArray[np.float64], root_mean_square: NDArray[np.float64], *, least_stress: bool
) -> NDArray[np.float64]:
    """Coordinates of new points; see :meth:`pyrnnsim.Embedding.transform`.

    Args:
        distances: ``(Q, K)``.
        coordinates: ``(K, dimensions)``, NaN for skipped networks.
        root_mean_square: ``(K,)`` of the distances of each to all.
        least_stress: Whether to go on from Gower's point to a least stress.
    """
    kept = ~np.isnan(root_mean_square)
    table = _checked(distances, len(coordinates), kept)
    old = coordinates[kept]
    found = np.full((len(table), coordinates.shape[1]), np.nan)
    present = ~np.isnan(table).all(axis=1)
    given = table[present]
    points = _gower(given, old, root_mean_square[kept])
    if least_stress and given.size:
        points = np.stack([_least_stress(one, old, start) for one, start in zip(given, points, strict=True)])
    found[present] = points
    return found


def _checked(distances: ArrayLike, count: int, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The (Q, n) columns of networks that were not skipped."""
    raw = np.asarray(distances)
    if raw.dtype.kind not in "fiub":
        raise TypeError(f"{_CALLER}: distances must be a real (Q, {count}) matrix, got dtype {raw.dtype}")
    if raw.ndim != 2 or raw.shape[1] != count:
        hint = "; distances[None, :] for one new network" if raw.shape == (count,) else ""
        raise ValueError(
            f"{_CALLER}: distances must be (Q, {count}), from Q new networks to the {count} of the embedding, "
            f"got shape {raw.shape}{hint}"
        )
    table = raw.astype(np.float64)
    looked_at = kept & ~np.isnan(table[:, kept]).all(axis=1, keepdims=True)
    masks: list[tuple[NDArray[np.bool_], str]] = [
        (~np.isfinite(table), "a finite number"),
        (np.less(table, 0.0), "a distance >= 0"),
    ]
    for bad, expected in masks:
        wrong = np.argwhere(bad & looked_at)
        if len(wrong):
            row, column = (int(k) for k in wrong[0])
            value = table[row, column]
            raise ValueError(f"{_CALLER}: distances[{row}, {column}] is {value:.6g}, expected {expected}")
    return table[:, kept]


def _gower(given: NDArray[np.float64], old: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Projection of the new points, ``(X'X)^-1 X' (size^2 - delta^2) / 2``; constants vanish because X is centred."""
    scale = max(float(given.max(initial=0.0)), float(size.max(initial=0.0))) or 1.0
    unit = old / scale
    lengths = np.einsum("nd,nd->d", unit, unit)
    usable = lengths > _NOISE**2 * lengths.max(initial=0.0)
    pull = np.einsum("qn,nd->qd", ((size / scale) ** 2 - (given / scale) ** 2) / 2, unit)
    return np.asarray(np.divide(pull, lengths, out=np.zeros_like(pull), where=usable[None, :]) * scale)


def _least_stress(
    given: NDArray[np.float64], old: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The best of the minima reached from Gower's point and from beside the three nearest networks."""
    nearest = old[np.argsort(given, kind="stable")[:3]]
    # Not on top of them: a point that coincides with another is not pushed away from it.
    starts = np.vstack([start, 0.99 * nearest + 0.01 * start])
    ends = place(np.broadcast_to(given, (len(starts), len(given))), old, starts, steps=_STEPS)
    scale = float(np.abs(ends).max(initial=0.0)) or 1.0  # squares of very large numbers overflow
    away = np.linalg.norm((ends[:, None, :] - old) / scale, axis=2)
    return np.asarray(ends[np.argmin(np.square(away - given / scale).sum(axis=1))])
