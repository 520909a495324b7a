"""Evaluation: loss and accuracy on fresh trials, per network."""

from __future__ import annotations

import numpy as np
import pytest
from populations.echo import Echo

from pyrnnsim import Population
from pyrnnsim.populations import loss
from pyrnnsim.tasks import FlipFlop, ReadySetGo

TASK = FlipFlop(bits=2, steps=30)


@pytest.fixture
def population():
    return Population.create(units=(4,), seeds=range(2), task=TASK)


def test_it_agrees_with_the_tasks_own_judgement(population, monkeypatch):
    monkeypatch.setattr(loss, "_STATES", 1000)  # several blocks of trials
    found = population.evaluate(TASK, trials=50, seed=4, n_jobs=2)
    trials = TASK.trials(50, seed=4)
    for g, outputs in enumerate(population.outputs(trials.inputs)):
        for k, position in enumerate(population.groups[g].members):
            np.testing.assert_allclose(found.loss[position], trials.mean_squared_error(outputs[k]), rtol=1e-5)
            np.testing.assert_allclose(found.accuracy[position], TASK.accuracy(outputs[k], trials), rtol=1e-5)
    assert found.baseline == TASK.baseline_error()
    assert found.accuracy_name == TASK.accuracy_name
    assert len(found.frame) == 16 and found.frame["loss"].tolist() == found.loss.tolist()
    assert str(found).splitlines()[0].split()[-3:] == ["loss", "accuracy", "baseline"]


def test_masked_entries_do_not_count():
    task = Echo()
    made = Population.create(["gru"], ["tanh"], [4], [0], task=task, dtype="float64")
    trials = task.trials(20, seed=1, dtype=np.float64)
    error = (made.outputs(trials.inputs)[0][0] - trials.targets)[:, 1:] ** 2
    np.testing.assert_allclose(made.evaluate(task, trials=20).loss[0], error.mean(), rtol=1e-12)


def test_results_do_not_depend_on_company_or_threads(population):
    together = population.evaluate(TASK, trials=20, n_jobs=3)
    for k in (1, 9):
        alone = population[[k]].evaluate(TASK, trials=20, n_jobs=1)
        assert (alone.loss[0], alone.accuracy[0]) == (together.loss[k], together.accuracy[k])


def test_a_network_that_explodes_has_an_infinite_loss():
    weights = {"w_rec": np.full((1, 1, 2, 2), 1e30), "w_in": np.ones((1, 1, 2, 2)), "w_out": np.ones((1, 2, 2))}
    made = Population.from_arrays("vanilla", "relu", **weights, dtype="float32")
    found = made.evaluate(TASK, trials=5)
    assert found.loss[0] == np.inf and np.isnan(found.accuracy[0])


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"task": ReadySetGo()}, ValueError, "task 'ready_set_go' has 1 outputs, network 0"),
        ({"task": None}, TypeError, "task must be a task"),
        ({"trials": 0}, ValueError, "trials must be an int from 1"),
        ({"seed": -1}, ValueError, "seed must be an int from 0"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be"),
    ],
)
def test_bad_arguments_are_refused(population, change, kind, message):
    given = {"task": TASK, **change}
    with pytest.raises(kind, match=message) as caught:
        population.evaluate(given.pop("task"), **given)
    assert str(caught.value).startswith("Population.evaluate: ")
