"""Trajectories at a constant input: the same as stepping, however many states and inputs there are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pyrnnsim import Population, find_limit_cycles
from pyrnnsim.dynamics.following import advance, follow
from pyrnnsim.dynamics.systems import NetworkSystem
from pyrnnsim.dynamics.torch_system import TorchSystem


@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("count", [1, 2, 9])
@pytest.mark.parametrize("cell", ["vanilla", "ugrnn", "gru", "lstm"])
def test_following_is_stepping(rng, cell, count, inputs):
    system = NetworkSystem(Population.create([cell], ["tanh"], [4], [0], inputs=inputs, outputs=1)[0])
    states, x = rng.normal(size=(count, system.size)), rng.normal(size=inputs)
    visited, here = follow(system, states, x, 5), states
    for t in range(5):
        here = system.step(here, x)
        np.testing.assert_array_equal(visited[:, t], here)
    np.testing.assert_array_equal(advance(system, states, x, 5), here)


@pytest.mark.parametrize("chunk", [1, 24, 10**6])  # one step at a time, four of three states, all
@pytest.mark.parametrize("kind", ["network", "function"])
def test_states_are_moved_on_in_stretches(monkeypatch, rng, kind, chunk):
    monkeypatch.setattr("pyrnnsim.dynamics.following._CHUNK", chunk)
    weights, states, x = rng.normal(size=(2, 2)), rng.normal(size=(3, 2)), rng.normal(size=2)
    made = {"w_rec": weights[None, None], "w_in": np.eye(2)[None, None], "b": np.zeros((1, 1, 2))}
    network = Population.from_arrays("vanilla", "tanh", **made, w_out=np.ones((1, 1, 2)))[0]
    matrix = torch.tensor(weights)
    function = TorchSystem(lambda h, u: torch.tanh(h @ matrix.T + u))
    system = NetworkSystem(network) if kind == "network" else function
    expected = states
    for _ in range(11):
        expected = np.tanh(expected @ weights.T + x)
    np.testing.assert_allclose(advance(system, states, x, 11), expected, atol=1e-13)
    np.testing.assert_array_equal(advance(system, states, x, 0), states)
    assert advance(system, states[:0], x, 3).shape == (0, 2)


def test_limit_cycles_at_several_inputs():
    """A turn by 1.2 per step, whatever two inputs without weight are."""
    turn = 1.3 * np.array([[np.cos(1.2), -np.sin(1.2)], [np.sin(1.2), np.cos(1.2)]])
    made = {"w_rec": turn[None, None], "w_in": np.zeros((1, 1, 2, 2)), "b": np.zeros((1, 1, 2))}
    population = Population.from_arrays("vanilla", "tanh", **made, w_out=np.ones((1, 1, 2)))
    ours, bare = (
        find_limit_cycles(given, x, starts=[[0.3, 0.1]], transient=300, longest=32)[0, 0]
        for given, x in ((population, [0.5, 1.0]), (lambda h, u: torch.tanh(h @ torch.tensor(turn).T), []))
    )
    assert len(ours) == 1 and ours.stable.all()
    np.testing.assert_allclose(ours.return_time, bare.return_time, rtol=1e-8)
