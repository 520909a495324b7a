"""Modes of Jacobians with too few eigenvectors, or many for one eigenvalue: exact where they exist, else flagged."""

from __future__ import annotations

import numpy as np
import pytest
from dynamics.cases import vanilla

from pyrnnsim import eig, linearize

UNITS = 64
EPSILON = np.finfo(np.float64).eps


def linearized(jacobian):
    """The linearization at h = 0 of a tanh network, whose Jacobian there is its matrix of weights."""
    made = linearize(vanilla(jacobian, np.zeros(len(jacobian))), np.zeros((1, len(jacobian))), np.zeros(0))
    np.testing.assert_array_equal(made.jacobian[0], jacobian)
    return made


def assert_eigenvectors(made, factor=5):
    """Each vector, brought to length 1, satisfies its equation to rounding error; nothing is NaN."""
    jacobian, values, right, left = (x[0] for x in (made.jacobian, made.eigenvalues, made.right, made.left))
    for array in (values, right, left):
        assert np.isfinite(array).all()
    assert not np.isnan(made.condition).any()
    unit = factor * len(jacobian) * EPSILON * np.linalg.norm(jacobian, 2)
    rows = left / np.linalg.norm(left, axis=1, keepdims=True)
    assert np.linalg.norm(jacobian @ right - right * values, axis=0).max() <= unit
    assert np.linalg.norm(rows @ jacobian - values[:, None] * rows, axis=1).max() <= unit


def assert_complete(made, condition):
    """R diag(lambda) L gives the Jacobian back."""
    assert_eigenvectors(made)
    assert made.ill_conditioned.tolist() == [False]
    assert made.condition.max() <= condition
    np.testing.assert_allclose(made.left[0] @ made.right[0], np.eye(made.states.shape[-1]), atol=1e-11)
    again = made.right[0] * made.eigenvalues[0] @ made.left[0]
    np.testing.assert_allclose(again, made.jacobian[0], atol=1e-12)


def orthogonal(rng):
    return np.linalg.qr(rng.normal(size=(UNITS, UNITS)))[0]


@pytest.mark.parametrize("size", [2, 5, UNITS])
def test_a_jordan_block_is_flagged(size):
    made = linearized(0.9 * np.eye(size) + 0.3 * np.eye(size, k=1))
    assert_eigenvectors(made)
    assert made.ill_conditioned.tolist() == [True]
    assert (made.condition > 1e8).all()


def test_one_defective_pair_leaves_the_other_modes_alone(rng):
    q, values = orthogonal(rng), np.linspace(1, 0.2, UNITS)
    block = np.diag(values)
    block[10, 10] = block[11, 11] = 2.0
    block[10, 11] = 0.5
    made = linearized(q @ block @ q.T)
    assert_eigenvectors(made)
    assert made.ill_conditioned.tolist() == [True]
    assert eig(made.jacobian).ill_conditioned.tolist() == [True]
    np.testing.assert_allclose(made.eigenvalues[0, :2], 2, atol=1e-6)
    assert (made.condition[0, :2] > 1e6).all()
    np.testing.assert_allclose(made.condition[0, 2:], 1, atol=1e-9)
    overlap = (made.left[0] @ made.right[0])[2:, 2:]
    np.testing.assert_allclose(overlap, np.eye(UNITS - 2), atol=1e-9)


def test_the_zero_matrix():
    made = linearized(np.zeros((UNITS, UNITS)))
    assert_complete(made, condition=1)
    np.testing.assert_array_equal(made.eigenvalues, np.zeros((1, UNITS)))


def test_few_directions(rng):
    columns, rows = rng.normal(size=(2, UNITS, 5)) / np.sqrt(UNITS)
    made = linearized(columns @ rows.T)
    assert_complete(made, condition=1e3)  # of vectors of one eigenvalue any will do: not always orthogonal ones
    known = np.linalg.eigvals(rows.T @ columns)
    found = made.eigenvalues[0]
    np.testing.assert_allclose(np.sort_complex(found[:5]), np.sort_complex(known), atol=1e-13)
    np.testing.assert_allclose(found[5:], 0, atol=1e-14)


def test_repeated_eigenvalues(rng):
    q, values = orthogonal(rng), np.repeat([1.1, 0.9, 0.5, -0.2], UNITS // 4)
    made = linearized(q * values @ q.T)
    assert_complete(made, condition=100)
    np.testing.assert_allclose(made.eigenvalues[0], values, atol=1e-13)


def test_half_of_the_relu_units_are_off(rng):
    weights, drive = rng.normal(size=(UNITS, UNITS)) / np.sqrt(UNITS), np.tile([1.0, -1.0], UNITS // 2)
    made = linearize(vanilla(weights, drive, "relu"), np.zeros((1, UNITS)), np.zeros(0))
    on = drive > 0
    np.testing.assert_array_equal(made.jacobian[0], weights * on[:, None])
    assert_complete(made, condition=1e4)
    half = np.linalg.eigvals(weights[np.ix_(on, on)])
    found = made.eigenvalues[0]
    np.testing.assert_array_equal(found[UNITS // 2 :], 0)
    distance = np.abs(found[: UNITS // 2, None] - half)
    assert distance.min(axis=0).max() < 1e-12
    assert distance.min(axis=1).max() < 1e-12


def test_flags_are_those_of_the_eigen_solver(rng):
    population = vanilla(0.9 * np.eye(3) + np.eye(3, k=1), np.zeros(3))
    states = np.concatenate([np.zeros((1, 3)), rng.normal(size=(4, 3))])
    made = linearize(population, states, np.zeros(0))
    np.testing.assert_array_equal(made.ill_conditioned, eig(made.jacobian).ill_conditioned)
    assert made.ill_conditioned.any()
    assert not made.ill_conditioned.all()


def test_a_jacobian_that_is_not_finite_is_refused():
    torch = pytest.importorskip("torch")

    def root(h, x):
        return torch.sqrt(h) + 0 * x.sum()

    with pytest.raises(ValueError, match="linearize: the Jacobian of 'root' at state 1 holds NaN or infinity"):
        linearize(root, [[1.0, 1.0], [0.0, 1.0]], [0.0])


def test_threads_change_nothing(rng):
    population = vanilla(rng.normal(size=(9, 9)), np.zeros(9))
    states = rng.normal(size=(40, 9))
    one, three = (linearize(population, states, np.zeros(0), n_jobs=jobs) for jobs in (1, 3))
    for name in ("jacobian", "eigenvalues", "right", "left", "condition"):
        np.testing.assert_array_equal(getattr(one, name), getattr(three, name))
    with pytest.raises(ValueError, match="linearize: n_jobs must be"):
        linearize(population, states, np.zeros(0), n_jobs=0)
