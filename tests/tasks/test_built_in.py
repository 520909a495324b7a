"""What holds for every built-in task: purity, types, baseline error, probes, conditions, settings that stay."""

from __future__ import annotations

import numpy as np
import pytest
from tasks.cases import TASKS

from pyrnnsim.tasks import PROBE_ITERATION, FlipFlop, ReadySetGo, SineWave


@pytest.fixture(params=TASKS)
def task(request):
    return TASKS[request.param]


def test_shapes_and_types(task, dtype):
    trials = task.trials(3, dtype=dtype)
    assert trials.inputs.shape == (3, task.steps, task.inputs)
    assert trials.targets.shape == (3, task.steps, task.outputs)
    assert trials.inputs.dtype == trials.targets.dtype == dtype
    assert trials.mask is None
    assert len(trials) == 3
    assert task.trials(1).inputs.dtype == np.float32


@pytest.mark.parametrize("spelling", ["float64", ">f8", float])
def test_spellings_of_a_type(task, spelling):
    assert task.trials(1, dtype=spelling).inputs.dtype == np.dtype(np.float64)


def test_float32_is_float64_rounded(task):
    single, double = (task.trials(20, seed=3, dtype=dtype) for dtype in (np.float32, np.float64))
    np.testing.assert_array_equal(single.inputs, double.inputs.astype(np.float32))
    np.testing.assert_array_equal(single.targets, double.targets.astype(np.float32))


def test_a_trial_does_not_depend_on_what_is_asked_for_with_it(task):
    ten, two = task.trials(10, seed=9, iteration=7), task.trials(2, seed=9, iteration=7, first=3)
    np.testing.assert_array_equal(ten.inputs[3:5], two.inputs)
    np.testing.assert_array_equal(ten.targets[3:5], two.targets)
    again = task.trials(10, seed=9, iteration=7)
    np.testing.assert_array_equal(again.inputs, ten.inputs)


def test_none_and_the_last_trial(task):
    assert task.trials(0).inputs.shape == (0, task.steps, task.inputs)
    assert len(task.trials(0, first=2**32)) == 0
    assert len(task.trials(1, first=2**32 - 1, seed=2**64 - 1, iteration=2**64 - 1)) == 1


def test_the_baseline_is_the_error_of_the_mean_target(task):
    """The best answer that ignores the inputs, estimated from trials: within five standard errors."""
    targets = task.trials(4000, seed=5, dtype=np.float64).targets
    per_trial = ((targets - targets.mean(axis=0)) ** 2).mean(axis=(1, 2))
    margin = 5 * per_trial.std() / np.sqrt(len(per_trial)) + 1e-12
    # The estimated mean fits the sample a little: n / (n - 1) corrects it.
    assert per_trial.mean() * 4000 / 3999 == pytest.approx(task.baseline_error(), abs=margin)


def test_probes_are_fixed_and_of_the_tasks_shape(task):
    probes = task.probe_inputs()
    assert probes.shape[1:] == (task.steps, task.inputs)
    assert probes.shape[0] * task.steps >= 3200
    np.testing.assert_array_equal(probes, task.probe_inputs())
    assert task.probe_inputs(1).shape == (1, task.steps, task.inputs)
    assert probes.dtype == np.float64
    assert np.isfinite(probes).all()


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError), (True, TypeError)])
def test_bad_numbers_of_probes(task, n, error):
    with pytest.raises(error, match=rf"{task.name}.probe_inputs: n must be an int from 1 to 4294967295, got"):
        task.probe_inputs(n)


def test_conditions_are_inputs(task):
    conditions = task.condition_inputs()
    assert conditions.ndim == 2
    assert conditions.shape[1] == task.inputs


def test_perfect_outputs(task):
    trials = task.trials(50, seed=2, dtype=np.float64)
    assert trials.mean_squared_error(trials.targets) == 0.0
    if task.name == "sine_wave" and task.lowest == task.highest:
        assert task.baseline_error() == pytest.approx(0.0, abs=1e-15)
    assert task.accuracy(trials.targets, trials) == (1.0 if task.higher_is_better else 0.0)
    assert task.accuracy_name


def test_native_settings_are_numbers(task):
    native = task.native()
    assert native["kind"] == task.name
    assert native["steps"] == task.steps
    assert all(type(number) is float for number in native["numbers"])


def test_settings_stay(task):
    with pytest.raises(AttributeError, match=r"steps is fixed; make another task, \w+\(steps=\.\.\.\)"):
        task.steps = 3
    assert task in {task: 1}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n": -1}, ValueError, "n must be an int from 0 to 4294967296, got -1"),
        ({"n": 2.0}, TypeError, "n must be an int from 0 to 4294967296, got 2.0"),
        ({"n": True}, TypeError, "n must be an int"),
        ({"n": 1, "seed": -1}, ValueError, r"seed must be an int from 0 to 2\*\*64 - 1, got -1"),
        ({"n": 1, "seed": 2**64}, ValueError, r"seed must be an int from 0 to 2\*\*64 - 1"),
        ({"n": 1, "seed": None}, TypeError, "seed must be an int"),
        ({"n": 1, "iteration": 1.5}, TypeError, "iteration must be an int"),
        ({"n": 3, "first": 2**32 - 2}, ValueError, "first must be an int from 0 to 4294967293, got 4294967294"),
        ({"n": 1, "dtype": np.int32}, TypeError, "dtype must be float32 or float64, got <class 'numpy.int32'>"),
        ({"n": 1, "dtype": None}, TypeError, "dtype must be float32 or float64, got None"),
        ({"n": 1, "dtype": "float16"}, TypeError, "dtype must be float32 or float64, got 'float16'"),
        ({"n": 2**32}, ValueError, "trials take .* GB and .* GB are free; ask for fewer at a time, with first="),
    ],
)
def test_bad_requests(task, options, error, message):
    with pytest.raises(error, match=rf"{task.name}.trials: {message}|{task.name}.trials: \d+ {message}"):
        task.trials(**options)


def test_numpy_integers_are_integers(task):
    trials = task.trials(np.int64(2), seed=np.uint64(2**64 - 1), first=np.int32(1))
    np.testing.assert_array_equal(trials.inputs, task.trials(2, seed=2**64 - 1, first=1).inputs)


def test_probes_of_random_tasks_come_from_an_iteration_of_their_own():
    task = FlipFlop()
    np.testing.assert_array_equal(
        task.probe_inputs(4), task.trials(4, iteration=PROBE_ITERATION, dtype=np.float64).inputs
    )


def test_probes_of_the_sine_wave_are_spaced_evenly():
    task = SineWave(steps=10)
    probes = task.probe_inputs(5)
    np.testing.assert_array_equal(probes, np.broadcast_to([[[0.0]], [[0.25]], [[0.5]], [[0.75]], [[1.0]]], (5, 10, 1)))
    assert task.probe_inputs(1)[0, 0, 0] == 0.5
    np.testing.assert_array_equal(task.condition_inputs()[:, 0], task.probe_inputs(20)[:, 0, 0])
    assert len(task.probe_inputs()) == 320
    np.testing.assert_allclose(task.frequency([0.0, 0.5, 1.0]), [0.01, 0.03, 0.05], rtol=1e-15)


def test_probes_of_ready_set_go_span_the_intervals():
    task = ReadySetGo(pulse=2, ready=(3, 7), interval=(4, 8), steps=40)
    probes = task.probe_inputs(5)
    assert [int(np.argmax(trial[:, 1])) - int(np.argmax(trial[:, 0])) for trial in probes] == [4, 5, 6, 7, 8]
    assert (np.argmax(probes[:, :, 0], axis=1) == 3).all()
    assert (probes.sum(axis=1) == 2).all()
