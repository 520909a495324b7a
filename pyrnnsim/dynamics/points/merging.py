"""Points that are one point up to rounding, found whatever their order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class Cover(NamedTuple):
    """Some of n points, within the radius of which all others lie.

    Attributes:
        kept: (m,) positions of the points that were kept, ascending in quality.
        owner: (n,) for each point, which of the kept ones stands for it.
    """

    kept: Ints
    owner: Ints


def cover(points: Floats, radius: float | Floats, quality: Floats | None = None) -> Cover:
    """Keep the best point, drop those within its radius, and so on.

    Which states are kept depends on the set of points alone, not on their order: equal quality is decided by the
    coordinates.

    Args:
        points: (n, S).
        radius: Euclidean distance, for all or (n,) for each.
        quality: (n,) smaller is better; None decides by coordinates alone.
    Cost: n log n, and S for every pair of points, one of them kept, that one coordinate cannot tell apart.
    """
    count = len(points)
    if not points.size:
        return Cover(np.arange(min(count, 1), dtype=np.intp), np.zeros(count, np.intp))
    reach = np.broadcast_to(radius, (count,))
    order = canonical_order(points, quality)
    owner = np.full(count, -1, dtype=np.intp)
    along = points[:, np.argmax(np.ptp(points, axis=0))]  # where they differ most
    sequence = np.argsort(along, kind="stable")
    margin = reach * (1 + 1e-6)  # beyond the rounding of distances
    first = np.searchsorted(along[sequence], along - margin, side="left")
    last = np.searchsorted(along[sequence], along + margin, side="right")
    kept: list[int] = []
    for i in order:
        if owner[i] >= 0:
            continue
        free = sequence[first[i] : last[i]]
        free = free[owner[free] < 0]
        near = free[((points[free] - points[i]) ** 2).sum(axis=1) <= reach[i] ** 2]
        owner[near], owner[i] = len(kept), len(kept)
        kept.append(int(i))
    return Cover(np.array(kept, dtype=np.intp), owner)


def canonical_order(points: Floats, quality: Floats | None = None) -> Ints:
    """The order of points (n, S) by quality, then by coordinates: independent of the order they come in."""
    keys = list(points.T[::-1])
    if quality is not None:
        keys.append(quality)
    if not keys:
        return np.arange(len(points))
    return np.lexsort(keys)


def midpoints(points: Floats, first_new: int, most: int) -> tuple[Floats, bool]:
    """Midpoints of pairs of points (n, S), one of which at least has position ``first_new`` or later.

    Returns:
        The midpoints, nearest pairs first where there are more than ``most``, and whether they are all.
    """
    i, j = np.triu_indices(len(points), 1)
    fresh = j >= first_new
    i, j = i[fresh], j[fresh]
    every = len(i) <= most
    if not every:
        distance = ((points[i] - points[j]) ** 2).sum(axis=1)
        nearest = np.argsort(distance, kind="stable")[:most]
        i, j = i[nearest], j[nearest]
    return (points[i] + points[j]) / 2, every
