"""Levenberg and Marquardt's method on the cells: one step against NumPy, many against scipy.optimize.least_squares."""

from __future__ import annotations

import numpy as np
import pytest
from kernels.test_newton import CELLS, SIZES, expansion, problem
from scipy.optimize import least_squares

from pyrnnsim import _core

FIRST_DAMPING = 1e-3


def slowest(spec, params, at, tolerance=1e-6, progress=1e-3, iterations=1, n_jobs=1):
    states, settled = _core.cell_slowest(spec, params, at, tolerance, progress, iterations, n_jobs)
    return states[0, 0], settled[0, 0]


def speed(spec, params, at, states):
    return np.linalg.norm(expansion(spec, params, at, states)[0].astype(float) - states, axis=1)


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("cell", CELLS)
def test_one_step_solves_the_damped_normal_equations(cell, units, dtype):
    spec, params, at = problem(cell, units, dtype, points=11)
    here = at["states"][0, 0].astype(float)
    following, jacobian = expansion(spec, params, at, at["states"][0, 0])
    matrix, residual = jacobian.astype(float) - np.eye(here.shape[1]), following - here
    normal = matrix.transpose(0, 2, 1) @ matrix + FIRST_DAMPING * np.eye(here.shape[1])
    step = np.linalg.solve(normal, np.einsum("pij,pi->pj", matrix, residual)[:, :, None])[:, :, 0]
    there = np.clip(here - step, -1.5, 1.5).astype(dtype)
    before, after = speed(spec, params, at, at["states"][0, 0]), speed(spec, params, at, there)
    clear = np.abs(before - after) > 1e-3 * before
    expected = np.where((after < before)[:, None], there, here)
    states, _ = slowest(spec, params, at)
    tolerance = np.finfo(dtype).eps * np.linalg.cond(normal).max() * 30
    np.testing.assert_allclose(states[clear], expected[clear], atol=tolerance, rtol=tolerance)
    assert clear.any()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("units", [1, 5, 16])
def test_least_squares_finds_nothing_slower_beside_the_ends(cell, units):
    spec, params, at = problem(cell, units, "float64", points=12)
    at |= {"lower": -100 * np.ones_like(at["lower"]), "upper": 100 * np.ones_like(at["upper"])}
    states, settled = slowest(spec, params, at, tolerance=1e-9, progress=1e-9, iterations=300)
    assert settled.mean() > 0.5
    states = states[settled]
    found = [
        least_squares(
            lambda h: expansion(spec, params, at, h[None])[0][0] - h,
            state,
            jac=lambda h: expansion(spec, params, at, h[None])[1][0] - np.eye(len(h)),
            method="lm",
        ).x
        for state in states
    ]
    ours, theirs = speed(spec, params, at, states), speed(spec, params, at, np.array(found))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_allclose(states, found, atol=1e-2)


def test_a_ghost_is_found_where_nothing_is_fixed():
    """h = tanh(2 h + b), a little beyond its fold at -1/sqrt(2): the slowest state is next to it."""
    bias = np.sqrt(2) - np.arctanh(np.sqrt(0.5)) + 1e-4
    spec = {"cell": "vanilla", "activation": "tanh"}
    params = {"w_rec": np.full((1, 1, 1, 1), 2.0), "w_in": np.zeros((1, 1, 1, 2)), "b": np.full((1, 1, 1), bias)}
    at = {"states": np.array([[[[-0.9], [-0.6]]]]), "inputs": np.zeros((1, 1, 2))}
    at |= {"lower": np.full((1, 1, 1), -1.0), "upper": np.ones((1, 1, 1))}
    states, settled = slowest(spec, params, at, iterations=60)
    np.testing.assert_allclose(states, -np.sqrt(0.5), atol=1e-3)
    assert settled.all()


@pytest.mark.parametrize("cell", CELLS)
def test_points_and_threads_do_not_matter(cell, dtype):
    spec, params, at = problem(cell, 9, dtype, points=70)
    states, settled = slowest(spec, params, at, iterations=20)
    again, _ = slowest(spec, params, at, iterations=20, n_jobs=3)
    np.testing.assert_array_equal(states, again)
    for some in (slice(0, 1), slice(3, 40)):
        part, ends = slowest(spec, params, at | {"states": at["states"][:, :, some].copy()}, iterations=20)
        np.testing.assert_array_equal(part, states[some])
        np.testing.assert_array_equal(ends, settled[some])


def test_states_stay_in_the_box_and_never_get_faster(dtype):
    spec, params, at = problem("gru", 12, dtype, points=20, gain=3.0)
    at |= {"lower": at["lower"] * 0.5, "upper": at["upper"] * 0.5}
    at["states"] = np.clip(at["states"], -0.75, 0.75)
    states, _ = slowest(spec, params, at, iterations=30)
    assert np.abs(states).max() <= 0.75
    before = speed(spec, params, at, at["states"][0, 0])
    assert (speed(spec, params, at, states) <= before * (1 + 1e-5)).all() and (states != at["states"][0, 0]).any()


def test_nothing_happens_without_points_iterations_or_finite_numbers():
    spec, params, at = problem("gru", 4, "float64")
    np.testing.assert_array_equal(slowest(spec, params, at, iterations=0)[0], at["states"][0, 0])
    none, settled = slowest(spec, params, at | {"states": np.zeros((1, 1, 0, 4))}, iterations=5)
    assert none.shape == (0, 4) and settled.shape == (0,)
    lost = np.full((1, 1, 2, 4), np.nan)
    lost[0, 0, 1] = 0.1
    states, settled = slowest(spec, params, at | {"states": lost}, iterations=5)
    assert np.isnan(states[0]).all() and not settled[0] and np.isfinite(states[1]).all()
    with pytest.raises(ValueError, match=r"cell_slowest: at\['states'\] must have 4 axes"):
        slowest(spec, params, at | {"states": np.zeros((2, 4))})
