"""RBF CKA against dense kernels, and where dense kernels fail."""

from __future__ import annotations

import numpy as np
import pytest
from reference import generators
from reference import similarity as reference

from pyrnnsim._inputs.labels import Label
from pyrnnsim.similarity.kernels import check_bandwidth, rbf_vector, unit_trace

LABEL = Label("pairwise_cka", "reps", 3, "gru")


def cka(x, y, **options):
    return float(rbf_vector(x, LABEL, **options) @ rbf_vector(y, LABEL, **options))


@pytest.fixture
def pair(rng):
    return generators.population(rng, 2, 60, [4, 7])


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("bandwidth", ["median", 0.5, 4, np.float32(20)])
def test_equals_the_definition(pair, bandwidth, debiased):
    expected = reference.rbf_cka(*pair, bandwidth=bandwidth, debiased=debiased)
    assert cka(*pair, bandwidth=bandwidth, debiased=debiased) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("samples", [4, 6])
def test_debiased_equals_the_u_statistic(rng, samples):
    x, y = generators.population(rng, 2, samples, [2, 3])
    expected = reference.debiased_cka_by_quadruples(reference.rbf_kernel(x), reference.rbf_kernel(y))
    assert cka(x, y, debiased=True) == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("debiased", [False, True])
def test_vector_has_length_one(pair, debiased):
    vector = rbf_vector(pair[0], LABEL, debiased=debiased)
    assert vector.shape == (60 * 59 // 2 if debiased else 60 * 61 // 2,)
    assert vector @ vector == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("samples", [7, 8])
def test_median_is_that_of_the_distances(rng, samples):
    """8 samples have 28 distances: the median is the mean of two distances, not the root of a mean of squares."""
    x, y = generators.population(rng, 2, samples, [2, 3])
    expected = reference.rbf_cka(x, y, bandwidth="median")
    assert cka(x, y) == pytest.approx(expected, abs=1e-12)
    one = rbf_vector(x, LABEL) - rbf_vector(x, LABEL, bandwidth=reference.median_distance(x))
    assert np.abs(one).max() < 1e-14


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("bandwidth", [1e6, 1e100, 1e300])
def test_wide_kernels_give_linear_cka_to_the_last_digits(pair, bandwidth, debiased):
    expected = (
        reference.debiased_cka(*(reference.linear_kernel(z) for z in pair)) if debiased else reference.linear_cka(*pair)
    )
    assert cka(*pair, bandwidth=bandwidth, debiased=debiased) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("bandwidth", [0.25, 0.12])
def test_narrow_kernels_keep_their_small_values(rng, bandwidth):
    x, y = (10 * np.arange(9.0)[:, None] ** 0.5 + rng.normal(size=(9, 2)) for _ in range(2))
    k, l = (reference.rbf_kernel(z, bandwidth) for z in (x, y))  # noqa: E741
    assert np.max(k - np.eye(9)) < 1e-3
    assert cka(x, y, bandwidth=bandwidth, debiased=True) == pytest.approx(reference.debiased_cka(k, l), abs=1e-11)


def test_kernels_beyond_the_square_root_of_the_smallest_number_still_compare(rng):
    x = np.array([[0.0], [1.0], [2.1], [3.3], [4.6]])
    sigma = 1 / np.sqrt(2 * 450)  # nearest neighbours have a kernel value of exp(-450) = 3e-196, whose square is 0
    assert cka(x, x, bandwidth=sigma, debiased=True) == pytest.approx(1, abs=1e-12)
    assert cka(x, x[::-1], bandwidth=sigma, debiased=True) < 0.99


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1e8, 1e150])
@pytest.mark.parametrize("debiased", [False, True])
def test_scale_is_harmless_and_bandwidth_is_in_units_of_the_data(pair, scale, debiased):
    x = pair[0]
    for bandwidth in ("median", 2.0):
        scaled = bandwidth if bandwidth == "median" else bandwidth * scale
        found = rbf_vector(x * scale, LABEL, bandwidth=scaled, debiased=debiased)
        np.testing.assert_allclose(found, rbf_vector(x, LABEL, bandwidth=bandwidth, debiased=debiased), atol=1e-13)


def test_a_power_of_two_changes_no_bit(pair):
    x = pair[0] - pair[0].mean()
    largest = 1024 - np.frexp(np.abs(x).max())[1]  # the range of a unit overflows
    for power in (largest, 300, -500, -900):
        assert (rbf_vector(np.ldexp(x, power), LABEL) == rbf_vector(x, LABEL)).all()


def test_offsets_and_large_constant_units_are_harmless(pair):
    x = np.round(pair[0] * 2**20) / 2**20  # so that adding 1e8 is exact
    expected = rbf_vector(x, LABEL)
    np.testing.assert_allclose(rbf_vector(x + 1e8, LABEL), expected, rtol=0, atol=1e-12)
    for constant in (0.0, 1e200, -1e300):
        wide = np.column_stack([x * 1e-20, np.full(60, constant)])
        np.testing.assert_allclose(rbf_vector(wide, LABEL), expected, rtol=0, atol=1e-13)


def test_close_samples_keep_their_digits(rng):
    """Two distant groups of nearly equal samples: distances through scalar products would be noise inside a group."""
    x = rng.integers(0, 100, size=(20, 3)) * 2.0**-30
    x[10:] += 2.0
    assert cka(x, np.where(x >= 2, x - 2, x), bandwidth=1e-8) == pytest.approx(
        reference.rbf_cka(x, np.where(x >= 2, x - 2, x), bandwidth=1e-8), abs=1e-12
    )


def test_any_layout_and_dtype_and_nothing_is_modified(pair):
    x = pair[0].astype(np.float32)
    x.setflags(write=False)
    expected = rbf_vector(x.astype(np.float64), LABEL)
    for same in (x, np.asfortranarray(x), x[::-1][::-1]):
        assert (rbf_vector(same, LABEL) == expected).all()


def test_trace_of_the_centred_kernel(pair):
    kernel = reference.rbf_kernel(pair[0])
    centred = kernel - kernel.mean(axis=0) - kernel.mean(axis=1)[:, None] + kernel.mean()
    expected = np.trace(centred) / np.linalg.norm(centred)
    assert unit_trace(rbf_vector(pair[0], LABEL), 60) == pytest.approx(expected, abs=1e-13)


def test_two_samples_have_one_shape():
    assert cka(np.array([[0.0], [1.0]]), np.array([[5.0], [-3.0]])) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("bandwidth", [0, -1.0, np.inf, np.nan])
def test_refuses_a_bandwidth_that_is_no_width(pair, bandwidth):
    with pytest.raises(ValueError, match=r"pairwise_cka: bandwidth is .*; expected 'median' or a positive number"):
        rbf_vector(pair[0], LABEL, bandwidth=bandwidth)


@pytest.mark.parametrize("bandwidth", ["mean", True, None, [1.0]])
def test_refuses_a_bandwidth_that_is_no_number(bandwidth):
    with pytest.raises(TypeError, match=r"pairwise_cka: bandwidth is .*; expected 'median' or a positive number"):
        check_bandwidth(bandwidth, "pairwise_cka")


def test_refuses_what_has_no_kernel(pair):
    x = pair[0].copy()
    with pytest.raises(ValueError, match=r"reps\[3\] \('gru'\): all 60 samples are equal"):
        rbf_vector(np.full((60, 4), 0.1), LABEL)
    with pytest.raises(ValueError, match=r"pairwise_cka: 3 samples; debiased CKA needs at least 4"):
        rbf_vector(x[:3], LABEL, debiased=True)
    x[5, 2] = np.nan
    with pytest.raises(ValueError, match=r"reps\[3\] \('gru'\) holds nan at row 5, unit 2"):
        rbf_vector(x, LABEL)
    x[:50] = 1.0
    with pytest.raises(ValueError, match=r"reps\[3\] \('gru'\): more than half .* the median distance is 0"):
        rbf_vector(x, LABEL)
    assert np.isfinite(rbf_vector(x, LABEL, bandwidth=1.0)).all()


def test_refuses_samples_that_are_all_equally_far_apart(rng):
    """Debiased, only differences between off-diagonal values count; here they are rounding noise."""
    simplex = np.eye(8) @ np.linalg.qr(rng.normal(size=(8, 8)))[0]
    with pytest.raises(ValueError, match=r"reps\[3\] \('gru'\): its RBF kernel is constant up to rounding"):
        rbf_vector(simplex, LABEL, debiased=True)
    assert cka(simplex, simplex) == pytest.approx(1)


def test_refuses_a_bandwidth_below_all_distances(pair):
    with pytest.raises(ValueError, match=r"pass another bandwidth than 1e-06"):
        rbf_vector(pair[0], LABEL, bandwidth=1e-6, debiased=True)
