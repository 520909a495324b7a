"""Trials of one network of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from pyrnnsim import Network, Population, find_fixed_points
from pyrnnsim.study.examples import examples_of
from pyrnnsim.tasks import ContextIntegration, FlipFlop, SineWave

TASKS = {"flip_flop": FlipFlop(steps=12), "sine_wave": SineWave(steps=12), "context_integration": ContextIntegration()}


@pytest.mark.parametrize("name", TASKS)
def test_every_kind_has_one_on_the_same_trials(name):
    task = TASKS[name]
    networks = Population.create(["vanilla", "gru"], ["tanh", "relu"], [5], range(2), task=task)
    points = find_fixed_points(networks, task=task, n_starts=6)
    made = examples_of(networks, networks, task, points, seed=3)
    trained = [one for one in made if one.trained]
    kinds = [(one.cell, one.activation) for one in trained]
    assert kinds == [("vanilla", "tanh"), ("vanilla", "relu"), ("gru", "tanh"), ("gru", "relu")]
    assert all(one.inputs is made[0].inputs and one.targets is made[0].targets for one in made)
    assert [one.trajectory.name for one in trained] == [networks[k].name for k in (0, 2, 4, 6)]
    alone = Population([networks[2]])
    np.testing.assert_array_equal(trained[1].outputs, alone.outputs(made[0].inputs)[0][0])
    assert len(made) - len(trained) == (2 if name == "context_integration" else 0)


def test_probes_of_integration_are_of_one_context_and_sorted():
    task = TASKS["context_integration"]
    networks = Population.create(["vanilla"], ["tanh"], [5], [0], task=task)
    (one, _) = examples_of(networks, networks, task, find_fixed_points(networks, task=task, n_starts=6), seed=0)
    assert (one.inputs[:, :, 0] == 1).all() and (one.inputs[:, :, 1] == 0).all()
    assert (np.diff(one.targets[:, -1, 0]) > 0).all() and len(one.targets) == 9
    np.testing.assert_allclose(one.targets[:, -1, 0], one.inputs[:, :, 2].sum(axis=1) * task.scale, atol=1e-6)


def test_sine_targets_have_the_commanded_frequency():
    task = SineWave(steps=400)
    networks = Population.create(["vanilla"], ["tanh"], [4], [0], task=task)
    (one,) = examples_of(networks, networks, task, find_fixed_points(networks, task=task, n_starts=4), seed=0)
    turns = (np.diff(np.sign(one.targets[:, 1:, 0]), axis=1) > 0).sum(axis=1) / 400
    np.testing.assert_allclose(turns, task.frequency(task.condition_inputs()).ravel(), atol=1 / 400)


def spoilt(network, power, *names):
    """The same network with parameters that make it overflow."""
    value = float(np.finfo(network.dtype).max) ** power
    changed = {name: np.full_like(network.parameters[name], value) for name in names}
    return Network(network.name, network.cell, {**network.parameters, **changed}, network.seed, network.l2)


SPOILT = {"readout": (1.0, "w_out", "b_out"), "states": (0.8, "w_rec")}


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TASKS)
def test_networks_that_overflow_on_the_trials_are_passed_over(name, dtype, how):
    task = TASKS[name]
    networks = Population.create(["vanilla"], ["relu"], [5], range(3), task=task, dtype=dtype)
    others = Population.create(["gru"], ["tanh"], [5], range(2), task=task, dtype=dtype)
    points = find_fixed_points(Population([*networks, *others]), task=task, n_starts=6)
    bad = [spoilt(network, *SPOILT[how]) for network in networks]
    made = examples_of(Population([bad[0], *networks[1:], *others]), networks, task, points, seed=3)
    assert [one.trajectory.name for one in made if one.trained] == [networks[1].name, others[0].name]
    made = examples_of(Population([*bad, *others]), networks, task, points, seed=3)
    assert [one.trajectory.name for one in made] == [others[0].name]
    assert np.isfinite(made[0].outputs).all()


def test_a_network_whose_variance_overflows_is_left_out():
    task = TASKS["flip_flop"]
    networks = Population.create(["vanilla"], ["relu"], [5], [0], task=task, dtype="float64")
    points = find_fixed_points(networks, task=task, n_starts=6)
    assert examples_of(Population([spoilt(networks[0], 0.7, "b")]), networks, task, points, seed=3) == []


def test_an_untrained_network_that_overflows_is_left_out():
    task = TASKS["context_integration"]
    networks = Population.create(["vanilla"], ["relu"], [5], [0], task=task)
    points = find_fixed_points(networks, task=task, n_starts=6)
    fresh = Population([spoilt(networks[0], *SPOILT["states"])])
    assert [one.trained for one in examples_of(networks, fresh, task, points, seed=3)] == [True]
