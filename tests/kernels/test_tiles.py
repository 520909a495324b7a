"""Cores of many pairs as one stacked product, and what is read off them, against NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest

from pyrnnsim import _core
from pyrnnsim.similarity.engine import MEASURES, connect_lapack

TILES = {np.dtype(np.float32): _core.CoreTileFloat32, np.dtype(np.float64): _core.CoreTileFloat64}
BLOCK = _core.SAMPLE_BLOCK
#: Ranks of the networks of the two sides: single columns, ragged, around panels of 8, 16, 24 and 48 columns, and wide.
SIDES = [
    ([1], [1]),
    ([3, 1, 7], [2, 9]),
    ([8, 8], [48, 1, 47]),
    ([23, 25, 1], [49, 16, 15]),
    ([129, 2], [1, 200, 3, 64]),
    ([400], [5]),
]
RTOL = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 2e-15}  # of the norms of the two matrices
MEAN, LEADING, FROM_LEFT, FROM_RIGHT, ALIGNMENT, NUCLEAR = range(6)


def draw(rng, dtype, ranks, samples):
    return [rng.normal(size=(samples, rank)).astype(dtype) for rank in ranks]


def product(tile, left, right, *, triangular=False, n_jobs=1):
    tile.start([x.shape[1] for x in left], [y.shape[1] for y in right], triangular=triangular)
    tile.accumulate(left, right, n_jobs=n_jobs)
    return tile


def assert_product(found, x, y, dtype):
    x, y = x.astype(np.float64), y.astype(np.float64)
    assert found.dtype == dtype
    assert np.abs(found - x.T @ y).max() <= RTOL[dtype] * np.linalg.norm(x) * np.linalg.norm(y)


@pytest.mark.parametrize("samples", [1, 7, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 1])
@pytest.mark.parametrize("ranks", SIDES, ids=str)
def test_every_core_is_a_product(rng, dtype, ranks, samples):
    left, right = (draw(rng, dtype, side, samples) for side in ranks)
    tile = product(TILES[dtype](), left, right, n_jobs=2)
    for i, x in enumerate(left):
        for j, y in enumerate(right):
            assert_product(tile.core(i, j), x, y, dtype)
    assert_product(tile.matrix(), np.hstack(left), np.hstack(right), dtype)


@pytest.mark.parametrize("ranks", [[5], [1, 1, 1], [30, 60, 1, 17, 90], [48] * 20, [600, 500]], ids=str)
def test_a_triangular_tile_has_the_bits_of_a_whole_one_above_the_diagonal(rng, dtype, ranks):
    reps = draw(rng, dtype, ranks, 410)
    whole, half = (product(TILES[dtype](), reps, reps, triangular=triangular) for triangular in (False, True))
    for i in range(len(ranks)):
        for j in range(i + 1, len(ranks)):
            np.testing.assert_array_equal(half.core(i, j), whole.core(i, j))


@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_chunks_of_whole_blocks_give_the_bits_of_one_pass(rng, dtype, cut, n_jobs):
    samples = 3 * BLOCK + 77
    left, right = (draw(rng, dtype, side, samples) for side in SIDES[3])
    tile = TILES[dtype]()
    expected = product(tile, left, right).matrix()
    tile.start(*SIDES[3], triangular=False)
    for start, stop in ((0, cut * BLOCK), (cut * BLOCK, samples)):
        parts = [[np.ascontiguousarray(rep[start:stop]) for rep in side] for side in (left, right)]
        tile.accumulate(*parts, n_jobs=n_jobs)
    np.testing.assert_array_equal(tile.matrix(), expected)


def test_a_core_does_not_depend_on_its_neighbours(rng, dtype):
    reps = draw(rng, dtype, [3, 48, 17, 1, 129, 8], 1000)
    together = product(TILES[dtype](), reps, reps, n_jobs=3)
    for i, x in enumerate(reps):
        for j, y in enumerate(reps):
            np.testing.assert_array_equal(product(TILES[dtype](), [x], [y]).matrix(), together.core(i, j))
            assert_product(together.core(j, i).T, x, y, dtype)


def test_a_tile_is_used_again_for_another_size(rng, dtype):
    tile = TILES[dtype]()
    for ranks in (SIDES[4], SIDES[0], SIDES[2], SIDES[4]):
        left, right = (draw(rng, dtype, side, 30) for side in ranks)
        assert_product(product(tile, left, right).matrix(), np.hstack(left), np.hstack(right), dtype)


def test_non_finite_samples_reach_their_own_cores_only(rng, dtype):
    reps = draw(rng, dtype, [5, 9, 30], 50)
    reps[1][3, 4] = np.nan
    tile = product(TILES[dtype](), reps, reps)
    finite = [[bool(np.isfinite(tile.core(i, j)).all()) for j in range(3)] for i in range(3)]
    assert finite == [[True, False, True], [False, False, False], [True, False, True]]


def sides(rng, reps, dtype):
    """Loadings, scales, directions kept, noise and doubt of networks whose bases are ``reps``."""
    ranks = [rep.shape[1] for rep in reps]
    loadings = [np.ascontiguousarray(rng.normal(size=(rank, rank + 3)), dtype=dtype) for rank in ranks]
    scales = [scale / np.linalg.norm(scale) for scale in (np.sort(rng.uniform(0.1, 1, rank))[::-1] for rank in ranks)]
    return loadings, scales, [max(1, rank // 2) for rank in ranks], [0.0] * len(ranks), [0.0] * len(ranks)


def weighted(core, loadings, rho, u):
    alpha = np.abs(u[:, : len(rho)].T @ loadings.astype(np.float64)).sum(axis=1)
    return alpha @ rho / alpha.sum()


def by_numpy(core, left, right):
    """The six values of one pair, from its core and (loadings, scale, leading) of either side."""
    u, rho, vt = np.linalg.svd(core)
    scaled = left[1][:, None] * core * right[1]
    kept = np.linalg.svd(core[: left[2], : right[2]], compute_uv=False)
    return [
        rho.mean(), kept.mean(), weighted(core, left[0], rho, u), weighted(core, right[0], rho, vt.T),
        (scaled**2).sum(), np.linalg.svd(scaled, compute_uv=False).sum(),
    ]  # fmt: skip


OPTIONS = {"norm": 1, "core_noise": 1e-16, "tolerance": 1e-11, "ambiguity": 1e-8}


def solve(tile, left, right, names, n_jobs=1):
    return tile.solve(left, right, {**OPTIONS, "measures": sum(MEASURES[name] for name in names)}, n_jobs=n_jobs)


RANKS = [2, 7, 8, 17, 32, 33, 41, 65]


@pytest.fixture
def bases(rng):
    connect_lapack()
    return [np.linalg.qr(rng.normal(size=(300, rank)))[0] for rank in RANKS]


def test_solve_reads_every_measure_off_the_cores(rng, bases):
    side = sides(rng, bases, np.float64)
    values, flags = solve(product(_core.CoreTileFloat64(), bases, bases), side, side, MEASURES)
    assert values.shape == (8, 8, 6) and flags.shape == (8, 8)
    for i, x in enumerate(bases):
        for j, y in enumerate(bases):
            if i != j:
                expected = by_numpy(x.T @ y, [part[i] for part in side], [part[j] for part in side])
                np.testing.assert_allclose(values[i, j], expected, rtol=0, atol=1e-11)


def test_chosen_pairs_have_the_bits_of_the_tile(rng, bases):
    side = sides(rng, bases, np.float64)
    whole, flags = solve(product(_core.CoreTileFloat64(), bases, bases), side, side, MEASURES)
    pairs = [(0, 5), (7, 1), (3, 4), (6, 0), (3, 7)]
    chosen = _core.CoreListFloat64()
    for n_jobs in (1, 3):
        chosen.start(RANKS, RANKS, pairs)
        chosen.accumulate(bases, bases, n_jobs=n_jobs)
        values, marks = solve(chosen, side, side, MEASURES, n_jobs)
        np.testing.assert_array_equal(values, [whole[pair] for pair in pairs])
        np.testing.assert_array_equal(marks, [flags[pair] for pair in pairs])


def test_a_mask_leaves_out_pairs_and_keeps_the_bits_of_the_others(rng, dtype):
    reps = [np.linalg.qr(rng.normal(size=(60, rank)))[0].astype(dtype) for rank in (5, 9, 3, 7)]
    side = sides(rng, reps, dtype)
    connect_lapack()
    options = {"measures": sum(MEASURES.values()), "norm": 1, "core_noise": 0.0, "tolerance": 1.0, "ambiguity": 1.0}
    tile = product(TILES[dtype](), reps, reps)
    whole, _ = tile.solve(side, side, options, n_jobs=1)
    only = rng.random((4, 4)) < 0.5
    some, flags = tile.solve(side, side, options, n_jobs=2, only=only)
    np.testing.assert_array_equal(some[only], whole[only])
    assert np.isnan(some[~only]).all() and not flags[~only].any() and only.any() and not only.all()
    with pytest.raises(ValueError, match="only must be"):
        tile.solve(side, side, options, n_jobs=1, only=only[:3])


@pytest.mark.parametrize("name", MEASURES)
def test_what_was_not_asked_for_is_missing(rng, bases, name):
    side = sides(rng, bases, np.float64)
    values, _ = solve(product(_core.CoreTileFloat64(), bases, bases, triangular=True), side, side, [name])
    columns = {
        "cca": [MEAN],
        "svcca": [LEADING],
        "pwcca": [FROM_LEFT, FROM_RIGHT],
        "cka": [ALIGNMENT],
        "procrustes": [NUCLEAR],
    }
    assert np.flatnonzero(np.isfinite(values[0, 1])).tolist() == columns[name]
    assert np.isnan(values[np.tril_indices(8)]).all()


FOUR = np.zeros((5, 4))
BAD = [
    (np.zeros((5, 2)), FOUR, r"left\[0\] must be \(5, 3\), got \(5, 2\)"),
    (np.zeros((5, 3)), np.zeros((6, 4)), r"right\[0\] must be \(5, 4\), got \(6, 4\)"),
    (np.zeros(3), FOUR, r"left\[0\] must be \(3, 3\), got \(3,\)"),
    (np.zeros((5, 3), np.float32), FOUR, "left: every item must be a C-contiguous array of the tile's dtype"),
    (np.zeros((3, 5)).T, FOUR, "left: every item must be a C-contiguous array of the tile's dtype"),
    ("text", FOUR, "left: every item must be a C-contiguous array of the tile's dtype"),
]


@pytest.fixture
def small():
    tile = _core.CoreTileFloat64()
    tile.start([3], [4], triangular=False)
    return tile


@pytest.mark.parametrize(("left", "right", "message"), BAD, ids=[message for *_, message in BAD])
def test_bad_arrays_are_named(small, left, right, message):
    with pytest.raises(ValueError, match=message):
        small.accumulate([left], [right], n_jobs=1)


def test_bad_counts_and_indices_are_named(small):
    with pytest.raises(ValueError, match="left must have 1 arrays, got 0"):
        small.accumulate([], [FOUR], n_jobs=1)
    for pair in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        with pytest.raises(ValueError, match="core: no such pair"):
            small.core(*pair)


def test_bad_sides_and_pairs_are_named(rng, bases):
    tile = product(_core.CoreTileFloat64(), bases[:1], bases[:1])
    loadings, scales, leading, *noise = good = sides(rng, bases[:1], np.float64)
    for bad, message in [
        ((loadings, [], leading, *noise), "one item per network"),
        ((loadings, scales, leading, [], []), "one item per network"),
        ((loadings, scales, [0], *noise), r"leading must lie in \[1, rank\]"),
        ((loadings, scales, [RANKS[0] + 1], *noise), r"leading must lie in \[1, rank\]"),
        ((loadings, [np.ones(9)], leading, *noise), r"scales must be \(rank,\)"),
        (([np.ones((9, 9))], scales, leading, *noise), r"loadings must be \(rank, units\)"),
        ((loadings, scales, leading), "each side must be"),
    ]:
        with pytest.raises(ValueError, match=message):
            solve(tile, bad, good, MEASURES)
    with pytest.raises(ValueError, match="pairs: no such network"):
        _core.CoreListFloat64().start([2], [2], [(0, 1)])
