"""Canonical correlation analysis of one pair: correlations, directions, ranks and ties."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from reference import generators
from reference import similarity as reference

import pyrnnsim

SPREAD = [0.97, 0.8, 0.55, 0.3, 0.05]
UNITS = [(5, 5), (5, 9), (9, 5), (1, 5), (5, 1), (1, 1), (40, 33)]


def variates(x, directions):
    return reference.centre(x) @ directions


@pytest.fixture(params=UNITS, ids=str)
def pair(request, rng, dtype):
    rho = SPREAD[: min(*request.param, 5)]
    x, y, expected = generators.correlated_pair(rng, rho, 450, *request.param)
    return x.astype(dtype), y.astype(dtype), expected


def test_correlations_are_those_of_the_construction(pair, atol):
    x, y, expected = pair
    found = pyrnnsim.canonical_correlations(x, y)
    np.testing.assert_allclose(found.correlations, expected, rtol=0, atol=atol)
    np.testing.assert_allclose(found.correlations, reference.canonical_correlations(x, y), rtol=0, atol=1e-10)
    assert (np.diff(found.correlations) <= 0).all()
    assert (found.x_rank, found.y_rank) == (x.shape[1], y.shape[1])


def test_variates_are_orthonormal_and_correlate_column_by_column(pair):
    x, y, _ = pair
    found = pyrnnsim.canonical_correlations(x, y)
    count = min(x.shape[1], y.shape[1])
    assert found.x_directions.shape == (x.shape[1], count) and found.y_directions.shape == (y.shape[1], count)
    a, b = variates(x, found.x_directions), variates(y, found.y_directions)
    np.testing.assert_allclose(a.T @ a, np.eye(count), rtol=0, atol=1e-12)
    np.testing.assert_allclose(b.T @ b, np.eye(count), rtol=0, atol=1e-12)
    np.testing.assert_allclose(a.T @ b, np.diag(found.correlations), rtol=0, atol=1e-12)


def test_everything_is_float64_and_frozen(pair):
    x, y, _ = pair
    found = pyrnnsim.canonical_correlations(x, y)
    assert {found.correlations.dtype, found.x_directions.dtype, found.y_directions.dtype} == {np.dtype(float)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.x_rank = 3


def test_the_other_order_swaps_the_sides(pair):
    x, y, _ = pair
    one, other = pyrnnsim.canonical_correlations(x, y), pyrnnsim.canonical_correlations(y, x)
    np.testing.assert_allclose(one.correlations, other.correlations, rtol=0, atol=1e-13)
    assert (one.x_rank, one.y_rank) == (other.y_rank, other.x_rank)
    distinct = one.correlations > 1e-6  # of zeros, there are no directions to agree on
    agreement = np.abs(np.sum(variates(x, one.x_directions) * variates(x, other.y_directions), axis=0))
    np.testing.assert_allclose(agreement[distinct], 1, rtol=0, atol=1e-6)


def test_directions_give_pwcca_by_its_definition(rng):
    x, y, _ = generators.correlated_pair(rng, SPREAD, 450, 5, 9)
    found = pyrnnsim.canonical_correlations(x, y)
    alpha = np.abs(variates(x, found.x_directions).T @ reference.centre(x)).sum(axis=1)
    similarity = alpha @ found.correlations / alpha.sum()
    assert pyrnnsim.pairwise_pwcca([x, y], side="first")[0, 1] == pytest.approx(1 - similarity, abs=1e-12)


def test_dependent_and_dead_units_cut_the_rank(rng, dtype, atol):
    x, y, rho = generators.correlated_pair(rng, SPREAD, 450, 5, 9)
    x, y = x.astype(dtype), y.astype(dtype)
    wide = np.hstack([x, x[:, :2], np.full((450, 1), 3, dtype)])
    found = pyrnnsim.canonical_correlations(wide, y)
    assert (found.x_rank, found.y_rank) == (5, 9)
    np.testing.assert_allclose(found.correlations, rho, rtol=0, atol=atol)
    assert found.x_directions.shape == (8, 5)
    a = variates(wide, found.x_directions)
    np.testing.assert_allclose(a.T @ a, np.eye(5), rtol=0, atol=1e-10)
    assert (found.x_directions[-1] == 0).all()


def test_ill_conditioned_networks_keep_orthonormal_variates(rng):
    x, y, rho = generators.correlated_pair(rng, SPREAD, 450, 5, 9, condition=1e6)
    found = pyrnnsim.canonical_correlations(x, y)
    np.testing.assert_allclose(found.correlations, rho, rtol=0, atol=1e-8)
    a = variates(x, found.x_directions)
    np.testing.assert_allclose(a.T @ a, np.eye(5), rtol=0, atol=1e-8)


def test_as_many_units_as_samples(rng, dtype):
    x, y = rng.normal(size=(12, 30)).astype(dtype), rng.normal(size=(12, 12)).astype(dtype)
    with pytest.warns(UserWarning, match="12 samples.* 30 units.* mean canonical correlation of 1 by chance") as caught:
        found = pyrnnsim.canonical_correlations(x, y)
    assert len(caught) == 1
    assert found.x_rank == found.y_rank == 11
    np.testing.assert_allclose(found.correlations, 1, rtol=0, atol=1e-6 if dtype == np.float32 else 1e-12)
    assert found.correlations.max() <= 1.0


@pytest.mark.parametrize(
    ("rho", "ties"),
    [
        (SPREAD, ()),
        ([0.9, 0.6, 0.6, 0.6, 0.2], ((1, 2, 3),)),
        ([1.0, 1.0, 0.5, 0.5, 0.0], ((0, 1), (2, 3))),
        ([0.9, 0.0, 0.0, 0.0, 0.0], ((1, 2, 3, 4),)),
        ([1.0, 1 - 1e-4, 0.5, 0.4, 0.3], ()),
    ],
    ids=["none", "middle", "two groups", "zeros", "near"],
)
def test_ties_are_listed(rng, dtype, rho, ties):
    x, y, _ = generators.correlated_pair(rng, rho, 450, 5, 5)
    assert pyrnnsim.canonical_correlations(x.astype(dtype), y.astype(dtype)).ties == ties


def test_the_mean_is_pairwise_cca(pair, atol):
    x, y, _ = pair
    found = pyrnnsim.canonical_correlations(x, y).correlations
    assert pyrnnsim.pairwise_cca([x, y])[0, 1] == pytest.approx(1 - found.mean(), abs=atol)


def test_the_same_bits_every_time(pair):
    x, y, _ = pair
    runs = [pyrnnsim.canonical_correlations(x, np.asfortranarray(y)) for _ in range(3)]
    for other in runs[1:]:
        for name in ("correlations", "x_directions", "y_directions"):
            np.testing.assert_array_equal(getattr(other, name), getattr(runs[0], name))


GOOD = np.random.default_rng(0).normal(size=(30, 3))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            GOOD,
            GOOD[:29],
            "^canonical_correlations: y has 29 samples, expected 30 as in x; rows must be the same probe",
        ),
        (GOOD, GOOD.T, r"^canonical_correlations: y has 3 samples, expected 30 as in x.*pass y\.T"),
        (GOOD[:, 0], GOOD, r"^canonical_correlations: x.*reshape\(-1, 1\)"),
        (GOOD, np.ones((30, 4)), "^canonical_correlations: y.* is constant"),
        (np.where(np.arange(90).reshape(30, 3) == 40, np.nan, GOOD), GOOD, "^canonical_correlations: x.*nan"),
        (GOOD, np.where(np.arange(90).reshape(30, 3) == 40, np.inf, GOOD), "^canonical_correlations: y.*inf"),
    ],
    ids=["samples", "transposed", "1-D", "constant", "nan", "inf"],
)
def test_bad_input_is_named(x, y, message):
    with pytest.raises(ValueError, match=message):
        pyrnnsim.canonical_correlations(x, y)


def test_what_is_no_array_is_named():
    with pytest.raises(TypeError, match="^canonical_correlations: y"):
        pyrnnsim.canonical_correlations(GOOD, None)
    with pytest.raises(TypeError, match="^canonical_correlations: x"):
        pyrnnsim.canonical_correlations(GOOD.astype(complex), GOOD)
