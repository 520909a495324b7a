"""What looks like a fixed point and is none, or none that stands alone."""

from __future__ import annotations

import numpy as np
import pytest
from dynamics.cases import vanilla

from pyrnnsim import Population, find_fixed_points


def test_the_ghost_of_a_saddle_node_is_slow():
    """h = tanh(2 h + b) has a fold at h = -1/sqrt(2); a little beyond it there is one fixed point, and a ghost."""
    fold = np.sqrt(2) - np.arctanh(np.sqrt(0.5))
    found = find_fixed_points(vanilla([[2.0]], [fold + 1e-4]))[0, 0]
    assert found.status.tolist() == ["fixed", "slow"] and found.degree == 1
    np.testing.assert_allclose(found.states[1], -np.sqrt(0.5), atol=1e-2)
    assert found.speed[1] < 1e-4 and found.error_estimate[1] > 1e-3
    two_more = find_fixed_points(vanilla([[2.0]], [fold - 1e-4]))[0, 0]
    assert two_more.status.tolist() == ["fixed"] * 3 and two_more.complete


def test_a_closed_gate_is_no_fixed_point():
    """g = sigmoid(80 h - 20) is 1 up to 1e-26 near h = 1: nothing moves there, and h = F(h) does not hold."""
    weights, bias = np.zeros((1, 2, 1, 1)), np.zeros((1, 2, 1))
    weights[0, 1], bias[0, 0], bias[0, 1] = 80.0, -0.5, -20.0
    population = Population.from_arrays("ugrnn", "tanh", w_rec=weights, w_in=np.zeros((1, 2, 1, 1)), b=bias)
    found = find_fixed_points(population, starts=np.linspace(-1, 1, 41)[:, None])[0, 0]
    np.testing.assert_allclose(found.states[found.fixed], [[np.tanh(-0.5)]], atol=1e-7)
    frozen = ~found.fixed
    assert frozen.any() and found.speed[frozen].min() < 1e-15 and (found.error_estimate[frozen] > 1e-3).all()


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_singular_systems_do_not_fail(activation):
    """J - I is exactly singular on a line (relu; its end at the kink belongs to it), or at a point (tanh, gain 1)."""
    found = find_fixed_points(vanilla(np.diag([1.0, 0.5]), np.zeros(2), activation))[0, 0]
    assert not found.fixed.any() and len(found) > 0
    assert found.residual.max() < 1e-6
    np.testing.assert_allclose(found.states[:, 1], 0, atol=1e-6)
    assert found.basin.sum() == found.starts


def test_a_line_attractor_is_covered_by_slow_points(rng):
    """relu, W = u u^T with |u| = 1 and u > 0: every multiple of u is fixed."""
    direction = rng.uniform(0.5, 1.0, 12)
    direction /= np.linalg.norm(direction)
    starts = rng.uniform(0, 3, size=(300, 1)) * direction + 0.1 * rng.uniform(size=(300, 12))
    found = find_fixed_points(vanilla(np.outer(direction, direction), np.zeros(12), "relu"), starts=starts)[0, 0]
    assert not found.fixed.any() and len(found) > 50
    assert not found.complete and "no point to search from" in found.evidence
    along = found.states @ direction
    np.testing.assert_allclose(found.states, along[:, None] * direction, atol=1e-6)
    assert found.residual.max() < 1e-6 and along.max() > 2.5
    assert (found.error_estimate > 1e-3).all()


def test_a_network_without_fixed_points_gives_an_explicit_empty_set():
    """relu(h + 1) grows forever."""
    found = find_fixed_points(vanilla([[1.0]], [1.0], "relu"), starts=[[0.0], [3.0]])[0, 0]
    assert not found.fixed.any() and found.degree == 0
