"""The networks of a collection that take part in a comparison of whole activities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.arrays import check_finite
from pyrnnsim._inputs.collection import Collection
from pyrnnsim._inputs.labels import Label


class Usable:
    """Some networks of a collection, with the rows of prepared ones restored.

    Attributes:
        chosen: Their indices in the collection.
        samples: P.
        units: N of each.
    """

    def __init__(self, collection: Collection, chosen: Sequence[int], order: NDArray[np.intp] | None = None) -> None:
        self._collection, self._order = collection, order
        self.chosen = list(chosen)
        self.samples = collection.samples
        self.units = tuple(collection.units[i] for i in self.chosen)

    def __len__(self) -> int:
        return len(self.chosen)

    def label(self, i: int) -> Label:
        """How errors name network ``i`` of those that take part."""
        return self._collection.label(self.chosen[i])

    def rows(self, i: int) -> NDArray[Any]:
        """(P, N) activity of network ``i`` of those that take part."""
        rows = rows_of(self._collection, self.chosen[i])
        return rows if self._order is None else rows[self._order]

    def part(self, start: int, stop: int) -> Usable:
        """Those at positions start:stop."""
        return Usable(self._collection, self.chosen[start:stop], self._order)

    def permuted(self, order: NDArray[np.intp]) -> Usable:
        """The same with their samples in another order."""
        return Usable(self._collection, self.chosen, order)


def rows_of(collection: Collection, i: int) -> NDArray[Any]:
    """(P, N) activity of network ``i``; of a prepared one as its factors give it."""
    prepared = collection.prepared(i)
    if prepared is None:
        return collection.rows(i)
    whole: NDArray[np.float64] = np.asarray(prepared.basis, np.float64) @ prepared.loadings + prepared.mean
    return whole


def finite(collection: Collection, *, skip: bool) -> Usable:
    """All networks; with ``skip`` without those that hold NaN or infinity, or do not vary at all.

    Raises:
        ValueError: Without ``skip``, for the first of those, naming row and unit.
    """
    chosen = []
    for i in range(len(collection)):
        rows = rows_of(collection, i)
        try:
            check_finite(rows, collection.label(i), 0)
        except ValueError:
            if not skip:
                raise
            continue
        if not (skip and (rows == rows[:1]).all()):
            chosen.append(i)
    return Usable(collection, chosen)


def digest(collection: Collection, i: int) -> str:
    """Fingerprint of network ``i``, prepared or not."""
    prepared = collection.prepared(i)
    return collection.digest(i) if prepared is None else str(prepared.digest())
