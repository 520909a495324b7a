"""Accuracy in each task's own terms, on outputs whose accuracy is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pyrnnsim.tasks import ContextIntegration, FlipFlop, ReadySetGo, SineWave
from pyrnnsim.tasks.trials import Trials


def test_flip_flop_counts_signs_after_the_first_pulse():
    targets = np.array([[[0.0], [1.0], [1.0], [-1.0]]])
    trials = Trials(np.zeros_like(targets), targets)
    outputs = np.array([[[-9.0], [0.2], [-0.1], [-7.0]]])
    assert FlipFlop(bits=1, steps=4).accuracy(outputs, trials) == pytest.approx(2 / 3)
    assert FlipFlop(bits=1, steps=4).accuracy(np.zeros_like(targets), trials) == 0.0  # no sign is no right sign


def test_flip_flop_needs_a_pulse():
    trials = FlipFlop(probability=1e-9).trials(2)
    with pytest.raises(ValueError, match=r"flip_flop\.accuracy: no channel has a pulse"):
        FlipFlop().accuracy(trials.targets, trials)


@pytest.mark.parametrize("task", [SineWave(), ContextIntegration()])
def test_variance_explained(task):
    trials = task.trials(30, dtype=np.float64)
    mean = np.full_like(trials.targets, trials.targets.mean())
    assert task.accuracy(mean, trials) == pytest.approx(0.0, abs=1e-12)
    assert task.accuracy((trials.targets + mean) / 2, trials) == pytest.approx(0.75)
    assert task.accuracy(2 * mean - trials.targets, trials) == pytest.approx(-3.0)


def test_variance_explained_needs_variance():
    trials = SineWave(steps=1).trials(3)  # sin(0) everywhere
    with pytest.raises(ValueError, match=r"sine_wave\.accuracy: all targets are equal"):
        SineWave().accuracy(trials.targets, trials)


@pytest.mark.parametrize("shift", [-3, -1, 0, 2, 7])
def test_ready_set_go_measures_the_shift_of_the_answer(shift):
    task = ReadySetGo()
    trials = task.trials(40, seed=1)
    assert task.accuracy(0.6 * np.roll(trials.targets, shift, axis=1), trials) == abs(shift)


def test_ready_set_go_ignores_what_comes_before_set():
    task = ReadySetGo()
    trials = task.trials(40, seed=1)
    early = np.cumsum(trials.inputs[:, :, 1:], axis=1) == 0
    assert task.accuracy(np.maximum(trials.targets, early), trials) == 0.0


def test_silence_is_charged_until_the_end():
    task = ReadySetGo(ready=20, interval=50, steps=200)
    trials = task.trials(3)
    assert task.accuracy(np.full_like(trials.targets, 0.5), trials) == 200 - (20 + 2 * 50)


@pytest.mark.parametrize("task", [FlipFlop(), SineWave(), ContextIntegration(), ReadySetGo()], ids=lambda t: t.name)
def test_bad_outputs(task):
    trials = task.trials(3)
    bad = np.array(trials.targets)
    bad[2, 5, 0] = np.nan
    with pytest.raises(ValueError, match=rf"{task.name}\.accuracy: outputs must be finite, got nan at trial 2, step 5"):
        task.accuracy(bad, trials)
    with pytest.raises(ValueError, match=r"must have the targets' shape \(trials, steps, outputs\) \(3, .*got \(2, "):
        task.accuracy(trials.targets[:2], trials)
    with pytest.raises(TypeError, match=r"outputs must be an array of real numbers, got dtype complex"):
        task.accuracy(trials.targets * 1j, trials)
    with pytest.raises(ValueError, match="there are no trials to judge outputs by"):
        task.accuracy(task.trials(0).targets, task.trials(0))


def test_torch_outputs_are_read():
    task = SineWave()
    trials = task.trials(3)
    outputs = torch.from_numpy(trials.targets).requires_grad_()
    assert task.accuracy(outputs, trials) == 1.0
    assert trials.mean_squared_error(outputs) == 0.0


def test_masked_entries_do_not_count():
    targets = np.zeros((1, 3, 2))
    mask = np.array([[[True, False], [False, False], [False, True]]])
    trials = Trials(np.zeros((1, 3, 1)), targets, mask)
    outputs = np.array([[[1.0, 50.0], [50.0, 50.0], [50.0, 3.0]]])
    assert trials.mean_squared_error(outputs) == 5.0


def test_a_mask_that_leaves_nothing():
    zeros = np.zeros((1, 3, 2))
    trials = Trials(zeros, zeros, np.zeros(zeros.shape, bool))
    with pytest.raises(ValueError, match=r"Trials\.mean_squared_error: the mask is all False"):
        trials.mean_squared_error(zeros)


def test_errors_are_summed_in_double():
    targets = np.zeros((1, 200_000, 1), np.float32)
    trials = Trials(targets, targets)
    outputs = np.full(targets.shape, 0.1, np.float32)
    assert trials.mean_squared_error(outputs) == pytest.approx(float(np.float32(0.1)) ** 2, rel=1e-13)
