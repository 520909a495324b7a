"""The example of a user's task: its trials are what it says, and it can be learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pyrnnsim.study.configuration import load_configuration

TOML = Path(__file__).resolve().parents[2] / "examples" / "delayed_memory.toml"


@pytest.fixture(scope="module")
def configuration():
    return load_configuration(config=TOML, changes=["networks.cells=['gru']", "networks.seeds=1"])


def test_the_answer_is_the_order_of_the_stimuli(configuration):
    task = configuration.task("delayed_memory")
    trials = task.trials(300, seed=1, dtype=np.float64)
    for inputs, targets, mask in zip(trials.inputs[..., 0], trials.targets[..., 0], trials.mask[..., 0], strict=True):
        on = np.flatnonzero(inputs)
        first, second = on[: task.stimulus], on[task.stimulus :]
        assert len(second) == task.stimulus and np.ptp(first) == np.ptp(second) == task.stimulus - 1
        assert task.shortest <= second[0] - first[-1] - 1 <= task.longest
        assert abs(inputs[first[0]] - inputs[second[0]]) >= task.difference
        answer = np.arange(second[-1] + 1, second[-1] + 1 + task.answer)
        assert set(targets[answer]) == {np.sign(inputs[first[0]] - inputs[second[0]])}
        assert np.count_nonzero(targets) == task.answer
        assert np.flatnonzero(mask).tolist() == [*range(second[0]), *answer]
    assert np.mean(trials.targets.sum(axis=1) > 0) == pytest.approx(0.5, abs=0.1)
    assert task.accuracy(trials.targets, trials) == 1.0 == 1 - task.accuracy(-trials.targets, trials)


def test_a_network_learns_it(configuration):
    task = configuration.task("delayed_memory")
    networks = configuration.population("delayed_memory")[:1]
    found = networks.train(task, iterations=300, progress=False, n_jobs=1).population.evaluate(task, n_jobs=1)
    assert found.accuracy_name == "share of right answers"
    assert found.accuracy[0] > 0.9
    assert found.loss[0] < 0.2 * found.baseline
