"""Networks trained here, in seconds: what is found agrees with theorem, task and a search ten times as large."""

from __future__ import annotations

import numpy as np
import pytest
from dynamics.cases import distances_to_nearest

from pyrnnsim import Population, TrainingRecord, find_fixed_points, transition_graph
from pyrnnsim.dynamics.systems import NetworkSystem
from pyrnnsim.tasks import FlipFlop, SineWave

TASK = FlipFlop(bits=2, steps=40, probability=0.1)


@pytest.fixture(scope="module")
def record() -> TrainingRecord:
    population = Population.create(activations=["tanh"], units=[16], seeds=[0, 1], task=TASK)
    return population.train(TASK, iterations=500, optimizer="adam", learning_rate=0.01, progress=False)


@pytest.fixture(scope="module")
def found(record):
    return find_fixed_points(record)


def test_the_evidence_is_complete(found):
    assert found.complete.all()
    assert all(row[0].degree == 1 and row[0].must_be_one for row in found)


def test_the_points_are_fixed_and_distinct(record, found):
    for network, (one,) in zip(record.population, found, strict=True):
        points = one.states[one.fixed]
        moved = NetworkSystem(network).step(points, np.zeros(2)) - points
        assert (np.abs(moved).max(axis=1) <= 1e-10 * (1 + np.abs(points).max(axis=1))).all()
        gaps = np.linalg.norm(points[:, None] - points, axis=-1) + 1e9 * np.eye(len(points))
        assert gaps.min() > 1e-3
        assert one.error_estimate[one.fixed].max() < 1e-8


def test_a_much_larger_search_finds_nothing_more(record, found):
    more = find_fixed_points(record, n_starts=8000, noise=1.0, seed=9)
    for (one,), (other,) in zip(found, more, strict=True):
        a, b = one.states[one.fixed], other.states[other.fixed]
        assert len(a) == len(b) and distances_to_nearest(b, a).max() < 1e-8


def test_there_is_a_stable_point_for_every_memory(found):
    """The readouts of stable points hold each of the four combinations of two bits."""
    for (one,) in found:
        stable = one.outputs[one.fixed & (one.unstable_modes == 0)]
        assert {tuple(np.sign(y)) for y in stable} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}


def test_transitions_are_those_of_trials_that_are_rolled_to_the_end(record, found):
    """Every kick of every point, followed for 4000 steps without asking on the way where it is."""
    kicks = 25
    graphs = transition_graph(record, found, perturbations=kicks)
    for network, (one,), (graph,) in zip(record.population, found, graphs, strict=True):
        states, stable = one.states[one.fixed], np.flatnonzero(one.unstable_modes[one.fixed] == 0)
        random = np.random.default_rng([0, 3]).normal(size=(len(states), kicks, states.shape[1]))
        random /= np.linalg.norm(random, axis=2, keepdims=True)
        gaps = (np.linalg.norm(states[:, None] - states, axis=-1) + 1e9 * np.eye(len(states))).min(axis=1)
        trials = (states[:, None] + 1e-2 * gaps[:, None, None] * random).reshape(-1, states.shape[1])
        system = NetworkSystem(network)
        for _ in range(4000):
            trials = system.step(trials, np.zeros(2))
        distance = np.linalg.norm(trials[:, None] - states[stable], axis=-1)
        assert distance.min(axis=1).max() < 1e-4
        ends = stable[distance.argmin(axis=1)].reshape(-1, kicks)
        expected = np.array([np.bincount(row, minlength=len(states)) for row in ends]) / kicks
        np.testing.assert_array_equal(graph.reordered(np.argsort(graph.nodes)).adjacency, expected)


def test_a_population_and_its_task_give_the_same_as_the_record(record, found):
    again = find_fixed_points(record.population, task=TASK)
    np.testing.assert_array_equal(again[2, 0].states, found[2, 0].states)


def test_a_sine_network_has_one_condition_per_command():
    task = SineWave(steps=60)
    population = Population.create(["gru"], ["tanh"], [8], [0], task=task)
    result = find_fixed_points(population, task=task, n_starts=50)
    np.testing.assert_array_equal(result.inputs, task.condition_inputs())
    assert result.complete.all()
