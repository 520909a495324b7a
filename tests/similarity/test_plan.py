"""How comparisons are cut: every pair once, within the memory, and errors that name a number that works."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import generators

import pyrnnsim
from pyrnnsim import _core
from pyrnnsim._inputs.collection import collect
from pyrnnsim.similarity import call, plan
from pyrnnsim.similarity.plan import Plan, holds, made_again, make_plan, needs_of

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)
WIDTHS = st.lists(st.integers(1, 300), min_size=1, max_size=40)


def bytes_of(made, widths, samples, itemsize):
    """What a tile of this plan takes: its quarters, the rows they are made of, their 49 products, and its cores."""
    left, right = (
        max(sum(-(-width // 4) for width in widths[a:b]) for a, b in pairwise(side)) for side in (made.left, made.right)
    )
    samples = 4 * (left + right) * made.chunk * (1 if made.hold else 3)
    return (samples + (16 + 49) * left * right) * itemsize


@EXAMPLES
@given(
    widths=WIDTHS,
    samples=st.integers(2, 3000),
    itemsize=st.sampled_from([4, 8]),
    memory=st.integers(10**6, 10**9),
    hold=st.booleans(),
    most=st.integers(1, 512),
)
def test_every_plan_keeps_to_the_memory_and_covers_all(widths, samples, itemsize, memory, hold, most):
    before, plan._MOST_NETWORKS = plan._MOST_NETWORKS, most
    try:
        made = make_plan(widths, widths, samples, itemsize, memory, hold, "pairwise_cca")
    except MemoryError as error:
        least = int(re.search(r"pass at least (\d+)$", str(error))[1])
        assert least > memory
        made, memory = make_plan(widths, widths, samples, itemsize, least, hold, "pairwise_cca"), least
    finally:
        plan._MOST_NETWORKS = before
    assert made.left == made.right and made.left[0] == 0 and made.left[-1] == len(widths)
    assert (np.diff(made.left) >= 1).all() and np.diff(made.left).max() <= most
    assert made.chunk == samples or (made.chunk < samples and made.chunk % _core.SAMPLE_BLOCK == 0)
    assert bytes_of(made, widths, samples, itemsize) <= memory


@EXAMPLES
@given(cuts=st.sets(st.integers(1, 19)), count=st.just(20), band=st.integers(1, 8))
def test_triangular_tiles_hold_every_pair_once(cuts, count, band):
    bounds = (0, *sorted(cuts), count)
    pairs = []
    for rows, columns in Plan(True, bounds, bounds, 10, band).tiles(triangular=True):
        a, b = range(count)[rows], range(count)[columns]
        pairs += list(combinations(a, 2)) if a == b else [(i, j) for i in a for j in b]
    assert sorted(pairs) == list(combinations(range(count), 2))


@pytest.mark.parametrize("band", [1, 2, 7])
def test_rectangles_hold_every_pair_once(band):
    pairs = [
        (i, j)
        for rows, columns in Plan(True, (0, 2, 5), (0, 1, 3, 4), 10, band).tiles(triangular=False)
        for i in range(5)[rows]
        for j in range(4)[columns]
    ]
    assert sorted(pairs) == [(i, j) for i in range(5) for j in range(4)]


@EXAMPLES
@given(
    cuts=st.sets(st.integers(1, 29)),
    band=st.integers(1, 8),
    triangular=st.booleans(),
)
def test_a_band_is_the_most_that_is_kept_and_saves_whole_passes(cuts, band, triangular):
    bounds = (0, *sorted(cuts), 30)
    order = list(Plan(False, bounds, bounds, 10, band).tiles(triangular))
    needs = [needs_of(range(30)[rows], range(30)[columns], 1)[0] for rows, columns in order]
    made = made_again(needs, band)
    kept, widest, bands = set(), max(np.diff(bounds)), -(-(len(bounds) - 1) // band)
    for at, (need, new) in enumerate(zip(needs, made, strict=True)):
        kept = {i for i in kept if any(i in later for later in needs[at : at + band])}
        assert new == need - kept
        kept |= need
        assert len(kept) <= (band + 1) * widest
    assert all(sum(i in new for new in made) <= bands + 1 for i in range(30))


def test_plenty_of_memory_gives_tiles_of_2048_columns_and_one_chunk():
    made = make_plan([128] * 40, [128] * 40, 3200, 4, 10**11, True, "f")
    assert made == Plan(True, (0, 16, 32, 40), (0, 16, 32, 40), 3200)
    assert make_plan([1] * 2000, [1] * 2000, 3200, 4, 10**11, True, "f").left == (0, 512, 1024, 1536, 2000)


def test_less_memory_never_gives_larger_tiles_or_chunks():
    last = None
    for memory in (10**10, 10**9, 10**8, 10**7, 4 * 10**6):
        made = make_plan([64] * 300, [64] * 300, 3200, 4, memory, False, "f")
        if last is not None:
            assert made.chunk <= last.chunk and np.diff(made.left).max() <= np.diff(last.left).max()
        last = made
    assert last.chunk < 3200


def test_bases_are_held_where_they_fit_with_a_tile():
    side = collect([np.zeros((1000, 50))] * 4, caller="f")
    bases, quarters, cores, products = 200 * 1000 * 8, 2 * 208 * 1000 * 8, 208 * 208 * 8, 49 * 52 * 52 * 8
    assert holds([side], side.units, bases + quarters + cores + 2 * products)
    assert not holds([side], side.units, bases + quarters + cores + products)


def test_the_population_of_the_paper_streams_within_4_gb():
    """2,880 networks of 64 units, 3,200 samples, float32: bases of 2.4 GB beside the panels of a tile."""
    made = make_plan([64] * 2880, [64] * 2880, 3200, 4, 4 * 10**9, False, "f")
    assert bytes_of(made, [64] * 2880, 3200, 4) <= 4 * 10**9
    assert len(made.left) - 1 <= 90  # made again for every tile: the fewer the better


class TestThroughTheFunctions:
    @pytest.fixture
    def reps(self, rng):
        return generators.population(rng, 3, 900, [129, 100, 129])

    def test_too_little_memory_names_what_was_passed_and_what_would_do(self, reps):
        with pytest.raises(MemoryError, match="^pairwise_cca: max_memory=1000000 bytes is too little") as caught:
            pyrnnsim.pairwise_cca(reps, max_memory="1MB")
        least = int(re.search(r"pass at least (\d+)$", str(caught.value))[1])
        found = pyrnnsim.pairwise_cca(reps, max_memory=least)
        np.testing.assert_array_equal(found, pyrnnsim.pairwise_cca(reps))

    def test_too_little_memory_is_said_before_any_work(self, reps, monkeypatch):
        monkeypatch.setattr("pyrnnsim.similarity.network.factorize", lambda *_: pytest.fail("worked"))
        with pytest.raises(MemoryError, match="^pairwise_cca: max_memory=1000000 bytes is too little"):
            pyrnnsim.pairwise_cca(reps, max_memory=1_000_000)

    def test_leading_directions_alone_need_little(self, reps, monkeypatch):
        made = []

        def remember(*arguments, **options):
            made.append(make_plan(*arguments, **options))
            return made[-1]

        monkeypatch.setattr(call, "make_plan", remember)
        found = pyrnnsim.pairwise_svcca(reps, n_components=5, max_memory=1_500_000)
        np.testing.assert_array_equal(found, pyrnnsim.pairwise_svcca(reps, n_components=5))
        assert made[0].hold
