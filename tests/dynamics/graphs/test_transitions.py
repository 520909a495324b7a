"""When a trial has arrived, on maps made for it; and the kicks that trials begin with."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

from pyrnnsim.dynamics.graphs import topology
from pyrnnsim.dynamics.graphs.transitions import Targets, contraction, destinations
from pyrnnsim.dynamics.systems import Expansion

NOTHING = np.zeros(0)


class Map:
    """A map of states to states, as a system."""

    def __init__(self, function, jacobian=None) -> None:
        self.function, self.jacobian = function, jacobian

    def step(self, states, x):
        return self.function(states)

    def expand(self, states, x):
        return Expansion(states, np.broadcast_to(self.jacobian, (len(states), *np.shape(self.jacobian))), NOTHING)


def targets(states, jacobian=0.5, radius=2.0) -> Targets:
    """Targets with one Jacobian: a number times the identity, or a matrix."""
    states = np.asarray(states, dtype=float)
    count, size = states.shape
    matrix = np.asarray(jacobian) if np.ndim(jacobian) else jacobian * np.eye(size)
    patience, norm, fall = contraction(matrix, 10_000)
    forms = [np.broadcast_to(one, (count, size, size)) for one in (norm, fall)]
    return Targets(states, np.full(count, radius), np.full(count, 1e-9), np.full(count, patience), *forms)


def ends(function, where, starts, steps=2000) -> list[int]:
    return destinations(Map(function), NOTHING, where, np.asarray(starts, dtype=float), steps).tolist()


def test_a_trial_that_creeps_away_within_reach_has_not_arrived():
    def creep(h):  # to 0 below 1/2, slowly up to 9 above it, from there to 10
        return np.where(h < 0.5, h / 2, np.where(h < 9, h + 0.01, 10 + (h - 10) / 2))

    assert ends(creep, targets([[0.0], [10.0]]), [[0.4], [0.6], [10.5]]) == [0, 1, 1]
    assert ends(creep, targets([[0.0], [10.0]]), [[0.6]], steps=100) == [-1]


def test_what_contracts_in_one_direction_only_has_not_arrived():
    def passing(h):
        return h * [0.9, 1.05]

    assert ends(passing, targets([[0.0, 0.0]], 0.9), [[1.9, 0.01]]) == [-1]
    assert ends(passing, targets([[0.0, 0.0]], 0.9), [[1.9, 0.0]]) == [0]


def test_slow_contraction_is_told_long_before_it_is_over():
    def slow(h):
        return h * 0.999

    where = targets([[0.0]], 0.999)
    assert where.patience[0] == 1024
    assert ends(slow, where, [[1.0]], steps=48) == [0]
    assert ends(slow, where, [[1.0]], steps=47) == [-1]


def test_a_trial_that_falls_otherwise_than_linearised_has_not_arrived():
    def stops(h):  # as slow as the target says, but towards 0.5
        return 0.5 + (h - 0.5) * 0.999

    assert ends(stops, targets([[0.0]], 0.999), [[0.6]], steps=20_000) == [-1]


def test_distances_to_different_targets_are_not_compared():
    def alternate(h):  # near 0 for 16 steps, near 10 and nearer for the next 16
        phase = h[:, 1] + 1e-9
        return np.column_stack([np.where(np.round(phase / 1e-9) % 32 < 16, 0.5, 10.3), phase])

    assert ends(alternate, targets([[0.0, 0.0], [10.0, 0.0]]), [[0.5, 0.0]]) == [-1]


def test_a_long_way_out_is_not_divergence():
    def out_and_back(h):
        return np.where(h > 1, np.where(h < 300, h + 5, -0.5), h / 2)

    assert ends(out_and_back, targets([[0.0]]), [[1.5], [np.inf], [np.nan]]) == [0, -1, -1]


def test_a_transient_does_not_hide_contraction():
    """From 0.1 out to 10 and back at 0.99 per step: below 0.1 only after 460 steps, but the norm falls at once."""
    jacobian = np.array([[0.99, 50.0], [0.0, 0.5]])
    where = targets([[0.0, 0.0]], jacobian, radius=20.0)
    assert ends(lambda h: h @ jacobian.T, where, [[0.0, 0.1]], steps=48) == [0]
    assert ends(lambda h: h @ jacobian.T, where, [[0.0, 0.1]], steps=32) == [-1]


def test_at_a_target_at_once():
    assert ends(lambda h: h, targets([[1.0], [2.0]]), [[2.0], [1.0 + 1e-10]]) == [1, 0]
    assert ends(lambda h: h, targets(np.zeros((0, 1))), [[2.0]]) == [-1]
    assert ends(lambda h: h, targets([[1.0]]), np.zeros((0, 1))) == []


@pytest.mark.parametrize(
    ("jacobian", "expected"),
    [
        (0.5 * np.eye(2), 16),
        (0.99 * np.eye(2), 128),  # 0.99^64 sqrt(2) = 0.74, 0.99^128 sqrt(2) = 0.39
        ([[0.5, 1e5], [0.0, 0.5]], 32),  # 16 * 1e5 * 0.5^15 = 48.8
        (np.eye(2), 1024),
    ],
)
def test_patience_is_when_the_linearised_dynamics_have_halved(jacobian, expected):
    states, one = np.zeros((1, 2)), np.ones(1)
    made = Targets.of(Map(None, np.asarray(jacobian)), NOTHING, states, one, 0 * one, 600)
    assert made.patience.tolist() == [expected] and made.radius.tolist() == [0.2] and made.floor.tolist() == [1e-7]


@pytest.mark.parametrize("jacobian", [0.5 * np.eye(2), 0.999 * np.eye(2), [[0.9, 5.0], [0.0, -0.7]], np.zeros((2, 2))])
def test_the_norm_of_a_target_is_that_of_all_steps_to_come(jacobian):
    jacobian = np.asarray(jacobian)
    _, norm, fall = contraction(jacobian, 10_000)
    np.testing.assert_allclose(norm, solve_discrete_lyapunov(jacobian.T, np.eye(2)), rtol=1e-8)
    over = np.linalg.matrix_power(jacobian, 16)
    np.testing.assert_allclose(fall, norm - over.T @ norm @ over, rtol=1e-6, atol=1e-12)


def test_without_contraction_there_is_no_norm():
    patience, norm, _ = contraction(np.eye(2), 600)
    assert patience == 1024
    assert np.isnan(norm).all()
    where = targets([[1.0, 0.0]], 1.0)
    assert ends(lambda h: h, where, [[1.5, 0.0], [1.0, 1e-10]]) == [-1, 0]


def test_the_floor_is_above_the_error_of_a_point_and_within_its_radius():
    states, system = np.zeros((2, 1)), Map(None, np.zeros((1, 1)))
    made = Targets.of(system, NOTHING, states, np.array([1.0, 1e-4]), np.array([1e-3, 1e-3]), 10)
    np.testing.assert_allclose(made.floor, [1e-2, 2e-5])


def test_kicks_are_isotropic_and_of_one_length():
    count, size = 20000, 4
    states = np.array([[1.0, 0.0, -1.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    kicked = topology._kicked(np.random.default_rng(0), states, np.array([0.1, 3.0]), count).reshape(2, count, size)
    kicks = kicked - states[:, None]
    np.testing.assert_allclose(np.linalg.norm(kicks, axis=2), np.array([[0.1], [3.0]]) * np.ones(count))
    for unit in kicks / np.array([0.1, 3.0])[:, None, None]:  # of a uniform direction in 4 dimensions
        assert np.abs(unit.mean(axis=0)).max() < 5 * np.sqrt(1 / size / count)
        assert np.abs((unit**4).mean(axis=0) - 3 / (size * (size + 2))).max() < 5 * 0.2 / np.sqrt(count)
        np.testing.assert_allclose(unit.T @ unit / count, np.eye(size) / size, atol=0.01)
