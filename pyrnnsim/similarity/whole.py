"""Measures that are not read off a core: kernels and dissimilarities of whole networks, and functions of two arrays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.arrays import check_finite
from pyrnnsim._inputs.collection import Collection
from pyrnnsim._inputs.labels import Label
from pyrnnsim._options import RunOptions, parse_options
from pyrnnsim._progress import progress_bar
from pyrnnsim._threads import thread_limit
from pyrnnsim.similarity.chance import Profile, expected_similarity
from pyrnnsim.similarity.chance import Measure as ChanceMeasure
from pyrnnsim.similarity.google import google_pwcca
from pyrnnsim.similarity.kernels import check_bandwidth, check_debiased_samples, rbf_vector, unit_trace
from pyrnnsim.similarity.matrix import DistanceMatrix, Report
from pyrnnsim.similarity.rsa import check_rsa_options, rsa_vector
from pyrnnsim.similarity.runner import collect_sides
from pyrnnsim.similarity.tiles import TileStore
from pyrnnsim.similarity.vectors import vector_similarities

Array = NDArray[np.float64]


@dataclass(frozen=True)
class VectorMeasure:
    """A measure that makes one unit vector of each network.

    Attributes:
        name: Metric as reports call it.
        make: Vector from rows and label.
        profile: What the chance level needs of a vector of a network with this many samples.
        chance: Name of the closed form.
        check: Refuses numbers of samples that cannot work.
        options: For the report.
    """

    name: str
    make: Callable[[NDArray[Any], Label], Array]
    profile: Callable[[Array, int], Profile]
    chance: ChanceMeasure
    check: Callable[[int], None]
    options: Mapping[str, object] = field(default_factory=dict)


def rbf_measure(caller: str, bandwidth: Any, debiased: bool) -> VectorMeasure:
    """CKA with the RBF kernel."""
    check_bandwidth(bandwidth, caller)

    def check(samples: int) -> None:
        if debiased:
            check_debiased_samples(samples, caller)

    return VectorMeasure(
        "cka",
        partial(rbf_vector, bandwidth=bandwidth, debiased=debiased),
        lambda vector, samples: Profile(kernel_trace=unit_trace(vector, samples)),
        "debiased_cka" if debiased else "rbf_cka",
        check,
        {"kernel": "rbf", "debiased": debiased, "bandwidth": bandwidth},
    )


def rsa_measure(caller: str, dissimilarity: Any, compare: Any) -> VectorMeasure:
    """Representational similarity analysis."""
    check_rsa_options(dissimilarity, compare, caller)
    return VectorMeasure(
        "rsa",
        partial(rsa_vector, dissimilarity=dissimilarity, compare=compare),
        lambda vector, _: Profile(total=float(np.add.reduce(vector))),
        cast(ChanceMeasure, f"rsa_{compare}"),
        lambda samples: None,
        {"dissimilarity": dissimilarity, "compare": compare},
    )


class Usable:
    """The networks of a collection that take part, with rows of prepared ones restored."""

    def __init__(self, collection: Collection, chosen: Sequence[int]) -> None:
        self._collection, self._chosen = collection, list(chosen)
        self.samples = collection.samples
        self.units = tuple(collection.units[i] for i in self._chosen)

    def __len__(self) -> int:
        return len(self._chosen)

    def label(self, i: int) -> Label:
        """How errors name network ``i`` of those that take part."""
        return self._collection.label(self._chosen[i])

    def rows(self, i: int) -> NDArray[Any]:
        """(P, N) activity."""
        return rows_of(self._collection, self._chosen[i])

    def part(self, positions: slice) -> Usable:
        """Some of them."""
        return Usable(self._collection, self._chosen[positions])


def rows_of(collection: Collection, i: int) -> NDArray[Any]:
    """(P, N) activity of network ``i``; of a prepared one as its factors give it."""
    prepared = collection.prepared(i)
    if prepared is None:
        return collection.rows(i)
    return np.asarray(prepared.basis, np.float64) @ prepared.loadings + prepared.mean


def pairwise_vectors(
    caller: str, reps: Any, measure: VectorMeasure, raw_options: Mapping[str, object], *, other: Any = None
) -> DistanceMatrix:
    """Distances 1 - u_i . u_j of the networks' unit vectors."""
    levels: dict[tuple[str, int | None], Profile] = {}

    def make(rows: NDArray[Any], label: Label) -> Array:
        vector = measure.make(rows, label)
        levels[label.argument, label.index] = measure.profile(vector, len(rows))
        return vector

    def block(left: Usable, right: Usable | None, options: RunOptions, advance: Callable[[float], object]) -> Array:
        memory = options.max_memory
        similarity = vector_similarities(
            left, right, make, max_memory=memory, n_jobs=options.n_jobs, progress_update=advance
        )
        if options.calibrated is True:
            floor = _floors(measure, left, right or left, levels)
            similarity = (similarity - floor) / (1 - floor)
        return 1.0 - similarity

    def tile_size(samples: int, options: RunOptions) -> int:
        return max(8, int(options.max_memory // 2 // (8 * samples * (samples + 1) // 2)))

    return _run(caller, reps, other, raw_options, measure.name, measure.options, measure.check, block, tile_size)


def vector_chance(caller: str, reps: Any, measure: VectorMeasure, raw_options: Mapping[str, object]) -> Array:
    """(K, K) similarities of unrelated networks of these vectors in closed form; NaN for networks skipped."""
    options = parse_options(caller, raw_options)
    (side,) = collect_sides(caller, reps, None, options)
    measure.check(side.samples)
    chosen = _finite(side, options)
    usable = Usable(side, chosen)
    profiles = [measure.profile(measure.make(usable.rows(i), usable.label(i)), side.samples) for i in range(len(usable))]
    levels = np.full((len(side), len(side)), np.nan)
    for i, a in zip(chosen, profiles, strict=True):
        for j, b in zip(chosen, profiles, strict=True):
            levels[i, j] = expected_similarity(measure.chance, a, b, side.samples)
    return levels


def pairwise_function(
    caller: str, reps: Any, name: str, function: Callable[..., float], raw_options: Mapping[str, object],
    *, other: Any = None, symmetric: bool = True, labelled: bool = False,
) -> DistanceMatrix:  # fmt: skip
    """Distances by a function of two (P, N) arrays; of a symmetric one each pair is computed once."""

    def distance(left: Usable, i: int, right: Usable, j: int) -> float:
        extra = {"x_label": left.label(i), "y_label": right.label(j)} if labelled else {}
        value = function(left.rows(i), right.rows(j), **extra)
        if not np.ndim(value) == 0 or not np.isfinite(value):
            raise ValueError(f"{caller}: metric gave {value!r} for {left.label(i)} and {right.label(j)}; expected a finite number")
        return float(value)

    def block(left: Usable, right: Usable | None, options: RunOptions, advance: Callable[[float], object]) -> Array:
        if options.calibrated is True:
            raise ValueError(f"{caller}: the chance level of {name} has no closed form; pass calibrated=False or an array")
        columns = right or left
        result = np.zeros((len(left), len(columns)))
        for i in range(len(left)):
            for j in range(i + 1 if right is None and symmetric else 0, len(columns)):
                if right is None and i == j:
                    continue
                result[i, j] = distance(left, i, columns, j)
                if right is None and symmetric:
                    result[j, i] = result[i, j]
            advance(len(left) - 1 - i if right is None else len(columns))
        return result

    return _run(caller, reps, other, raw_options, name, {}, lambda samples: None, block, lambda samples, options: 64)


def pairwise_google(caller: str, reps: Any, raw_options: Mapping[str, object], *, other: Any = None) -> DistanceMatrix:
    """1 - the similarity that google/svcca's ``compute_pwcca`` gives."""

    def distance(x: NDArray[Any], y: NDArray[Any], **labels: Label) -> float:
        return 1.0 - google_pwcca(x, y, **labels)

    made = pairwise_function(
        caller, reps, "pwcca", distance, raw_options, other=other, symmetric=False, labelled=True
    )
    made.report.options["definition"] = "google"  # type: ignore[union-attr]
    return made


Block = Callable[[Usable, Usable | None, RunOptions, Callable[[float], object]], Array]


def _run(
    caller: str, reps: Any, other: Any, raw_options: Mapping[str, object], name: str, about: Mapping[str, object],
    check: Callable[[int], None], block: Block, tile_size: Callable[[int, RunOptions], int],
) -> DistanceMatrix:  # fmt: skip
    started = time.perf_counter()
    options = parse_options(caller, raw_options)
    if options.device == "cuda":
        raise ValueError(f"{caller}: {name} with these options runs on the CPU only; use device='cpu'")
    sides = collect_sides(caller, reps, other, options)
    check(sides[0].samples)
    usable = [Usable(side, _finite(side, options)) for side in sides]
    left, right = usable[0], usable[1] if other is not None else None
    columns = sides[-1]
    size = tile_size(sides[0].samples, options)
    with thread_limit(), _target(caller, options, name, about, sides) as target:
        _fill(caller, options, left, right, size, block, target)
        matrix = target.finish()
    report = Report(
        metric=name,
        options=dict(about),
        names=sides[0].names,
        column_names=columns.names,
        samples=sides[0].samples,
        units=tuple(n for side in sides for n in side.units),
        skipped=tuple(_skipped(usable, sides)),
        seconds=time.perf_counter() - started,
        n_jobs=options.n_jobs,
        dtype=str(sides[0].dtype),
    )
    return DistanceMatrix.wrap(matrix, report)


def _finite(side: Collection, options: RunOptions) -> list[int]:
    chosen = []
    for i in range(len(side)):
        try:
            check_finite(rows_of(side, i), side.label(i), 0)
        except ValueError:
            if options.nan_policy == "raise":
                raise
            continue
        chosen.append(i)
    return chosen


def _skipped(usable: Sequence[Usable], sides: Sequence[Collection]) -> Iterator[int]:
    before = 0
    for one, side in zip(usable, sides, strict=True):
        yield from (before + i for i in range(len(side)) if i not in one._chosen)
        before += len(side)


def _fill(
    caller: str, options: RunOptions, left: Usable, right: Usable | None, size: int, block: Block, target: _Target
) -> None:
    columns = right or left
    row_cuts, column_cuts = [*range(0, len(left), size), len(left)], [*range(0, len(columns), size), len(columns)]
    total = len(left) * (len(left) - 1) / 2 if right is None else len(left) * len(columns)
    with progress_bar(total, caller, options.progress) as bar:
        for a0, a1 in pairwise(row_cuts):
            for b0, b1 in pairwise(column_cuts):
                if right is None and b0 < a0:
                    continue
                rows, others = left.part(slice(a0, a1)), columns.part(slice(b0, b1))
                same = right is None and a0 == b0
                if not target.done(rows, others):
                    values = block(rows, None if same else others, options, bar.update)
                    target.put(rows, others, _calibrate(options, rows, others, values, same))


def _calibrate(options: RunOptions, rows: Usable, columns: Usable, distances: Array, same: bool) -> Array:
    if isinstance(options.calibrated, np.ndarray):
        floor = options.calibrated[np.ix_(rows._chosen, columns._chosen)]
        distances = distances / (1 - np.minimum(floor, 1 - 1e-12))
    if same:
        np.fill_diagonal(distances, 0.0)
    return np.maximum(distances, 0.0)


def _floors(
    measure: VectorMeasure, left: Usable, right: Usable, levels: Mapping[tuple[str, int | None], Profile]
) -> Array:
    def profiles(side: Usable) -> list[Profile]:
        return [levels[side.label(i).argument, side.label(i).index] for i in range(len(side))]

    found = [[expected_similarity(measure.chance, a, b, left.samples) for b in profiles(right)] for a in profiles(left)]
    return np.minimum(np.array(found, np.float64), 1 - 1e-12)


class _Target:
    """The matrix in memory, or its tiles on disk."""

    def __init__(self, matrix: Array | None, store: TileStore | None, same: bool) -> None:
        self._matrix, self._store, self._same = matrix, store, same
        self._tiles: list[tuple[Usable, Usable]] = []

    def done(self, rows: Usable, columns: Usable) -> bool:
        self._tiles.append((rows, columns))
        return self._store is not None and self._store.done(rows._chosen[0], columns._chosen[0])

    def put(self, rows: Usable, columns: Usable, distances: Array) -> None:
        if self._store is not None:
            self._store.save(rows._chosen[0], columns._chosen[0], distances)
        elif self._matrix is not None:
            self._scatter(self._matrix, rows, columns, distances)

    def _scatter(self, matrix: Array, rows: Usable, columns: Usable, distances: Array) -> None:
        matrix[np.ix_(rows._chosen, columns._chosen)] = distances
        if self._same and rows._chosen != columns._chosen:
            matrix[np.ix_(columns._chosen, rows._chosen)] = distances.T

    def finish(self) -> Array:
        if self._store is None:
            assert self._matrix is not None
            return self._matrix
        store = self._store

        def assemble(matrix: Array) -> None:
            for rows, columns in self._tiles:
                self._scatter(matrix, rows, columns, store.load(rows._chosen[0], columns._chosen[0]))

        return store.finish(assemble)


@contextmanager
def _target(
    caller: str, options: RunOptions, name: str, about: Mapping[str, object], sides: Sequence[Collection]
) -> Iterator[_Target]:
    shape, same = (len(sides[0]), len(sides[-1])), len(sides) == 1
    if isinstance(options.out, Path):
        header = {"metric": name, "options": dict(about), "names": sides[0].names, "digests": _digests(sides[0])}
        if not same:
            header |= {"column_names": sides[1].names, "column_digests": _digests(sides[1])}
        with TileStore(options.out, shape, header) as store:
            yield _Target(None, store, same)
        return
    if options.out is not None and options.out.shape != shape:
        raise ValueError(f"{caller}: out has shape {options.out.shape}, expected {shape}")
    matrix = np.empty(shape) if options.out is None else options.out
    matrix[...] = np.nan
    yield _Target(matrix, None, same)


def _digests(side: Collection) -> list[str]:
    return [side.digest(i) if side.prepared(i) is None else side.prepared(i).digest() for i in range(len(side))]
