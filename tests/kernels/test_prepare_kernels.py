"""Kernels that prepare one network: column sums, centred Gram matrix, centred copy, projection; against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from kernels.guard import run_guarded

from pyrnnsim import _core

UNITS = [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 48, 64, 100, 129]
SAMPLES = [1, 2, 7, 400, 401]
OFFSETS = {np.dtype(np.float32): 1e3, np.dtype(np.float64): 1e8}


def activity(rng, dtype, samples, units):
    """Units of different offsets and scales, as the dtype holds them, and the same numbers in float64."""
    x = rng.normal(size=(samples, units)) * rng.uniform(0.5, 2, units) + OFFSETS[dtype] * rng.normal(size=units)
    x = x.astype(dtype)
    return x, x.astype(np.float64)


def column_sums(x, shift, cuts=()):
    sums, spread = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for part in np.split(x, cuts):
        _core.add_column_sums(np.ascontiguousarray(part), shift, sums, spread)
    return sums, spread


def gram(x, mean, scale, cuts=()):
    units = x.shape[1]
    padded = np.zeros(_core.gram_shape(units))
    for part in np.split(x, cuts):
        _core.add_centred_gram(np.ascontiguousarray(part), mean, scale, padded)
    return np.tril(padded[:units, :units])


@pytest.mark.parametrize("samples", SAMPLES)
@pytest.mark.parametrize("units", UNITS)
def test_column_sums(rng, dtype, samples, units):
    x, wide = activity(rng, dtype, samples, units)
    sums, spread = column_sums(x, wide[0])
    np.testing.assert_allclose(sums, (wide - wide[0]).sum(axis=0), rtol=0, atol=1e-13 * samples)
    np.testing.assert_array_equal(spread, np.abs(wide - wide[0]).max(axis=0))


@pytest.mark.parametrize("samples", SAMPLES)
@pytest.mark.parametrize("units", UNITS)
def test_the_gram_matrix_of_centred_units(rng, dtype, samples, units):
    x, wide = activity(rng, dtype, samples, units)
    mean, scale = wide.mean(axis=0), 2.0 ** rng.integers(-3, 4, units)
    y = (wide - mean) * scale
    lengths = np.linalg.norm(y, axis=0)
    off = np.abs(gram(x, mean, scale) - np.tril(y.T @ y))
    assert (off <= 1e-14 * np.outer(lengths, lengths) + 1e-300).all()


@pytest.mark.parametrize("rank", [1, 3, 8, 16, 17, 49, 129])
@pytest.mark.parametrize("units", UNITS)
def test_the_projection_of_centred_units(rng, dtype, units, rank):
    x, wide = activity(rng, dtype, 41, units)
    mean, weights = wide.mean(axis=0), rng.normal(size=(units, rank))
    expected = (wide - mean) @ weights
    size = np.linalg.norm(wide - mean, axis=1)[:, None] * np.linalg.norm(weights, axis=0)
    found = _core.project(x, mean, weights)
    assert found.dtype == dtype and found.shape == (41, rank)
    assert (
        np.abs(found - expected) <= (6e-8 if dtype == np.float32 else 1e-15) * np.abs(expected) + 2e-15 * size
    ).all()
    fast = _core.project(x, mean, weights, precise=False)
    assert (np.abs(fast - expected) <= (1e-6 if dtype == np.float32 else 2e-15) * size).all()


def test_precise_sums_float32_in_double(rng):
    """Large terms that cancel: float32 sums would be wrong in the second digit."""
    x = rng.normal(size=(20, 64)).astype(np.float32)
    weights = np.concatenate([np.full((32, 3), 1e6), rng.normal(size=(32, 3))])
    x[:, 16:32] = -x[:, :16]
    expected = x.astype(np.float64) @ weights
    assert np.abs(_core.project(x, np.zeros(64), weights) - expected).max() < 1e-5
    assert np.abs(_core.project(x, np.zeros(64), weights, precise=False) - expected).max() > 1e-3


@pytest.mark.parametrize("units", [1, 7, 48, 129])
def test_a_centred_copy(rng, dtype, units):
    x, wide = activity(rng, dtype, 33, units)
    mean = wide.mean(axis=0)
    found = _core.centred(x, mean, 0.25)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, ((wide - mean) * 0.25).astype(dtype))


@pytest.mark.parametrize("units", [5, 16, 129])
@pytest.mark.parametrize("cuts", [[400], [400, 800], [800], [1200]], ids=str)
def test_chunks_give_the_bits_of_one_pass(rng, dtype, units, cuts):
    x, wide = activity(rng, dtype, 1290, units)
    mean, scale = wide.mean(axis=0), np.full(units, 0.5)
    for one, parts in zip(column_sums(x, wide[0]), column_sums(x, wide[0], cuts), strict=True):
        np.testing.assert_array_equal(one, parts)
    np.testing.assert_array_equal(gram(x, mean, scale), gram(x, mean, scale, cuts))


@pytest.mark.parametrize("precise", [False, True])
@pytest.mark.parametrize("units", [3, 40, 129])
def test_a_row_of_the_projection_does_not_depend_on_its_neighbours(rng, dtype, units, precise):
    x, wide = activity(rng, dtype, 53, units)
    mean, weights = wide.mean(axis=0), rng.normal(size=(units, 37))
    whole = _core.project(x, mean, weights, precise=precise)
    for start, stop in ((0, 1), (5, 12), (17, 53), (52, 53)):
        part = _core.project(np.ascontiguousarray(x[start:stop]), mean, weights, precise=precise)
        np.testing.assert_array_equal(part, whole[start:stop])
    for keep in (1, 8, 20, 36):
        narrow = _core.project(x, mean, np.ascontiguousarray(weights[:, :keep]), precise=precise)
        np.testing.assert_array_equal(narrow, whole[:, :keep])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_reaches_the_sum_of_its_unit_alone(rng, dtype, bad):
    x = rng.normal(size=(50, 19)).astype(dtype)
    x[31, 17] = bad
    sums, _ = column_sums(x, np.zeros(19))
    assert np.flatnonzero(~np.isfinite(sums)).tolist() == [17]


def test_no_samples_change_nothing(dtype):
    x, start = np.empty((0, 5), dtype), np.full(5, 3.0)
    sums, spread, padded = start.copy(), start.copy(), np.zeros(_core.gram_shape(5))
    _core.add_column_sums(x, np.zeros(5), sums, spread)
    _core.add_centred_gram(x, np.zeros(5), np.ones(5), padded)
    np.testing.assert_array_equal([sums, spread], [start, start])
    assert not padded.any()
    assert _core.project(x, np.zeros(5), np.ones((5, 2))).shape == (0, 2)


X, FIVE, FOUR = np.zeros((3, 5)), np.zeros(5), np.zeros(4)
PADDED = np.zeros(_core.gram_shape(5))
BAD = [
    ("add_column_sums", (FIVE, FIVE, FIVE, FIVE), r"x must be \(samples, units\), got \(5,\)"),
    ("add_column_sums", (X, FOUR, FIVE, FIVE), r"shift must be \(5,\), got \(4,\)"),
    ("add_column_sums", (X, FIVE, FOUR, FIVE), r"sums must be \(5,\), got \(4,\)"),
    ("add_column_sums", (X, FIVE, FIVE, X), r"spread must be \(5,\), got \(3, 5\)"),
    ("add_centred_gram", (X, FOUR, FIVE, PADDED), r"mean must be \(5,\), got \(4,\)"),
    ("add_centred_gram", (X, FIVE, FOUR, PADDED), r"scale must be \(5,\), got \(4,\)"),
    ("add_centred_gram", (X, FIVE, FIVE, np.zeros((5, 5))), r"gram must have gram_shape\(units\), got \(5, 5\)"),
    ("centred", (X, FOUR, 1.0), r"mean must be \(5,\), got \(4,\)"),
    ("centred", (FIVE, FIVE, 1.0), r"x must be \(samples, units\), got \(5,\)"),
    ("project", (X, FOUR, np.zeros((5, 2))), r"mean must be \(5,\), got \(4,\)"),
    ("project", (X, FIVE, np.zeros((4, 2))), r"weights must be \(5, rank\), got \(4, 2\)"),
    ("project", (X, FIVE, FIVE), r"weights must be \(5, rank\), got \(5,\)"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), BAD, ids=[f"{name}: {message}" for name, _, message in BAD])
def test_bad_shapes_are_named(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(_core, name)(*arguments)


@pytest.mark.parametrize("wrong", [X.astype(int), X.astype(">f8"), np.zeros((5, 3)).T, X.astype(np.float16)], ids=str)
def test_nothing_is_converted_behind_the_callers_back(wrong):
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _core.add_column_sums(wrong, FIVE, FIVE.copy(), FIVE.copy())
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _core.project(wrong, FIVE, np.zeros((5, 2)))


def test_results_go_into_the_array_that_was_passed_or_nowhere():
    for sums in (np.zeros(5, np.float32), np.zeros(10)[::2]):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            _core.add_column_sums(X, FIVE, sums, FIVE.copy())
    frozen = np.zeros(5)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="writeable|read-only"):
        _core.add_column_sums(X, FIVE, frozen, FIVE.copy())


def test_nothing_is_read_beyond_the_arrays():
    """Every operand, of these kernels and of a tile, ends at the end of a page before one that nobody may touch."""
    script = """
        for dtype in (np.float32, np.float64):
            for samples, units, rank in ((1, 1, 1), (5, 7, 3), (9, 33, 17), (3, 129, 50)):
                x, zero, one = (guarded(v) for v in (np.ones((samples, units), dtype), np.zeros(units), np.ones(units)))
                sums, spread, padded = guarded(zero), guarded(zero), guarded(np.zeros(_core.gram_shape(units)))
                _core.add_column_sums(x, zero, sums, spread)
                _core.add_centred_gram(x, zero, one, padded)
                assert (sums == samples).all() and (spread == 1).all() and padded[units - 1, 0] == samples
                for precise in (False, True):
                    product = _core.project(x, zero, guarded(np.ones((units, rank))), precise=precise)
                    assert (product == units).all()
                tile = _core.CoreTileFloat32() if dtype is np.float32 else _core.CoreTileFloat64()
                tile.start([units, rank], [rank], triangular=False)
                other = guarded(np.ones((samples, rank), dtype))
                tile.accumulate([x, other], [other], n_jobs=1)
                assert (tile.matrix() == samples).all()
    """
    run_guarded(script)
