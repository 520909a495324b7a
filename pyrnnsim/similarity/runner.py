"""From what the user passes to distance matrices: collect, prepare, plan, go through the tiles, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.collection import Collection
from pyrnnsim._options import RunOptions, parse_options
from pyrnnsim._progress import progress_bar
from pyrnnsim._threads import thread_limit
from pyrnnsim.similarity.checks import check_request, collect_sides, warn_few_samples
from pyrnnsim.similarity.engine import AMBIGUOUS, REFINED, Request, TileEngine, canonical_order, identities
from pyrnnsim.similarity.gpu_engine import GpuTileEngine
from pyrnnsim.similarity.matrix import DistanceMatrix, Report
from pyrnnsim.similarity.networks import Form, Leading, Networks
from pyrnnsim.similarity.output import Output, Tile, open_outputs, resume_plan
from pyrnnsim.similarity.plan import Plan, check_memory, holds, make_plan

Similarities = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Of pairs (i, j): as D[i, j] sees them and as D[j, i] does."""


@dataclass(frozen=True)
class Place:
    """Where a tile's pairs stand: the two sides, and the networks of its rows and columns."""

    left: Networks
    right: Networks
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


@dataclass(frozen=True)
class Measure:
    """One matrix to fill.

    Attributes:
        name: Metric as reports and errors call it.
        native: What the native solver must compute for it.
        read: Similarities from the (rows, columns, 6) values of a tile.
        distance: Distance from similarity.
        chance: Similarity of unrelated networks in closed form, for ``calibrated=True``; None where there is none.
        begin: Called once when the networks are ready.
        options: What the report says beyond the name.
        least_samples: Fewer rows are refused.
    """

    name: str
    native: str
    read: Callable[[NDArray[np.float64], Place], Similarities]
    distance: Callable[[NDArray[np.float64]], NDArray[np.float64]] = field(default=lambda s: np.maximum(1.0 - s, 0.0))
    chance: Callable[[Place], NDArray[np.float64]] | None = None
    begin: Callable[[Networks, Networks | None], None] | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    least_samples: int = 2


@dataclass(frozen=True)
class Run:
    """Everything about one call that does not change while it runs."""

    caller: str
    options: RunOptions
    measures: Sequence[Measure]
    left: Networks
    right: Networks | None
    started: float

    @property
    def columns(self) -> Networks:
        """Networks of the columns."""
        return self.left if self.right is None else self.right


def compare(
    caller: str,
    reps: Any,
    measures: Sequence[Measure],
    raw_options: Mapping[str, object],
    *,
    norm: int = 1,
    leading: Leading | None = None,
    other: Any = None,
) -> dict[str, DistanceMatrix]:
    """Fill one matrix per measure in one pass over the pairs; the work behind every ``pairwise_*`` function."""
    started = time.perf_counter()
    options = parse_options(caller, raw_options)
    collections = collect_sides(caller, reps, other, options)
    check_request(caller, options, measures, collections)
    warn_few_samples(collections)
    natives = tuple(dict.fromkeys(measure.native for measure in measures))
    form = form_of(natives)
    leading = leading or Leading()
    columns = _columns(collections, form, leading)
    hold = holds(collections, columns, options.max_memory)
    first = collections[0]
    held = 0 if hold else _kept_bytes(collections, form, loadings="pwcca" in natives)
    check_memory(max(columns), first.samples, first.dtype.itemsize, options.max_memory, hold, caller, held=held)
    skip = options.nan_policy == "skip"
    sides = [Networks(one, form, leading, hold=hold, skip=skip, loadings="pwcca" in natives) for one in collections]
    with thread_limit():
        for side in sides:
            side.prepare(options.n_jobs)
        run = Run(caller, options, measures, sides[0], sides[1] if other is not None else None, started)
        for measure in measures:
            if measure.begin is not None:
                measure.begin(run.left, run.right)
        return _fill(run, Request(natives, norm), hold)


def native_chance(
    caller: str, reps: Any, measure: Measure, leading: Leading | None, raw_options: Mapping[str, object]
) -> NDArray[np.float64]:
    """(K, K) similarities of unrelated networks of these spectra in closed form; NaN for networks skipped."""
    options = parse_options(caller, raw_options)
    (collection,) = collect_sides(caller, reps, None, options)
    skip = options.nan_policy == "skip"
    networks = Networks(
        collection, form_of((measure.native,)), leading or Leading(), hold=False, skip=skip, loadings=False
    )
    with thread_limit():
        networks.prepare(options.n_jobs)
    assert measure.chance is not None
    present = np.array(networks.present, np.intp)
    levels = np.full((len(collection), len(collection)), np.nan)
    if len(present):
        levels[np.ix_(present, present)] = measure.chance(Place(networks, networks, present, present))
    return levels


def permuted_similarity(
    caller: str,
    reps: Any,
    measure: Measure,
    raw_options: Mapping[str, object],
    orders: Sequence[NDArray[np.intp]],
    *,
    norm: int = 1,
    leading: Leading | None = None,
) -> NDArray[np.float64]:
    """(K, K) mean similarity of every network with every one in which the samples were put in these orders."""
    options = parse_options(caller, raw_options)
    (collection,) = collect_sides(caller, reps, None, options)
    form, leading = form_of((measure.native,)), leading or Leading()
    hold = holds([collection], _columns([collection], form, leading), options.max_memory)
    skip = options.nan_policy == "skip"
    left = Networks(collection, form, leading, hold=hold, skip=skip, loadings=measure.native == "pwcca")
    total = np.full((len(collection), len(collection)), np.nan)
    with thread_limit():
        left.prepare(options.n_jobs)
        present = np.array(left.present, np.intp)
        if not len(present):
            return total
        total[np.ix_(present, present)] = 0.0
        widths = [left.width(i) for i in left.present]
        item = collection.dtype.itemsize
        plan = make_plan(widths, widths, collection.samples, item, options.max_memory, hold, caller)
        with progress_bar(len(orders) * len(present) ** 2, caller, options.progress) as bar:
            for order in orders:
                run = Run(caller, options, [measure], left, left.permuted(order), time.perf_counter())
                if measure.begin is not None:
                    measure.begin(run.left, run.right)
                engine = _engine(run, Request((measure.native,), norm), plan)
                for a, b in plan.tiles(triangular=False):
                    rows, columns = present[a], present[b]
                    values, _ = engine.compute(rows.tolist(), columns.tolist())
                    total[np.ix_(rows, columns)] += measure.read(values, Place(left, run.columns, rows, columns))[0]
                    bar.update(len(rows) * len(columns))
    return total / len(orders)


def form_of(natives: Sequence[str]) -> Form:
    """What the products must be made of for these measures: the least that serves."""
    if tuple(natives) == ("svcca",):
        return "leading"
    return "centred" if tuple(natives) == ("cka",) else "factors"


def _kept_bytes(collections: Sequence[Collection], form: Form, *, loadings: bool) -> int:
    """Most that stays in memory when bases are made again for every tile: weights, and loadings if asked for."""
    if form == "centred":
        return 0
    squares = sum(n * n for one in collections for n in one.units)
    return squares * (8 + (collections[0].dtype.itemsize if loadings else 0))


def _columns(collections: Sequence[Collection], form: Form, leading: Leading) -> list[int]:
    units = chain.from_iterable(one.units for one in collections)
    most = leading.n_components if form == "leading" else None
    return [min(n, most) if most else n for n in units]


def _fill(run: Run, request: Request, hold: bool) -> dict[str, DistanceMatrix]:
    sides = [run.left] if run.right is None else [run.left, run.right]
    keys = identities(sides)
    found = [canonical_order(side, own) for side, own in zip(sides, keys, strict=True)]
    orders = found[0], found[-1]
    plan = resume_plan(run.options, run.measures, _plan(run, orders, hold))
    with open_outputs(run.options, run.measures, run.left, run.right, plan) as output:
        flags = _go_through(run, request, plan, orders, (keys[0], keys[-1]), output)
        matrices = output.finish()
    return {
        measure.name: DistanceMatrix.wrap(matrix, _report(run, measure, flags))
        for measure, matrix in zip(run.measures, matrices, strict=True)
    }


def _plan(run: Run, orders: tuple[list[int], list[int]], hold: bool) -> Plan:
    samples, item = run.left.collection.samples, run.left.collection.dtype.itemsize
    if not orders[0] or not orders[1]:
        return Plan(hold, (0,), (0,), samples)
    widths = [run.left.width(i) for i in orders[0]], [run.columns.width(j) for j in orders[1]]
    held = run.left.held_bytes + (0 if run.right is None else run.right.held_bytes)
    return make_plan(*widths, samples, item, run.options.max_memory, hold, run.caller, held=held)


@dataclass
class _Flags:
    ambiguous: list[tuple[int, int]] = field(default_factory=list)
    refined: int = 0

    def add(self, tile: Tile, marks: NDArray[np.uint8], same: bool) -> None:
        for i, j in np.argwhere(marks & AMBIGUOUS):
            pair = int(tile.rows[i]), int(tile.columns[j])
            self.ambiguous.append((min(pair), max(pair)) if same else pair)
        self.refined += int((marks & REFINED > 0).sum())


def _go_through(
    run: Run,
    request: Request,
    plan: Plan,
    orders: tuple[list[int], list[int]],
    keys: tuple[Mapping[int, bytes], Mapping[int, bytes]],
    output: Output,
) -> _Flags:
    same = run.right is None
    engine = _engine(run, request, plan)
    row_order, column_order = np.array(orders[0], np.intp), np.array(orders[1], np.intp)
    tiles = [Tile((a.start, b.start), row_order[a], column_order[b]) for a, b in plan.tiles(triangular=same)]
    flags, open_tiles = _Flags(), []
    for tile in tiles:
        marks = output.restore(tile)
        if marks is None:
            open_tiles.append(tile)
        else:
            flags.add(tile, marks, same)
    total = sum(_pairs(tile, same) for tile in tiles)
    left_over = sum(_pairs(tile, same) for tile in open_tiles)
    with progress_bar(total, run.caller, run.options.progress, initial=total - left_over) as bar:
        for tile in open_tiles:
            values, marks = engine.compute(tile.rows.tolist(), tile.columns.tolist())
            flags.add(tile, marks, same)
            place = Place(run.left, run.columns, tile.rows, tile.columns)
            both = [_distances(run, measure, values, place) for measure in run.measures]
            copies = _copies(keys, tile)
            for one in (distance for pair in both for distance in pair):
                one[copies] = 0.0
            output.put(tile, both, marks)
            bar.update(_pairs(tile, same))
    return flags


def _copies(keys: tuple[Mapping[int, bytes], Mapping[int, bytes]], tile: Tile) -> NDArray[np.bool_]:
    """Pairs of networks that are equal to the last bit: their distance is 0, whatever rounding makes of it."""
    rows, columns = [keys[0][int(i)] for i in tile.rows], [keys[1][int(j)] for j in tile.columns]
    return np.array([[a == b for b in columns] for a in rows])


def _engine(run: Run, request: Request, plan: Plan) -> TileEngine | GpuTileEngine:
    if run.options.device == "cuda":
        return GpuTileEngine(run.left, run.right, request, chunk=plan.chunk, device="cuda")
    return TileEngine(run.left, run.right, request, chunk=plan.chunk, n_jobs=run.options.n_jobs)


def _pairs(tile: Tile, same: bool) -> int:
    rows, columns = len(tile.rows), len(tile.columns)
    return rows * (rows - 1) // 2 if same and tile.key[0] == tile.key[1] else rows * columns


def _distances(run: Run, measure: Measure, values: NDArray[np.float64], place: Place) -> Similarities:
    forward, backward = measure.read(values, place)
    calibrated = run.options.calibrated
    if calibrated is not False:
        floor = _chance(run, measure, place)
        forward, backward = (forward - floor) / (1 - floor), (backward - floor) / (1 - floor)
    return measure.distance(forward), measure.distance(backward)


def _chance(run: Run, measure: Measure, place: Place) -> NDArray[np.float64]:
    given = run.options.calibrated
    if isinstance(given, np.ndarray):
        floor = given[np.ix_(place.rows, place.columns)]
        if np.isnan(floor).any():
            raise ValueError(f"{run.caller}: calibrated is NaN for networks that take part; pass their chance levels")
    else:
        assert measure.chance is not None
        floor = measure.chance(place)
    return np.minimum(floor, 1 - 1e-12)  # networks that fill the sample space are similar whatever they do


def _report(run: Run, measure: Measure, flags: _Flags) -> Report:
    sides = [run.left] if run.right is None else [run.left, run.right]
    facts = [fact for side in sides for fact in side.facts()]
    tied = measure.native == "pwcca"
    known = any(fact.rank is not None for fact in facts)
    return Report(
        metric=measure.name,
        options=dict(measure.options),
        names=run.left.collection.names,
        column_names=run.columns.collection.names,
        samples=run.left.collection.samples,
        units=tuple(fact.units for fact in facts),
        ranks=tuple(fact.rank or 0 for fact in facts) if known else (),
        kept=tuple(fact.kept for fact in facts) if measure.native == "svcca" else None,
        rank_cut=tuple(i for i, fact in enumerate(facts) if fact.cut),
        condition=tuple(np.nan if fact.condition is None else fact.condition for fact in facts) if known else (),
        ambiguous=np.array(sorted(flags.ambiguous) if tied else [], np.int64).reshape(-1, 2),
        refined=flags.refined,
        skipped=tuple(i for i, fact in enumerate(facts) if fact.skipped),
        seconds=time.perf_counter() - run.started,
        n_jobs=run.options.n_jobs,
        dtype=str(run.left.collection.dtype),
    )
