"""Chance levels against enumeration of all permutations, and against simulation."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from reference import generators
from reference import similarity as reference

from pyrnnsim._inputs.labels import Label
from pyrnnsim.similarity.chance import (
    Profile,
    expected_cca,
    expected_kernel_cka,
    expected_linear_cka,
    expected_rsa_cosine,
    expected_similarity,
)
from pyrnnsim.similarity.kernels import rbf_vector, unit_trace
from pyrnnsim.similarity.rsa import rsa_vector

LABEL = Label("chance", "reps")


def over_all_permutations(similarity, x, y):
    return np.mean([similarity(x, y[list(order)]) for order in permutations(range(len(y)))])


@pytest.mark.parametrize(
    ("rank_x", "rank_y", "samples"),
    [
        (1, 1, 6),
        (1, 4, 20),
        (2, 2, 9),
        (2, 5, 30),
        (3, 3, 9),
        (3, 6, 25),
        (4, 4, 12),
        (7, 5, 20),
        (6, 6, 10),
        (9, 4, 12),
    ],
)
def test_cca_of_independent_networks(rng, rank_x, rank_y, samples):
    repeats = 20_000
    draws = (rng.normal(size=(repeats, samples, units)) for units in (rank_x, rank_y))
    x, y = (np.linalg.qr(draw - draw.mean(axis=1, keepdims=True))[0] for draw in draws)
    found = np.linalg.svd(x.swapaxes(1, 2) @ y, compute_uv=False).mean(axis=1)
    error = found.std() / np.sqrt(repeats)
    assert found.mean() == pytest.approx(expected_cca(rank_x, rank_y, samples), abs=4.5 * error)
    assert error < 2e-3


@pytest.mark.parametrize(("units_x", "units_y"), [(3, 3), (3, 6), (6, 3)])
def test_pwcca_of_independent_networks(rng, units_x, units_y):
    scales, found = np.geomspace(1, 20, units_x), []
    for _ in range(1000):
        x, y = rng.normal(size=(15, units_x)), rng.normal(size=(15, units_y))
        found.append((reference.pwcca(x * scales, y), reference.pwcca(y, x * scales)))
    error = np.std(found, axis=0).max() / np.sqrt(1000)
    assert np.mean(found, axis=0) == pytest.approx([expected_cca(units_x, units_y, 15)] * 2, abs=4.5 * error)


@pytest.mark.parametrize(
    ("units", "expected"), [(64, 0.120), (128, 0.170), (256, 0.242)], ids=["64 units", "128 units", "256 units"]
)
def test_levels_of_the_papers_widths(units, expected):
    assert expected_cca(units, units, 3200) == pytest.approx(expected, abs=5e-4)


def test_one_direction_against_one_is_the_mean_absolute_correlation():
    for samples in (3, 10, 500):
        density = scipy.stats.beta(0.5, (samples - 2) / 2)
        assert expected_cca(1, 1, samples) == pytest.approx(density.expect(np.sqrt), rel=1e-6)


@pytest.mark.parametrize(("rank_x", "rank_y", "samples"), [(2, 2, 8), (2, 4, 12), (3, 3, 11), (3, 4, 10)])
def test_small_ranks_equal_the_integral_over_the_joint_density(rank_x, rank_y, samples):
    """Jacobi ensemble written out, integrated on an ordered simplex by a product rule in theta (lambda = sin^2)."""
    freedom = samples - 1
    nodes, weights = np.polynomial.legendre.leggauss(60)

    def points(upper):
        return (nodes + 1) / 2 * upper, weights / 2 * upper

    def log_free(theta):
        sine, cosine = np.sin(theta), np.cos(theta)
        return sine ** (rank_y - rank_x) * cosine ** (freedom - rank_x - rank_y)

    def integral(done, upper, root_sum):
        if len(done) == rank_x:
            return np.array([1.0, root_sum])
        total = np.zeros(2)
        for theta, weight in zip(*points(upper), strict=True):
            gaps = np.prod([abs(np.sin(theta) ** 2 - np.sin(other) ** 2) for other in done])
            inner = integral([*done, theta], theta, root_sum + np.sin(theta))
            total += weight * log_free(theta) * gaps * inner
        return total

    if rank_x == 3:
        nodes, weights = np.polynomial.legendre.leggauss(24)
    mass, roots = integral([], np.pi / 2, 0.0)
    assert expected_cca(rank_x, rank_y, samples) == pytest.approx(roots / mass / rank_x, rel=1e-9)


def wachter(rank_x, rank_y, samples):
    """Mean root under the limit law for ranks proportional to the samples."""
    freedom = samples - 1
    a, b = sorted((rank_x / freedom, rank_y / freedom))
    low, high = (abs(np.sqrt(b * (1 - a)) + sign * np.sqrt(a * (1 - b))) for sign in (-1, 1))

    def density(root):
        return np.sqrt((high**2 - root**2) * (root**2 - low**2)) / (np.pi * a * (1 - root**2))

    return scipy.integrate.quad(density, low, high, epsabs=1e-12)[0]


@pytest.mark.parametrize(
    ("rank_x", "rank_y", "samples"), [(64, 64, 3200), (65, 200, 3200), (256, 128, 6400), (1000, 900, 3200)]
)
def test_large_ranks_approach_wachters_law(rank_x, rank_y, samples):
    found, limit = expected_cca(rank_x, rank_y, samples), wachter(rank_x, rank_y, samples)
    assert 0 < limit - found < 0.2 / min(rank_x, rank_y) * found
    assert found == expected_cca(rank_y, rank_x, samples)


def test_networks_that_must_meet():
    assert expected_cca(9, 9, 10) == 1
    assert expected_cca(9, 4, 10) == 1
    complement = expected_cca(2, 1, 10)  # in 9 dimensions, ranks 8 and 7 meet in 6 and differ in one
    assert expected_cca(8, 7, 10) == pytest.approx((6 + complement) / 7, rel=1e-12)
    rising = [expected_cca(4, rank, 10) for rank in range(4, 10)]  # they must meet from rank 6 on
    assert (np.diff(rising) > 0).all()


def test_many_samples_and_extreme_shapes_stay_accurate():
    """E rho^2 = q / n exactly, so E rho lies just below its root where all rho are nearly equal."""
    for rank_x, rank_y, samples in ((3, 10**6, 10**7), (62, 10**6, 10**6 + 100), (1, 10**6, 10**7)):
        root = np.sqrt(rank_y / (samples - 1))
        assert 1 - 1e-5 < expected_cca(rank_x, rank_y, samples) / root < 1
    small = [expected_cca(3, 3, n) * np.sqrt(n) for n in (10**4, 10**6, 10**8)]
    assert small == pytest.approx([small[-1]] * 3, rel=2e-3)


def test_linear_cka_is_the_mean_over_all_permutations(rng):
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 7)) ** 3
    expected = over_all_permutations(reference.linear_cka, x, y)
    spectra = [reference.singular_values(z) for z in (x, y)]
    assert expected_linear_cka(*spectra, 6) == pytest.approx(expected, abs=1e-12)
    assert expected_linear_cka(spectra[0] * 1e200, spectra[1] * 1e-200, 6) == pytest.approx(expected, abs=1e-12)


def test_rbf_cka_is_the_mean_over_all_permutations(rng):
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)) ** 3
    traces = [unit_trace(rbf_vector(z, LABEL), 6) for z in (x, y)]
    assert expected_kernel_cka(*traces, 6) == pytest.approx(over_all_permutations(reference.rbf_cka, x, y), abs=1e-12)


def test_debiased_cka_and_centred_rsa_average_to_zero(rng):
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)) ** 3

    def debiased(a, b):
        return reference.rbf_cka(a, b, debiased=True)

    assert over_all_permutations(debiased, x, y) == pytest.approx(0, abs=1e-12)
    for compare in ("spearman", "pearson"):
        first, second = (rsa_vector(z, LABEL, dissimilarity="euclidean", compare=compare) for z in (x, y))
        assert first.sum() * second.sum() == pytest.approx(0, abs=1e-12)


def test_cosine_rsa_is_the_mean_over_all_permutations(rng):
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)) ** 3
    options = {"dissimilarity": "euclidean", "compare": "cosine"}
    totals = [rsa_vector(z, LABEL, **options).sum() for z in (x, y)]
    expected = over_all_permutations(lambda a, b: reference.rsa(a, b, **options), x, y)
    assert expected_rsa_cosine(*totals, 6) == pytest.approx(expected, abs=1e-12)


def test_permuted_networks_follow_the_law_of_random_subspaces(rng):
    x, y = generators.population(rng, 2, 120, [10, 14])
    found = [reference.mean_cca(x, y[rng.permutation(120)]) for _ in range(400)]
    assert np.mean(found) == pytest.approx(expected_cca(10, 14, 120), abs=4 * np.std(found) / 20)


def test_one_entry_for_all_measures():
    x = Profile(rank=5, spectrum=[2.0, 1.0], kernel_trace=3.0, total=7.0)
    y = Profile(rank=8, spectrum=[1.0, 1.0, 1.0], kernel_trace=2.0, total=6.0)
    for measure in ("cca", "svcca", "pwcca"):
        assert expected_similarity(measure, x, y, 100) == expected_cca(5, 8, 100)
    assert expected_similarity("linear_cka", x, y, 100) == expected_linear_cka([2, 1], [1, 1, 1], 100)
    assert expected_similarity("rbf_cka", x, y, 100) == 6 / 99
    assert expected_similarity("rsa_cosine", x, y, 100) == pytest.approx(42 / 4950)
    for measure in ("debiased_cka", "rsa_pearson", "rsa_spearman"):
        assert expected_similarity(measure, Profile(), Profile(), 100) == 0.0
    for measure in ("procrustes", "google_pwcca"):
        assert expected_similarity(measure, x, y, 100) is None
    for measure in ("cca", "linear_cka", "rbf_cka", "rsa_cosine"):
        assert expected_similarity(measure, x, Profile(), 100) is None


def test_refuses_what_has_no_chance_level():
    with pytest.raises(ValueError, match="expected_cca: rank_y is 10; expected 1 to 9 for 10 samples"):
        expected_cca(3, 10, 10)
    with pytest.raises(ValueError, match="expected_cca: rank_x is 0"):
        expected_cca(0, 3, 10)
    with pytest.raises(ValueError, match="spectrum_y is all zero"):
        expected_linear_cka([1.0], [0.0, 0.0], 10)
    with pytest.raises(ValueError, match="spectrum_x is all zero"):
        expected_linear_cka([], [1.0], 10)
    with pytest.raises(ValueError, match="1 samples; expected at least 2"):
        expected_kernel_cka(1.0, 1.0, 1)
    with pytest.raises(ValueError, match="1 samples; expected at least 2"):
        expected_rsa_cosine(1.0, 1.0, 1)
    with pytest.raises(ValueError, match="measure is 'cka'; expected one of cca, svcca"):
        expected_similarity("cka", Profile(), Profile(), 10)
