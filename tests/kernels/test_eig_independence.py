"""A matrix's decomposition depends on nothing but itself: company, order, threads, and what else is asked for."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from reference import eigen_matrices

from pyrnnsim import _core


@pytest.fixture(autouse=True)
def _lapack():
    _core.set_lapack_eigen(import_module("scipy.linalg.cython_lapack").__pyx_capi__["dgeevx"])


def company(rng, n):
    """Matrices whose iterations end at different times, some by the fallback."""
    good, bad = eigen_matrices.well_conditioned(rng, n), eigen_matrices.ill_conditioned(rng, n)
    return np.array([*good.values(), *bad.values()])


def solve(matrices, modes, n_jobs=1, *, left=True):
    return _core.eig(np.ascontiguousarray(matrices), modes, left=left, n_jobs=n_jobs)


def assert_equal(got, expected):
    assert set(got) == set(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)


@pytest.mark.parametrize("modes", [5, 26])
def test_bits_depend_on_neither_company_nor_order_nor_threads(rng, modes):
    matrices = company(rng, 26)
    together = solve(matrices, modes)
    order = rng.permutation(len(matrices))
    assert_equal(solve(matrices[order], modes), {name: value[order] for name, value in together.items()})
    assert_equal(solve(matrices, modes, 3), together)
    for k in range(len(matrices)):
        assert_equal(solve(matrices[k : k + 1], modes), {name: value[k : k + 1] for name, value in together.items()})


@pytest.mark.parametrize("count", [1, 2, 7, 9, 17, 27])
@pytest.mark.parametrize("n_jobs", [2, 5, 40])
def test_every_matrix_is_solved_however_they_are_shared_out(rng, count, n_jobs):
    matrices = rng.normal(size=(count, 6, 6))
    assert_equal(solve(matrices, 6, n_jobs), solve(matrices, 6))
    np.testing.assert_allclose(solve(matrices, 6, n_jobs)["eigenvalues"].sum(axis=1), matrices.trace(0, 1, 2))


def test_right_vectors_do_not_depend_on_left_ones_of_matrices_that_need_no_fallback(rng):
    matrices = rng.normal(size=(9, 30, 30))
    alone = solve(matrices, 30, left=False)
    both = solve(matrices, 30)
    for name in ("eigenvalues", "right", "residual", "flags"):
        np.testing.assert_array_equal(alone[name], both[name])
    assert alone["left"].shape == (9, 0, 30) and alone["condition"].shape == (9, 0)


def test_input_is_not_modified(rng):
    matrices = company(rng, 10)
    before = matrices.copy()
    solve(matrices, 10)
    np.testing.assert_array_equal(matrices, before)


@pytest.mark.parametrize("shape", [(0, 0, 0), (0, 4, 4), (3, 0, 0)])
def test_nothing_to_do(shape):
    found = solve(np.zeros(shape), shape[-1])
    assert found["eigenvalues"].shape == shape[:2]
    assert found["right"].shape == found["left"].shape == shape
    np.testing.assert_array_equal(found["residual"], np.zeros(shape[0]))


@pytest.mark.parametrize(
    ("shape", "modes", "text"),
    [((2, 2), 1, "must be"), ((1, 2, 3), 1, r"got \(1, 2, 3\)"), ((1, 2, 2), 3, "modes"), ((1, 2, 2), -1, "modes")],
)
def test_the_binding_refuses_wrong_shapes(shape, modes, text):
    with pytest.raises(ValueError, match=text):
        _core.eig(np.zeros(shape), modes, left=True, n_jobs=1)


def test_the_binding_refuses_unknown_methods():
    with pytest.raises(ValueError, match="auto, native or lapack, got qz"):
        _core.eig(np.zeros((1, 2, 2)), 2, left=True, n_jobs=1, method="qz")


def test_lapack_must_be_of_32_bit_integers():
    wrong = import_module("scipy.linalg.cython_blas").__pyx_capi__["dcabs1"]
    with pytest.raises(ValueError, match="32-bit integers"):
        _core.set_lapack_eigen(wrong)
