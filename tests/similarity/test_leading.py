"""Which directions SVCCA keeps, and the report of a cut through equally strong ones."""

from __future__ import annotations

import numpy as np
import pytest

import pyrnnsim
from pyrnnsim.similarity.leading import Leading, splits_tie

SAMPLES = 400


def network(rng, singular, dtype=np.float64, units=None):
    """Activity whose centred singular values are these."""
    n = units or len(singular)
    basis = rng.normal(size=(SAMPLES, len(singular)))
    basis = np.linalg.qr(basis - basis.mean(0))[0]
    turn = np.linalg.qr(rng.normal(size=(n, n)))[0][: len(singular)]
    return ((basis * np.asarray(singular)) @ turn + 0.1).astype(dtype)


@pytest.mark.parametrize(
    ("singular", "kept", "splits"),
    [
        ([4.0, 2.0, 2.0, 1.0], 2, True),
        ([4.0, 2.0, 2.0, 1.0], 1, False),
        ([4.0, 2.0, 2.0, 1.0], 3, False),
        ([4.0, 2.0, 2.0, 1.0], 4, False),
        ([3.0], 1, False),
        ([1.0, 1.0], 1, True),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tie_is_split_only_where_the_cut_falls_into_it(rng, singular, kept, splits, dtype):
    assert splits_tie(np.array(singular), kept, np.dtype(dtype)) is splits
    matrix = pyrnnsim.pairwise_svcca(
        [network(rng, singular, dtype), network(rng, [5.0, 3.0, 2.0, 1.0], dtype)], n_components=kept
    )
    assert matrix.report.tie_cut == ((0,) if splits else ())


@pytest.mark.parametrize(("dtype", "gap"), [(np.float32, 1e-5), (np.float64, 1e-13)])
def test_values_apart_by_more_than_rounding_are_no_tie(rng, dtype, gap):
    for factor, splits in ((1e-2, True), (10.0, False)):
        singular = [2.0, 1.0 + factor * gap, 1.0, 0.5]
        found = pyrnnsim.pairwise_svcca([network(rng, singular, dtype) for _ in range(2)], n_components=2)
        assert found.report.tie_cut == ((0, 1) if splits else ())


@pytest.mark.parametrize("weakest", [1.0, 1e-2, 1e-4, 1e-6])
def test_exact_ties_are_seen_at_any_condition(rng, weakest):
    """The Gram matrix blurs weak directions more than strong ones."""
    singular = [1.0, 0.5, weakest / 3, weakest / 3, weakest / 9]
    assert pyrnnsim.pairwise_svcca([network(rng, singular)] * 2, n_components=3).report.tie_cut == (0, 1)


def test_a_share_may_cut_through_a_tie(rng):
    reps = [network(rng, [1.0] * 10), network(rng, np.arange(10, 0, -1.0))]
    report = pyrnnsim.pairwise_svcca(reps, variance=0.75).report
    assert report.kept[0] == 8 and report.tie_cut == (0,)
    assert pyrnnsim.pairwise_svcca(reps, variance=1.0).report.tie_cut == ()


def test_the_other_measures_of_a_pass_are_not_concerned_and_the_summary_says_whom_it_is_about(rng):
    reps = {"even": network(rng, [1.0] * 6), "graded": network(rng, np.arange(6, 0, -1.0))}
    found = pyrnnsim.pairwise(reps, n_components=3)
    assert found["svcca"].report.tie_cut == (0,)
    assert all(matrix.report.tie_cut == () for name, matrix in found.items() if name != "svcca")
    line = "ties: the directions kept of 1 network are a choice among equally strong ones: 'even'"
    assert line in found["svcca"].report.summary().splitlines()
    assert "equally strong" not in found["cca"].report.summary()


def test_columns_are_counted_after_rows(rng):
    tied, graded = network(rng, [1.0] * 4), network(rng, [4.0, 3.0, 2.0, 1.0])
    found = pyrnnsim.cross_distances([graded], [graded, tied], metric="svcca:n_components=2")
    assert found.report.tie_cut == (2,)


def test_prepared_networks_are_judged_by_their_own_dtype(rng):
    singular = [2.0, 1.0 + 1e-9, 1.0, 0.5]
    single, double = (pyrnnsim.prepare(network(rng, singular), dtype=dtype) for dtype in (np.float32, np.float64))
    assert pyrnnsim.pairwise_svcca([single, double], n_components=2).report.tie_cut == (0,)


@pytest.mark.parametrize(("leading", "kept"), [(Leading(2), 2), (Leading(9), 3), (Leading(None, 1.0), 3)])
def test_never_more_than_there_are(leading, kept):
    assert leading.count(np.array([3.0, 2.0, 1.0])) == kept
