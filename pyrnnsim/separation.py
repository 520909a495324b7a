"""How well a distance matrix keeps groups of networks apart, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim.embedding import distance_table


@dataclass(frozen=True)
class Separation:
    """Group structure of one distance matrix; NaN where a number has no meaning (no second group, no pair).

    Attributes:
        within: Mean distance of two networks of one group, in the units of the distances.
        between: Mean distance of two networks of different groups.
        accuracy: Leave-one-out 1-nearest-neighbour accuracy in [0, 1]: the share of networks whose nearest other
            network is of their own group; equally near ones share the vote.
        chance: The accuracy expected if the groups were dealt out at random, ``sum n_g (n_g - 1) / (K (K - 1))``.
        silhouette: Mean silhouette in [-1, 1]; a network alone in its group counts 0.
    """

    within: float
    between: float
    accuracy: float
    chance: float
    silhouette: float


def separation(distances: ArrayLike, groups: Sequence[str]) -> Separation:
    """Measure how well groups are separated.

    Args:
        distances: ``(K, K)`` symmetric, zero diagonal. Skipped networks (rows of NaN) are left out.
        groups: K labels.
    Returns:
        Within and between means, 1-NN accuracy with its chance level, and the mean silhouette.
    Raises:
        ValueError: If ``distances`` is not a distance matrix or ``groups`` does not have K labels.
    Cost: O(K^2).
    Source: silhouettes as in Rousseeuw (1987).
    """
    total = np.asarray(distances).shape[0]
    if len(groups) != total:
        raise ValueError(f"separation: groups has {len(groups)} labels, expected one for each of {total} networks")
    table, kept = distance_table(distances, caller="separation")
    _, codes = np.unique(np.asarray(groups, dtype=str)[kept], return_inverse=True)
    count = len(table)
    same = codes[:, None] == codes
    apart = ~np.eye(count, dtype=bool)
    sizes = np.bincount(codes)
    chance = float((sizes * (sizes - 1)).sum() / (count * (count - 1))) if count > 1 else np.nan
    return Separation(
        within=_mean(table[same & apart]),
        between=_mean(table[~same]),
        accuracy=_accuracy(table, same, apart),
        chance=chance,
        silhouette=_silhouette(table, codes, sizes),
    )


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else float("nan")


def _accuracy(table: NDArray[np.float64], same: NDArray[np.bool_], apart: NDArray[np.bool_]) -> float:
    if len(table) < 2:
        return float("nan")
    others = np.where(apart, table, np.inf)
    nearest = others == others.min(axis=1, keepdims=True)
    return float(((nearest & same).sum(axis=1) / nearest.sum(axis=1)).mean())


def _silhouette(table: NDArray[np.float64], codes: NDArray[np.intp], sizes: NDArray[np.intp]) -> float:
    if len(sizes) < 2:
        return float("nan")
    member = np.eye(len(sizes))[codes]
    sums = table @ member
    own = np.arange(len(table)), codes
    inside = sums[own] / np.maximum(sizes[codes] - 1, 1)
    means = sums / sizes
    means[own] = np.inf
    outside = means.min(axis=1)
    widest = np.maximum(inside, outside)
    values = np.divide(outside - inside, widest, out=np.zeros(len(table)), where=widest > 0)
    return float(np.where(sizes[codes] > 1, values, 0.0).mean())
