"""From what the user passes to distance matrices: prepare, plan, go through the tiles, report."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._progress import Progress, progress_bar
from pyrnnsim._threads import thread_limit
from pyrnnsim.similarity.call import Call, collect_call
from pyrnnsim.similarity.checks import check_request, warn_few_samples
from pyrnnsim.similarity.engine import AMBIGUOUS, REFINED
from pyrnnsim.similarity.identity import canonical_order, identities
from pyrnnsim.similarity.leading import Leading
from pyrnnsim.similarity.matrix import DistanceMatrix, Report
from pyrnnsim.similarity.measure import Measure, Place, Similarities
from pyrnnsim.similarity.networks import Networks
from pyrnnsim.similarity.output import Output, Tile, open_outputs, resume_plan
from pyrnnsim.similarity.plan import Plan, made_again, needs_of


@dataclass(frozen=True)
class Run:
    """A call whose networks are prepared."""

    call: Call
    left: Networks
    right: Networks | None

    @property
    def columns(self) -> Networks:
        """Networks of the columns."""
        return self.left if self.right is None else self.right

    @property
    def sides(self) -> list[Networks]:
        """One side, or two."""
        return [self.left] if self.right is None else [self.left, self.right]


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
    call = collect_call(caller, reps, measures, raw_options, norm=norm, leading=leading, other=other)
    check_request(caller, call.options, measures, call.collections)
    warn_few_samples(call.collections)
    hold = call.holds()
    call.check_memory(hold)
    with thread_limit(), progress_bar(call.pairs, caller, call.options.progress) as bar:
        sides = call.prepare(hold, bar)
        run = Run(call, sides[0], sides[1] if other is not None else None)
        for measure in measures:
            if measure.begin is not None:
                measure.begin(run.left, run.right)
        return _fill(run, hold, bar)


def _fill(run: Run, hold: bool, bar: Progress) -> dict[str, DistanceMatrix]:
    measures, options = run.call.measures, run.call.options
    keys = identities(run.sides)
    orders = [canonical_order(side, own) for side, own in zip(run.sides, keys, strict=True)]
    plan = resume_plan(options, measures, run.call.plan(hold, run.sides, orders))
    with open_outputs(options, measures, run.left, run.right, plan) as output:
        flags = _go_through(run, plan, orders, keys, output, bar)
        matrices = output.finish()
    return {
        measure.name: DistanceMatrix.wrap(matrix, _report(run, measure, flags))
        for measure, matrix in zip(measures, matrices, strict=True)
    }


@dataclass
class _Flags:
    ambiguous: list[tuple[int, int]] = field(default_factory=list)
    refined: int = 0

    def add(self, tile: Tile, marks: NDArray[np.uint8], same: bool) -> None:
        for i, j in np.argwhere(marks & AMBIGUOUS):
            pair = int(tile.rows[i]), int(tile.columns[j])
            self.ambiguous.append((min(pair), max(pair)) if same else pair)
        self.refined += int((marks & REFINED > 0).sum())

    def restore(self, tile: Tile, output: Output, same: bool) -> bool:
        """Take the flags of a tile that an earlier run has done; whether it has."""
        marks = output.restore(tile)
        if marks is not None:
            self.add(tile, marks, same)
        return marks is not None


def _go_through(
    run: Run,
    plan: Plan,
    orders: Sequence[Sequence[int]],
    keys: Sequence[Mapping[int, bytes]],
    output: Output,
    bar: Progress,
) -> _Flags:
    same = run.right is None
    row_order, column_order = np.array(orders[0], np.intp), np.array(orders[-1], np.intp)
    tiles = [Tile((a.start, b.start), row_order[a], column_order[b]) for a, b in plan.tiles(triangular=same)]
    flags = _Flags()
    open_tiles = [tile for tile in tiles if not flags.restore(tile, output, same)]
    needs = [needs_of(tile.rows, tile.columns, len(run.sides)) for tile in open_tiles]
    making, pairs = _making_costs(run, needs, plan), [_pairs_cost(run, tile) for tile in open_tiles]
    done = sum(_pairs_cost(run, tile) for tile in tiles) - sum(pairs)
    if not plan.band:  # bases, where they must be made, are made in parts between products
        making, pairs = [0.0] * len(pairs), [sum(both) for both in zip(making, pairs, strict=True)]
    unit = bar.left / max(done + sum(making) + sum(pairs), 1e-300)
    bar.expect({"bases": unit * sum(making), "pairs": unit * sum(pairs)}, done=unit * done)
    engine = run.call.engine(run.left, run.right, plan)
    for at, tile in enumerate(open_tiles):
        if plan.band:
            _make(run, needs[at : at + plan.band])
            bar.update(unit * making[at], "bases")
        values, marks = engine.compute(tile.rows.tolist(), tile.columns.tolist())
        flags.add(tile, marks, same)
        place = Place(run.left, run.columns, tile.rows, tile.columns)
        both = [_distances(run, measure, values, place) for measure in run.call.measures]
        copies = _copies(keys, tile)
        for one in (distance for pair in both for distance in pair):
            one[copies] = 0.0
        output.put(tile, both, marks)
        bar.update(unit * pairs[at], "pairs")
    return flags


def _make(run: Run, needs: Sequence[Sequence[set[int]]]) -> None:
    """Make the bases that the first of these tiles needs, and let go of those that none does."""
    for index, side in enumerate(run.sides):
        side.retain(*(need[index] for need in needs))
        side.make(sorted(needs[0][index]), run.call.options.n_jobs)


def _making_costs(run: Run, needs: Sequence[Sequence[set[int]]], plan: Plan) -> list[float]:
    """Of the bases that must be made for each tile in turn."""
    costs = [0.0] * len(needs)
    if not plan.hold:
        for index, side in enumerate(run.sides):
            for at, made in enumerate(made_again([need[index] for need in needs], plan.band)):
                costs[at] += sum(run.call.work.remaking(side.collection.units[i], side.width(i)) for i in made)
    return costs


def _pairs_cost(run: Run, tile: Tile) -> float:
    rows = [run.left.width(int(i)) for i in tile.rows]
    columns = [run.columns.width(int(j)) for j in tile.columns]
    return run.call.work.tile(rows, columns, triangular=run.right is None and tile.key[0] == tile.key[1])


def _copies(keys: Sequence[Mapping[int, bytes]], tile: Tile) -> NDArray[np.bool_]:
    """Pairs of networks that are equal to the last bit: their distance is 0, whatever rounding makes of it."""
    rows = np.array([keys[0][int(i)] for i in tile.rows], object)
    columns = np.array([keys[-1][int(j)] for j in tile.columns], object)
    equal: NDArray[np.bool_] = rows[:, None] == columns[None, :]
    return equal


def _distances(run: Run, measure: Measure, values: NDArray[np.float64], place: Place) -> Similarities:
    forward, backward = measure.read(values, place)
    calibrated = run.call.options.calibrated
    if calibrated is not False:
        floor = _chance(run, measure, place)
        forward, backward = (forward - floor) / (1 - floor), (backward - floor) / (1 - floor)
    return measure.distance(forward), measure.distance(backward)


def _chance(run: Run, measure: Measure, place: Place) -> NDArray[np.float64]:
    given = run.call.options.calibrated
    if isinstance(given, np.ndarray):
        floor = given[np.ix_(place.rows, place.columns)]
        if np.isnan(floor).any():
            raise ValueError(
                f"{run.call.caller}: calibrated is NaN for networks that take part; pass their chance levels"
            )
    else:
        assert measure.chance is not None
        floor = measure.chance(place)
    return np.minimum(floor, 1 - 1e-12)  # networks that fill the sample space are similar whatever they do


def _report(run: Run, measure: Measure, flags: _Flags) -> Report:
    facts = [fact for side in run.sides for fact in side.facts()]
    tied, leading = measure.native == "pwcca", measure.native == "svcca"
    known = any(fact.rank is not None for fact in facts)
    collection = run.left.collection
    return Report(
        metric=measure.name,
        options=dict(measure.options),
        names=collection.names,
        column_names=run.columns.collection.names,
        samples=collection.samples,
        units=tuple(fact.units for fact in facts),
        ranks=tuple(fact.rank or 0 for fact in facts) if known else (),
        kept=tuple(fact.kept for fact in facts) if leading else None,
        rank_cut=tuple(i for i, fact in enumerate(facts) if fact.cut),
        tie_cut=tuple(i for i, fact in enumerate(facts) if leading and fact.splits_tie),
        condition=tuple(np.nan if fact.condition is None else fact.condition for fact in facts) if known else (),
        ambiguous=np.array(sorted(flags.ambiguous) if tied else [], np.int64).reshape(-1, 2),
        refined=flags.refined,
        skipped=tuple(i for i, fact in enumerate(facts) if fact.skipped),
        seconds=time.perf_counter() - run.call.started,
        n_jobs=run.call.options.n_jobs,
        dtype=str(collection.dtype),
    )
