"""Oscillations whose period is no whole number: frequency, stability, and what must not be taken for one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dynamics.cases import vanilla

from pyrnnsim import find_limit_cycles
from pyrnnsim.dynamics.cycles.curves import InvariantCurve, find_curve
from pyrnnsim.dynamics.cycles.orbits import lies_on, same_orbit
from pyrnnsim.dynamics.cycles.periodic import PeriodicOrbit
from pyrnnsim.dynamics.cycles.rotation import bump, fundamental, strongest_frequency, turns_per_period
from pyrnnsim.dynamics.following import follow
from pyrnnsim.dynamics.torch_system import TorchSystem

GOLDEN = (np.sqrt(5) - 1) / 2
FAST = {"transient": 300, "longest": 64}


def circle(frequency: float, pull: float = 0.1, *, beat: float = 0.0, beats: int = 1, shape=None):
    """r' = r + pull r (1 - r^2), phase' = phase + 2 pi frequency + beat sin(beats phase), seen through a linear map."""
    shape = torch.tensor(np.eye(2) if shape is None else shape, dtype=torch.float64)
    back = torch.linalg.pinv(shape)

    def function(h, x):
        plane = h @ back.T
        radius, phase = plane.norm(dim=1), torch.atan2(plane[:, 1], plane[:, 0])
        radius = radius + pull * radius * (1 - radius**2)
        phase = phase + 2 * np.pi * frequency + beat * torch.sin(beats * phase)
        return torch.stack([radius * torch.cos(phase), radius * torch.sin(phase)], dim=1) @ shape.T

    return function


def turning(frequency: float, gain: float) -> np.ndarray:
    angle = 2 * np.pi * frequency
    return gain * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize("frequency", [0.03 * GOLDEN, 0.1 * GOLDEN, 0.5 * GOLDEN, 0.75 * GOLDEN])
def test_frequency_and_stability_are_those_of_the_circle(frequency):
    shape = np.array([[2.0, 0.3], [0.1, 0.5], [0.7, -0.4]])  # an ellipse in three dimensions
    starts = np.array([[0.5, 0.1, 0.0], [2.0, 1.0, 1.0]])
    found = find_limit_cycles(circle(frequency, shape=shape), np.zeros(0), starts=starts, **FAST)[0, 0]
    assert found.kind.tolist() == ["quasi-periodic"] and found.periods.tolist() == [0]
    assert found.basin.tolist() == [2] and found.stable.all()
    turn = min(frequency, 1 - frequency)
    np.testing.assert_allclose(found.frequency, turn, rtol=1e-9)
    assert abs(found.return_time[0] - 1 / turn) <= 1e-9 / turn + found.error_estimate[0] < 1e-6
    np.testing.assert_allclose(found.multipliers[0, :2], [1.0, 0.8 ** (1 / turn)], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found.orbits[0] @ np.linalg.pinv(shape).T, axis=1), 1, atol=1e-6)
    assert found.residual[0] < 1e-6


def test_an_uneven_rotation_has_the_frequency_of_its_long_run_average():
    frequency, beat = 0.1 * GOLDEN, 0.25
    found = find_limit_cycles(circle(frequency, beat=beat), np.zeros(0), starts=[[1.0, 0.0]], **FAST)[0, 0]
    phase, steps = 0.0, 200_000
    for _ in range(steps):
        phase += 2 * np.pi * frequency + beat * np.sin(phase)
    assert abs(phase / (2 * np.pi * steps) - frequency) > 1e-3  # not the bare frequency
    np.testing.assert_allclose(found.frequency, phase / (2 * np.pi * steps), atol=2 / steps)


def test_an_uneven_rotation_near_a_third_is_locked_to_it():
    """Where 2 pi (frequency - 1/3) + beat sin(3 phase) vanishes."""
    detuned = circle(1 / 3 + 1e-3, beat=0.02, beats=3)
    found = find_limit_cycles(detuned, np.zeros(0), starts=[[1.0, 0.0]], **FAST)[0, 0]
    assert found.kind.tolist() == ["periodic"] and found.periods.tolist() == [3]
    assert found.stable.all() and found.return_time.tolist() == [3.0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_turns_as_its_angle_says(dtype):
    weights = turning(0.0707, 1.3)
    population = vanilla(weights, np.zeros(2)).astype(dtype)
    found = find_limit_cycles(population, n_starts=8)[0, 0]
    assert found.kind.tolist() == ["quasi-periodic"] and found.basin.tolist() == [8]
    weights = np.asarray(population[0].parameters["w_rec"][0], np.float64)
    h, total, steps = np.array([0.6, 0.1]), 0.0, 100_000
    for _ in range(steps):
        following = np.tanh(weights @ h)
        total += np.arctan2(h[0] * following[1] - h[1] * following[0], h @ following)
        h = following
    np.testing.assert_allclose(found.frequency, total / (2 * np.pi * steps), atol=2 / steps)


def test_a_pure_rotation_is_no_attractor():
    """Every circle is invariant, none attracts."""
    turn = torch.tensor(turning(0.1 * GOLDEN, 1.0))
    found = find_limit_cycles(
        lambda h, x: h @ turn.T, np.zeros(0), starts=np.diag([1.0, 0.5]), transient=5, longest=17
    )[0, 0]
    assert len(found) == 0 and found.unsettled == 2


def test_two_frequencies_at_once_are_unsettled():
    """A torus is neither a cycle nor a curve."""
    one, other = circle(0.1 * GOLDEN), circle(np.sqrt(2) / 10)

    def function(h, x):
        return torch.cat([one(h[:, :2], x), other(h[:, 2:], x)], dim=1)

    found = find_limit_cycles(function, np.zeros(0), starts=[[1.0, 0, 1, 0]], transient=10, longest=17)[0, 0]
    assert found.unsettled == 1 and found.basin.sum() == 0


def test_chaos_in_the_plane_is_unsettled():
    def henon(h, x):
        return torch.stack([1 - 1.4 * h[:, 0] ** 2 + h[:, 1], 0.3 * h[:, 0]], dim=1)

    found = find_limit_cycles(henon, np.zeros(0), starts=[[0.1, 0.1]], transient=20, longest=16)[0, 0]
    assert found.unsettled == 1 and not found.stable.any() and found.basin.sum() == 0


def test_a_turn_longer_than_asked_for_is_unsettled():
    found = find_limit_cycles(circle(0.002 * GOLDEN), np.zeros(0), starts=[[1.0, 0.0]], transient=10, longest=8)[0, 0]
    assert found.unsettled == 1 and len(found) == 0


def test_two_circles_are_told_apart():
    """A switch h_2 of two stable states shifts the circle of the others, and sets their frequency."""

    def function(h, x):
        switch = torch.tanh(3 * h[:, 2:])
        slow, fast = circle(0.03 * GOLDEN)(h[:, :2] - switch, x), circle(0.1 * GOLDEN)(h[:, :2] - switch, x)
        return torch.cat([torch.where(switch > 0, fast, slow) + switch, switch], dim=1)

    starts = [[1.5, 1, 0.5], [-1.5, -1, -0.5], [1, 1.5, 0.9]]
    found = find_limit_cycles(function, np.zeros(0), starts=starts, **FAST)[0, 0]
    np.testing.assert_allclose(found.frequency, np.array([0.1, 0.03]) * GOLDEN, rtol=1e-6)
    assert found.basin.tolist() == [2, 1]


def test_strongest_frequency_of_a_signal_with_harmonics():
    t, frequency = np.arange(3000), 0.0123456789
    signal = np.cos(2 * np.pi * frequency * t) + 0.5 * np.cos(4 * np.pi * frequency * t + 1) + 3
    np.testing.assert_allclose(strongest_frequency(signal), frequency, rtol=1e-8)
    np.testing.assert_allclose(bump(17).sum(), 1)


def test_the_fundamental_is_found_under_a_stronger_harmonic():
    t, frequency = np.arange(2000), 0.0812345
    angle = 2 * np.pi * frequency * t
    states = np.column_stack([2 * np.cos(2 * angle), 2 * np.sin(2 * angle), np.cos(angle), np.sin(angle)])
    np.testing.assert_allclose(fundamental(states, strongest_frequency(states[:, 0])), frequency, rtol=1e-8)


def test_turns_of_a_periodic_orbit():
    angle = 2 * np.pi * np.arange(7) * 3 / 7
    assert turns_per_period(np.column_stack([np.cos(angle), np.sin(angle)])) == 3
    assert turns_per_period(np.array([[0.0], [1.0]])) == 1


def test_states_between_the_corners_lie_on_the_curve():
    angle = 2 * np.pi * np.arange(512) / 512
    curve = InvariantCurve(np.column_stack([np.cos(angle), np.sin(angle)]), 0.1, 0.0, 0.0, np.zeros(2))
    between = np.array([[np.cos(angle[3] + 0.006), np.sin(angle[3] + 0.006)]])
    assert lies_on(between, curve) and not lies_on(1.01 * between, curve)


def around(frequency: float, count: int, shrink: float = 1.0) -> np.ndarray:
    """States of a rotation that shrinks by a factor in each step."""
    t = np.arange(count)
    return shrink ** t[:, None] * np.column_stack(
        [np.cos(2 * np.pi * frequency * t), np.sin(2 * np.pi * frequency * t)]
    )


def test_what_shows_a_curve_and_what_does_not():
    frequency = 0.1 * GOLDEN
    stable, unstable = (TorchSystem(circle(frequency, pull)) for pull in (0.1, -0.1))
    states = around(frequency, 2000)
    assert find_curve(stable, np.zeros(0), states).stable
    assert find_curve(unstable, np.zeros(0), states) is None  # the states on it cannot have come there
    shrink = 1 - 1e-7
    turn = torch.tensor(turning(frequency, shrink))
    spiral = TorchSystem(lambda h, x: h @ turn.T)
    assert find_curve(spiral, np.zeros(0), around(frequency, 2000, shrink)) is None
    slow = TorchSystem(circle(frequency, 1e-4))
    approach = follow(slow, np.array([[1.001, 0.0]]), np.zeros(0), 2000)[0]
    assert find_curve(slow, np.zeros(0), approach) is None  # it is not there yet
    seldom = TorchSystem(circle(0.01 * GOLDEN))
    assert find_curve(seldom, np.zeros(0), around(0.01 * GOLDEN, 3000)) is None  # 9 turns in each half
    assert find_curve(seldom, np.zeros(0), around(0.01 * GOLDEN, 6000)).stable


def test_a_shift_of_phase_makes_no_other_orbit(rng):
    states = rng.normal(size=(5, 3))
    one, shifted, other = (
        PeriodicOrbit(part, np.zeros(3), 0.0, 0.0) for part in (states, np.roll(states, 2, axis=0), states[::-1])
    )
    assert same_orbit(one, shifted) and not same_orbit(one, other)


def test_a_period_of_several_turns_may_exceed_the_longest_turn():
    """phase' = phase + 2 pi 3/50 + 0.01 sin(50 phase) rests on 50 phases; each pulls with a slope of 1 - 50 x 0.01."""
    locked = circle(3 / 50, 0.1, beat=0.01, beats=50)
    found = find_limit_cycles(locked, np.zeros(0), starts=[[1.0, 0.1]], transient=200, longest=20)[0, 0]
    assert found.periods.tolist() == [50] and found.stable.all() and found.basin.tolist() == [1]
    np.testing.assert_allclose(found.return_time, 50 / 3)
    np.testing.assert_allclose(found.multipliers[0] * 1e5, [0.8**50 * 1e5, 0.5**50 * 1e5], rtol=1e-6)


def test_a_slow_passage_of_a_resonance_takes_a_longer_look():
    """Just beside a locked fifth the phase lingers at five places, and passes each in some 55 steps."""
    beat = 0.05
    frequency = 0.2 + 1.1 * beat / (2 * np.pi)
    function = circle(frequency, beat=beat, beats=5)
    found = find_limit_cycles(function, np.zeros(0), starts=[[1.0, 0.0]], transient=100, longest=17)[0, 0]
    assert found.kind.tolist() == ["quasi-periodic"]
    phase, steps = 0.0, 200_000
    for _ in range(steps):
        phase += 2 * np.pi * frequency + beat * np.sin(5 * phase)
    np.testing.assert_allclose(found.frequency, phase / (2 * np.pi * steps), atol=2 / steps)
