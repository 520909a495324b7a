"""RSA against SciPy, and where SciPy gives NaN or noise."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from reference import generators
from reference import similarity as reference

from pyrnnsim._inputs.labels import Label
from pyrnnsim.similarity.rsa import centred_ranks, rsa_vector

LABEL = Label("pairwise_rsa", "reps", 1, "lstm")
DISSIMILARITIES = ["correlation", "euclidean", "cosine"]
COMPARE = ["spearman", "pearson", "cosine"]


def rsa(x, y, **options):
    return float(rsa_vector(x, LABEL, **options) @ rsa_vector(y, LABEL, **options))


@pytest.fixture
def pair(rng):
    return generators.population(rng, 2, 50, [5, 8])


@pytest.mark.parametrize("compare", COMPARE)
@pytest.mark.parametrize("dissimilarity", DISSIMILARITIES)
def test_equals_scipy(pair, dissimilarity, compare):
    options = {"dissimilarity": dissimilarity, "compare": compare}
    assert rsa(*pair, **options) == pytest.approx(reference.rsa(*pair, **options), abs=1e-12)
    vector = rsa_vector(pair[0], LABEL, **options)
    assert vector.shape == (50 * 49 // 2,)
    assert vector @ vector == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("samples", [3, 4])
def test_few_samples(rng, samples):
    x, y = generators.population(rng, 2, samples, [3, 4])
    assert rsa(x, y) == pytest.approx(reference.rsa(x, y), abs=1e-12)


@pytest.mark.parametrize("dissimilarity", DISSIMILARITIES)
def test_tied_dissimilarities_share_their_mean_rank(rng, dissimilarity):
    x, y = (rng.integers(0, 3, size=(30, 4)) + np.array([0, 1, 5, 9]) for _ in range(2))
    exact = [np.round(reference.dissimilarities(z, dissimilarity), 12) for z in (x, y)]
    assert len(np.unique(exact[0])) < 300  # of 435
    expected = scipy.stats.spearmanr(*exact).statistic
    assert rsa(x, y, dissimilarity=dissimilarity) == pytest.approx(expected, abs=1e-12)


def test_ties_survive_rounding(rng):
    """Rotating all samples changes no distance, but splits ties by rounding noise."""
    x = rng.integers(0, 3, size=(40, 4)).astype(float)
    turned = x @ np.linalg.qr(rng.normal(size=(4, 4)))[0] + 0.1
    noisy, exact = (reference.dissimilarities(z, "euclidean") for z in (turned, x))
    assert len(np.unique(noisy)) > 2 * len(np.unique(exact))
    y = rng.normal(size=(40, 3))
    expected = reference.rsa(x, y, dissimilarity="euclidean")
    assert rsa(turned, y, dissimilarity="euclidean") == pytest.approx(expected, abs=1e-12)


def test_proportional_patterns_have_dissimilarity_zero(rng):
    x = np.outer(np.repeat([1.0, 3.0, 0.7], 10), rng.normal(size=6))  # one direction, three lengths
    x[::2] = rng.normal(size=(15, 6))
    y = rng.normal(size=(30, 4))
    cleaned = np.round(reference.dissimilarities(x, "cosine"), 12)
    assert (cleaned == 0).sum() == 15 * 14 / 2
    expected = scipy.stats.spearmanr(cleaned, reference.dissimilarities(y, "cosine")).statistic
    assert rsa(x, y, dissimilarity="cosine") == pytest.approx(expected, abs=1e-12)


def test_ranks_are_scipys(rng):
    for values in (rng.random(500), rng.integers(0, 40, 500) / 8.0, np.ones(5), np.array([3.0])):
        expected = scipy.stats.rankdata(values) - (len(values) + 1) / 2
        assert (centred_ranks(values.copy()) == expected).all()


@pytest.mark.parametrize("dissimilarity", DISSIMILARITIES)
def test_scale_is_harmless(pair, dissimilarity):
    expected = rsa_vector(pair[0], LABEL, dissimilarity=dissimilarity, compare="pearson")
    for scale in (1e-150, 1e-8, 1e8, 1e150):
        found = rsa_vector(pair[0] * scale, LABEL, dissimilarity=dissimilarity, compare="pearson")
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dissimilarity", ["correlation", "cosine"])
def test_every_sample_may_have_its_own_scale(rng, pair, dissimilarity):
    scales = 10.0 ** rng.integers(-140, 140, size=(50, 1))
    assert rsa(pair[0] * scales, pair[1], dissimilarity=dissimilarity) == pytest.approx(
        reference.rsa(*pair, dissimilarity=dissimilarity), abs=1e-12
    )


@pytest.mark.parametrize("offset", [1e8, 2e11])
def test_offsets_are_harmless(pair, offset):
    x = np.round(pair[0] * 2**10) / 2**10  # so that adding the offset is exact
    for dissimilarity, shift in (("euclidean", np.arange(5)), ("correlation", np.arange(50)[:, None])):
        options = {"dissimilarity": dissimilarity, "compare": "pearson"}
        found, expected = (rsa_vector(z, LABEL, **options) for z in (x + offset * (3 + shift % 7), x))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)


def test_close_patterns_keep_their_digits(rng):
    """1 - r computed as such would be noise of 1e-16 on dissimilarities of 1e-14."""
    pattern = rng.normal(size=20)
    small = rng.normal(size=(12, 20))
    near, far = pattern + 1e-7 * small, pattern + 1e-3 * small
    found, expected = (rsa_vector(z, LABEL, compare="pearson") for z in (near, far))
    assert found @ expected > 1 - 1e-4
    assert rsa(near, far, compare="spearman") > 0.999


def test_float32_integers_and_layout(pair):
    x = np.asfortranarray(pair[0].astype(np.float32))
    x.setflags(write=False)
    assert (rsa_vector(x, LABEL) == rsa_vector(x.astype(np.float64), LABEL)).all()
    whole = np.arange(60).reshape(20, 3) ** 2 % 17
    assert (rsa_vector(whole, LABEL) == rsa_vector(whole.astype(float), LABEL)).all()


def test_refuses_samples_without_a_pattern(pair):
    x = pair[0].copy()
    x[[4, 9]] = 0.1
    with pytest.raises(ValueError, match=r"reps\[1\] \('lstm'\): row 4 \(and 1 more\) is constant over its units"):
        rsa_vector(x, LABEL)
    with pytest.raises(ValueError, match=r"row 4 .*constant"):
        rsa_vector((x + 1e6).astype(np.float32), LABEL)
    assert np.isfinite(rsa_vector(x, LABEL, dissimilarity="cosine")).all()
    x[[4, 9]] = 0.0
    x[4, 1] = 1.0
    with pytest.raises(ValueError, match=r"reps\[1\] \('lstm'\): row 9 is zero in all units, so its cosine"):
        rsa_vector(x, LABEL, dissimilarity="cosine")
    assert np.isfinite(rsa_vector(x, LABEL, dissimilarity="euclidean")).all()
    with pytest.raises(ValueError, match=r"reps\[1\] \('lstm'\) has 1 unit; the correlation"):
        rsa_vector(x[:, :1], LABEL)


@pytest.mark.parametrize("compare", ["spearman", "pearson"])
def test_refuses_dissimilarities_that_are_all_equal(rng, compare):
    simplex = np.eye(6) @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    for x in (simplex, np.ones((6, 2)), simplex[:2]):
        with pytest.raises(ValueError, match=r"reps\[1\] \('lstm'\): its \d+ euclidean dissimilarities .* all equal"):
            rsa_vector(x, LABEL, dissimilarity="euclidean", compare=compare)


def test_cosine_comparison_only_refuses_zero_dissimilarities():
    assert rsa(np.eye(4), np.eye(4), dissimilarity="euclidean", compare="cosine") == pytest.approx(1)
    with pytest.raises(ValueError, match="all equal"):
        rsa_vector(np.ones((4, 3)), LABEL, dissimilarity="euclidean", compare="cosine")


def test_refuses_unknown_options_and_values(pair):
    with pytest.raises(ValueError, match="pairwise_rsa: dissimilarity is 'pearson'; expected one of 'correlation'"):
        rsa_vector(pair[0], LABEL, dissimilarity="pearson")
    with pytest.raises(ValueError, match="pairwise_rsa: compare is 'kendall'; expected one of 'spearman'"):
        rsa_vector(pair[0], LABEL, compare="kendall")
    x = pair[0].copy()
    x[2, 3] = np.inf
    with pytest.raises(ValueError, match=r"reps\[1\] \('lstm'\) holds inf at row 2, unit 3"):
        rsa_vector(x, LABEL)
