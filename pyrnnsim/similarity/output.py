"""Where distances go as tiles are done: arrays in memory, the caller's array, or a file that survives a kill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._options import RunOptions
from pyrnnsim.similarity.header import Side, header, identity, stored_bounds
from pyrnnsim.similarity.networks import Networks
from pyrnnsim.similarity.plan import Plan
from pyrnnsim.similarity.tiles import TileStore

if TYPE_CHECKING:
    from pyrnnsim.similarity.measure import Measure


@dataclass(frozen=True, eq=False)
class Tile:
    """Networks of a tile by index; ``key`` names it in a store."""

    key: tuple[int, int]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


Both = tuple[NDArray[np.float64], NDArray[np.float64]]


class Output:
    """Matrices of one run; ``stores`` has one tile store per matrix when they go to files."""

    def __init__(self, matrices: list[NDArray[np.float64]], stores: list[TileStore], same: bool) -> None:
        self._matrices, self._stores, self._same = matrices, stores, same
        self._tiles: list[Tile] = []

    def restore(self, tile: Tile) -> NDArray[np.uint8] | None:
        """Flags of the tile's pairs if an earlier run has done it."""
        self._tiles.append(tile)
        if not self._stores or not all(store.done(*tile.key) for store in self._stores):
            return None
        flags: NDArray[np.uint8] = self._stores[0].load(*tile.key)[2].astype(np.uint8)
        return flags

    def put(self, tile: Tile, distances: Sequence[Both], flags: NDArray[np.uint8]) -> None:
        """Take the distances of a tile: D[rows, columns] and, transposed, D[columns, rows] of every measure."""
        for index, both in enumerate(distances):
            if self._stores:
                self._stores[index].save(*tile.key, np.stack([*both, flags.astype(np.float64)]))
            else:
                self._scatter(self._matrices[index], tile.rows, tile.columns, both)

    def _scatter(
        self, matrix: NDArray[np.float64], rows: NDArray[np.intp], columns: NDArray[np.intp], both: Both
    ) -> None:
        forward, backward = both
        if not self._same:
            matrix[np.ix_(rows, columns)] = forward
            return
        if np.array_equal(rows, columns):
            upper = np.triu_indices(len(rows), 1)
            matrix[rows[upper[0]], rows[upper[1]]] = forward[upper]
            matrix[rows[upper[1]], rows[upper[0]]] = backward[upper]
            matrix[rows, rows] = 0.0
        else:
            matrix[np.ix_(rows, columns)] = forward
            matrix[np.ix_(columns, rows)] = backward.T

    def finish(self) -> list[NDArray[np.float64]]:
        """The complete matrices; files are put together now."""
        for store in self._stores:
            self._write(store)
        # Tiles go only when all files are there: a kill between two of them costs no work.
        return [store.clear() for store in self._stores] if self._stores else self._matrices

    def _write(self, store: TileStore) -> None:
        def fill(matrix: NDArray[np.float64]) -> None:
            matrix[...] = np.nan
            for tile in self._tiles:
                forward, backward, _ = store.load(*tile.key)
                self._scatter(matrix, tile.rows, tile.columns, (forward, backward))

        store.write(fill)


def file_of(out: Path, measure: Measure, several: bool) -> Path:
    """``distances.npy``; with several measures ``distances-cca.npy`` and so on."""
    return out.with_name(f"{out.stem}-{measure.name}{out.suffix}") if several else out


def resume_plan(options: RunOptions, measures: Sequence[Measure], plan: Plan) -> Plan:
    """The plan, cut as the tiles that are there already were: memory may differ today, the tiles must not."""
    if not isinstance(options.out, Path):
        return plan
    cut = tuple(plan.left), tuple(plan.right)
    for one in measures:  # of a run that was killed while tiles were removed, only the last measures have any
        left, right = stored_bounds(file_of(options.out, one, len(measures) > 1), cut)
        if (tuple(left), tuple(right)) != cut:
            return replace(plan, left=tuple(left), right=tuple(right))
    return plan


@contextmanager
def open_outputs(
    options: RunOptions, measures: Sequence[Measure], left: Networks, right: Networks | None, plan: Plan
) -> Iterator[Output]:
    """The output that ``options.out`` asks for; networks that were skipped keep NaN."""
    shape = len(left.collection), len((right or left).collection)
    out, several = options.out, len(measures) > 1
    with ExitStack() as stack:
        if isinstance(out, Path):
            sides = [Side(one.collection.names, one.digests()) for one in (left, right) if one is not None]
            common = header(left.collection.dtype, (plan.left, plan.right), sides)
            stores = [
                stack.enter_context(
                    TileStore(file_of(out, one, several), shape, common | identity(one.name, one.options, options))
                )
                for one in measures
            ]
            yield Output([], stores, right is None)
            return
        matrices = [np.empty(shape) if out is None else out for _ in measures]
        for matrix in matrices:
            matrix[...] = np.nan
        yield Output(matrices, [], right is None)
