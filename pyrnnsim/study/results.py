"""What a study knows of one task: the data that claims, figures and the report are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.storage import ResultGrid
from pyrnnsim.embedding import Embedding
from pyrnnsim.populations.table import Row

#: Measures of geometry, in the order of the paper's discussion; ``TOPOLOGY`` is the distance between dynamics.
GEOMETRY = ("svcca", "pwcca", "cka", "procrustes")
TOPOLOGY = "topology"


@dataclass(frozen=True, eq=False)
class TaskResults:
    """K networks that were trained on one task and learned it.

    Attributes:
        task: Its name, such as ``"flip_flop"``.
        networks: K rows: ``name``, ``cell``, ``activation``, ``units``, ``l2``, ``seed``, ``loss``, ``accuracy``.
        failed: As many rows of networks that did not learn the task and are left out, with the ``reason``.
        distances: Measure -> (K, K), symmetric; those of ``GEOMETRY``, and ``TOPOLOGY`` where there is one.
        embeddings: Measure -> embedding of these distances in the plane.
        untrained: (2 K, 2 K) SVCCA distances of the K networks followed by the same K before training; None if unknown.
        dynamics: Name -> grid over networks and inputs, of those that the task asks for: ``points``,
            ``graphs``, ``lines``, ``modes``.
        frequencies: (K, C) linear frequencies of the oscillatory modes in cycles per step, NaN without one, and
            ``commanded`` (C,); None for tasks that command none.
        commanded: See ``frequencies``.
        seconds: Stage -> wall time.
    """

    task: str
    networks: Sequence[Row]
    failed: Sequence[Row]
    distances: Mapping[str, NDArray[np.float64]]
    embeddings: Mapping[str, Embedding]
    untrained: NDArray[np.float64] | None
    dynamics: Mapping[str, ResultGrid[Any]]
    frequencies: NDArray[np.float64] | None
    commanded: NDArray[np.float64] | None
    seconds: Mapping[str, float]

    @property
    def names(self) -> list[str]:
        """K names."""
        return [str(row["name"]) for row in self.networks]

    def labels(self, *columns: str) -> list[str]:
        """K labels made of columns of ``networks``, such as ``labels("cell", "activation")``."""
        return [" ".join(str(row[column]) for column in columns) for row in self.networks]
