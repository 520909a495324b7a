"""Rows as an aligned table for a terminal and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from math import isnan
from typing import Any

Row = dict[str, Any]


def to_text(rows: Sequence[Row]) -> str:
    """Rows of equal keys under a header; words to the left, numbers to the right, NaN and None as a dash."""
    if not rows:
        return "(empty)"
    head = list(rows[0])
    body = [[_short(row[key]) for key in head] for row in rows]
    numeric = [all(isinstance(row[key], int | float) or row[key] is None for row in rows) for key in head]
    widths = [max(len(line[i]) for line in (head, *body)) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in (head, *body)
    )


def to_csv(rows: Sequence[Row]) -> str:
    """Rows of equal keys with every digit of their numbers, NaN and None as an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
    for row in rows:
        writer.writerow(["" if _is_nothing(value) else value for value in row.values()])
    return text.getvalue()


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, float) and isnan(value))


def _short(value: object) -> str:
    if _is_nothing(value):
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
