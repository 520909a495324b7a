"""One call of a native measure: options and input checked, memory weighed, networks prepared."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from pyrnnsim._inputs.collection import Collection
from pyrnnsim._options import RunOptions, parse_options
from pyrnnsim._progress import Progress
from pyrnnsim.similarity.checks import collect_sides
from pyrnnsim.similarity.engine import Request, TileEngine
from pyrnnsim.similarity.gpu_engine import GpuTileEngine
from pyrnnsim.similarity.leading import Leading
from pyrnnsim.similarity.measure import Measure
from pyrnnsim.similarity.network import Form
from pyrnnsim.similarity.networks import Keep, Networks
from pyrnnsim.similarity.plan import Plan, check_memory, holds, make_plan
from pyrnnsim.similarity.work import Work


@dataclass(frozen=True)
class Call:
    """What a call compares, and how: all that is known before a row is read; made by ``collect_call``."""

    caller: str
    options: RunOptions
    measures: Sequence[Measure]
    collections: Sequence[Collection]
    request: Request
    leading: Leading
    started: float = field(default_factory=time.perf_counter)

    @property
    def form(self) -> Form:
        """What the products must be made of for these measures: the least that serves."""
        if self.request.measures == ("svcca",):
            return "leading"
        return "centred" if self.request.measures == ("cka",) else "factors"

    @property
    def pairs(self) -> int:
        """Pairs to compare if no network is skipped."""
        rows = len(self.collections[0])
        return rows * (rows - 1) // 2 if len(self.collections) == 1 else rows * len(self.collections[1])

    @property
    def work(self) -> Work:
        """What the steps cost."""
        return Work(self.collections[0].samples, self.request.measures)

    def columns(self) -> list[int]:
        """Most columns that each network brings into the products."""
        units = chain.from_iterable(one.units for one in self.collections)
        most = self.leading.n_components if self.form == "leading" else None
        return [min(n, most) if most else n for n in units]

    def holds(self) -> bool:
        """Whether all bases stay in memory."""
        return holds(self.collections, self.columns(), self.options.max_memory - self._norm_bytes())

    def check_memory(self, hold: bool) -> None:
        """Raise MemoryError, before any work, if not even one pair would fit."""
        samples, item = self.collections[0].samples, self.collections[0].dtype.itemsize
        held = self._norm_bytes() + (0 if hold else self._factor_bytes())
        check_memory(max(self.columns()), samples, item, self.options.max_memory, hold, self.caller, held=held)

    def prepare(self, hold: bool, bar: Progress, *, passes: float = 1.0, alone: bool = False) -> list[Networks]:
        """The networks of each side; counts on the bar what this takes of the whole.

        Args:
            hold: All bases stay in memory.
            bar: Its total stands for preparation and pairs.
            passes: How often every pair is compared.
            alone: There is nothing to do but to prepare.
        """
        options, costs = self.options, [[self.work.preparation(n) for n in one.units] for one in self.collections]
        keep = Keep(
            bases=hold,
            loadings="pwcca" in self.request.measures,
            row_norms=self._needs_norms(),
            digests=isinstance(options.out, Path),
        )
        skip = options.nan_policy == "skip"
        sides = [Networks(one, self.form, self.leading, keep, skip=skip) for one in self.collections]
        pairs = 0.0 if alone else passes * self._pair_cost()
        unit = bar.left / (sum(map(sum, costs)) + pairs)
        bar.expect({"networks": unit * sum(map(sum, costs)), "pairs": unit * pairs})
        for side, own in zip(sides, costs, strict=True):
            side.prepare(options.n_jobs, self._room(hold), partial(_count, bar, [unit * cost for cost in own]))
        return sides

    def _pair_cost(self) -> float:
        """Of all pairs, as far as shapes tell."""
        columns, count = self.columns(), len(self.collections[0])
        rows, others = columns[:count], columns[count:] or columns[:count]
        return self.work.tile(rows, others, triangular=len(self.collections) == 1)

    def plan(self, hold: bool, sides: Sequence[Networks], orders: Sequence[Sequence[int]]) -> Plan:
        """Cut of the comparison of these networks in these orders."""
        samples, item = self.collections[0].samples, self.collections[0].dtype.itemsize
        if not orders[0] or not orders[-1]:
            return Plan(hold, (0,), (0,), samples)
        left = [sides[0].width(i) for i in orders[0]]
        right = [sides[-1].width(j) for j in orders[-1]]
        held = sum(side.held_bytes for side in sides)
        return make_plan(left, right, samples, item, self.options.max_memory, hold, self.caller, held=held)

    def engine(self, left: Networks, right: Networks | None, plan: Plan) -> TileEngine | GpuTileEngine:
        """What computes the tiles."""
        if self.options.device == "cuda":
            return GpuTileEngine(left, right, self.request, chunk=plan.chunk, device="cuda")
        return TileEngine(left, right, self.request, chunk=plan.chunk, n_jobs=self.options.n_jobs)

    def _needs_norms(self) -> bool:
        return any(measure.row_norms for measure in self.measures)

    def _norm_bytes(self) -> int:
        return 8 * self.collections[0].samples * len(self.columns()) if self._needs_norms() else 0

    def _factor_bytes(self) -> int:
        """Most that weights, and loadings if asked for, take."""
        if self.form == "centred":
            return 0
        squares = sum(n * n for one in self.collections for n in one.units)
        return squares * (8 + (self.collections[0].dtype.itemsize if "pwcca" in self.request.measures else 0))

    def _room(self, hold: bool) -> int:
        """Bytes that rows may take while networks are prepared: what will be there for tiles afterwards."""
        first = self.collections[0]
        bases = sum(self.columns()) * first.samples * first.dtype.itemsize if hold else 0
        return max(0, self.options.max_memory - bases - self._norm_bytes() - self._factor_bytes())


def _count(bar: Progress, amounts: Sequence[float], i: int) -> None:
    bar.update(amounts[i], "networks")


def collect_call(
    caller: str,
    reps: Any,
    measures: Sequence[Measure],
    raw_options: Mapping[str, object],
    *,
    norm: int = 1,
    leading: Leading | None = None,
    other: Any = None,
) -> Call:
    """Options parsed and input collected; no row is read.

    Raises:
        TypeError, ValueError: For bad options or input.
    """
    options = parse_options(caller, raw_options)
    collections = collect_sides(caller, reps, other, options)
    natives = tuple(dict.fromkeys(measure.native for measure in measures))
    return Call(caller, options, measures, collections, Request(natives, norm), leading or Leading())
