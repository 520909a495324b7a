"""A user's own task: the documented example, the promise that trials are pure, and clear refusals."""

from __future__ import annotations

import doctest
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from pyrnnsim.tasks import FlipFlop, Task
from pyrnnsim.tasks import base as base_module


def test_the_documented_example():
    found = doctest.DocTestFinder(recurse=False).find(Task, "Task", globs={"np": np, "Task": Task})
    assert sum(len(test.examples) for test in found) >= 4
    runner = doctest.DocTestRunner()
    for test in found:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


class Echo(Task):
    """Repeat a noise signal some steps later."""

    inputs, outputs = 1, 1

    def __init__(self, delay=3, steps=40):
        self.delay, self.steps = delay, steps

    def trial(self, rng):
        signal = rng.normal(size=(self.steps, 1))
        targets = np.roll(signal, self.delay, axis=0)
        return signal, targets, np.arange(self.steps)[:, None] >= self.delay


class Constant(Task):
    """Returns what it is told to."""

    inputs, outputs, steps = 2, 1, 4

    def __init__(self, made=None):
        self.made = made

    def trial(self, rng):
        return self.made


class Batched(Constant):
    def batch(self, n, *, seed, iteration, first):
        return self.made


def good(n=()):
    return [np.zeros((*n, 4, 2)), np.zeros((*n, 4, 1)), np.ones((*n, 4, 1), bool)]


def test_trials_are_pure(dtype):
    task = Echo()
    ten = task.trials(10, seed=3, iteration=8, dtype=dtype)
    two = task.trials(2, seed=3, iteration=8, first=3, dtype=dtype)
    assert ten.inputs.dtype == ten.targets.dtype == dtype
    for name in ("inputs", "targets", "mask"):
        np.testing.assert_array_equal(getattr(ten, name)[3:5], getattr(two, name))
    assert len({trial.tobytes() for trial in ten.inputs}) == 10


def test_a_trial_starts_its_stream_whatever_the_last_one_left(dtype):
    """Half-used words of one trial must not reach the next."""

    class Halves(Task):
        inputs = outputs = steps = 1

        def trial(self, rng):
            value = rng.integers(2**31, size=(1, 1), dtype=np.int32)  # half a word of the generator
            return value, value

    together = Halves().trials(5, seed=1, dtype=dtype).inputs
    alone = np.concatenate([Halves().trials(1, seed=1, first=i, dtype=dtype).inputs for i in range(5)])
    np.testing.assert_array_equal(together, alone)
    philox = np.random.Philox(key=np.array([1, 0], np.uint64), counter=np.array([0, 0, 3, 0], np.uint64))
    assert alone[3] == dtype.type(np.random.Generator(philox).integers(2**31, dtype=np.int32))


def test_streams_differ_by_seed_and_iteration():
    task = Echo()
    seen = {
        task.trials(1, seed=s, iteration=i, first=f).inputs.tobytes() for s in (0, 1) for i in (0, 1) for f in (0, 1)
    }
    assert len(seen) == 8


def test_defaults_of_the_base_class():
    task = Echo(steps=100)
    assert task.name == "Echo"
    assert task.native() is None
    assert task.probe_inputs().shape == (32, 100, 1)
    assert Echo(steps=1000).probe_inputs().shape == (8, 1000, 1)
    np.testing.assert_array_equal(task.condition_inputs(), [[0.0]])
    assert task.baseline_error() == pytest.approx(1.0, rel=0.05)
    trials = task.trials(5)
    assert task.accuracy(trials.targets, trials) == 1.0
    assert len(task.trials(0)) == 0


def test_the_baseline_counts_what_matters():
    class Half(Task):
        inputs, outputs, steps = 1, 1, 2

        def trial(self, rng):
            return np.zeros((2, 1)), np.array([[rng.normal()], [100 * rng.normal()]]), np.array([[True], [False]])

    assert Half().baseline_error() == pytest.approx(1.0, rel=0.3)


def test_settings_are_the_arguments():
    task = Echo(delay=5)
    assert task.spec() == {"task": "Echo", "delay": 5, "steps": 40}
    assert Echo.from_spec(task.spec()) == task
    assert task == Echo(5, 40)
    assert task != Echo()
    assert hash(task) == hash(Echo(5))
    assert repr(task) == "Echo(delay=5, steps=40)"


def test_a_dataclass_is_a_task():
    @dataclass(frozen=True)
    class Copy(Task):
        inputs: int = 1
        outputs: int = 1
        steps: int = 6
        noise: float = 0.5

        def trial(self, rng):
            signal = self.noise * rng.normal(size=(self.steps, self.inputs))
            return signal, signal

    task = Copy(inputs=2, outputs=2)
    assert task.spec() == {"task": "Copy", "inputs": 2, "outputs": 2, "steps": 6, "noise": 0.5}
    assert task.trials(3).targets.shape == (3, 6, 2)


def test_a_task_without_settings_and_a_name_of_its_own():
    class Silent(Task):
        inputs = outputs = steps = 1
        name = "silence"

        def trial(self, rng):
            return np.zeros((1, 1)), np.zeros((1, 1))

    assert Silent().spec() == {"task": "silence"}
    assert Silent.from_spec({"task": "silence"}) == Silent()


def test_settings_that_cannot_be_written():
    class Lost(Echo):
        def __init__(self, delay):
            super().__init__(delay)
            self.wait = delay
            del self.delay

    with pytest.raises(TypeError, match=r"Lost\.spec: Lost\(\.\.\.\) takes 'delay', but there is no attribute 'delay'"):
        Lost(3).spec()
    with pytest.raises(TypeError, match=r"Echo\.spec: settings must be numbers, texts or lists of them"):
        Echo(delay=object()).spec()
    with pytest.raises(ValueError, match=r"Echo\.spec: settings must be finite"):
        Echo(delay=np.inf).spec()
    assert Echo(delay=np.int64(4)).spec()["delay"] == 4


def test_lists_tensors_and_integers_are_arrays():
    made = ([[0, 1]] * 4, torch.ones(4, 1, requires_grad=True))
    trials = Constant(made).trials(2)
    np.testing.assert_array_equal(trials.inputs, np.broadcast_to(np.float32([0, 1]), (2, 4, 2)))
    np.testing.assert_array_equal(trials.targets, np.ones((2, 4, 1), np.float32))
    assert trials.mask is None


def test_where_only_some_trials_have_a_mask_all_of_the_others_counts():
    class Sometimes(Constant):
        calls = 0

        def trial(self, rng):
            self.calls += 1
            mask = np.array([[True], [False], [False], [False]])
            return [*good()[:2], mask] if self.calls == 2 else good()[:2]

    mask = Sometimes().trials(2).mask
    assert mask[0].all()
    assert mask[1].sum() == 1


def test_what_the_task_returned_is_not_kept():
    made = good()
    trials = Constant(made).trials(1, dtype=np.float64)
    trials.inputs[:] = 7
    assert (made[0] == 0).all()
    batch = good((1,))
    Batched(batch).trials(1, dtype=np.float64).inputs[:] = 7
    assert (batch[0] == 0).all()


@pytest.mark.parametrize(
    ("position", "value", "error", "message"),
    [
        (0, np.zeros((4, 3)), ValueError, r"inputs must have shape \(steps, inputs\) \(4, 2\), got \(4, 3\)"),
        (0, np.zeros((1, 4, 2)), ValueError, r"inputs must have shape \(steps, inputs\) \(4, 2\), got \(1, 4, 2\)"),
        (1, np.zeros(4), ValueError, r"targets must have shape \(steps, outputs\) \(4, 1\), got \(4,\)"),
        (1, [[1.0], [1.0, 2.0]], ValueError, "targets must be an array: "),
        (
            0,
            np.full((4, 2), np.nan),
            ValueError,
            "inputs must be finite in float32, got nan at trial 6, step 0, channel 0",
        ),
        (
            1,
            np.full((4, 1), 1e300),
            ValueError,
            r"targets must be finite .* 1e\+300 at trial 6, step 0, channel 0; where .* put 0 and a mask",
        ),
        (0, np.zeros((4, 2), complex), TypeError, "inputs must be an array of real numbers, got dtype complex128"),
        (0, np.full((4, 2), "a"), TypeError, "inputs must be an array of real numbers, got dtype <U1"),
        (2, np.ones((4, 1)), TypeError, "mask must be bool, .* got dtype float64; use mask > 0"),
        (2, np.ones((4, 2), bool), ValueError, r"mask must have shape \(steps, outputs\) \(4, 1\), got \(4, 2\)"),
        (2, np.zeros((4, 1), bool), ValueError, "mask is all False in trial 6; something must count in every trial"),
    ],
)
def test_bad_arrays(position, value, error, message):
    made = good()
    made[position] = value
    with pytest.raises(error, match=r"Constant\.trial: " + message):
        Constant(made).trials(2, first=6)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (None, "got NoneType"),
        (np.zeros((2, 4, 1)), "got ndarray"),
        (good()[:1], "got 1 values"),
        ([*good(), 1], "got 4 values"),
    ],
)
@pytest.mark.parametrize("kind", [Constant, Batched])
def test_not_two_or_three_arrays(kind, made, message):
    method = "batch" if kind is Batched else "trial"
    with pytest.raises(TypeError, match=rf"{kind.__name__}\.{method} must return \(inputs, targets\) or .*{message}"):
        kind(made).trials(1)


def test_a_batch_is_checked_as_a_whole():
    trials = Batched(good((3,))).trials(3)
    assert trials.mask.shape == (3, 4, 1)
    with pytest.raises(
        ValueError, match=r"Batched\.batch: inputs must have shape \(trials, steps, inputs\) \(2, 4, 2\)"
    ):
        Batched(good((3,))).trials(2)
    made = good((3,))
    made[1][2, 1, 0] = np.inf
    with pytest.raises(
        ValueError, match=r"Batched\.batch: targets must be finite .* inf at trial 12, step 1, channel 0"
    ):
        Batched(made).trials(3, first=10)


@pytest.mark.parametrize(
    ("attribute", "value", "error", "message"),
    [
        ("inputs", 0, ValueError, "inputs must be an int from 1 to 1000000, got 0"),
        ("outputs", 1.0, TypeError, "outputs must be an int"),
        ("steps", None, TypeError, "steps must be an int"),
    ],
)
def test_bad_sizes(attribute, value, error, message):
    task = Constant(good())
    setattr(task, attribute, value)
    with pytest.raises(error, match=f"Constant: {message}"):
        task.trials(1)


def test_a_task_without_trials():
    class Nothing(Task):
        inputs = outputs = steps = 1

    with pytest.raises(TypeError, match=r"Nothing has no trials; define Nothing\.trial\(self, rng\)"):
        Nothing().trials(1)


def test_a_built_in_task_with_trials_of_its_own_is_not_native():
    class Quiet(FlipFlop):
        def trial(self, rng):
            return np.zeros((self.steps, self.bits)), np.zeros((self.steps, self.bits))

    task = Quiet(bits=2)
    assert task.native() is None
    assert (task.trials(3).inputs == 0).all()


def test_memory_is_asked_for_before_it_is_taken(monkeypatch):
    monkeypatch.setattr(base_module, "available_memory", lambda: 10**6)
    with pytest.raises(ValueError, match=r"Echo\.trials: 1000000 trials take 0\.32 GB and 0\.001 GB are free"):
        Echo().trials(10**6)
    assert len(Echo().trials(2)) == 2
