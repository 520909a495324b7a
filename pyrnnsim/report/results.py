"""What is known of the networks of one task: the data that claims, figures and the report are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import TrajectorySet
from pyrnnsim.dynamics.storage import ResultGrid
from pyrnnsim.embedding import Embedding
from pyrnnsim.populations.table import Row

#: Measures of geometry, in the order of the paper's discussion; ``TOPOLOGY`` is the distance between dynamics.
GEOMETRY = ("svcca", "pwcca", "cka", "procrustes")
TOPOLOGY = "topology"


@dataclass(frozen=True, eq=False)
class Example:
    """Trials of one network that stands for its kind, for pictures of trajectories; the same trials for all of a task.

    Attributes:
        cell: Of the network.
        activation: Of the network.
        inputs: (B, T, M).
        targets: (B, T, O), NaN where nothing is asked for.
        outputs: (B, T, O) readout of the network.
        trajectory: Its states on three principal axes (on integration, of probes in a single context), with its fixed
            points: what ``pca_trajectories(...)[k]`` is, or ``with_points`` of it. Trials in the order in which they
            are coloured, such as by commanded frequency.
        trained: False for a network as it was before training.
    """

    cell: str
    activation: str
    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]
    outputs: NDArray[np.float64]
    trajectory: TrajectorySet
    trained: bool = True


@dataclass(frozen=True, eq=False)
class TaskResults:
    """K networks that were trained on one task and learned it.

    Attributes:
        task: Its name, such as ``"flip_flop"``.
        networks: K rows: ``name``, ``cell``, ``activation``, ``units``, ``l2``, ``seed``, ``loss``, ``accuracy``; in a
            comparison ``name``, ``group`` where there are groups, and what else is known.
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
        examples: One of each cell and activation, trained; before training for those that are to be drawn against
            trained ones. Without any, pictures of trajectories stay empty.
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
    examples: Sequence[Example] = ()

    @property
    def names(self) -> list[str]:
        """K names."""
        return [str(row["name"]) for row in self.networks]

    def labels(self, *columns: str) -> list[str]:
        """K labels made of columns of ``networks``, such as ``labels("cell", "activation")``."""
        return [" ".join(str(row[column]) for column in columns) for row in self.networks]
