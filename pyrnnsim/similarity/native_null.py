"""Chance levels of the native measures: in closed form, and over permuted samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._progress import progress_bar
from pyrnnsim._threads import thread_limit
from pyrnnsim.similarity.call import collect_call
from pyrnnsim.similarity.leading import Leading
from pyrnnsim.similarity.measure import Measure, Place
from pyrnnsim.similarity.plan import needs_of


def native_chance(
    caller: str, reps: Any, measure: Measure, leading: Leading | None, raw_options: Mapping[str, object]
) -> NDArray[np.float64]:
    """(K, K) similarities of unrelated networks of these spectra in closed form; NaN for networks skipped."""
    call = collect_call(caller, reps, [measure], raw_options, leading=leading)
    count = len(call.collections[0])
    with thread_limit(), progress_bar(count, caller, call.options.progress, unit="networks") as bar:
        (networks,) = call.prepare(False, bar, alone=True)
    assert measure.chance is not None
    present = np.array(networks.present, np.intp)
    levels = np.full((count, count), np.nan)
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
    call = collect_call(caller, reps, [measure], raw_options, norm=norm, leading=leading)
    hold = call.holds()
    call.check_memory(hold)
    count = len(call.collections[0])
    total = np.full((count, count), np.nan)
    with thread_limit(), progress_bar(len(orders) * count**2, caller, call.options.progress) as bar:
        (left,) = call.prepare(hold, bar, passes=2 * len(orders))
        present = np.array(left.present, np.intp)
        if not len(present):
            return total
        total[np.ix_(present, present)] = 0.0
        plan = call.plan(hold, [left], [left.present])
        tiles = [(present[a], present[b]) for a, b in plan.tiles(triangular=False)]
        needs = [needs_of(*tile, sides=1)[0] for tile in tiles]
        bar.expect({"pairs": bar.left})
        unit = bar.left / (len(orders) * len(present) ** 2)
        for order in orders:
            right = left.permuted(order)
            if measure.begin is not None:
                measure.begin(left, right)
            engine = call.engine(left, right, plan)
            for at, (rows, columns) in enumerate(tiles):
                left.retain(*needs[at : at + plan.band])
                left.make(sorted(needs[at]) if plan.band else [], call.options.n_jobs)
                values, _ = engine.compute(rows.tolist(), columns.tolist())
                total[np.ix_(rows, columns)] += measure.read(values, Place(left, right, rows, columns))[0]
                bar.update(unit * len(rows) * len(columns), "pairs")
    return total / len(orders)
