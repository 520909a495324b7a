"""Newton's method on the cells: one step against linear algebra in NumPy, many steps against what they must reach."""

from __future__ import annotations

import numpy as np
import pytest

from pyrnnsim import Population, _core

SIZES = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65]
CELLS = ["vanilla", "ugrnn", "gru", "lstm"]


def problem(cell, units, dtype, points=5, activation="tanh", gain=1.5):
    made = Population.create([cell], [activation], [units], [1], inputs=2, outputs=1, gain=gain, dtype=dtype)[0]
    rng = np.random.default_rng(units)
    params = {name: array[None].copy() for name, array in made.parameters.items()}
    size = made.state_size
    at = {
        "states": rng.uniform(-1, 1, size=(1, 1, points, size)),
        "inputs": rng.normal(size=(1, 1, 2)),
        "lower": np.full((1, 1, size), -1.5),
        "upper": np.full((1, 1, size), 1.5),
    }
    return made.cell.record(), params, {name: array.astype(dtype) for name, array in at.items()}


def newton(spec, params, at, tolerance=1e-6, iterations=1, radius=1.0, relative=False, n_jobs=1):
    states, best, settled = _core.cell_newton(spec, params, at, tolerance, iterations, radius, relative, n_jobs)
    return states[0, 0], best[0, 0], settled[0, 0]


def expansion(spec, params, at, states):
    inputs = np.broadcast_to(at["inputs"][0], (1, len(states), 2)).copy()
    following, jacobian, _ = _core.cell_jacobian(spec, params, states[None], inputs, 1)
    return following[0], jacobian[0]


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("cell", CELLS)
def test_one_step_solves_the_linear_system(cell, units, dtype):
    spec, params, at = problem(cell, units, dtype)
    here = at["states"][0, 0]
    following, jacobian = expansion(spec, params, at, here)
    matrix = jacobian.astype(float) - np.eye(here.shape[1])
    step = np.linalg.solve(matrix, (here - following).astype(float)[:, :, None])[:, :, 0]
    for radius in (0.3, 1e6):
        length = np.linalg.norm(step, axis=1, keepdims=True)
        expected = np.clip(here + step * np.minimum(1, radius / length), -1.5, 1.5)
        states, best, _ = newton(spec, params, at, radius=radius)
        tolerance = np.finfo(dtype).eps * np.linalg.cond(matrix).max() * 30
        np.testing.assert_allclose(states, expected, atol=tolerance, rtol=tolerance)
        np.testing.assert_array_equal(best, here)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("units", [1, 5, 16, 40])
def test_settled_points_are_fixed(cell, units):
    spec, params, at = problem(cell, units, "float64", points=70)
    at |= {"lower": -100 * np.ones_like(at["lower"]), "upper": 100 * np.ones_like(at["upper"])}
    states, best, settled = newton(spec, params, at, tolerance=1e-9, iterations=60)
    assert settled.any()
    following, _ = expansion(spec, params, at, states[settled])
    np.testing.assert_allclose(following, states[settled], atol=1e-12)
    smallest = np.abs(expansion(spec, params, at, best)[0] - best).max(axis=1)
    first = np.abs(expansion(spec, params, at, at["states"][0, 0])[0] - at["states"][0, 0]).max(axis=1)
    assert (smallest <= first).all()


def test_a_singular_system_moves_only_where_it_must():
    """J - I is zero for the second unit: its state is kept, the first one is solved for."""
    spec = {"cell": "vanilla", "activation": "relu"}
    params = {"w_rec": np.diag([0.5, 1.0])[None, None], "w_in": np.zeros((1, 1, 2, 2)), "b": np.array([[[1.0, 0.0]]])}
    at = {
        name: np.array(value)[None, None]
        for name, value in (("inputs", [0.0, 0]), ("lower", [0.0, 0]), ("upper", [9.0, 9]))
    }
    at["states"] = np.array([[[[1.0, 0.7], [3.0, 0.2]]]])
    states, _, settled = newton(spec, params, at, iterations=5, radius=10.0)
    np.testing.assert_allclose(states, [[2.0, 0.7], [2.0, 0.2]], atol=1e-12)
    assert settled.all()


def test_a_system_with_a_zero_pivot_is_solved_all_the_same(dtype):
    """J - I = [[0, 1], [1, 0]]: elimination without exchanges has nothing to divide by."""
    spec = {"cell": "vanilla", "activation": "relu"}
    params = {"w_rec": np.ones((1, 1, 2, 2)), "w_in": np.zeros((1, 1, 2, 2)), "b": np.array([[[-3.0, -2.0]]])}
    at = {"states": [[4.0, 4.0], [3.0, 5.0]], "inputs": [0.0, 0.0], "lower": [0.0, 0.0], "upper": [9.0, 9.0]}
    at = {name: np.array(value, dtype=dtype)[None, None] for name, value in at.items()}
    states, _, settled = newton(spec, {k: v.astype(dtype) for k, v in params.items()}, at, iterations=3, radius=9.0)
    np.testing.assert_allclose(states, [[2.0, 3.0], [2.0, 3.0]], rtol=1e-6)
    assert settled.all()


def test_a_closed_forget_gate_is_no_division_by_zero(dtype):
    """Units that keep their cell state for ever have a zero row in J - I; the others are solved for."""
    spec, params, at = problem("lstm", 6, dtype, gain=0.5)
    at |= {"lower": -100 * np.ones_like(at["lower"]), "upper": 100 * np.ones_like(at["upper"])}
    params["b"][0, 2, :2] = 60.0  # f = 1 to the last bit
    params["b"][0, 1, :2] = -60.0  # i = 0: nothing is added
    here = at["states"][0, 0]
    following, jacobian = expansion(spec, params, at, here)
    assert (np.linalg.matrix_rank(jacobian.astype(float) - np.eye(12), tol=1e-6) < 12).all()
    states, _, _ = newton(spec, params, at, iterations=40)
    assert np.isfinite(states).all()
    following, _ = expansion(spec, params, at, states)
    np.testing.assert_allclose(following, states, atol=2e-5 if dtype == "float32" else 1e-9)
    np.testing.assert_allclose(states[:, :2], here[:, :2], atol=1e-6)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_points_threads_and_networks_do_not_matter(cell):
    spec, params, at = problem(cell, 13, "float32", points=300)
    all_at_once = newton(spec, params, at, iterations=7, n_jobs=3)
    for first, count in ((0, 1), (31, 40), (299, 1)):
        some = {**at, "states": at["states"][:, :, first : first + count].copy()}
        for whole, part in zip(all_at_once, newton(spec, params, some, iterations=7), strict=True):
            np.testing.assert_array_equal(whole[first : first + count], part)


def test_what_is_not_finite_stays_where_it_is():
    spec, params, at = problem("vanilla", 4, "float64")
    at["states"][0, 0, 2] = np.nan
    states, _, settled = newton(spec, params, at, iterations=20)
    assert np.isnan(states[2]).all() and not settled[2]
    assert np.isfinite(states[[0, 1, 3, 4]]).all()


def test_no_points():
    spec, params, at = problem("gru", 4, "float32", points=0)
    assert newton(spec, params, at)[0].shape == (0, 4)


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        (
            "states",
            np.zeros((1, 1, 5, 3)),
            r"cell_newton: at\['states'\] must be a C-contiguous float64 array of shape",
        ),
        ("states", np.zeros((5, 4)), "must have 4 axes"),
        ("states", [[0.0]], "must be a NumPy array"),
        ("inputs", np.zeros((1, 1, 3)), r"at\['inputs'\]"),
        ("lower", np.zeros((1, 1, 4), np.float32), r"at\['lower'\] must be a C-contiguous float64"),
    ],
)
def test_bad_arrays(name, value, match):
    spec, params, at = problem("vanilla", 4, "float64")
    with pytest.raises(ValueError, match=match):
        newton(spec, params, {**at, name: value})
