"""The table of a comparison: one row of numbers per measure, as text and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import isnan

from numpy.typing import ArrayLike

from pyrnnsim.embedding import Embedding, embed
from pyrnnsim.separation import separation
from pyrnnsim.similarity.matrix import DistanceMatrix, Report


@dataclass(frozen=True)
class Row:
    """Numbers of one measure; NaN where the networks have no groups.

    Attributes:
        measure: Its short name.
        within_mean: Mean distance inside groups, in the units of the measure.
        between_mean: Mean distance across groups, or of all pairs where there are no groups.
        nn_accuracy: Leave-one-out 1-nearest-neighbour accuracy of the group, in [0, 1].
        nn_chance: The accuracy that random groups of these sizes would give.
        silhouette: Mean silhouette of the groups, in [-1, 1].
        stress: Normalised Stress-1 of the two-dimensional embedding.
        ms_per_pair: Wall time in milliseconds of the pass that computed this measure, preparation included, divided
            by the number of pairs.
        measures_in_pass: How many measures that one pass computed together.
    """

    measure: str
    within_mean: float
    between_mean: float
    nn_accuracy: float
    nn_chance: float
    silhouette: float
    stress: float
    ms_per_pair: float
    measures_in_pass: int


def summarise(
    measure: str,
    distances: ArrayLike,
    groups: Sequence[str] | None,
    *,
    ms_per_pair: float,
    measures_in_pass: int,
) -> tuple[Row, Embedding]:
    """Embed a distance matrix and measure how it separates the groups.

    Args:
        measure: Name for the row.
        distances: ``(K, K)`` symmetric.
        groups: K labels, or None.
        ms_per_pair: See :class:`Row`.
        measures_in_pass: See :class:`Row`.
    Raises:
        ValueError: If ``distances`` is not a distance matrix (see :func:`pyrnnsim.embed`).
    """
    embedding = embed(distances)
    labels = groups if groups is not None else [str(i) for i in range(len(embedding.coordinates))]
    numbers = separation(distances, labels)
    nothing = float("nan")
    row = Row(
        measure=measure,
        within_mean=numbers.within,
        between_mean=numbers.between,
        nn_accuracy=nothing if groups is None else numbers.accuracy,
        nn_chance=nothing if groups is None else numbers.chance,
        silhouette=nothing if groups is None else numbers.silhouette,
        stress=embedding.stress,
        ms_per_pair=ms_per_pair,
        measures_in_pass=measures_in_pass,
    )
    return row, embedding


def to_csv(rows: Sequence[Row]) -> str:
    """The rows under a header of their field names; numbers with 6 significant digits, NaN as an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(Row)])
    for row in rows:
        writer.writerow([_cell(getattr(row, field.name)) for field in fields(Row)])
    return text.getvalue()


def to_text(rows: Sequence[Row]) -> str:
    """The rows as an aligned table for a terminal, at most 80 characters wide."""
    head = ("measure", "within", "between", "1-NN", "chance", "silhouette", "stress", "ms/pair")
    body = [
        (
            row.measure,
            *(_short(value, 3) for value in (row.within_mean, row.between_mean)),
            *(_short(value, 2) for value in (row.nn_accuracy, row.nn_chance, row.silhouette, row.stress)),
            "-" if isnan(row.ms_per_pair) else f"{row.ms_per_pair:.3g}",
        )
        for row in rows
    ]
    widths = [max(len(line[i]) for line in (head, *body)) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in (head, *body)
    )


def reports(distances: Mapping[str, ArrayLike]) -> str:
    """How each matrix was made, as its report says it; nothing for plain arrays."""
    return "\n\n".join(report.summary() for report in _reports(distances)) + "\n"


def cautions(distances: Mapping[str, ArrayLike]) -> list[str]:
    """Lines about what a reader of the numbers must know: ranks that were cut, weights that are not unique."""
    cut = max((len(report.rank_cut) for report in _reports(distances)), default=0)
    tied = max((len(report.ambiguous) for report in _reports(distances)), default=0)
    lines = []
    if cut:
        lines.append(f"note: networks with dependent units, which count once: {cut} (report.txt names them)")
    if tied:
        lines.append(f"note: pairs whose PWCCA weights tied correlations leave open: {tied} (report.txt names some)")
    return ["", *lines] if lines else []


def _reports(distances: Mapping[str, ArrayLike]) -> list[Report]:
    return [values.report for values in distances.values() if isinstance(values, DistanceMatrix) and values.report]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if isnan(value) else f"{value:.6g}"
    return str(value)


def _short(value: float, digits: int) -> str:
    return "-" if isnan(value) else f"{value:.{digits}f}"
