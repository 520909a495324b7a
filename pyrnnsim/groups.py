"""Which network belongs to which group: from its name, a pattern, or a table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

_SEPARATORS = re.compile(r"[_\-/\s.]+")
_DIGIT = re.compile(r"\d")
_SHOWN = 5  # offenders named in an error


def infer_groups(names: Sequence[str]) -> list[str] | None:
    """Groups from names such as ``interval_gru_128_s3``: words make groups, numbers count their members.

    A name is cut at ``_``, ``-``, ``/``, ``.`` and blanks. Parts with a digit (sizes, seeds) are dropped, then the
    words that all names share (the task) and those that only one name has (a nickname); what is left, joined by
    blanks, is the group. So ``flipflop_gru_tanh_64_s1`` and ``flipflop_lstm_tanh_64_s2`` are of ``gru`` and ``lstm``
    once each kind has a second member.

    Args:
        names: K network names.
    Returns:
        K groups, or None where the words tell nothing: all networks alike, all different, or one without words.
    """
    words = [[part for part in _SEPARATORS.split(name) if part and not _DIGIT.search(part)] for name in names]
    carriers = Counter(part for parts in words for part in set(parts))
    groups = []
    for parts in words:
        telling = [part for part in parts if carriers[part] < len(names)]
        shared = [part for part in telling if carriers[part] > 1]
        # A name without shared words is a kind of its own, or the plain variant of others (relu of relu_dropout).
        groups.append(" ".join(shared or telling or parts) or "other")
    return groups if 1 < len(set(groups)) < len(groups) else None


def read_groups(text: str, names: Sequence[str]) -> list[str]:
    """Groups as the ``--groups`` option gives them.

    Args:
        text: Path of a ``.csv`` file with the columns ``name,group``, or a regular expression that is searched in
            every name and whose first parenthesis captures the group.
        names: K network names.
    Returns:
        K groups.
    Raises:
        ValueError: If the file or the pattern is not usable, or leaves a network without a group.
    """
    if text.lower().endswith(".csv"):
        return _from_table(Path(text), names)
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ValueError(f"--groups: {text!r} is not a valid regular expression: {error}") from None
    if pattern.groups == 0:
        raise ValueError(f"--groups: {text!r} captures nothing; put the group in parentheses, as in '_({text})_'")
    found = [match.group(1) if (match := pattern.search(name)) else None for name in names]
    _require(found, names, f"match {text!r}")
    return [str(group) for group in found]


def _from_table(path: Path, names: Sequence[str]) -> list[str]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            rows = [row for row in csv.reader(handle) if row]
    except FileNotFoundError:
        raise ValueError(f"--groups: there is no file {str(path)!r}") from None
    except UnicodeDecodeError:
        raise ValueError(f"--groups: {str(path)!r} is not a UTF-8 text table") from None
    table: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        if len(row) != 2:
            raise ValueError(f"--groups: {str(path)!r} row {number} has {len(row)} columns, expected name,group")
        name, group = (cell.strip() for cell in row)
        if table.setdefault(name, group) != group:
            raise ValueError(f"--groups: {str(path)!r} gives {name!r} two groups: {table[name]!r} and {group!r}")
    found = [table.get(name) for name in names]
    _require(found, names, f"appear in {str(path)!r}")
    return [str(group) for group in found]


def _require(found: Sequence[str | None], names: Sequence[str], what: str) -> None:
    missing = [name for name, group in zip(names, found, strict=True) if not group]
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        shown = ", ".join(repr(name) for name in missing[:_SHOWN])
        raise ValueError(f"--groups: {len(missing)} of {len(names)} networks do not {what}: {shown}{more}")
