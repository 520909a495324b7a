"""Trials of one network of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from pyrnnsim import Population, find_fixed_points
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
