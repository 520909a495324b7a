"""States at which networks linger: they lie on the line that is known, and what was known before stays as it is."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from dynamics.cases import vanilla
from dynamics.integrators import grid, integrator, linear, points_of

from pyrnnsim import FixedPointSet, Population, add_slow_points, find_fixed_points
from pyrnnsim.tasks import ContextIntegration

ARRAYS = (
    "states",
    "status",
    "residual",
    "error_estimate",
    "speed",
    "unstable_modes",
    "eigenvalues",
    "basin",
    "outputs",
)


@pytest.fixture(scope="module")
def case():
    """A slow line, one point that is known, and starts around it."""
    made = integrator(np.random.default_rng(4), (0.999, 0.6, 0.3, -0.2))
    starts = made.centre + np.random.default_rng(0).normal(size=(200, 4)) * 5
    known = points_of(made.population, made.at([0.0]), np.zeros(3))
    return made, starts, known, add_slow_points(made.population, known, starts=starts)


def test_they_lie_on_the_line(case):
    made, starts, _, points = case
    added = points.states[1:] - made.centre
    assert len(added) > 20
    aside = added - np.outer(added @ made.right[:, 0], made.right[:, 0])
    assert np.linalg.norm(aside, axis=1).max() < 1e-10
    landed = (starts - made.centre) @ made.left[0] * 0.999**60
    gaps = np.abs(added @ made.right[:, 0] - landed[:, None]).min(axis=0)
    assert gaps.max() < 1e-9


def test_they_are_apart_and_stand_for_all_starts(case):
    made, starts, _, points = case
    landed = (starts - made.centre) @ made.left[0] * 0.999**60
    radius = 0.05 * landed.std()
    places = np.sort((points.states - made.centre) @ made.right[:, 0])
    assert np.diff(places).min() > radius
    assert np.abs(landed[:, None] - places).min(axis=1).max() <= radius
    at_known = (np.abs(landed) <= radius).sum()
    assert points.basin[1:].sum() == 200 - at_known and points.starts == 201


def test_what_was_known_stays(case):
    _, _, known, points = case
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(points, name)[:1], getattr(known, name))
    assert (points.degree, points.closed, points.listed) == (known.degree, known.closed, known.listed)
    assert points.fixed.tolist() == [True] + [False] * (len(points) - 1)


def test_their_numbers_are_theirs(case):
    made, _, _, points = case
    again = points_of(made.population, points.states, np.zeros(3))
    for name in ("residual", "error_estimate", "speed", "unstable_modes", "eigenvalues", "outputs"):
        np.testing.assert_allclose(getattr(points, name), getattr(again, name), rtol=1e-9, atol=1e-12)


def test_options(case):
    made, starts, known, points = case
    assert len(add_slow_points(made.population, known, starts=starts, spacing=0.5)) < len(points) / 3
    assert len(add_slow_points(made.population, known, starts=starts, steps=0)) == 1, "they are all too fast"
    assert len(add_slow_points(made.population, known, starts=starts, steps=0, max_speed=1e9)) > 100
    slower = add_slow_points(made.population, known, starts=starts, max_speed=1e-5)
    assert 1 < len(slower) < len(points)
    assert (slower.speed <= 1e-5 * (1 + np.abs(slower.states).max(axis=1))).all()


def test_the_order_of_starts_and_threads_change_nothing(case):
    made, starts, known, points = case
    again = add_slow_points(made.population, known, starts=starts[::-1], n_jobs=1)
    for field in fields(FixedPointSet):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(points, field.name))


def test_a_network_that_reaches_its_points_gains_none():
    network = vanilla([[0.5]], [0.1])
    found = find_fixed_points(network, n_starts=10)
    again = add_slow_points(network, found, n_starts=10)
    np.testing.assert_array_equal(again[0, 0].states, found[0, 0].states)


def test_states_that_overflow_are_left_out():
    network = vanilla([[3.0]], [0.0], "relu")
    found = find_fixed_points(network, starts=[[1.0]])
    assert len(add_slow_points(network, found, starts=[[1.0], [-1.0]], steps=2000)[0, 0]) == len(found[0, 0])


def test_a_population_on_a_task():
    task = ContextIntegration(steps=10)
    population = Population.create(["vanilla", "gru"], ["tanh"], [6], [0], task=task, gain=1.0)
    found = find_fixed_points(population, task=task, n_starts=20)
    more = add_slow_points(population, found, task=task, n_starts=50, max_speed=0.1, steps=5)
    assert more.inputs is found.inputs and len(more) == 2 and len(more[0]) == 2
    assert more.settings["slow_points"]["steps"] == 5 and more.settings["seed"] == found.settings["seed"]
    alone = add_slow_points(population[1], found[1, 1], task=task, n_starts=50, max_speed=0.1, steps=5)
    np.testing.assert_array_equal(alone.states, more[1, 1].states)
    assert len(more[1, 1]) > len(found[1, 1])


def test_each_stands_for_its_own_starts():
    made = integrator(np.random.default_rng(4), (1.0, 0.5))
    none = points_of(made.population, np.zeros((0, 2)), np.zeros(3))
    places = np.repeat([0.0, 7.0, -3.0, 20.0], [5, 1, 3, 2])
    points = add_slow_points(made.population, none, starts=made.at(places))
    order = np.argsort(points.states @ made.right[:, 0])
    assert points.basin[order].tolist() == [3, 5, 1, 2]


def test_a_function(rng):
    network = linear(np.diag([0.9995, 0.2]), np.zeros(2))
    known = points_of(network, np.zeros((1, 2)), np.zeros(1))
    points = add_slow_points(network, known, starts=rng.normal(size=(50, 2)))
    assert len(points) > 10 and np.abs(points.states[:, 1]).max() < 1e-12
    with pytest.raises(TypeError, match="add_slow_points: a function needs starts"):
        add_slow_points(network, known)
    with pytest.raises(ValueError, match=r"starts of network .* S = 2 .*got shape \(3, 5\)"):
        add_slow_points(network, known, starts=np.zeros((3, 5)))


def test_from_no_points(rng):
    made = integrator(rng, (1.0, 0.5))
    none = points_of(made.population, np.zeros((0, 2)), np.zeros(3))
    points = add_slow_points(made.population, grid([none]), starts=made.at(np.arange(10.0)))
    assert len(points[0, 0]) == 10 and not points[0, 0].fixed.any()


@pytest.mark.parametrize(
    ("options", "kind", "match"),
    [
        ({"steps": -1}, ValueError, "steps must be an int from 0"),
        ({"max_speed": -1.0}, ValueError, "max_speed must be a finite number"),
        ({"spacing": np.inf}, ValueError, "spacing must be a finite number"),
        ({"n_starts": 0}, ValueError, "n_starts must be an int from 1"),
        ({"seed": 0.5}, TypeError, "seed must be an int"),
        ({"starts": np.zeros((3, 2))}, ValueError, r"starts of network .* S = 4"),
        ({"starts": np.zeros(4)}, ValueError, r"got shape \(4,\); use starts\[None\]"),
        ({"task": "integrate"}, TypeError, "task"),
    ],
)
def test_bad_input(case, options, kind, match):
    made, _, known, _ = case
    with pytest.raises(kind, match=match):
        add_slow_points(made.population, known, **options)
    with pytest.raises(ValueError, match="fixed_points of 'x' stand where"):
        add_slow_points(made.population, replace(known, name="x"))
