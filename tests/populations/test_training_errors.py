"""Training refuses what cannot work before any work, and says what to change."""

from __future__ import annotations

import numpy as np
import pytest
from populations.echo import Echo

from pyrnnsim import Population
from pyrnnsim.tasks import FlipFlop, SineWave

SHORT = {"iterations": 12, "batch": 8, "validation_trials": 8, "learning_rate": 0.05, "progress": False}
TASK = FlipFlop(bits=2, steps=20)


@pytest.fixture(scope="module")
def population():
    return Population.create(units=(6,), seeds=range(2), task=TASK)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"learning_rate": 0.0}, ValueError, r"learning_rate must be in \(0, 10\], got 0 for network 0"),
        ({"learning_rate": -1}, ValueError, r"learning_rate must be in \(0, 10\]"),
        ({"learning_rate": 100}, ValueError, r"learning_rate must be in \(0, 10\]"),
        ({"learning_rate": float("nan")}, ValueError, "got nan"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number, or one per network"),
        (
            {"learning_rate": [0.1, 0.2]},
            ValueError,
            r"must be a number or have shape \(16,\), one per network, got \(2,\)",
        ),
        ({"momentum": 1.0}, ValueError, r"momentum must be in \[0, 1\)"),
        ({"decay": 1.5}, ValueError, r"decay must be in \(0, 1\]"),
        ({"decay_steps": 0}, ValueError, "decay_steps must be in"),
        ({"clip": -1.0}, ValueError, "clip must be in"),
        ({"l2": [0.0] * 15 + [-1.0]}, ValueError, r"l2 must be in \[0, 10\], got -1 for network 15"),
        ({"until_loss": float("nan")}, ValueError, "until_loss must be in"),
        ({"iterations": 0}, ValueError, "iterations must be an int from 1"),
        ({"iterations": 1.5}, TypeError, "iterations must be an int"),
        ({"batch": 0}, ValueError, "batch must be an int from 1"),
        ({"optimizer": "rmsprop"}, ValueError, "optimizer must be one of 'sgd', 'adam', got 'rmsprop'"),
        ({"schedule": "cosine"}, ValueError, "schedule must be one of"),
        ({"l2_form": 2}, TypeError, "l2_form must be one of"),
        ({"train_h0": 1}, TypeError, "train_h0 must be True or False"),
        ({"loss_factor": 0}, ValueError, "loss_factor must be positive"),
        ({"loss_factor": "a"}, TypeError, "loss_factor must be a number"),
        ({"validate_every": 0}, ValueError, "validate_every must be an int from 1"),
        ({"checkpoint_seconds": -1}, ValueError, "checkpoint_seconds must be positive"),
        ({"device": "cuda"}, ValueError, "device must be 'cpu': there is no training on a GPU yet"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be"),
        ({"seed": -1}, ValueError, "seed must be an int from 0"),
        ({"progress": "yes"}, TypeError, "progress must be"),
        ({"learning_rates": 0.1}, TypeError, "unknown option 'learning_rates'; did you mean 'learning_rate'?"),
        ({"task": "flip_flop"}, TypeError, "task must be a task such as pyrnnsim.tasks.FlipFlop"),
        ({"task": FlipFlop}, TypeError, "call it, a class only makes tasks"),
        ({"task": FlipFlop(bits=3)}, ValueError, r"task 'flip_flop' has 3 inputs, network 0 \('.*'\) has 2"),
        ({"task": SineWave()}, ValueError, "task 'sine_wave' has 1 inputs"),
    ],
)
def test_bad_settings_are_refused_before_any_work(population, change, kind, message, tmp_path):
    given = {"task": TASK, **SHORT, "checkpoint": tmp_path / "c", **change}
    with pytest.raises(kind, match=message) as caught:
        population.train(given.pop("task"), **given)
    assert str(caught.value).startswith("Population.train: ")
    assert list(tmp_path.iterdir()) == []


def test_a_network_without_readout_cannot_be_trained():
    made = Population.from_arrays("vanilla", "tanh", w_rec=np.ones((1, 1, 2, 2)), w_in=np.ones((1, 1, 2, 2)))
    with pytest.raises(ValueError, match="without readout cannot be trained"):
        made.train(TASK, **SHORT)


class Broken(Echo):
    """Overrides trials, so that nobody has checked them."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def settings(self):
        return {}

    def trials(self, n, *, seed=0, iteration=0, first=0, dtype=np.float32):
        return self.change(super().trials(n, seed=seed, iteration=iteration, first=first, dtype=dtype), iteration)


def _spoiled(name, change, when=0):
    def spoil(trials, iteration):
        if iteration >= when:
            object.__setattr__(trials, name, change(getattr(trials, name)))
        return trials

    return Broken(spoil)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (_spoiled("inputs", lambda a: a[:, :-1]), r"trials\(8\).inputs must have shape \(8, 6, 2\), got \(8, 5, 2\)"),
        (_spoiled("targets", lambda a: a[..., :0]), r"trials\(8\).targets must have shape \(8, 6, 1\)"),
        (_spoiled("inputs", lambda a: a * np.nan), "trials of iteration 0 hold NaN or infinity"),
        (_spoiled("mask", lambda a: a[:1]), "mask must have the shape of targets"),
        (_spoiled("mask", lambda a: a & False), "mask leaves no target in iteration 0"),
        (_spoiled("inputs", lambda a: a * np.inf, 7), "trials of iteration 7 hold NaN or infinity"),
    ],
)
def test_bad_trials_of_a_users_task_are_refused(task, message):
    made = Population.create(["gru"], ["tanh"], [4], [0], task=Echo())
    with pytest.raises(ValueError, match=message):
        made.train(task, **SHORT)
