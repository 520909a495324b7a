"""All-pairs engine for measures that turn every network into one unit vector and compare by scalar product.

RBF CKA and RSA are such measures. A vector has about ``P^2 / 2`` entries, so many networks do not fit into memory at
once: a block of vectors is kept while the others are made, multiplied with the block and dropped.

A scalar product is cut into pieces of fixed length, every piece is summed by one call on two vectors, and the piece
sums are added in their order. None of this depends on which networks are in memory together or on which thread works,
hence results are bit-identical for every ``max_memory``, ``n_jobs`` and order of the networks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.labels import Label
from pyrnnsim.similarity.condensed import PIECE, Vector

MakeVector = Callable[[NDArray[Any], Label], Vector]

# A tile multiplies 8 x 8 networks, 8 pieces at a time: 512 products per call, the least for which NumPy releases the
# interpreter lock, on 1 MB of data, which stays in the L2 cache.
_TILE = 8
_SLAB = 8

# Vectors that making one takes at its peak (Spearman ranks), and copies of the rows it takes.
_MAKING_VECTORS = 5
_MAKING_ROWS = 4

# Making a vector costs about as much as this many scalar products; only the progress display depends on it.
_MAKING_PRODUCTS = 300


class Networks(Protocol):
    """What the engine needs of a collection."""

    @property
    def samples(self) -> int:
        """P, the same for all."""

    @property
    def units(self) -> tuple[int, ...]:
        """N of each network."""

    def __len__(self) -> int: ...

    def label(self, i: int, /) -> Label:
        """How errors name network ``i``."""

    def rows(self, i: int, /) -> NDArray[Any]:
        """``(P, N_i)`` samples of network ``i``."""


def vector_similarities(
    collection: Networks,
    other: Networks | None,
    make_vector: MakeVector,
    *,
    max_memory: int,
    n_jobs: int,
    progress_update: Callable[[float], object],
) -> NDArray[np.float64]:
    """Scalar products between the unit vectors of all pairs of networks.

    Args:
        collection: K networks of P samples.
        other: L networks of P samples to compare with, or None to compare ``collection`` with itself.
        make_vector: Turns rows and label of a network into a vector of length 1 with at most P (P + 1) / 2 entries.
            Called in several threads, and again for the same network when not all vectors fit into memory.
        max_memory: Bytes for vectors and what it takes to make them.
        n_jobs: Threads.
        progress_update: Called in this thread with the work done since the last call, in pairs; adds up to
            K (K - 1) / 2, or to K L.
    Returns:
        ``(K, K)`` symmetric with an exact diagonal of 1, or ``(K, L)``; values in [-1, 1].
    Raises:
        MemoryError: If fewer vectors than needed fit into ``max_memory``.
        ValueError: From ``make_vector``.
    Cost: K + L vectors and K L products of P^2 / 2 terms if all fit; each pass over what fits makes the rest again.
    """
    if other is not None and len(other) < len(collection):
        # The shorter side is kept in blocks, so that the longer one is made in fewer passes.
        return vector_similarities(
            other, collection, make_vector, max_memory=max_memory, n_jobs=n_jobs, progress_update=progress_update
        ).T.copy()
    plan = _plan(collection, other, max_memory, n_jobs)
    pool = ThreadPoolExecutor(plan.workers)
    try:
        return _Engine(plan, make_vector, pool, progress_update).run(collection, other)
    finally:
        pool.shutdown(cancel_futures=True)  # after an error or Ctrl-C, what waits is not worth doing


def check_memory(collection: Networks, other: Networks | None, *, max_memory: int, n_jobs: int) -> None:
    """Raise MemoryError if ``vector_similarities`` would; looks at shapes only."""
    _plan(collection, other, max_memory, n_jobs)


@dataclass(frozen=True)
class _Plan:
    workers: int  # threads that make vectors or multiply tiles
    kept: int  # vectors of a block
    passing: int  # vectors that pass by at a time
    width: int  # entries of a stored vector, a multiple of PIECE, zero-padded


def _plan(collection: Networks, other: Networks | None, max_memory: int, n_jobs: int) -> _Plan:
    samples = collection.samples
    units = max(*collection.units, *(() if other is None else other.units), 1)
    width = -(-samples * (samples + 1) // 2 // PIECE) * PIECE
    making = 8 * (_MAKING_VECTORS * width + _MAKING_ROWS * samples * units)
    least = making + 2 * 8 * width
    if max_memory < least:
        raise MemoryError(
            f"{collection.label(0).caller}: max_memory is {max_memory / 1e6:.3g} MB; expected at least "
            f"{least / 1e6:.3g} MB for {samples} samples, which give vectors of {8 * width / 1e6:.3g} MB: raise "
            "max_memory or pass fewer samples (every second row, say)"
        )
    workers = min(n_jobs, max(1, max_memory // 2 // making))
    vectors = (max_memory - workers * making) // (8 * width)
    if other is None and len(collection) <= vectors:
        return _Plan(workers, len(collection), 1, width)
    passing = max(1, min(_TILE, vectors // 4))
    return _Plan(workers, min(vectors - passing, len(collection)), passing, width)


@dataclass(frozen=True)
class _Engine:
    plan: _Plan
    make_vector: MakeVector
    pool: ThreadPoolExecutor
    progress_update: Callable[[float], object]

    def run(self, collection: Networks, other: Networks | None) -> NDArray[np.float64]:
        columns = collection if other is None else other
        result = np.empty((len(collection), len(columns)))
        advance = self._progress(collection, other)
        kept = _aligned(self.plan.kept, self.plan.width)
        passing = _aligned(self.plan.passing, self.plan.width)
        for block in _runs(0, len(collection), self.plan.kept):
            left = self._fill(kept, collection, block, advance)
            if other is None:
                self._multiply(left, left, result[block.start : block.stop, block.start : block.stop], advance)
            for run in _runs(block.stop if other is None else 0, len(columns), self.plan.passing):
                right = self._fill(passing, columns, run, advance)
                self._multiply(left, right, result[block.start : block.stop, run.start : run.stop], advance)
        if other is None:
            lower = np.tril_indices(len(collection), -1)
            result[lower] = result.T[lower]
            np.fill_diagonal(result, 1.0)
        return np.clip(result, -1.0, 1.0, out=result)

    def _fill(
        self, buffer: Vector, source: Networks, run: range, advance: Callable[[int, int], None]
    ) -> NDArray[np.float64]:
        """Vectors of the networks of ``run``, ``(len(run), pieces, PIECE)``."""
        for batch in _runs(run.start, run.stop, self.plan.workers):
            # Rows are read here, one after the other: a lazy source need not be safe to read from several threads.
            rows = [source.rows(i) for i in batch]
            labels = [source.label(i) for i in batch]
            for i, vector in zip(batch, self.pool.map(self.make_vector, rows, labels), strict=True):
                buffer[i - run.start, : len(vector)] = vector
                buffer[i - run.start, len(vector) :] = 0.0
                advance(1, 0)
        return buffer[: len(run)].reshape(len(run), -1, PIECE)

    def _multiply(
        self, left: Vector, right: Vector, out: NDArray[np.float64], advance: Callable[[int, int], None]
    ) -> None:
        """Fill ``out`` with the scalar products; only tiles on or above the diagonal if both sides are the same."""
        same = left is right
        tiles = [
            (rows, columns)
            for rows in _runs(0, len(left), _TILE)
            for columns in _runs(rows.start if same else 0, len(right), _TILE)
        ]
        products = self.pool.map(
            lambda tile: _products(left[tile[0].start : tile[0].stop], right[tile[1].start : tile[1].stop]), tiles
        )
        for (rows, columns), values in zip(tiles, products, strict=True):
            out[rows.start : rows.stop, columns.start : columns.stop] = values
            diagonal = same and rows == columns
            advance(0, len(rows) * (len(rows) - 1) // 2 if diagonal else values.size)

    def _progress(self, collection: Networks, other: Networks | None) -> Callable[[int, int], None]:
        """Spread the pairs over all work, so that the time left can be judged while vectors are still being made."""
        networks = len(collection)
        pairs = networks * (networks - 1) // 2 if other is None else networks * len(other)
        blocks = _runs(0, networks, self.plan.kept)
        passes = sum(networks - block.stop if other is None else len(other) for block in blocks)
        work = _MAKING_PRODUCTS * (networks + passes) + pairs

        def advance(vectors: int, products: int) -> None:
            self.progress_update((_MAKING_PRODUCTS * vectors + products) * pairs / work)

        return advance


def _products(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(a, b)`` scalar products of ``(a, pieces, PIECE)`` with ``(b, pieces, PIECE)``."""
    sums = np.empty((len(left), len(right), left.shape[1]))
    for slab in _runs(0, left.shape[1], _SLAB):
        these = slice(slab.start, slab.stop)
        # As a stack of row times column, each pair of pieces is summed on its own, the same way in any company.
        np.matmul(left[:, None, these, None, :], right[None, :, these, :, None], out=sums[..., these, None, None])
    return np.array([[np.add.reduce(piece_sums) for piece_sums in row] for row in sums])


def _aligned(count: int, width: int) -> Vector:
    """Uninitialised ``(count, width)``; rows start at multiples of 64 bytes, as some BLAS sum differently elsewhere."""
    memory = np.empty(count * width + 7)
    start = -(memory.ctypes.data // 8) % 8
    return memory[start : start + count * width].reshape(count, width)


def _runs(start: int, stop: int, size: int) -> Sequence[range]:
    return [range(first, min(first + size, stop)) for first in range(start, stop, size)]
