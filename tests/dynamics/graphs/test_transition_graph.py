"""Transition graphs: probabilities in closed form, the order of nodes, and trials that end nowhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dynamics.cases import decoupled, vanilla, with_readout

from pyrnnsim import FixedPoints, Population, find_fixed_points, transition_graph
from pyrnnsim.dynamics.graphs.node_order import readout_order, readout_quantum

GAINS = np.array([2.0, 1.8, 1.5])


@pytest.fixture(scope="module")
def cube() -> tuple[Population, FixedPoints]:
    population = decoupled(GAINS)
    return population, find_fixed_points(population)


def test_each_of_m_unstable_modes_halves_the_probability(cube):
    """A saddle leads to each of the 2^m stable points that share its stable coordinates, with probability 2^-m."""
    count = 2000
    graph = transition_graph(*cube, perturbations=count)[0, 0]
    signs = np.sign(np.round(graph.states, 6))
    assert len(graph) == 27 and graph.stable.sum() == 8
    free = signs == 0
    leads = graph.stable & ((signs[:, None] == signs[None]) | free[:, None]).all(axis=-1)
    expected = leads * 2.0 ** -free.sum(axis=1, keepdims=True)
    spread = np.sqrt(expected * (1 - expected) / count)
    assert (np.abs(graph.adjacency - expected) <= 5 * spread + 1e-12).all()
    np.testing.assert_array_equal(graph.unstable_modes, free.sum(axis=1))
    np.testing.assert_array_equal(graph.nowhere, 0)


def test_nodes_are_in_the_order_of_their_rounded_readout(cube):
    graph = transition_graph(*cube, perturbations=10)[0, 0]
    signs = np.sign(np.round(graph.outputs, 6))
    np.testing.assert_array_equal(signs, np.array(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij")).reshape(3, -1).T)
    points = cube[1][0, 0]
    np.testing.assert_array_equal(points.states[graph.nodes], graph.states)
    np.testing.assert_array_equal(points.basin[graph.nodes], graph.basin)
    assert graph.quantum == pytest.approx(np.abs(graph.outputs).max(), rel=1e-12)


def test_the_order_of_nodes_does_not_hang_on_noise_of_the_readout(rng):
    outputs = np.array(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 2, indexing="ij")).reshape(2, -1).T
    stable = np.abs(outputs).all(axis=1)
    for _ in range(5):
        noisy = outputs + rng.uniform(-0.15, 0.15, size=outputs.shape)
        order = readout_order(noisy, rng.normal(size=(9, 4)), readout_quantum(noisy, stable))
        np.testing.assert_array_equal(order, np.arange(9))
    assert not np.array_equal(np.lexsort(noisy.T[::-1]), np.arange(9))


def test_without_a_readout_states_give_the_order():
    states = np.array([[1.0, 0.0], [-1.0, 2.0], [-1.0, -2.0]])
    np.testing.assert_array_equal(readout_order(np.zeros((3, 0)), states, 1.0), [2, 1, 0])
    assert readout_quantum(np.zeros((3, 0)), np.ones(3, bool)) == 1.0


def test_stable_points_set_the_quantum_where_there_are_any():
    outputs = np.array([[3.0], [-1.5], [0.2]])
    assert readout_quantum(outputs, np.array([False, True, True])) == 1.5
    assert readout_quantum(outputs, np.zeros(3, bool)) == 3.0


@pytest.mark.parametrize("correlation", [0.8, 0.0, -0.9])
def test_left_vectors_that_are_correlated(correlation):
    """W = R diag(g, g) L: both modes grow alike, and the signs of l1 k and l2 k choose the orthant of the end.

    Two directions of correlation rho agree in sign with probability 1/2 + asin(rho) / pi: for 0.8, each of the two ends
    at which they agree is reached with 0.3976, each of the others with 0.1024.
    """
    count, gain = 4000, 3.0
    left = np.array([[1.0, 0.0, 0.0], [correlation, np.sqrt(1 - correlation**2), 0.0]])
    # h' = tanh(W h) has two independent units that read the whole state through an input layer of three units.
    weights = np.zeros((5, 5))
    weights[:2, :2] = gain * np.eye(2)
    weights[:2, 2:] = 200 * left  # far above what a kick of the units themselves contributes
    population = vanilla(weights, np.zeros(5))
    points = find_fixed_points(population)[0, 0]
    graph = transition_graph(population, points, perturbations=count, size=1e-6)
    origin = int(np.flatnonzero(graph.unstable_modes == 2)[0])
    ends = np.sign(graph.states[graph.stable][:, :2])
    found = graph.adjacency[origin, graph.stable]
    agree = 0.25 + np.arcsin(correlation) / (2 * np.pi)
    expected = np.where(ends[:, 0] == ends[:, 1], agree, 0.5 - agree)
    assert len(ends) == 4
    assert (np.abs(found - expected) <= 5 * np.sqrt(expected * (1 - expected) / count) + 2e-3).all()


def test_a_stable_point_leads_to_itself(cube):
    graph = transition_graph(*cube)[0, 0]
    np.testing.assert_array_equal(graph.adjacency[graph.stable][:, graph.stable], np.eye(8))
    assert graph.errors[graph.stable].min() == pytest.approx(1 / 202)  # what 100 kicks can say of p = 0 and 1


def test_errors_are_binomial_away_from_0_and_1(cube):
    graph = transition_graph(*cube, perturbations=500)[0, 0]
    p = graph.adjacency
    middle = (p > 0.2) & (p < 0.8)
    np.testing.assert_allclose(graph.errors[middle], np.sqrt(p * (1 - p) / 500)[middle], rtol=0.01)


def rotation(angle: float, gain: float) -> np.ndarray:
    return gain * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_a_limit_cycle_is_nowhere():
    """Beside two stable points of a third unit, two units rotate: from their origin nothing arrives anywhere."""
    weights = np.zeros((3, 3))
    weights[:2, :2], weights[2, 2] = rotation(0.7, 1.5), 2.0
    population = vanilla(weights, np.zeros(3))
    graph = transition_graph(population, find_fixed_points(population)[0, 0], steps=300)
    assert len(graph) == 3 and not graph.stable.any()
    np.testing.assert_array_equal(graph.nowhere, 1)
    np.testing.assert_array_equal(graph.adjacency, 0)


def test_a_cycle_beside_a_stable_point():
    """Trials that end on the cycle are nowhere, though they begin within reach of the point; the others are its own."""
    target = np.array([4.0, 0.0])

    def two_basins(h, x):  # |h - target| < 1/4 contracts to the target, all else circles at radius 2
        away = h - torch.as_tensor(target)
        near = (away**2).sum(dim=1, keepdim=True) < 1 / 16
        radius = (h**2).sum(dim=1, keepdim=True).sqrt()
        turned = h @ torch.as_tensor(rotation(0.5, 1.0)).T
        return torch.where(near, torch.as_tensor(target) + away / 2, turned * (1 + 0.3 * (2 - radius)))

    points = find_fixed_points(two_basins, np.zeros(0), starts=[[4.0, 0.05], [0.01, 0.0]], closure=False)[0, 0]
    assert sorted(points.unstable_modes) == [0, 2]
    inner = transition_graph(two_basins, points, size=0.1, perturbations=50)
    at = int(np.flatnonzero(inner.stable)[0])
    assert inner.adjacency[at, at] == 1 and inner.nowhere[at] == 0
    wide = transition_graph(two_basins, points, size=0.3, perturbations=50)
    assert wide.nowhere[at] == wide.nowhere[1 - at] == inner.nowhere[1 - at] == 1


def test_trials_that_pass_through_the_ghost_of_a_point_are_not_taken_to_rest_there():
    """Without its fixed point, a slow region is crossed; with too few steps for that, trials are nowhere."""
    fold = np.sqrt(1 - 1 / 1.3)  # where h = tanh(1.3 h - b) gains two more solutions
    population = vanilla([[1.3]], [1.01 * (1.3 * fold - np.arctanh(fold))])
    points = find_fixed_points(population)[0, 0]
    assert points.fixed.sum() == 1 and not points.fixed.all()
    graph = transition_graph(population, points, size=2.2, perturbations=200, steps=5000)
    np.testing.assert_array_equal(graph.adjacency, [[1.0]])
    hasty = transition_graph(population, points, size=2.2, perturbations=200, steps=20)
    assert 0.3 < hasty.nowhere[0] < 0.7


def test_overflow_is_nowhere():
    population = vanilla([[2.0, 0.0], [0.0, 0.5]], [-1.0, 1.0], "relu")
    points = find_fixed_points(population, starts=[[1.1, 2.0], [0.0, 2.0]])[0, 0]
    graph = transition_graph(population, points, perturbations=400, steps=3000)
    saddle, rest = (int(np.flatnonzero(graph.unstable_modes == u)[0]) for u in (1, 0))
    assert abs(graph.adjacency[saddle, rest] - 0.5) < 5 * 0.025
    assert graph.adjacency[saddle, rest] + graph.nowhere[saddle] == 1


def test_strong_transients_do_not_count_as_arrival():
    """A non-normal stable point throws kicks out before it takes them back; m is chosen so that this is waited for."""
    weights = np.array([[0.5, 40.0], [0.0, 0.5]])
    population = vanilla(weights, np.zeros(2))
    graph = transition_graph(population, find_fixed_points(population)[0, 0])
    np.testing.assert_array_equal(graph.adjacency, [[1.0]])


def test_slow_networks_are_given_more_steps():
    """From a stable point with an eigenvalue of 0.9995 a kick returns; in 2000 steps nobody could tell."""
    population = vanilla(np.diag([0.9995, 0.5]), np.zeros(2))
    points = find_fixed_points(population)[0, 0]
    graph = transition_graph(population, points)
    assert graph.steps == 4 * 2048 and graph.adjacency[0, 0] == 1
    assert transition_graph(population, points, steps=1000).nowhere[0] == 1
    saddle = vanilla([[1.001]], [0.0])
    graph = transition_graph(saddle, find_fixed_points(saddle)[0, 0], perturbations=20)
    assert graph.steps == int(10 / np.log(1.001)) and not graph.nowhere.any()
    fast = vanilla([[0.5]], [0.0])
    assert transition_graph(fast, find_fixed_points(fast)[0, 0]).steps == 2000


def test_one_unit():
    population = vanilla([[2.0]], [0.0])
    graph = transition_graph(population, find_fixed_points(population)[0, 0], perturbations=400)
    np.testing.assert_array_equal(graph.unstable_modes, [0, 1, 0])
    assert abs(graph.adjacency[1, 0] - 0.5) < 5 * 0.025 and graph.adjacency[1, 1] == 0


def test_default_and_given_lengths_of_kicks(cube):
    graph = transition_graph(*cube, perturbations=1)[0, 0]
    gaps = np.linalg.norm(graph.states[:, None] - graph.states, axis=-1) + 1e9 * np.eye(27)
    np.testing.assert_allclose(graph.sizes, 1e-2 * gaps.min(axis=1))
    np.testing.assert_array_equal(transition_graph(*cube, perturbations=1, size=0.03)[0, 0].sizes, 0.03)
    tilted = with_readout(vanilla([[2.0]], [0.2]), [[1.0]])  # three points at unequal distances
    made = transition_graph(tilted, find_fixed_points(tilted))[0, 0]
    left, right = np.diff(made.outputs[:, 0])
    assert abs(left - right) > 0.1
    np.testing.assert_allclose(made.sizes, 1e-2 * np.array([left, min(left, right), right]))
    single = vanilla([[0.5]], [0.3])
    points = find_fixed_points(single)[0, 0]
    np.testing.assert_allclose(transition_graph(single, points).sizes, 1e-2 * (1 + np.abs(points.states[0])))


@pytest.mark.parametrize("cell", ["vanilla", "ugrnn", "gru", "lstm"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_cells(cell, dtype):
    population = Population.create([cell], ["tanh"], [7], [1], inputs=2, outputs=3, gain=3.0, dtype=dtype)
    points = find_fixed_points(population, n_starts=100)[0, 0]
    graph = transition_graph(population, points, perturbations=20, steps=200)
    np.testing.assert_allclose(graph.adjacency.sum(axis=1) + graph.nowhere, 1)
    assert len(graph) == points.fixed.sum() and not graph.adjacency[:, ~graph.stable].any()


def test_a_function_of_tensors_has_the_graph_of_the_native_cell(cube):
    population, _ = cube
    gains = torch.tensor(GAINS)

    def decoupled_units(h, x):
        return torch.tanh(gains * h)

    starts = np.random.default_rng(0).uniform(-1, 1, size=(200, 3))
    points = find_fixed_points(decoupled_units, np.zeros(0), starts=starts)
    graph = transition_graph(decoupled_units, points, perturbations=50)[0, 0]
    native = transition_graph(population, find_fixed_points(population, starts=starts), perturbations=50)[0, 0]
    np.testing.assert_array_equal(graph.adjacency, native.adjacency)
    assert graph.outputs.shape == (27, 0)
