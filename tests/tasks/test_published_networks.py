"""Networks that others trained on ready-set-go solve our trials: the conventions of the generator are theirs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pyrnnsim.tasks import ReadySetGo

CELLS = {"vanilla": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
TASK = ReadySetGo(pulse=5, ready=5, interval=(20, 50), steps=150)


def outputs_of(path, cell, inputs):
    weights = load_file(path)
    network = CELLS[cell](2, weights["rnn.weight_hh_l0"].shape[1], batch_first=True)
    network.load_state_dict({name[4:]: value for name, value in weights.items() if name.startswith("rnn.")})
    with torch.no_grad():
        return network(torch.from_numpy(inputs))[0] @ weights["fc.weight"].T + weights["fc.bias"]


@pytest.mark.parametrize("cell", CELLS)
def test_trained_networks_solve_the_task(published_networks, cell):
    trials = TASK.trials(64, seed=1)
    paths = sorted(published_networks.glob(f"interval_reproduction_50_{cell}_*_trained.safetensors"))
    assert paths
    for path in paths:
        outputs = outputs_of(path, cell, trials.inputs)
        assert trials.mean_squared_error(outputs) < 1.2e-4, path.name  # a shift by one step costs 1.3e-2
        assert TASK.accuracy(outputs, trials) == 0.0, path.name


@pytest.mark.parametrize("cell", CELLS)
def test_they_know_exactly_our_range_of_intervals(published_networks, cell):
    """Both ends are included: the error jumps right outside."""
    paths = sorted(published_networks.glob(f"interval_reproduction_50_{cell}_*_trained.safetensors"))

    def error(interval):
        trials = ReadySetGo(pulse=5, ready=5, interval=interval, steps=150).trials(1)
        return np.mean([trials.mean_squared_error(outputs_of(path, cell, trials.inputs)) for path in paths])

    assert max(error(20), error(50)) < 1.5e-4
    assert error(19) > 1e-3
    assert error(53) > 1e-3


@pytest.mark.parametrize("cell", CELLS)
def test_untrained_networks_do_not(published_networks, cell):
    trials = TASK.trials(64, seed=1)
    for path in published_networks.glob(f"interval_reproduction_50_{cell}_*_initial.safetensors"):
        assert trials.mean_squared_error(outputs_of(path, cell, trials.inputs)) > TASK.baseline_error(), path.name
