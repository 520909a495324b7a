"""Networks compared by several measures: matrices, embeddings and numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._frame import as_frame
from pyrnnsim.dissection import Dissection
from pyrnnsim.embedding import Embedding
from pyrnnsim.populations.table import Row as NetworkRow
from pyrnnsim.summary import Row, summarise
from pyrnnsim.tasks import Task

MEASURES = ("cca", "svcca", "pwcca", "cka", "procrustes")


@dataclass(frozen=True, eq=False)
class Pass:
    """Matrices that one run over all pairs computed together.

    Attributes:
        distances: Measure -> ``(K, K)`` matrix.
        seconds: Wall time, preparation of the networks included; NaN if a part was done by an earlier run.
    """

    distances: Mapping[str, NDArray[np.float64]]
    seconds: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Networks compared by several measures.

    Attributes:
        names: K names.
        groups: K labels, or None.
        distances: Measure -> ``(K, K)`` matrix.
        embeddings: Measure -> two-dimensional embedding.
        rows: One row of the table per measure.
        networks: One row per network: its name, group, and what else is known of it.
        kind: What was compared: ``"arrays"``, or the name of the task that the networks do.
        task: What they do; None for arrays.
        dissection: Of the networks; None for arrays, and where it was not asked for.
        seconds: Kind of work -> wall time.
        files: What was written.
    """

    names: Sequence[str]
    groups: Sequence[str] | None
    distances: Mapping[str, NDArray[np.float64]]
    embeddings: Mapping[str, Embedding]
    rows: Sequence[Row]
    networks: Sequence[NetworkRow]
    kind: str = "arrays"
    task: Task | None = None
    dissection: Dissection | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    files: Sequence[Path] = ()

    @property
    def frame(self) -> Any:
        """The networks as a pandas table."""
        return as_frame(list(self.networks), "Comparison.frame")


def timed(compute: Callable[[], Mapping[str, NDArray[np.float64]]]) -> Pass:
    """Run one pass and take its wall time."""
    start = time.perf_counter()
    distances = compute()
    return Pass(distances, time.perf_counter() - start)


def summarise_all(
    passes: Iterable[Pass],
    names: Sequence[str],
    groups: Sequence[str] | None,
    known: Sequence[NetworkRow] | None = None,
    **about: Any,
) -> Comparison:
    """Embed every matrix and put its numbers into a row.

    Args:
        passes: What was computed; no measure occurs twice.
        names: K names.
        groups: K labels, or None.
        known: K rows with what is known of the networks besides their groups; None for nothing.
        **about: Other fields of the comparison.
    Raises:
        ValueError: If a matrix cannot be embedded (see :func:`pyrnnsim.embed`).
    """
    distances: dict[str, NDArray[np.float64]] = {}
    embeddings: dict[str, Embedding] = {}
    rows = []
    pairs = max(1, len(names) * (len(names) - 1) // 2)
    for done in passes:
        for measure, values in done.distances.items():
            row, embeddings[measure] = summarise(
                measure,
                values,
                groups,
                ms_per_pair=1e3 * done.seconds / pairs,
                measures_in_pass=len(done.distances),
            )
            distances[measure] = values
            rows.append(row)
    networks = _table(names, groups, known)
    return Comparison(names, groups, distances, embeddings, rows, networks, **about)


def _table(names: Sequence[str], groups: Sequence[str] | None, known: Sequence[NetworkRow] | None) -> list[NetworkRow]:
    """Name and group first."""
    made: list[NetworkRow] = []
    for k, name in enumerate(names):
        row: NetworkRow = {"name": name} if groups is None else {"name": name, "group": groups[k]}
        made.append(row | {key: value for key, value in (known[k] if known else {}).items() if key not in row})
    return made
