"""Checkpoints: a killed training ends with the bits of an undisturbed one, and nothing wrong is ever continued."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from populations import killed_training
from populations.echo import Echo, same_weights

from pyrnnsim import Population
from pyrnnsim.populations import checkpoint, training
from pyrnnsim.tasks import FlipFlop

KILLS = 13  # of each of the four kinds of run
TASK = FlipFlop(bits=2, steps=10)
SHORT = {"iterations": 12, "batch": 8, "validation_trials": 8, "progress": False}
TESTS = Path(__file__).parents[1]


@pytest.fixture
def population():
    return Population.create(["gru", "lstm"], ["tanh"], [4], range(2), task=TASK)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.pyrnnsim"


def files(folder):
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("kind", killed_training.TASKS)
def test_killed_at_random_moments_it_ends_with_the_bits_of_an_undisturbed_run(kind, optimizer, tmp_path, path):
    command = [sys.executable, "-m", "populations.killed_training", kind, optimizer]

    def start(place):
        environment = {**os.environ, "PYTHONPATH": str(TESTS)}
        process = subprocess.Popen([*command, str(place)], env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "start\n"
        return process, time.monotonic()

    process, begun = start(tmp_path / "whole")
    expected = process.communicate()[0]
    whole, rng, killed, half_way = time.monotonic() - begun, random.Random(f"{kind} {optimizer}"), 0, 0
    for _ in range(6 * KILLS):
        process, _ = start(path)
        time.sleep(rng.uniform(0, 0.6) * whole)
        process.kill()
        output = process.communicate()[0]
        if process.returncode == 0:
            assert output == expected
            path.unlink()
            continue
        killed += 1
        if path.exists():
            half_way += 0 < checkpoint.read_checkpoint("", path)[0]["iteration"] < killed_training.ITERATIONS[kind]
        if killed == KILLS:
            break
    assert killed == KILLS
    assert half_way >= KILLS // 3, "too few kills came in the midst of the work"
    assert start(path)[0].communicate()[0] == expected
    assert files(tmp_path) == ["run.pyrnnsim", "whole"]  # nothing unfinished is left


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("task", [TASK, Echo()], ids=["native", "own"])
def test_a_run_that_ended_early_continues_to_the_same_bits(task, optimizer, path, monkeypatch):
    made = Population.create(["gru", "lstm"], ["tanh"], [4], range(2), task=task)
    options = {**SHORT, "optimizer": optimizer, "until_loss": [-np.inf, 1e9, -np.inf, -np.inf]}
    whole = made.train(task, **options)
    stops = iter([3, 4])
    monkeypatch.setattr(training, "_LONGEST_STRETCH", 2)
    for stop in stops:
        with pytest.MonkeyPatch.context() as patch:
            calls = iter(range(1000))
            original = training.Training._advance

            def cut(self, *args, calls=calls, stop=stop, original=original):
                if next(calls) == stop:
                    raise KeyboardInterrupt
                original(self, *args)

            patch.setattr(training.Training, "_advance", cut)
            patch.setattr(checkpoint.Checkpoint, "is_due", lambda self: True)
            with pytest.raises(KeyboardInterrupt):
                made.train(task, **options, checkpoint=path)
    resumed = made.train(task, **options, checkpoint=path)
    for name in ("loss", "gradient_norm", "validation", "updates", "stopped", "diverged"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(whole, name))
    assert same_weights(resumed.population, whole.population)


def test_a_finished_run_is_read_and_not_repeated(population, path, monkeypatch):
    first = population.train(TASK, **SHORT, checkpoint=path)
    monkeypatch.setattr(training.kernels, "train", None)
    again = population.train(TASK, **SHORT, checkpoint=str(path), n_jobs=1)
    np.testing.assert_array_equal(first.loss, again.loss)
    assert same_weights(first.population, again.population)
    assert files(path.parent) == ["run.pyrnnsim"]


CHANGES = {
    "batch was 8, now 9": {"batch": 9},
    "iterations was 12, now 13": {"iterations": 13},
    "learning_rate of network 1 was 0.002, now 0.5": {"learning_rate": [0.002, 0.5, 0.002, 0.002]},
    "seed was 0, now 1": {"seed": 1},
    'optimizer was "adam", now "sgd"': {"optimizer": "sgd"},
    "task steps was 10, now 11": {"task": FlipFlop(bits=2, steps=11)},
    "it has 4 networks, now 3": {"keep": [0, 1, 2]},
    "network 0 was 'gru_tanh_4_l2-1e-05_s0', now 'gru_tanh_4_l2-1e-05_s1'": {"keep": [1, 0, 2, 3]},
}


@pytest.mark.parametrize("message", CHANGES)
def test_another_training_is_not_continued(population, path, message):
    population.train(TASK, **SHORT, checkpoint=path)
    before = path.read_bytes()
    change = dict(CHANGES[message])
    keep, task = change.pop("keep", slice(None)), change.pop("task", TASK)
    with pytest.raises(ValueError, match=f"belongs to another training: .*{message}.*choose another path") as caught:
        population[keep].train(task, **{**SHORT, **change}, checkpoint=path)
    assert str(caught.value).startswith("Population.train: checkpoint=")
    assert path.read_bytes() == before
    assert files(path.parent) == ["run.pyrnnsim"]


def test_other_weights_under_the_same_names_are_not_continued(population, path):
    population.train(TASK, **SHORT, checkpoint=path)
    other = Population.create(["gru", "lstm"], ["tanh"], [4], range(2), task=TASK, gain=1.1)
    with pytest.raises(ValueError, match="its networks had other weights or options before training"):
        other.train(TASK, **SHORT, checkpoint=path)


def test_damage_is_noticed_and_nothing_is_overwritten(population, path):
    population.train(TASK, **SHORT, checkpoint=path)
    whole = path.read_bytes()
    rng = random.Random(4)
    broken = [whole[: rng.randrange(len(whole))] for _ in range(5)]
    for _ in range(25):
        place = rng.randrange(len(whole))
        broken.append(whole[:place] + bytes([whole[place] ^ 1 << rng.randrange(8)]) + whole[place + 1 :])
    broken += [b"", b"my notes", pickle.dumps({"a": 1})]
    for content in broken:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="cannot be continued: .*damaged.*choose another path, or delete it"):
            population.train(TASK, **SHORT, checkpoint=path)
        assert path.read_bytes() == content
    assert files(path.parent) == ["run.pyrnnsim"]


def test_another_version_is_refused(population, path, monkeypatch):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "FORMAT", "pyrnnsim checkpoint 9")
        population.train(TASK, **SHORT, checkpoint=path)
    with pytest.raises(ValueError, match="is a 'pyrnnsim checkpoint 9', expected 'pyrnnsim checkpoint 1'"):
        population.train(TASK, **SHORT, checkpoint=path)
    population.save(path)
    with pytest.raises(ValueError, match="is a 'pyrnnsim population 1', expected 'pyrnnsim checkpoint 1'"):
        population.train(TASK, **SHORT, checkpoint=path)
    assert same_weights(Population.load(path), population)


def test_arrays_that_do_not_fit_are_refused(population, path, monkeypatch):
    original = checkpoint.write_tensors

    def write(path, form, about, tensors, **options):
        original(path, form, about, {**tensors, "loss": np.zeros(3)}, **options)

    monkeypatch.setattr(checkpoint, "write_tensors", write)
    population.train(TASK, **SHORT, checkpoint=path)
    with pytest.raises(ValueError, match="is damaged: loss is missing or does not fit"):
        population.train(TASK, **SHORT, checkpoint=path)


def test_one_process_at_a_time(population, path):
    held = checkpoint.Checkpoint("Population.train", path, {}, 1.0)
    with held.held(), pytest.raises(BlockingIOError, match="is in use: .*another call in this same process"):
        population.train(TASK, **SHORT, checkpoint=path)
    population.train(TASK, **SHORT, checkpoint=path)


@pytest.mark.parametrize("place", ["absent/run", "."])
def test_a_place_that_cannot_be_written_is_known_before_the_work(population, tmp_path, place, monkeypatch):
    monkeypatch.setattr(training.kernels, "train", None)
    with pytest.raises(ValueError, match="does not exist; create it first|is a directory; name a file in it"):
        population.train(TASK, **SHORT, checkpoint=tmp_path / place)


def test_a_full_disk_is_known_before_the_work(population, path, monkeypatch):
    def full(*args):
        raise OSError(28, "no space")

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(training.kernels, "train", None)
    with pytest.raises(OSError, match="disk is full"):
        population.train(TASK, **SHORT, checkpoint=path)
    assert files(path.parent) == []
