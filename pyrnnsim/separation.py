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


@dataclass(frozen=True, eq=False)
class Scores:
    """How well each of K networks fits its group; NaN for skipped ones and where a number has no meaning.

    Attributes:
        correct: (K,) share of the nearest other networks that are of its own group.
        silhouette: (K,) in [-1, 1]; 0 for a network alone in its group.
    """

    correct: NDArray[np.float64]
    silhouette: NDArray[np.float64]


def scores(distances: ArrayLike, groups: Sequence[str]) -> Scores:
    """Score every network, so that accuracies and silhouettes are means of these.

    Args:
        distances: As for :func:`separation`.
        groups: K labels.
    Raises:
        ValueError: As for :func:`separation`.
    Cost: O(K^2).
    """
    total = np.asarray(distances).shape[0]
    if len(groups) != total:
        raise ValueError(f"scores: groups has {len(groups)} labels, expected one for each of {total} networks")
    table, kept = distance_table(distances, caller="scores")
    codes = np.unique(np.asarray(groups, dtype=str)[kept], return_inverse=True)[1]
    same, apart = codes[:, None] == codes, ~np.eye(len(table), dtype=bool)
    made = Scores(np.full(total, np.nan), np.full(total, np.nan))
    made.correct[kept] = _votes(table, same, apart)
    made.silhouette[kept] = _silhouettes(table, codes, np.bincount(codes))
    return made


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
        accuracy=float(_votes(table, same, apart).mean()),
        chance=chance,
        silhouette=float(_silhouettes(table, codes, sizes).mean()),
    )


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else float("nan")


def _votes(table: NDArray[np.float64], same: NDArray[np.bool_], apart: NDArray[np.bool_]) -> NDArray[np.float64]:
    if len(table) < 2:
        return np.full(len(table), np.nan)
    others = np.where(apart, table, np.inf)
    nearest = others == others.min(axis=1, keepdims=True)
    return np.asarray((nearest & same).sum(axis=1) / nearest.sum(axis=1))


def _silhouettes(table: NDArray[np.float64], codes: NDArray[np.intp], sizes: NDArray[np.intp]) -> NDArray[np.float64]:
    if len(sizes) < 2:
        return np.full(len(table), np.nan)
    member = np.eye(len(sizes))[codes]
    sums = table @ member
    own = np.arange(len(table)), codes
    inside = sums[own] / np.maximum(sizes[codes] - 1, 1)
    means = sums / sizes
    means[own] = np.inf
    outside = means.min(axis=1)
    widest = np.maximum(inside, outside)
    values = np.divide(outside - inside, widest, out=np.zeros(len(table)), where=widest > 0)
    return np.where(sizes[codes] > 1, values, 0.0)
