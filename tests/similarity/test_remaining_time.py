"""The bar of a comparison covers preparation and pairs, and the end it announces comes true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import pyrnnsim
from pyrnnsim import _progress
from pyrnnsim.similarity import engine, plan
from pyrnnsim.similarity.networks import Networks

SAMPLES = 600


class Clock:
    """Time that passes with the work, as on a machine where it costs what it should."""

    now = preparation = loading = 0.0

    def monotonic(self):
        return self.now


@dataclass(frozen=True)
class Seen:
    """A state of the bar: when, the share that is done, seconds that it says are left (None: unknown)."""

    at: float
    share: float
    left: float | None


class Bar:
    """Stands for tqdm's: remembers what it would have shown."""

    def __init__(self, clock, total):
        self.clock, self.total, self.n, self.start_t, self.remaining = clock, total, 0.0, 0.0, None
        self.seen = []

    def update(self, amount):
        self.n += amount
        self.seen.append(Seen(self.clock.now, self.n / self.total, self.remaining))

    def refresh(self):
        self.update(0.0)

    def close(self):
        pass


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_progress, "time", clock)
    compute, prepare, make = engine.TileEngine.compute, Networks._prepare_one, Networks._make_basis

    def timed_compute(self, rows, columns):
        left = np.array([self._left.width(i) for i in rows])
        right = np.array([self._right.width(j) for j in columns])
        same = list(rows) == list(columns)
        solve = 20.0 * left[:, None] * right[None, :] * np.minimum(left[:, None], right[None, :])
        product = SAMPLES * float(left.sum() * right.sum())
        clock.now += (0.5 * product + np.triu(solve, 1).sum() if same else product + solve.sum()) * 1e-6
        return compute(self, rows, columns)

    def timed_prepare(self, i, room):
        clock.now += clock.preparation
        return prepare(self, i, room)

    def timed_make(self, i, start, stop, read):
        clock.now += clock.loading if read is None else 0.0
        return make(self, i, start, stop, read)

    monkeypatch.setattr(engine.TileEngine, "compute", timed_compute)
    monkeypatch.setattr(Networks, "_prepare_one", timed_prepare)
    monkeypatch.setattr(Networks, "_make_basis", timed_make)
    monkeypatch.setattr(plan, "_TILE_COLUMNS", 96)
    return clock


def watch(clock, monkeypatch, reps, **options):
    """What was announced, and when it was all over."""
    bars = []

    def new_bar(total, **_):
        bars.append(Bar(clock, total))
        return bars[0]

    with monkeypatch.context() as patch:
        patch.setattr(_progress, "_bar_class", lambda: new_bar)
        pyrnnsim.pairwise_pwcca(reps, progress=True, n_jobs=1, **options)
    return bars[0].seen, clock.now


def first_announced(seen, share=0.05):
    return next(one for one in seen if one.left is not None and one.share >= share)


def population(widths):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(SAMPLES, n)) for n in widths]


EVEN, MIXED = [10] * 60, [4, 6, 10, 16, 24, 32] * 10


@pytest.mark.parametrize("widths", [EVEN, MIXED], ids=["even", "mixed"])
@pytest.mark.parametrize("preparation", [0.0, 0.5, 30.0])
def test_from_the_first_pairs_on_it_holds_within_a_fifth(clock, monkeypatch, widths, preparation):
    clock.preparation = preparation
    seen, end = watch(clock, monkeypatch, population(widths))
    first = first_announced(seen)
    assert first.left == pytest.approx(end - first.at, rel=0.2)
    prepared = len(widths) * preparation
    assert first.at - prepared < 0.2 * (end - prepared), "it comes early"


def test_the_bar_moves_while_networks_are_prepared(clock, monkeypatch):
    clock.preparation = 1.0
    seen, end = watch(clock, monkeypatch, population(EVEN))
    during = [one for one in seen if 1 < one.at <= 60]
    assert len({one.share for one in during}) >= 50
    assert {one.left for one in during} == {None}, "the speed of pairs is not known yet"
    assert (seen[-1].at, seen[-1].share, seen[-1].left) == pytest.approx((end, 1.0, 0.0))


@pytest.mark.parametrize("memory", [2_500_000, 4_000_000])
@pytest.mark.parametrize("loading", [0.1, 1.0, 10.0])
def test_networks_that_must_be_loaded_again_have_a_speed_of_their_own(clock, monkeypatch, loading, memory):
    clock.loading = loading
    seen, end = watch(clock, monkeypatch, population([30] * 60), max_memory=memory)
    assert end > 200 * loading
    first = first_announced(seen)
    assert first.left == pytest.approx(end - first.at, rel=0.2)


@pytest.mark.parametrize("loading", [0.1, 1.0, 10.0])
def test_parts_of_networks_are_loaded_between_products(clock, monkeypatch, loading):
    """Their time cannot be told from that of the products, so it takes a quarter of the work to show."""
    clock.loading = loading
    seen, end = watch(clock, monkeypatch, population([30] * 60), max_memory=2_200_000)
    first = first_announced(seen, 0.25)
    assert first.left == pytest.approx(end - first.at, rel=0.2)


def test_skipped_networks_and_finished_tiles_leave_the_bar_at_its_end(clock, monkeypatch, tmp_path):
    reps = population(EVEN)
    reps[3] = np.full_like(reps[3], np.nan)
    compute, calls = engine.TileEngine.compute, []

    def breaking(tile, *arguments):
        calls.append(1)
        if len(calls) == 20:
            raise KeyboardInterrupt
        return compute(tile, *arguments)

    options = {"nan_policy": "skip", "out": tmp_path / "d.npy"}
    with monkeypatch.context() as patch:
        patch.setattr(engine.TileEngine, "compute", breaking)
        with pytest.raises(KeyboardInterrupt):
            watch(clock, patch, reps, **options)
    seen, end = watch(clock, monkeypatch, reps, **options)
    assert seen[-1].share == pytest.approx(1.0)
    first = first_announced(seen)
    assert first.share > 0.3, "what was done before counts as done"
    assert first.left == pytest.approx(end - first.at, rel=0.2), "but not as speed"
