"""What a measure is to the pass over all pairs: what the native solver must compute, and how distances are read off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.similarity.networks import Networks

Similarities = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Of pairs (i, j): as D[i, j] sees them and as D[j, i] does."""


@dataclass(frozen=True)
class Place:
    """Where a tile's pairs stand: the two sides, and the networks of its rows and columns."""

    left: Networks
    right: Networks
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


@dataclass(frozen=True)
class Measure:
    """One matrix to fill.

    Attributes:
        name: Metric as reports and errors call it.
        native: What the native solver must compute for it.
        read: Similarities from the (rows, columns, 6) values of a tile.
        distance: Distance from similarity.
        chance: Similarity of unrelated networks in closed form, for ``calibrated=True``; None where there is none.
        begin: Called once when the networks are ready.
        row_norms: ``begin`` and ``read`` need ``Networks.row_norms``.
        options: What the report says beyond the name.
        least_samples: Fewer rows are refused.
    """

    name: str
    native: str
    read: Callable[[NDArray[np.float64], Place], Similarities]
    distance: Callable[[NDArray[np.float64]], NDArray[np.float64]] = field(default=lambda s: np.maximum(1.0 - s, 0.0))
    chance: Callable[[Place], NDArray[np.float64]] | None = None
    begin: Callable[[Networks, Networks | None], None] | None = None
    row_norms: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    least_samples: int = 2
