"""Systems whose fixed points are known: all of them are found, each once, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from dynamics.cases import assert_same_points, brute_force, hidden, products, vanilla

from pyrnnsim import Population, find_fixed_points


def test_decoupled_units_have_all_combinations():
    gains = [2.0, 3.0, 1.5, 0.5]
    found = find_fixed_points(vanilla(np.diag(gains), np.zeros(4)))[0, 0]
    assert_same_points(found, products(gains))
    assert found.degree == 1 and found.complete
    assert np.bincount(found.unstable_modes).tolist() == [8, 12, 6, 1]
    assert found.basin.sum() == found.starts == 1024


def test_the_same_dynamics_hidden_in_a_larger_network(rng):
    population, expected = hidden([1.8, 2.5, 1.3], 7, rng)
    found = find_fixed_points(population)[0, 0]
    assert_same_points(found, expected)
    assert found.complete


@pytest.mark.parametrize("starts", [[[0.9, 0.9, 0.9], [-0.9, -0.9, 0.9]], [[0.9, 0.8, 0.7], [0.0, 0.0, 0.0]]])
def test_closure_finds_what_starts_miss(starts):
    network = vanilla(np.diag([2.0, 3.0, 1.5]), np.zeros(3))
    without = find_fixed_points(network, starts=starts, closure=False)[0, 0]
    with_closure = find_fixed_points(network, starts=starts)[0, 0]
    assert with_closure.fixed.sum() > without.fixed.sum() == 2
    assert not without.complete and not without.closed


def test_an_incomplete_set_is_called_incomplete():
    """Two of three points leave the degree at 0 or 2; the search without closure must not hide that."""
    found = find_fixed_points(vanilla([[2.0]], [0.0]), starts=[[0.9], [-0.9]], closure=False)[0, 0]
    assert found.fixed.sum() == 2 and found.degree == 2
    assert not found.complete and "incomplete" in found.evidence


@pytest.mark.parametrize("units", [1, 4, 7, 11])
@pytest.mark.parametrize("seed", range(3))
def test_relu_networks_agree_with_brute_force(units, seed):
    rng = np.random.default_rng(seed)
    weights, drive = 1.6 * rng.normal(size=(units, units)) / np.sqrt(units), rng.normal(size=units)
    expected = brute_force(weights, drive)
    found = find_fixed_points(vanilla(weights, drive, "relu"), noise=2.0)[0, 0]
    assert_same_points(found, expected, 1e-8)
    assert found.listed == (units <= 10)


def test_a_gru_whose_gates_are_constant_has_the_points_of_its_candidate():
    gains, size = [2.0, 3.0], 2
    weights = np.zeros((1, 3, size, size))
    weights[0, 0] = 2 * np.diag(gains)  # r = 1/2
    population = Population.from_arrays("gru", "tanh", w_rec=weights, w_in=np.zeros((1, 3, size, 1)), dtype="float64")
    found = find_fixed_points(population)[0, 0]
    assert_same_points(found, products(gains))
    np.testing.assert_allclose(found.eigenvalues.imag, 0)


def test_lstm_units_with_a_singular_jacobian():
    """Without recurrent weights c' = f c + i z, h = o tanh(c): one point, and columns of J that are zero."""
    size = 3
    bias = np.array([[0.3, -0.2, 0.8], [0.1, 0.4, -1.0], [0.5, 0.0, 1.0], [1.0, -1.0, 0.0]])
    population = Population.from_arrays(
        "lstm",
        "tanh",
        w_rec=np.zeros((1, 4, size, size)),
        w_in=np.zeros((1, 4, size, 1)),
        b=bias[None],
        dtype="float64",
    )
    gate = 1 / (1 + np.exp(-(bias + np.array([0, 0, 1.0, 0])[:, None])))  # keep_bias 1
    c = gate[1] * np.tanh(bias[0]) / (1 - gate[2])
    expected = np.concatenate([c, gate[3] * np.tanh(c)])[None]
    found = find_fixed_points(population)[0, 0]
    assert_same_points(found, expected)
    assert found.complete and found.must_be_one
    np.testing.assert_allclose(np.sort(np.abs(found.eigenvalues[0])), np.sort([0, 0, 0, *gate[2]]), atol=1e-12)


@pytest.mark.parametrize("cell", ["vanilla", "ugrnn", "gru", "lstm"])
def test_a_prescribed_point_of_random_weights(cell, rng):
    units = 8
    made = Population.create([cell], ["tanh"], [units], [3], inputs=2, outputs=1, gain=1.5, dtype="float64")
    arrays = {name: array[None].copy() for name, array in made[0].parameters.items()}
    x, h = rng.normal(size=2), rng.uniform(-0.6, 0.6, units)
    drive = arrays["w_in"][0] @ x

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    state, reset, target = h, np.ones(units), h
    if cell == "gru":
        reset = sigmoid(arrays["w_rec"][0, 2] @ h + drive[2])
    if cell == "lstm":  # h = o tanh(c), c (1 - f) = i z
        c = np.arctanh(h / sigmoid(arrays["w_rec"][0, 3] @ h + drive[3] + 3.0))
        i, f = (sigmoid(arrays["w_rec"][0, g] @ h + drive[g] + extra) for g, extra in ((1, 1.0), (2, 3.0)))
        arrays["b"][0, 1:], state, target = np.array([[1.0], [2.0], [3.0]]), np.concatenate([c, h]), c * (1 - f) / i
    arrays["b"][0, 0] = np.arctanh(target) - arrays["w_rec"][0, 0] @ (reset * h) - drive[0]
    population = Population.from_arrays(cell, "tanh", **arrays, dtype="float64")
    found = find_fixed_points(population, x)[0, 0]
    assert np.linalg.norm(found.states[found.fixed] - state, axis=1).min() < 1e-9
    assert found.degree == 1 and found.complete


def test_one_start_and_one_unit():
    found = find_fixed_points(vanilla([[0.5]], [0.1]), starts=[[0.0]])[0, 0]
    assert found.states.shape == (1, 1) and found.status.tolist() == ["fixed"] and found.basin.tolist() == [1]
    assert found.complete
