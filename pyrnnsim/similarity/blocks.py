"""Distance matrices by measures that look at whole networks, in blocks: in memory, or as tiles of a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.collection import Collection
from pyrnnsim._options import RunOptions, parse_options
from pyrnnsim._progress import progress_bar
from pyrnnsim._threads import thread_limit
from pyrnnsim.similarity.checks import check_calibration, check_out, collect_sides
from pyrnnsim.similarity.header import Bounds, Side, header, identity, stored_bounds
from pyrnnsim.similarity.matrix import DistanceMatrix, Report
from pyrnnsim.similarity.tiles import TileStore
from pyrnnsim.similarity.usable import Usable, digest, finite

Array = NDArray[np.float64]
Advance = Callable[[float], object]


@dataclass(frozen=True)
class Job:
    """A measure as ``run`` takes it.

    Attributes:
        name: Metric as reports call it.
        distances: Distances of a block: (left, right or None for left against itself, options, progress) -> matrix.
        block_size: Networks per side of a block, from the number of samples and the options.
        check: Refuses numbers of samples that cannot work.
        about: Options for the report.
        has_chance: Whether ``calibrated=True`` works.
        symmetric: Whether a block and its mirror image hold the same distances.
        is_distance: Whether negative values are rounding, to be read as 0.
        check_memory: Refuses sizes that do not fit; sees shapes only.
    """

    name: str
    distances: Callable[[Usable, Usable | None, RunOptions, Advance], Array]
    block_size: Callable[[int, RunOptions], int]
    check: Callable[[int], None] = field(default=lambda _: None)
    about: Mapping[str, object] = field(default_factory=dict)
    has_chance: bool = False
    symmetric: bool = True
    is_distance: bool = True
    check_memory: Callable[[Usable, Usable | None, RunOptions], None] = field(default=lambda *_: None)


def run(caller: str, reps: Any, other: Any, raw_options: Mapping[str, object], job: Job) -> DistanceMatrix:
    """Fill the matrix of one job; the diagonal of a square one is 0, networks skipped are NaN."""
    started = time.perf_counter()
    options = parse_options(caller, raw_options)
    if options.device == "cuda":
        raise ValueError(f"{caller}: {job.name} with these options runs on the CPU only; use device='cpu'")
    sides = collect_sides(caller, reps, other, options)
    check_calibration(caller, options, len(sides[0]), len(sides[-1]))
    check_out(caller, options, len(sides[0]), len(sides[-1]))
    if options.calibrated is True and not job.has_chance:
        raise ValueError(
            f"{caller}: the chance level of {job.name} has no closed form; pass "
            "calibrated=pyrnnsim.chance_similarity(reps, metric=..., permutations=20)"
        )
    job.check(sides[0].samples)
    whole = [Usable(side, range(len(side))) for side in sides]
    job.check_memory(whole[0], None if other is None else whole[1], options)
    usable = [finite(side, skip=options.nan_policy == "skip") for side in sides]
    right = None if other is None else usable[1]
    cuts = _cuts(usable, job.block_size(sides[0].samples, options))
    with thread_limit(), _target(caller, options, job, sides, cuts) as target:
        _fill(caller, options, job, usable[0], right, target)
        matrix = target.finish()
    return DistanceMatrix.wrap(matrix, _report(job, options, sides, usable, started))


def permuted_distances(
    caller: str, reps: Any, job: Job, raw_options: Mapping[str, object], orders: Sequence[NDArray[np.intp]]
) -> Array:
    """(K, K) mean distances of every network to every one in which the samples were put in these orders."""
    options = parse_options(caller, raw_options)
    (side,) = collect_sides(caller, reps, None, options)
    job.check(side.samples)
    usable = finite(side, skip=options.nan_policy == "skip")
    total = np.full((len(side), len(side)), np.nan)
    work = len(orders) * len(usable) ** 2
    with thread_limit(), progress_bar(work, caller, options.progress) as bar:
        found = [job.distances(usable, usable.permuted(order), options, bar.update) for order in orders]
    total[np.ix_(usable.chosen, usable.chosen)] = np.mean(found, axis=0)
    return total


def _report(
    job: Job, options: RunOptions, sides: Sequence[Collection], usable: Sequence[Usable], started: float
) -> Report:
    skipped, before = [], 0
    for side, some in zip(sides, usable, strict=True):
        skipped += [before + i for i in sorted(set(range(len(side))) - set(some.chosen))]
        before += len(side)
    return Report(
        metric=job.name,
        options=dict(job.about),
        names=sides[0].names,
        column_names=sides[-1].names,
        samples=sides[0].samples,
        units=tuple(n for side in sides for n in side.units),
        skipped=tuple(skipped),
        seconds=time.perf_counter() - started,
        n_jobs=options.n_jobs,
        dtype=str(sides[0].dtype),
    )


def _cuts(usable: Sequence[Usable], size: int) -> Bounds:
    left, right = usable[0], usable[-1]
    return [*range(0, len(left), size), len(left)], [*range(0, len(right), size), len(right)]


def _fill(caller: str, options: RunOptions, job: Job, left: Usable, right: Usable | None, target: _Target) -> None:
    columns = left if right is None else right
    every = right is not None or not job.symmetric
    blocks = [(a, b) for a in pairwise(target.cuts[0]) for b in pairwise(target.cuts[1]) if every or b[0] >= a[0]]
    tiles = [(left.part(*a), columns.part(*b), right is None and a == b) for a, b in blocks]
    done = [target.has(rows, others) for rows, others, _ in tiles]
    work = [len(rows) * (len(rows) - 1) / 2 if same else len(rows) * len(others) for rows, others, same in tiles]
    before = sum(amount for amount, already in zip(work, done, strict=True) if already)
    with progress_bar(sum(work), caller, options.progress, initial=before) as bar:
        for (rows, others, same), already in zip(tiles, done, strict=True):
            if not already:
                values = job.distances(rows, None if same else others, options, bar.update)
                target.put(rows, others, _finished(options, job, rows, others, values, same))


def _finished(options: RunOptions, job: Job, rows: Usable, columns: Usable, distances: Array, same: bool) -> Array:
    if isinstance(options.calibrated, np.ndarray):
        floor = np.minimum(options.calibrated[np.ix_(rows.chosen, columns.chosen)], 1 - 1e-12)
        if np.isnan(floor).any():
            raise ValueError("calibrated is NaN for networks that take part; pass their chance levels")
        distances = distances / (1 - floor)
    if same:
        np.fill_diagonal(distances, 0.0)
    return np.maximum(distances, 0.0) if job.is_distance else distances


class _Target:
    """The matrix in memory, or its tiles on disk."""

    def __init__(self, cuts: Bounds, matrix: Array | None, store: TileStore | None, mirrored: bool) -> None:
        self.cuts = cuts
        self._matrix, self._store, self._mirrored = matrix, store, mirrored
        self._tiles: list[tuple[Usable, Usable]] = []

    def has(self, rows: Usable, columns: Usable) -> bool:
        """Whether an earlier run has done this block."""
        self._tiles.append((rows, columns))
        return self._store is not None and self._store.done(rows.chosen[0], columns.chosen[0])

    def put(self, rows: Usable, columns: Usable, distances: Array) -> None:
        if self._store is not None:
            self._store.save(rows.chosen[0], columns.chosen[0], distances)
        elif self._matrix is not None:
            self._scatter(self._matrix, rows, columns, distances)

    def _scatter(self, matrix: Array, rows: Usable, columns: Usable, distances: Array) -> None:
        matrix[np.ix_(rows.chosen, columns.chosen)] = distances
        if self._mirrored and rows.chosen != columns.chosen:
            matrix[np.ix_(columns.chosen, rows.chosen)] = distances.T

    def finish(self) -> Array:
        """The complete matrix; a file is put together now."""
        store = self._store
        if store is None:
            assert self._matrix is not None
            return self._matrix

        def assemble(matrix: Array) -> None:
            for rows, columns in self._tiles:
                self._scatter(matrix, rows, columns, store.load(rows.chosen[0], columns.chosen[0]))

        return store.finish(assemble)


@contextmanager
def _target(caller: str, options: RunOptions, job: Job, sides: Sequence[Collection], cuts: Bounds) -> Iterator[_Target]:
    shape, mirrored = (len(sides[0]), len(sides[-1])), len(sides) == 1 and job.symmetric
    if isinstance(options.out, Path):
        cuts = stored_bounds(options.out, cuts)
        named = [Side(one.names, [digest(one, i) for i in range(len(one))]) for one in sides]
        about = header(sides[0].dtype, cuts, named) | identity(job.name, job.about, options)
        with TileStore(options.out, shape, about) as store:
            yield _Target(cuts, None, store, mirrored)
        return
    if options.out is not None and options.out.shape != shape:
        raise ValueError(f"{caller}: out has shape {options.out.shape}, expected {shape}")
    matrix = np.empty(shape) if options.out is None else options.out
    matrix[...] = np.nan
    yield _Target(cuts, matrix, None, mirrored)
