"""What the tiles of a file belong to, so that a later run goes on only with its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pyrnnsim._options import RunOptions
from pyrnnsim.similarity.tiles import TileStore

_FORMAT = 1

Bounds = tuple[Sequence[int], Sequence[int]]
"""Boundaries of the tiles' rows and columns."""


@dataclass(frozen=True)
class Side:
    """Names of the networks of one side, and fingerprints of their input."""

    names: Sequence[str]
    digests: Sequence[str]


def stored_bounds(path: Path, bounds: Bounds) -> Bounds:
    """Bounds of the tiles that are there already, else those given: memory may differ today, the tiles must not."""
    left, right = (TileStore.stored_header(path) or {}).get("bounds", bounds)
    return (left, right) if (left[-1], right[-1]) == (bounds[0][-1], bounds[1][-1]) else bounds


def header(dtype: np.dtype[Any], bounds: Bounds, sides: Sequence[Side]) -> dict[str, Any]:
    """What all measures of a run have in common."""
    made: dict[str, Any] = {
        "format": _FORMAT,
        "dtype": str(dtype),
        "bounds": [list(bounds[0]), list(bounds[1])],
        "names": sides[0].names,
        "digests": sides[0].digests,
        "argument": "reps" if len(sides) == 1 else "a",
    }
    if len(sides) == 2:
        made |= {"column_names": sides[1].names, "column_digests": sides[1].digests, "column_argument": "b"}
    return made


def identity(name: str, about: Mapping[str, object], options: RunOptions) -> dict[str, Any]:
    """What tells one measure's tiles from another's; chance levels given as an array by their fingerprint."""
    given = options.calibrated
    level = hashlib.blake2b(given.tobytes(), digest_size=16).hexdigest() if isinstance(given, np.ndarray) else given
    return {"metric": name, "options": {**about, "calibrated": level}}
