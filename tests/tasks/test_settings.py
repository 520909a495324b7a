"""Settings: the papers' as defaults, round trips through JSON, equality, and refusals."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from tasks.cases import TASKS

from pyrnnsim.tasks import BUILT_IN, ContextIntegration, FlipFlop, ReadySetGo, SineWave, Task, from_spec


@pytest.mark.parametrize("key", TASKS)
def test_round_trip_through_json(key):
    task = TASKS[key]
    spec = json.loads(json.dumps(task.spec()))
    assert spec == task.spec()
    for again in (from_spec(spec), type(task).from_spec(spec)):
        assert type(again) is type(task)
        assert again == task
        assert hash(again) == hash(task)
        np.testing.assert_array_equal(again.trials(5).inputs, task.trials(5).inputs)


@pytest.mark.parametrize("key", TASKS)
def test_copies_are_equal(key):
    """Tasks travel to other processes."""
    task = TASKS[key]
    for again in (pickle.loads(pickle.dumps(task)), copy.deepcopy(task)):
        assert again == task
        np.testing.assert_array_equal(again.trials(2).targets, task.trials(2).targets)


def test_every_setting_counts():
    """Two tasks that differ in one setting are unequal, and so are their trials."""
    changes = [
        (FlipFlop, {"bits": 2}, {"steps": 99}, {"probability": 0.06}),
        (SineWave, {"steps": 499}, {"lowest": 0.02}, {"highest": 0.04}),
        (ContextIntegration, {"contexts": 3}, {"steps": 31}, {"mean_range": 2}, {"noise": 0.5}, {"scale": 1}),
        (ReadySetGo, {"pulse": 9}, {"ready": (20, 29)}, {"ready": 20}, {"interval": (29, 120)}, {"steps": 341}),
    ]
    for kind, *options in changes:
        tasks = [kind(), *(kind(**option) for option in options)]
        assert len(set(tasks)) == len(tasks)
        bits = {task.trials(20, seed=1).inputs.tobytes() + task.trials(20, seed=1).targets.tobytes() for task in tasks}
        assert len(bits) == len(tasks)


def test_defaults_are_the_papers():
    assert FlipFlop().spec() == {"task": "flip_flop", "bits": 3, "steps": 100, "probability": 0.05}
    assert SineWave().spec() == {"task": "sine_wave", "steps": 500, "lowest": 0.01, "highest": 0.05}
    assert ContextIntegration().spec() == {
        "task": "context_integration",
        "contexts": 2,
        "steps": 30,
        "mean_range": 1.0,
        "noise": 1.0,
        "scale": 1 / 30,
    }
    assert ReadySetGo().spec() == {
        "task": "ready_set_go",
        "pulse": 10,
        "ready": [20, 30],
        "interval": [30, 120],
        "steps": 340,
    }
    assert repr(FlipFlop()) == "FlipFlop(bits=3, steps=100, probability=0.05)"


def test_a_bare_name_has_the_defaults():
    for name, kind in BUILT_IN.items():
        assert from_spec(name) == kind() == from_spec({"task": name})


def test_equality_is_of_type_and_settings():
    class MyFlipFlop(FlipFlop):
        pass

    assert FlipFlop() != MyFlipFlop()
    assert FlipFlop() != SineWave()
    assert FlipFlop() != "flip_flop"
    assert MyFlipFlop().native() == FlipFlop().native()


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        (
            "flipflop",
            ValueError,
            r"from_spec: the task must be one of flip_flop, .*'flipflop'; did you mean 'flip_flop'",
        ),
        ({"bits": 3}, ValueError, r"got None; a task of your own is made by MyTask\.from_spec\(spec\)"),
        (3, TypeError, "spec must be a dict as from task.spec"),
        (
            {"task": "flip_flop", "bit": 3},
            TypeError,
            r"FlipFlop\.from_spec: unknown setting 'bit'; did you mean 'bits'",
        ),
        (
            {"task": "flip_flop", "zzz": 3},
            TypeError,
            "unknown setting 'zzz'; expected some of bits, steps, probability",
        ),
        ({"task": "flip_flop", "bits": "3"}, TypeError, "FlipFlop: bits must be an int from 1 to 1024, got '3'"),
    ],
)
def test_bad_specs(spec, error, message):
    with pytest.raises(error, match=message):
        from_spec(spec)


def test_a_spec_of_another_task():
    with pytest.raises(ValueError, match=r"SineWave\.from_spec: spec\['task'\] must be 'sine_wave', got 'flip_flop'"):
        SineWave.from_spec(FlipFlop().spec())
    with pytest.raises(TypeError, match=r"SineWave\.from_spec: spec must be a dict"):
        SineWave.from_spec("sine_wave")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: FlipFlop(bits=0), ValueError, "FlipFlop: bits must be an int from 1 to 1024, got 0"),
        (lambda: FlipFlop(bits=2.5), TypeError, "FlipFlop: bits must be an int from 1 to 1024, got 2.5"),
        (lambda: FlipFlop(bits=True), TypeError, "FlipFlop: bits must be an int"),
        (lambda: FlipFlop(steps=0), ValueError, "FlipFlop: steps must be an int from 1 to 1000000, got 0"),
        (
            lambda: FlipFlop(probability=0),
            ValueError,
            "probability must be a finite number above 0 and at most 1, got 0",
        ),
        (lambda: FlipFlop(probability=1.1), ValueError, "probability must be"),
        (lambda: FlipFlop(probability=np.nan), ValueError, "probability must be a finite number"),
        (lambda: FlipFlop(probability="5%"), TypeError, "probability must be a finite number .*got '5%'"),
        (lambda: SineWave(lowest=0.2, highest=0.1), ValueError, "highest must be at least lowest=0.2, got 0.1"),
        (lambda: SineWave(highest=0.6), ValueError, "highest must be a finite number of at least 0 and at most 0.5"),
        (lambda: ContextIntegration(contexts=65), ValueError, "contexts must be an int from 1 to 64, got 65"),
        (lambda: ContextIntegration(noise=-1), ValueError, "noise must be a finite number of at least 0"),
        (lambda: ContextIntegration(scale=np.inf), ValueError, "scale must be a finite number"),
        (
            lambda: ReadySetGo(ready=(30, 20)),
            ValueError,
            r"ready must be \(first, last\) with first <= last, got \(30, 20",
        ),
        (lambda: ReadySetGo(interval=(1, 2, 3)), TypeError, r"interval must be an int or \(first, last\) in steps"),
        (lambda: ReadySetGo(interval=0), ValueError, "interval must be an int from 1 to 1000000, got 0"),
        (lambda: ReadySetGo(interval=(5, "9")), TypeError, r"interval\[1\] must be an int from 1 to 1000000, got '9'"),
        (
            lambda: ReadySetGo(steps=279),
            ValueError,
            r"steps must be at least 280 \(latest ready 30 \+ 2 x longest interval 120 \+ pulse 10\), got 279",
        ),
    ],
)
def test_bad_settings(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_the_shortest_trial_that_holds_its_answer():
    assert ReadySetGo(steps=280).trials(100).targets.sum() == 100 * 10


def test_frequencies_up_to_the_limit_are_accepted_by_both_sides():
    for lowest in np.linspace(0, 0.5, 23):
        assert len(SineWave(lowest=lowest, highest=0.5).trials(1)) == 1


def test_numpy_settings_are_written_as_numbers():
    task = ContextIntegration(contexts=np.int64(3), noise=np.float32(0.5))
    assert json.loads(json.dumps(task.spec())) == task.spec()


def test_the_base_class_alone_has_no_trials():
    with pytest.raises(TypeError, match="Task: set the attribute 'inputs' to the number of input channels"):
        Task().trials(1)
