"""How well each network fits its group, for means and intervals over networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.report.bootstrap import Floats
from pyrnnsim.separation import scores

LEAST = 3  # networks, so that a nearest one is a choice


class Scored(NamedTuple):
    """Scores of all networks from one distance matrix, and how well dealt-out labels would do."""

    correct: Floats
    silhouette: Floats
    chance: float


def known(table: Floats) -> NDArray[np.bool_]:
    """(K,) networks with a distance to any other one; to itself, if it is the only one."""
    values = np.asarray(table, dtype=np.float64)
    apart = ~np.eye(len(values), dtype=bool) | (len(values) == 1)
    return np.asarray((np.isfinite(values) & apart).any(axis=1))


def scored(table: Floats, labels: Sequence[str], chosen: NDArray[np.bool_]) -> Scored | None:
    """Scores of the chosen networks among each other; None where there is nothing to tell apart."""
    places = [int(k) for k in np.flatnonzero(chosen)]
    names = [labels[k] for k in places]
    if len(places) < LEAST or len(set(names)) < 2:
        return None
    made = scores(np.asarray(table)[np.ix_(places, places)], names)
    correct, silhouette = np.full((2, len(labels)), np.nan)
    correct[places], silhouette[places] = made.correct, made.silhouette
    sizes = np.unique(names, return_counts=True)[1]
    return Scored(correct, silhouette, float((sizes * (sizes - 1)).sum() / (len(names) * (len(names) - 1))))


def nothing_to_tell(labels: Sequence[str], chosen: NDArray[np.bool_]) -> str:
    """Why :func:`scored` gives None."""
    kinds = len({label for label, there in zip(labels, chosen, strict=True) if there})
    few = f"{int(chosen.sum())} networks with distances, at least {LEAST} are needed"
    return few if chosen.sum() < LEAST else f"{kinds} kind to tell apart"
