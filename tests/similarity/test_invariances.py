"""What must not change a measure, what must, and the axioms of a distance."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import generators

import pyrnnsim

EXAMPLES = settings(max_examples=6, deadline=None, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)

METRICS = {
    "cca": ("cca", {}),
    "svcca": ("svcca", {"n_components": 3}),
    "svcca share": ("svcca", {"variance": 0.9}),
    "pwcca first": ("pwcca", {"side": "first"}),
    "pwcca second": ("pwcca", {"side": "second"}),
    "pwcca first l2": ("pwcca", {"side": "first", "norm": "l2"}),
    "pwcca mean": ("pwcca", {}),
    "cka": ("cka", {}),
    "cka debiased": ("cka", {"debiased": True}),
    "cka rbf": ("cka", {"kernel": "rbf"}),
    "cka rbf sigma": ("cka", {"kernel": "rbf", "bandwidth": 3.0}),
    "procrustes": ("procrustes", {}),
    "rsa": ("rsa", {}),
    "rsa euclidean": ("rsa", {"dissimilarity": "euclidean", "compare": "pearson"}),
    "rsa cosine": ("rsa", {"dissimilarity": "cosine", "compare": "pearson"}),
}


def orthogonal(rng, units):
    return np.linalg.qr(rng.normal(size=(units, units)))[0]


#: Changes of the first of two networks.
CHANGES = {
    "order of units": lambda x, rng: x[:, rng.permutation(x.shape[1])],
    "sign": lambda x, rng: -x,
    "shift": lambda x, rng: x + 5 * rng.normal(size=x.shape[1]),
    "scale": lambda x, rng: x * rng.uniform(2.0, 9.0),
    "rotation": lambda x, rng: x @ orthogonal(rng, x.shape[1]),
    "invertible map": lambda x, rng: x @ generators.mixing(rng, x.shape[1], 20.0),
    "order of samples": lambda x, rng: x[rng.permutation(len(x))],
    "noise": lambda x, rng: x + 0.5 * rng.normal(size=x.shape),
}
ALWAYS = {"order of units", "sign"}
RIGID = ALWAYS | {"shift", "scale", "rotation"}
ANY_MAP = RIGID | {"invertible map"}
INVARIANT_TO = {
    "cca": ANY_MAP,
    "svcca": RIGID,
    "svcca share": RIGID,
    "pwcca first": ALWAYS | {"shift", "scale"},
    "pwcca second": ANY_MAP,
    "pwcca first l2": RIGID,
    "pwcca mean": ALWAYS | {"shift", "scale"},
    "cka": RIGID,
    "cka debiased": RIGID,
    "cka rbf": RIGID,
    "cka rbf sigma": RIGID - {"scale"},
    "procrustes": RIGID,
    "rsa": ALWAYS | {"scale"},
    "rsa euclidean": RIGID,
    "rsa cosine": ALWAYS | {"scale", "rotation"},
}
MATRIX = [(metric, change) for metric in METRICS for change in CHANGES]


def distance(metric, x, y):
    name, options = METRICS[metric]
    return pyrnnsim.pairwise_distances([x, y], metric=name, **options)[0, 1]


@pytest.mark.parametrize(("metric", "change"), MATRIX, ids=lambda word: word.replace(" ", "-"))
@EXAMPLES
@given(seed=SEEDS, widths=st.sampled_from([(6, 6), (5, 9), (9, 5)]))
def test_a_change_of_one_network_changes_what_it_must_and_nothing_else(metric, change, seed, widths):
    rng = np.random.default_rng(seed)
    x, y = generators.population(rng, 2, 60, widths)
    before, after = distance(metric, x, y), distance(metric, CHANGES[change](x, rng), y)
    if change in INVARIANT_TO[metric]:
        assert after == pytest.approx(before, abs=1e-10)
    else:
        assert abs(after - before) > 1e-7


@pytest.mark.parametrize("metric", METRICS)
@EXAMPLES
@given(seed=SEEDS)
def test_one_order_of_the_samples_is_as_good_as_another(metric, seed):
    rng = np.random.default_rng(seed)
    x, y = generators.population(rng, 2, 60, (5, 9))
    order = rng.permutation(60)
    assert distance(metric, x[order], y[order]) == pytest.approx(distance(metric, x, y), abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_the_order_of_the_networks_only_permutes_the_matrix(rng, metric):
    name, options = METRICS[metric]
    reps = generators.population(rng, 6, 60, [5, 9, 9, 4, 6, 20])
    whole = np.asarray(pyrnnsim.pairwise_distances(reps, metric=name, **options))
    order = rng.permutation(6)
    shuffled = pyrnnsim.pairwise_distances([reps[i] for i in order], metric=name, **options)
    np.testing.assert_array_equal(shuffled, whole[np.ix_(order, order)])


@pytest.mark.parametrize("metric", METRICS)
def test_more_networks_change_no_pair(rng, metric):
    name, options = METRICS[metric]
    reps = generators.population(rng, 7, 410, [5, 9, 48, 4, 6, 20, 48])
    whole = np.asarray(pyrnnsim.pairwise_distances(reps, metric=name, **options))
    for i, j in permutations(range(7), 2):
        assert pyrnnsim.pairwise_distances([reps[i], reps[j]], metric=name, **options)[0, 1] == whole[i, j]


@pytest.mark.parametrize("units", [3, 20, 64, 129])
@pytest.mark.parametrize("metric", METRICS)
def test_copies_of_a_network_have_no_distance(rng, metric, units):
    x, y = generators.population(rng, 2, 801 if units < 100 else 300, units)
    name, options = METRICS[metric]
    found = pyrnnsim.pairwise_distances([x, y, x.copy()], metric=name, **options)
    assert 0 <= found[0, 2] <= (1e-7 if metric == "procrustes" else 1e-12)
    np.testing.assert_allclose(found[0, 1], found[2, 1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("units", [3, 20, 64, 128])
@pytest.mark.parametrize("metric", METRICS)
def test_copies_in_float32_are_as_close_as_float32_allows(rng, metric, units):
    x, y = (rep.astype(np.float32) for rep in generators.population(rng, 2, 801, units))
    name, options = METRICS[metric]
    found = pyrnnsim.pairwise_distances([x, y, x.copy()], metric=name, **options)
    assert 0 <= found[0, 2] <= 1e-5


@pytest.mark.parametrize(
    "metric", [metric for metric in METRICS if metric not in ("cka rbf sigma", "rsa", "rsa cosine")]
)
def test_what_a_measure_does_not_see_has_no_distance(rng, metric):
    (x,) = generators.population(rng, 1, 300, 20)
    change = "invertible map" if "invertible map" in INVARIANT_TO[metric] else "scale"
    assert distance(metric, x, CHANGES[change](x, rng)) <= (1e-7 if metric == "procrustes" else 1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_unrelated_networks_are_farther_apart_than_related_ones(rng, metric):
    x, y = generators.population(rng, 2, 400, (8, 12), shared=4, noise=0.1)
    (z,) = generators.population(rng, 1, 400, 8)
    assert distance(metric, x, y) < distance(metric, x, z) - 0.05


def test_procrustes_angles_obey_the_triangle_inequality(rng, dtype):
    reps = generators.population(rng, 9, 60, [3, 20, 9, 9, 6, 1, 12, 20, 4])
    reps += [reps[0] + 1e-3 * rng.normal(size=reps[0].shape), reps[1] @ orthogonal(rng, 20)]
    angles = np.asarray(pyrnnsim.pairwise_procrustes([rep.astype(dtype) for rep in reps]))
    detours = angles[:, :, None] + angles[None, :, :]
    slack = 1e-7 if dtype == np.float64 else 1e-5
    assert (angles[:, None, :] <= detours + slack).all()
    assert (angles[:, None, :] < detours - 1e-2).any()
