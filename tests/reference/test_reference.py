"""The references must agree with each other before anything is compared with them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial
from reference import generators, high_precision
from reference import similarity as reference

SPREAD = [0.97, 0.8, 0.55, 0.3, 0.05]


@pytest.mark.parametrize("units", [(5, 5), (5, 9), (9, 5)])
@pytest.mark.parametrize(
    "rho",
    [SPREAD, [1.0, 0.6, 0.6, 0.6, 0.0], [1.0, 1.0, 0.5, 0.0, 0.0], [1 - 1e-6, 0.5, 0.4, 0.3, 1e-3]],
    ids=["spread", "ties", "ones and zeros", "near one"],
)
def test_canonical_correlations_are_those_the_data_were_made_with(rng, rho, units):
    x, y, expected = generators.correlated_pair(rng, rho, 60, *units)
    np.testing.assert_allclose(reference.canonical_correlations(x, y), expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(reference.canonical_correlations_by_eigenproblem(x, y), expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(reference.canonical_directions(x, y)[1], expected, rtol=0, atol=1e-10)
    at_the_ends = np.any((np.abs(expected) < 1e-2) | (expected > 1 - 1e-4))
    by_angles = reference.canonical_correlations_by_angles(x, y)
    np.testing.assert_allclose(by_angles, expected, rtol=0, atol=1e-7 if at_the_ends else 1e-10)


@pytest.mark.parametrize("units", [(3, 3), (2, 4), (4, 2), (1, 1)])
def test_canonical_correlations_agree_with_fifty_digits(rng, units):
    rho = [0.9, 0.4, 0.2][: min(units)]
    x, y, _ = generators.correlated_pair(rng, rho, 25, *units)
    exact = high_precision.canonical_correlations(x, y)
    assert len(exact) == min(units)
    np.testing.assert_allclose(reference.canonical_correlations(x, y), exact, rtol=0, atol=1e-13)
    np.testing.assert_allclose(reference.canonical_correlations_by_eigenproblem(x, y), exact, rtol=0, atol=1e-12)


def test_dead_duplicate_and_dependent_units_change_nothing(rng):
    x, y, expected = generators.correlated_pair(rng, SPREAD, 60)
    wide = np.column_stack([x, x[:, 0], np.full(60, 7.0), x[:, 1] + x[:, 2]])
    assert reference.rank(wide) == 5
    np.testing.assert_allclose(reference.canonical_correlations(wide, y), expected, atol=1e-9)


def test_as_many_units_as_samples_correlate_perfectly(rng):
    x, y = rng.normal(size=(8, 12)), rng.normal(size=(8, 9))
    np.testing.assert_allclose(reference.canonical_correlations(x, y), np.ones(7), atol=1e-12)


@pytest.mark.parametrize("units_y", [5, 9])
def test_pwcca_has_the_value_known_in_closed_form(rng, units_y):
    amplitudes = np.array([0.2, -3.0, 1.0, 0.7, -2.0])
    x, y = generators.weighted_pair(rng, SPREAD, amplitudes, 60, units_y)
    weights = np.abs(amplitudes)
    assert reference.pwcca(x, y) == pytest.approx(weights @ SPREAD / weights.sum(), abs=1e-12)
    assert reference.pwcca(x, y, norm="l2") == pytest.approx(weights**2 @ SPREAD / (weights**2).sum(), abs=1e-12)


def test_pwcca_normalises_over_the_smaller_rank_when_the_weighting_network_is_wider(rng):
    x, y = generators.correlated_bases(rng, [0.9, 0.3], 60, 5, 2)
    x = x * np.array([2.0, 1.0, 10.0, 10.0, 10.0])
    assert reference.pwcca(x, y) == pytest.approx((2 * 0.9 + 0.3) / 3, abs=1e-12)


def test_pwcca_sides(rng):
    x, y, _ = generators.correlated_pair(rng, SPREAD, 60, 9, 5)
    first, second = reference.pwcca(x, y), reference.pwcca(y, x)
    assert abs(first - second) > 1e-3
    assert reference.pwcca_sided(x, y, side="smaller") == second
    assert reference.pwcca_sided(y, x, side="smaller") == second
    assert reference.pwcca_sided(x, y, side="mean") == reference.pwcca_sided(y, x, side="mean")


def test_only_l1_weights_depend_on_the_basis_of_tied_correlations(rng):
    bases = generators.correlated_bases(rng, [0.8, 0.8, 0.3], 60)
    amplitudes = np.array([3.0, 0.2, 1.0])
    values = {"l1": [], "l2": []}
    for norm, found in values.items():
        for turn in (0.0, 0.7):
            rotation = scipy.linalg.block_diag([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], 1)
            projections = rotation.T @ np.diag(amplitudes)  # <h_i, z_j> for canonical variates turned within the tie
            alpha = np.abs(projections).sum(1) if norm == "l1" else (projections**2).sum(1)
            found.append(alpha @ [0.8, 0.8, 0.3] / alpha.sum())
    assert abs(np.subtract(*values["l1"])) > 1e-3
    assert abs(np.subtract(*values["l2"])) < 1e-12
    assert reference.pwcca(bases[0] * amplitudes, bases[1], norm="l2") == pytest.approx(values["l2"][0], abs=1e-12)


def test_svcca_with_all_components_is_mean_cca(rng):
    x, y, expected = generators.correlated_pair(rng, SPREAD, 60, 5, 9)
    assert reference.svcca(x, y, components=9) == pytest.approx(expected.mean(), abs=1e-10)


def test_svcca_thresholds_count_what_they_say(rng):
    basis = generators.orthonormal(rng, 50, 4)
    x = basis * [8.0, 4.0, 2.0, 1.0]  # s^2: 64, 16, 4, 1 of 85; s: 8, 4, 2, 1 of 15
    kept = reference.kept_components
    assert [kept(x, variance=v) for v in (0.5, 0.75, 0.76, 0.94, 0.95, 1.0)] == [1, 1, 2, 2, 3, 4]
    assert [kept(x, variance=v, threshold_on="singular_values") for v in (0.5, 0.8, 0.81, 0.95)] == [1, 2, 3, 4]


def test_linear_cka_from_kernels_and_from_features_agree(rng):
    x, y = generators.population(rng, 2, 40, [6, 9])
    assert reference.linear_cka(x, y) == pytest.approx(reference.linear_cka_from_features(x, y), abs=1e-13)
    assert reference.linear_cka(x + 1e6, y) == pytest.approx(reference.linear_cka(x, y), abs=1e-8)


def test_linear_cka_of_whitened_networks_is_the_sum_of_squared_correlations(rng):
    x, y = generators.correlated_bases(rng, SPREAD, 60, 5, 8)
    assert reference.linear_cka(x, y) == pytest.approx(np.sum(np.square(SPREAD)) / np.sqrt(5 * 8), abs=1e-13)


@pytest.mark.parametrize("samples", [4, 5, 8])
@pytest.mark.parametrize("kernel", [reference.linear_kernel, reference.rbf_kernel])
def test_debiased_cka_is_the_u_statistic(rng, samples, kernel):
    k, l = (kernel(z) for z in generators.population(rng, 2, samples, [3, 5]))  # noqa: E741
    assert reference.debiased_cka(k, l) == pytest.approx(reference.debiased_cka_by_quadruples(k, l), abs=1e-11)


def test_wide_rbf_cka_tends_to_linear_cka(rng):
    x, y = generators.population(rng, 2, 30, [4, 6])
    assert reference.rbf_cka(x, y, bandwidth=3e3) == pytest.approx(reference.linear_cka(x, y), abs=1e-5)


def test_procrustes_agrees_with_scipy_and_with_the_nuclear_norm(rng):
    x, y = generators.population(rng, 2, 40, 6)
    similarity = reference.procrustes_similarity(x, y)
    disparity = scipy.spatial.procrustes(x, y)[2]
    assert similarity**2 == pytest.approx(1 - disparity, abs=1e-12)
    wide = np.pad(y, ((0, 0), (0, 3))) @ np.linalg.qr(rng.normal(size=(9, 9)))[0]
    assert reference.procrustes_similarity(x, wide) == pytest.approx(similarity, abs=1e-12)
    a, b = (reference.centre(z) / np.linalg.norm(reference.centre(z)) for z in (x, wide))
    assert similarity == pytest.approx(scipy.linalg.svdvals(a.T @ b).sum(), abs=1e-12)
    assert reference.procrustes_angle(x, y) == pytest.approx(np.arccos(similarity))


@pytest.mark.parametrize("compare", ["spearman", "pearson", "cosine"])
@pytest.mark.parametrize("dissimilarity", ["correlation", "euclidean", "cosine"])
def test_rsa_by_hand(rng, dissimilarity, compare):
    x, y = generators.population(rng, 2, 12, [4, 6])
    found = []
    for z in (x, y):
        rows = {"correlation": z - z.mean(axis=1, keepdims=True), "cosine": z, "euclidean": z}[dissimilarity]
        pairs = [(rows[i], rows[j]) for i in range(12) for j in range(i + 1, 12)]
        if dissimilarity == "euclidean":
            d = np.array([np.sqrt(((a - b) ** 2).sum()) for a, b in pairs])
        else:
            d = np.array([1 - a @ b / np.sqrt((a @ a) * (b @ b)) for a, b in pairs])
        if compare == "spearman":
            d = np.argsort(np.argsort(d)).astype(float)
        d = d if compare == "cosine" else d - d.mean()
        found.append(d / np.linalg.norm(d))
    expected = reference.rsa(x, y, dissimilarity=dissimilarity, compare=compare)
    assert found[0] @ found[1] == pytest.approx(expected, abs=1e-12)


def test_google_pwcca_depends_on_arbitrary_signs(rng):
    x, y = generators.population(rng, 2, 200, [6, 9])
    x += 2.0
    values = [reference.google_pwcca(x, y, signs=signs) for signs in (np.ones(6), -np.ones(6), [1, -1] * 3)]
    assert values[0] == reference.google_pwcca(x, y)
    assert np.ptp(values) > 1e-3
    x -= x.mean(axis=0)  # without means to add, signs do not matter
    values = [reference.google_pwcca(x, y, signs=signs) for signs in (np.ones(6), -np.ones(6), [1, -1] * 3)]
    assert np.ptp(values) < 1e-12


def test_matrix_compares_every_ordered_pair(rng):
    reps = generators.population(rng, 3, 40, [4, 5, 6])
    table = reference.matrix(reference.pwcca, reps, norm="l2")
    assert table.shape == (3, 3)
    assert table[0, 2] == reference.pwcca(reps[0], reps[2], norm="l2")
    assert reference.matrix(reference.linear_cka, reps, reps[:2]).shape == (3, 2)
