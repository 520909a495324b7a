"""Periodic orbits whose states, periods and multipliers are known; and trajectories that end elsewhere."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
import torch
from dynamics.cases import roots_of_unit, vanilla

from pyrnnsim import Population, find_limit_cycles
from pyrnnsim.dynamics.cycles.periodic import floquet_multipliers


def ring(units: int, gain: float) -> Population:
    """A shift register that bites its tail: h_i' = tanh(gain h_{i-1})."""
    return vanilla(gain * np.roll(np.eye(units), 1, axis=0), np.zeros(units))


def logistic(rate: float):
    return lambda h, x: rate * h * (1 - h)


def assert_is_an_orbit(step, states: np.ndarray, period: int) -> None:
    """It returns after ``period`` steps, and not before."""
    assert len(states) == period
    here = states[0]
    for t in range(1, period + 1):
        here = step(here)
        near = np.abs(here - states[t % period]).max() < 1e-10
        assert near
        assert t == period or np.abs(here - states[0]).max() > 1e-6


def test_a_ring_has_an_orbit_for_every_necklace():
    """Patterns of six signs travel around: 9 orbits of period 6, 2 of period 3, 1 of period 2, and 2 fixed points."""
    starts = 0.8 * np.array(list(itertools.product([-1.0, 1.0], repeat=6)))
    found = find_limit_cycles(ring(6, 2.0), starts=starts)[0, 0]
    assert sorted(found.periods) == [2] + [3] * 2 + [6] * 9
    np.testing.assert_array_equal(found.basin, found.periods)  # each shift of a pattern leads to it
    assert (found.at_rest, found.diverged, found.unsettled) == (2, 0, 0)
    amplitude = roots_of_unit(2.0)[-1]
    for orbit, period, multipliers in zip(found.orbits, found.periods, found.multipliers, strict=True):
        np.testing.assert_allclose(np.abs(orbit), amplitude, atol=1e-12)
        assert_is_an_orbit(lambda h: np.tanh(2.0 * np.roll(h, 1)), orbit, period)
        growth = (2.0 * (1 - amplitude**2)) ** period
        np.testing.assert_allclose(np.abs(multipliers), growth, rtol=1e-10)
        np.testing.assert_allclose(multipliers ** (6 // period), growth ** (6 // period), rtol=1e-8)
    assert found.stable.all() and found.periodic.all()
    assert found.residual.max() < 1e-14 and found.error_estimate.max() < 1e-13


@pytest.mark.parametrize("period", [2, 5, 9])
def test_an_orbit_through_prescribed_states(rng, period):
    """W P = artanh(P shifted) makes h' = tanh(W h) walk through the columns of P."""
    states = np.sign(rng.normal(size=(period, period))) * rng.uniform(0.9, 0.99, size=(period, period))
    weights = np.arctanh(np.roll(states, -1, axis=0)).T @ np.linalg.inv(states.T)
    found = find_limit_cycles(vanilla(weights, np.zeros(period)), starts=states + 1e-7 * rng.normal(size=states.shape))
    with mpmath.workdps(40):
        product = mpmath.eye(period)
        for following in np.roll(states, -1, axis=0):
            slope = mpmath.diag([1 - mpmath.mpf(h) ** 2 for h in following])
            product = slope * mpmath.matrix(weights.tolist()) * product
        expected = np.array([complex(one) for one in mpmath.eig(product, left=False, right=False)])
    expected = expected[np.argsort(-np.abs(expected))]
    stable = np.abs(expected[0]) < 1
    ours = [i for i, one in enumerate(found[0, 0].orbits) if np.abs(one[0] - states).max(axis=1).min() < 1e-9]
    assert len(ours) == stable
    if stable:
        assert found[0, 0].periods[ours[0]] == period
        multipliers = found[0, 0].multipliers[ours[0]]
        assert np.abs(multipliers[:, None] - expected).min(axis=1).max() < 1e-10 * np.abs(expected[0])


def test_multipliers_keep_digits_that_the_product_loses(rng):
    jacobians = rng.normal(size=(40, 5, 5)) * np.logspace(0, -3, 5)
    with mpmath.workdps(300):
        product = mpmath.eye(5)
        for jacobian in jacobians:
            product = mpmath.matrix(jacobian.tolist()) * product
        expected = [abs(one) for one in mpmath.eig(product, left=False, right=False)]
        expected = np.array(sorted((float(mpmath.log(one)) for one in expected), reverse=True))
    assert expected[0] - expected[-1] > 60  # beyond 16 digits
    np.testing.assert_allclose(np.log(np.abs(floquet_multipliers(jacobians))), expected, atol=1e-8)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_unit_and_one_start(dtype):
    """h' = tanh(-2 h) jumps between m and -m, m = tanh(2 m)."""
    found = find_limit_cycles(vanilla([[-2.0]], [0.0]).astype(dtype), starts=[[0.3]])[0, 0]
    amplitude = roots_of_unit(2.0)[-1]
    np.testing.assert_allclose(found.orbits[0], [[-amplitude], [amplitude]], atol=1e-12)
    np.testing.assert_allclose(found.multipliers, [[(2 * (1 - amplitude**2)) ** 2]], rtol=1e-12)
    assert found.shares == {"orbit": 1.0, "fixed point": 0.0, "diverged": 0.0, "unsettled": 0.0}
    assert found.return_time.tolist() == [2.0] and found.outputs[0].shape == (2, 0)


@pytest.mark.parametrize(("rate", "period"), [(2.8, 1), (3.2, 2), (3.5, 4), (3.55, 8), (3.83, 3)])
def test_period_doubling(rate, period):
    found = find_limit_cycles(logistic(rate), np.zeros(0), starts=[[0.3], [0.6]], transient=300, longest=32)[0, 0]
    if period == 1:
        assert len(found) == 0 and found.at_rest == 2
        return
    assert found.periods.tolist() == [period] and found.stable.all() and found.basin.tolist() == [2]
    assert_is_an_orbit(lambda h: rate * h * (1 - h), found.orbits[0], period)
    slope = np.prod(rate * (1 - 2 * found.orbits[0]))
    np.testing.assert_allclose(found.multipliers[0, 0], slope, rtol=1e-10)
    if period == 2:
        np.testing.assert_allclose(slope, 4 + 2 * rate - rate**2, rtol=1e-12)


def test_an_unstable_orbit_holds_no_start():
    """At rate 3.46 the orbit of period 2 has just become unstable; a start beside it leaves for that of period 4."""
    rate = 3.46
    away = np.sqrt((rate - 3) * (rate + 1))
    start = (rate + 1 - away) / (2 * rate) + 1e-12
    found = find_limit_cycles(logistic(rate), np.zeros(0), starts=[[start]], transient=1, longest=8)[0, 0]
    assert found.periods.tolist() == [2, 4] and found.stable.tolist() == [False, True]
    assert found.basin.tolist() == [0, 1]
    np.testing.assert_allclose(found.orbits[0].ravel(), (rate + 1 + np.array([-away, away])) / (2 * rate), atol=1e-13)
    np.testing.assert_allclose(found.multipliers[0, 0], 4 + 2 * rate - rate**2, rtol=1e-10)


def test_the_error_estimate_covers_the_error_and_decides():
    """The two states at rate 3.2 are known in closed form."""
    options = {"starts": [[0.3]], "transient": 300, "longest": 8}
    found = find_limit_cycles(logistic(3.2), np.zeros(0), **options)[0, 0]
    exact = (4.2 + np.array([-1, 1]) * np.sqrt(0.2 * 4.2)) / 6.4
    assert np.abs(found.orbits[0].ravel() - exact).max() <= found.error_estimate[0] + 1e-16
    assert 1e-16 < found.error_estimate[0] < 1e-13
    refused = find_limit_cycles(logistic(3.2), np.zeros(0), tolerance=1e-17, **options)[0, 0]
    assert len(refused) == 0 and refused.unsettled == 1


def test_a_start_on_a_saddle_rests_and_one_beside_it_does_not():
    angle = 2 * np.pi * 0.0707
    weights = 1.3 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    starts = [[0.0, 0.0], [1e-12, 0.0]]
    found = find_limit_cycles(vanilla(weights, np.zeros(2)), starts=starts, transient=1, longest=64)[0, 0]
    assert found.at_rest == 1 and found.basin.tolist() == [1]


def test_chaos_is_unsettled_and_shows_unstable_orbits():
    found = find_limit_cycles(logistic(3.9), np.zeros(0), starts=[[0.3], [0.6]], transient=50, longest=16)[0, 0]
    assert found.unsettled == 2 and found.basin.sum() == 0
    assert len(found) > 0 and not found.stable.any() and found.periodic.all()
    for orbit, period in zip(found.orbits, found.periods, strict=True):
        assert_is_an_orbit(lambda h: 3.9 * h * (1 - h), orbit, period)


def test_a_spiral_that_ends_in_fixed_points_is_no_cycle():
    """W = [[5, -2], [1, 5]]: the origin is an unstable spiral, so that its eigenvalues suggest a limit cycle."""
    weights = torch.tensor([[5.0, -2.0], [1.0, 5.0]], dtype=torch.float64)
    starts = np.random.default_rng(0).normal(size=(20, 2))
    found = find_limit_cycles(
        lambda h, x: h + 0.05 * (-h + torch.tanh(h) @ weights.T), np.zeros(0), starts=starts, transient=500
    )[0, 0]
    assert len(found) == 0 and found.at_rest == 20


def test_a_slow_spiral_into_a_fixed_point_is_no_cycle():
    """It shrinks by a factor of e in 10,000 steps."""
    turn = 2 * np.pi * 0.0707
    weights = 0.9999 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    found = find_limit_cycles(vanilla(weights, np.zeros(2)), starts=np.eye(2), transient=10, longest=32)[0, 0]
    assert len(found) == 0 and found.at_rest == 2  # seen to approach at the rate of its mode, long before it is there


def test_growth_without_end():
    grows = find_limit_cycles(vanilla([[2.0]], [1.0], "relu"), starts=[[0.5]])[0, 0]
    assert grows.diverged == 1 and len(grows) == 0
    drifts = find_limit_cycles(vanilla([[1.0]], [1.0], "relu"), starts=[[0.5]], transient=20, longest=8)[0, 0]
    assert drifts.unsettled == 1 and len(drifts) == 0


def test_networks_of_zeros_and_continua_come_to_rest():
    for gain in (0.0, 1.0):
        found = find_limit_cycles(vanilla(gain * np.eye(3), np.zeros(3), "relu"), starts=np.eye(3))[0, 0]
        assert found.at_rest == 3 and len(found) == 0


def test_a_continuum_of_periodic_orbits_is_not_taken_for_one():
    """A quarter turn: every state is periodic, none is isolated."""
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
    found = find_limit_cycles(lambda h, x: h @ turn.T, np.zeros(0), starts=np.eye(2), transient=20, longest=8)[0, 0]
    assert found.unsettled == 2 and len(found) == 0


def test_a_function_in_single_precision():
    def function(h, x):
        return torch.tanh(-2 * h)

    class Module(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gain = torch.nn.Parameter(torch.tensor(-2.0))

        def forward(self, h, x):
            return torch.tanh(self.gain * h)

    for one, near in ((function, 1e-12), (Module(), 1e-6)):
        found = find_limit_cycles(one, np.zeros(0), starts=[[0.3]], transient=100, longest=8)[0, 0]
        assert found.periods.tolist() == [2]
        np.testing.assert_allclose(found.orbits[0].ravel(), np.array(roots_of_unit(2.0))[[0, 2]], atol=near)
