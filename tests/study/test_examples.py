"""Examples: which networks, which trials, and that trajectories are those of the networks."""

from __future__ import annotations

import numpy as np
import pytest
from study import tiny

import pyrnnsim
from pyrnnsim.study.training import learned


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return tiny.run(tmp_path_factory.mktemp("whole"))


def test_there_is_one_of_each_kind_trained_and_not(whole):
    for one in whole.results:
        kinds = [(example.cell, example.activation, example.trained) for example in one.examples]
        assert kinds == [(cell, "tanh", state) for cell in ("vanilla", "gru", "lstm") for state in (True, False)]


def test_outputs_and_points_are_those_of_the_network(whole):
    flip_flop = whole.results[0]
    example = flip_flop.examples[2]
    population = learned(pyrnnsim.study.run.open_study(whole.folder).stage("flip_flop", "training"))
    k = flip_flop.names.index(example.trajectory.name)
    outputs = population[[k]].outputs(example.inputs)[0][0]
    np.testing.assert_allclose(example.outputs, outputs, atol=1e-6)
    assert len(example.trajectory.points) == len(flip_flop.dynamics["points"][k, 0])


def test_trials_are_in_the_order_of_what_they_ask_for(whole):
    _, sine, integration = whole.results
    commands = sine.examples[0].inputs[:, 0, 0]
    assert (np.diff(commands) >= 0).all()
    assert np.ptp(commands) > 0.3
    one = integration.examples[0]
    np.testing.assert_array_equal(one.inputs[:, :, :2], np.broadcast_to([1.0, 0.0], one.inputs[:, :, :2].shape))
    assert (np.diff(one.targets[:, -1, 0]) >= 0).all()
