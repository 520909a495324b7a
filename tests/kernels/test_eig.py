"""The eigen-solver against NumPy, SciPy and arithmetic of many digits: easy matrices, nasty ones, and every size."""

from __future__ import annotations

from importlib import import_module

import mpmath
import numpy as np
import pytest
import scipy.linalg
from reference import eigen_matrices
from scipy.optimize import linear_sum_assignment

from pyrnnsim import _core
from pyrnnsim._threads import thread_limit

EPSILON = np.finfo(np.float64).eps
BY_LAPACK, ILL_CONDITIONED = 1, 2
SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 64, 65)
GOOD = sorted(eigen_matrices.well_conditioned(np.random.default_rng(0), 8))
BAD = sorted(eigen_matrices.ill_conditioned(np.random.default_rng(0), 8))


@pytest.fixture(autouse=True)
def _lapack():
    _core.set_lapack_eigen(import_module("scipy.linalg.cython_lapack").__pyx_capi__["dgeevx"])
    with thread_limit():
        yield


def solve(matrices, modes=None, *, left=True, n_jobs=1, method="auto"):
    stack = np.ascontiguousarray(matrices if np.ndim(matrices) == 3 else [matrices], dtype=np.float64)
    n = stack.shape[-1]
    return _core.eig(stack, n if modes is None else modes, left=left, n_jobs=n_jobs, method=method)


def residual_ratios(matrix, found, k):
    """Largest errors of right and of left vectors, each of length 1, in units of |A| n epsilon."""
    values, right, left = found["eigenvalues"][0][:k], found["right"][0], found["left"][0]
    scaled = matrix / max(np.abs(matrix).max(), np.finfo(float).tiny)
    values = values / max(np.abs(matrix).max(), np.finfo(float).tiny)
    unit = max(np.linalg.norm(scaled, 2), 1e-300) * len(matrix) * EPSILON
    rows = left / np.linalg.norm(left, axis=1, keepdims=True)
    of_right = np.abs(scaled @ right - right * values).max() / unit
    of_left = np.abs(rows @ scaled - values[:, None] * rows).max() / unit
    return of_right, of_left


def match(found, expected):
    """Largest distance between two sets of eigenvalues, each matched with one of the other."""
    distance = np.abs(found[:, None] - expected)
    return distance[linear_sum_assignment(distance)].max()


def assert_ordered(values):
    magnitude = np.abs(values)
    assert (magnitude[:-1] >= magnitude[1:] * (1 - 4 * EPSILON)).all()
    heads = np.flatnonzero(values.imag > 0)
    np.testing.assert_array_equal(values[heads + 1], values[heads].conj())
    assert 2 * len(heads) == np.count_nonzero(values.imag)


def assert_normalised(right):
    np.testing.assert_allclose(np.linalg.norm(right, axis=0), 1, rtol=1e-13)
    size = np.abs(right)
    peak = size >= size.max(axis=0) * (1 - 1e-9)  # of equal elements one is real and positive
    aligned = peak & (right.real > 0) & (np.abs(right.imag) <= 1e-9)
    assert aligned.any(axis=0).all()


def assert_decomposed(matrix, found, k=None):
    k = len(matrix) if k is None else k
    assert_ordered(found["eigenvalues"][0])
    assert_normalised(found["right"][0])
    of_right, of_left = residual_ratios(matrix, found, k)
    assert of_right <= 5
    condition = found["condition"][0]
    assert of_left <= 5 * max(1, condition.max())
    overlap = found["left"][0] @ found["right"][0]
    np.testing.assert_allclose(overlap, np.eye(k), atol=1e-10)
    np.testing.assert_allclose(condition, np.linalg.norm(found["left"][0], axis=1), rtol=1e-12)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", GOOD)
def test_well_conditioned_matrices(rng, name, n):
    matrix = eigen_matrices.well_conditioned(rng, n)[name]
    found = solve(matrix)
    assert_decomposed(matrix, found)
    assert not found["flags"][0] & ILL_CONDITIONED
    accuracy = 50 * n * EPSILON * np.linalg.norm(matrix) * found["condition"][0].max()
    assert match(found["eigenvalues"][0], scipy.linalg.eigvals(matrix)) <= accuracy


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("k", [1, 2, 12, 32])
def test_leading_modes(rng, name, k):
    matrix = eigen_matrices.well_conditioned(rng, 33)[name]
    found, every = solve(matrix, k), solve(matrix)
    if found["flags"] == every["flags"]:  # else one of them is LAPACK's
        np.testing.assert_array_equal(found["eigenvalues"], every["eigenvalues"])
    assert found["right"].shape == (1, 33, k) and found["left"].shape == (1, k, 33)
    assert_decomposed(matrix, found, k)


@pytest.mark.parametrize("exponent", [-140, -20, 0, 20, 140])
@pytest.mark.parametrize("n", [1, 8, 33])
def test_scale_changes_nothing(rng, n, exponent):
    matrix = rng.normal(size=(n, n))
    scaled = matrix * 10.0**exponent
    found = solve(scaled)
    assert_decomposed(scaled, found)
    assert not found["flags"][0]
    np.testing.assert_allclose(
        match(found["eigenvalues"][0] / 10.0**exponent, np.linalg.eigvals(matrix)), 0, atol=1e-12
    )
    power = solve(np.ldexp(matrix, 465))
    np.testing.assert_array_equal(power["right"], solve(matrix)["right"])
    np.testing.assert_array_equal(np.ldexp(power["eigenvalues"].real, -465), solve(matrix)["eigenvalues"].real)


def test_the_smallest_numbers_there_are(rng):
    matrix = rng.normal(size=(9, 9)) * 1e-310
    found = solve(matrix)
    exact = solve(np.ldexp(matrix, 1000))
    np.testing.assert_array_equal(found["right"], exact["right"])
    assert (np.abs(found["eigenvalues"]) > 0).all()


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("n", [8, 32])
def test_ill_conditioned_matrices_are_flagged(rng, name, n):
    matrix = eigen_matrices.ill_conditioned(rng, n)[name]
    found = solve(matrix)
    assert found["flags"][0] == BY_LAPACK | ILL_CONDITIONED
    assert found["condition"][0].max() > 1e8
    assert residual_ratios(matrix, found, n)[0] <= 5
    for array in found.values():
        assert not np.isnan(array).any()
    defined = np.isfinite(found["condition"][0])
    diagonal = np.einsum("kn,nk->k", found["left"][0], found["right"][0])
    np.testing.assert_allclose(diagonal[defined], 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found["left"][0], axis=1)[~defined], 1, rtol=1e-12)


@pytest.mark.parametrize("name", ["graded up", "graded down"])
def test_balancing_saves_the_eigenvalues_of_badly_scaled_matrices(rng, name):
    state = rng.bit_generator.state
    matrix = eigen_matrices.ill_conditioned(rng, 24)[name]
    rng.bit_generator.state = state
    plain = rng.normal(size=(24, 24))  # what was scaled, from the same draw
    found = solve(matrix, method="native", left=False)
    assert match(found["eigenvalues"][0], np.linalg.eigvals(plain)) < 1e-11


@pytest.mark.parametrize("n", [2, 5, 9])
def test_eigenvalues_to_all_digits_that_their_conditions_leave(rng, n):
    matrix = rng.normal(size=(n, n))
    found = solve(matrix)
    with mpmath.workdps(40):
        values, _ = mpmath.eig(mpmath.matrix(matrix.tolist()))
    exact = np.array([complex(value) for value in values])
    bound = 10 * n * EPSILON * np.linalg.norm(matrix, 2) * found["condition"][0].max()
    assert match(found["eigenvalues"][0], exact) <= bound


@pytest.mark.parametrize("n", [3, 17, 40])
def test_conditions_are_scipy_s(rng, n):
    matrix = rng.normal(size=(n, n))
    found = solve(matrix)
    values, left, right = scipy.linalg.eig(matrix, left=True)
    expected = 1 / np.abs(np.einsum("nk,nk->k", left.conj(), right))
    order = np.abs(found["eigenvalues"][0][:, None] - values).argmin(axis=1)
    np.testing.assert_allclose(found["condition"][0], expected[order], rtol=1e-9)


def test_residual_is_what_it_says(rng):
    matrix = rng.normal(size=(20, 20))
    for method in ("native", "lapack"):
        found = solve(matrix, method=method)
        error = matrix @ found["right"][0] - found["right"][0] * found["eigenvalues"][0]
        expected = np.linalg.norm(error, axis=0).max() / np.linalg.norm(matrix)
        assert found["residual"][0] == pytest.approx(expected, rel=0.5)
        assert 0 < found["residual"][0] < 20 * 20 * EPSILON


@pytest.mark.parametrize("n", [1, 6, 20])
def test_native_and_lapack_agree(rng, n):
    matrices = rng.normal(size=(11, n, n))
    ours, theirs = solve(matrices, method="native"), solve(matrices, method="lapack")
    assert not ours["flags"].any() and (theirs["flags"] == BY_LAPACK).all()
    for name in ("eigenvalues", "right", "left", "condition"):
        scale = ours["condition"].max() ** 2
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-10 * scale, atol=1e-10 * scale, err_msg=name)


def test_common_matrices_need_no_fallback(rng):
    for n in (1, 2, 3, 16, 50):
        assert not solve(rng.normal(size=(40, n, n)))["flags"].any()
    off = rng.normal(size=(20, 30, 30)) * (rng.random((20, 30, 1)) < 0.5)
    assert not solve(off)["flags"].any()
    assert not solve(off, 25)["flags"].any()
