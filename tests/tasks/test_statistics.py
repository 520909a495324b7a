"""Distributions of the built-in tasks' trials and independence between them. Seeds are fixed: nothing here flickers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pyrnnsim.tasks import ContextIntegration, FlipFlop, ReadySetGo, SineWave


def within(count, total, probability, deviations=5):
    return abs(count - total * probability) <= deviations * np.sqrt(total * probability * (1 - probability))


@pytest.mark.parametrize("probability", [0.05, 0.5, 0.001, 1.0])
def test_flips(probability):
    inputs = FlipFlop(probability=probability).trials(2000, seed=1).inputs
    flips = inputs != 0
    assert within(flips.sum(), flips.size, probability)
    assert within((inputs > 0).sum(), flips.sum(), 0.5)
    assert set(np.unique(inputs)) <= {-1.0, 0.0, 1.0}
    for axis in (1, 2):  # every step and every channel alike
        for total in np.moveaxis(flips, axis, 0).reshape(flips.shape[axis], -1):
            assert within(total.sum(), total.size, probability)


def test_targets_hold_the_last_pulse():
    trials = FlipFlop(probability=0.1).trials(200, seed=2)
    before = np.concatenate([np.zeros((200, 1, 3), np.float32), trials.targets[:, :-1]], axis=1)
    np.testing.assert_array_equal(trials.targets, np.where(trials.inputs != 0, trials.inputs, before))


def test_commands_are_uniform():
    commands = SineWave(steps=1).trials(20_000, seed=3, dtype=np.float64).inputs[:, 0, 0]
    assert stats.kstest(commands, "uniform").pvalue > 1e-3
    assert commands.min() > 0
    assert commands.max() < 1


def test_the_sine_has_the_commanded_frequency():
    trials = SineWave().trials(50, dtype=np.float64)
    command = trials.inputs[:, :1, 0]
    assert (trials.inputs == trials.inputs[:, :1]).all()
    expected = np.sin(2 * np.pi * (0.04 * command + 0.01) * np.arange(500))
    np.testing.assert_allclose(trials.targets[:, :, 0], expected, atol=1e-12)


def test_noise_is_normal_and_white():
    """Streams without a mean are the bare normal numbers: moments, distribution, tails, correlations of z and z^2."""
    streams = ContextIntegration(mean_range=0.0, steps=50).trials(4000, seed=4, dtype=np.float64).inputs[:, :, 2:]
    z = streams.ravel()
    n = len(z)
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(np.mean(z**power) - moment) < 5 * np.sqrt(variance / n)
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert within((np.abs(z) > 3).sum(), n, 2 * stats.norm.sf(3))
    for lag in (1, 2, 3, 4, 100):  # pairs, streams, blocks, trials
        assert abs(np.mean(z[lag:] * z[:-lag])) < 5 / np.sqrt(n)
        assert abs(np.mean((z[lag:] ** 2 - 1) * (z[:-lag] ** 2 - 1))) < 5 * 2 / np.sqrt(n)


def test_means_of_streams_are_uniform_and_independent():
    trials = ContextIntegration(noise=0.0, steps=3, contexts=3).trials(10_000, seed=5, dtype=np.float64)
    streams = trials.inputs[:, :, 3:]
    assert (streams == streams[:, :1]).all()
    means = streams[:, 0]
    for k in range(3):
        assert stats.kstest((means[:, k] + 1) / 2, "uniform").pvalue > 1e-3
    correlation = np.corrcoef(means.T) - np.eye(3)
    assert np.abs(correlation).max() < 5 / np.sqrt(10_000)


def test_one_context_is_cued_and_its_stream_summed():
    trials = ContextIntegration(contexts=4, steps=25, scale=0.5).trials(4000, seed=6, dtype=np.float64)
    contexts, streams = trials.inputs[:, :, :4], trials.inputs[:, :, 4:]
    assert (contexts == contexts[:, :1]).all()
    assert (contexts.sum(axis=2) == 1).all()
    assert all(within(count, 4000, 0.25) for count in contexts[:, 0].sum(axis=0))
    expected = 0.5 * np.cumsum((contexts * streams).sum(axis=2), axis=1)
    np.testing.assert_allclose(trials.targets[:, :, 0], expected, atol=1e-12)


def test_the_default_scale_makes_targets_of_order_one():
    task = ContextIntegration()
    assert task.scale == 1 / 30
    last = task.trials(4000, seed=7).targets[:, -1, 0]
    assert np.std(last) == pytest.approx(np.sqrt(1 / 3 + 1 / 30), rel=0.05)


def test_intervals_and_ready_are_uniform_and_independent():
    inputs = ReadySetGo().trials(9100, seed=8).inputs
    ready, start = np.argmax(inputs[:, :, 0], axis=1), np.argmax(inputs[:, :, 1], axis=1)
    interval = start - ready
    for value, low, high in ((ready, 20, 30), (interval, 30, 120)):
        counts = np.bincount(value, minlength=high + 1)[low:]
        assert counts.sum() == len(value)
        assert len(counts) == high - low + 1
        assert stats.chisquare(counts).pvalue > 1e-3
    assert abs(np.corrcoef(ready, interval)[0, 1]) < 5 / np.sqrt(9100)


def test_pulses_come_where_the_interval_says():
    trials = ReadySetGo(pulse=4, ready=(2, 9), interval=(6, 20)).trials(300, seed=9)
    signals = np.concatenate([trials.inputs, trials.targets], axis=2)
    ready, start, go = (np.argmax(signals[:, :, channel], axis=1) for channel in range(3))
    np.testing.assert_array_equal(go - start, start - ready)
    for channel, onset in enumerate((ready, start, go)):
        t = np.arange(signals.shape[1]) - onset[:, None]
        np.testing.assert_array_equal(signals[:, :, channel], ((t >= 0) & (t < 4)).astype(np.float32))


@pytest.mark.parametrize("vary", ["first", "iteration", "seed"])
@pytest.mark.parametrize("start", [0, 2**31])
def test_neighbouring_streams_are_unrelated(vary, start):
    """Normal numbers of trials that differ by one in their index, iteration or seed."""
    task = ContextIntegration(mean_range=0.0, steps=100)
    draws = np.array(
        [task.trials(1, dtype=np.float64, **{vary: start + i}).inputs[0, :, 2:].ravel() for i in range(100)]
    )
    correlation = np.corrcoef(draws)
    off = correlation[~np.eye(100, dtype=bool)]
    assert np.abs(off).max() < 5.5 / np.sqrt(200)
    assert off.std() == pytest.approx(1 / np.sqrt(200), rel=0.1)


def test_iterations_beyond_32_bits_differ():
    task = SineWave(steps=1)
    seen = {
        float(task.trials(1, seed=seed, iteration=iteration, dtype=np.float64).inputs[0, 0, 0])
        for seed in (0, 1, 2**32, 2**63)
        for iteration in (0, 1, 2**32, 2**63, 2**64 - 1)
    }
    assert len(seen) == 20
