"""``pyrnnsim train``: a table to believe, files to go on with, and a run that can be killed."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import pyrnnsim
from pyrnnsim import training_run
from pyrnnsim.cli import main
from pyrnnsim.populations import checkpoint, training

SMALL = ("--cells", "vanilla", "lstm", "--units", 4, "--seeds", 2, "--iterations", 6, "--batch", 4, "--n-jobs", 2)


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_it_prints_a_row_per_configuration_and_leaves_networks(capsys, tmp_path):
    out = tmp_path / "d"
    code, printed, err = run(capsys, "train", "flip_flop", *SMALL, "--out", out, "--learning-rate", 0.05)
    assert code == 0, err
    lines = printed.splitlines()
    assert [line.split()[:3] for line in lines[:3]] == [
        ["cell", "activation", "units"],
        ["vanilla", "tanh", "4"],
        ["lstm", "tanh", "4"],
    ]
    assert "an answer that ignores the inputs: 0.811" in printed
    assert "share of steps with the right sign" in printed
    assert "24 updates of batches of 4" in printed
    networks = pyrnnsim.Population.load(out / "networks.pyrnnsim")
    assert len(networks) == 4
    task = pyrnnsim.tasks.FlipFlop()
    with open(out / "networks.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    found = networks.evaluate(task)
    np.testing.assert_array_equal([float(row["test_loss"]) for row in rows], found.loss)
    assert np.load(out / "loss.npy").shape == (4, 6)
    assert pyrnnsim.pairwise_svcca(networks.representations(task)).shape == (4, 4)


def test_an_interrupted_run_continues(capsys, tmp_path, monkeypatch):
    command = ("train", "flip_flop", *SMALL, "--learning-rate", 0.05)
    assert run(capsys, *command, "--out", tmp_path / "whole")[0] == 0
    original, calls = training.kernels.train, iter(range(100))

    def interrupted(*arguments):
        if next(calls) == 9:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(training, "_LONGEST_STRETCH", 1)
    monkeypatch.setattr(training.Checkpoint, "is_due", lambda self: True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.kernels, "train", interrupted)
        code, _, err = run(capsys, *command, "--out", tmp_path / "cut")
    assert code == 130 and "give the same command again to continue" in err
    assert run(capsys, *command, "--out", tmp_path / "cut")[0] == 0
    for name in ("networks.pyrnnsim", "networks.csv", "loss.npy"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_the_folder_is_named_after_the_task(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "train", "context_integration", *SMALL)[0] == 0
    assert (tmp_path / "pyrnnsim-context-integration" / "networks.pyrnnsim").is_file()


def test_it_says_where_its_settings_come_from(capsys, tmp_path):
    code, _, err = run(capsys, "train", "context_integration", *SMALL, "--out", tmp_path / "a")
    assert code == 0 and "4 networks on context_integration, settings from the recipes" in err
    task = pyrnnsim.tasks.ContextIntegration()
    made = pyrnnsim.Population.create(["vanilla", "lstm"], ["tanh"], [4], range(2), task=task)
    settings = pyrnnsim.load_recipes().settings(made, "context_integration")
    again = made.train(task, iterations=6, batch=4, progress=False, **settings)
    np.testing.assert_array_equal(np.load(tmp_path / "a" / "loss.npy"), again.loss)
    code, _, err = run(capsys, "train", "context_integration", *SMALL, "--out", tmp_path / "b", "--clip", 0.5)
    assert code == 0 and "settings from options" in err


def test_networks_without_a_recipe_get_the_defaults_and_the_others_theirs(capsys, tmp_path, monkeypatch):
    known = [row for row in pyrnnsim.load_recipes().rows if row["cell"] != "lstm"]
    monkeypatch.setattr(training_run, "load_recipes", lambda: pyrnnsim.Recipes(known))
    code, printed, err = run(capsys, "train", "context_integration", *SMALL, "--out", tmp_path / "a")
    assert code == 0 and "settings from the recipes, and the defaults for lstm tanh (no recipe)" in err
    assert "trained with the defaults, for want of a recipe: lstm tanh" in printed
    task = pyrnnsim.tasks.ContextIntegration()
    made = pyrnnsim.Population.create(["vanilla", "lstm"], ["tanh"], [4], range(2), task=task)
    found, short = np.load(tmp_path / "a" / "loss.npy"), {"iterations": 6, "batch": 4, "progress": False}
    settings = pyrnnsim.load_recipes().settings(made[:2], task)
    np.testing.assert_array_equal(found[:2], made[:2].train(task, **short, **settings).loss)
    np.testing.assert_array_equal(found[2:], made[2:].train(task, **short).loss)
    grid = {"cells": ["lstm", "gru"], "activations": ["tanh"], "units": [4], "seeds": [0]}
    options = {"iterations": 1, "batch": 1, "progress": False}
    done = training_run.train_grid(tmp_path / "b", "flip_flop", grid, options, say=lambda line: None)
    assert (done.recipes, done.defaults) == (True, ("lstm tanh",))
    lines = []
    grid["cells"] = ["lstm"]
    done = training_run.train_grid(tmp_path / "c", "flip_flop", grid, options, say=lines.append)
    assert (done.recipes, done.defaults) == (False, ("lstm tanh",))
    assert lines == ["1 networks on flip_flop, settings from the defaults for lstm tanh (no recipe)"]
    done = training_run.train_grid(tmp_path / "d", "flip_flop", grid, {**options, "clip": 1.0}, say=lines.append)
    assert (done.recipes, done.defaults) == (False, ())


def test_networks_that_overflow_as_they_are_made_are_told_apart(capsys, tmp_path):
    command = ("train", "flip_flop", *SMALL, "--activations", "relu", "--cells", "vanilla", "--gain")
    code, printed, _ = run(capsys, *command, 1e9, "--out", tmp_path / "a")
    told = "(vanilla relu) diverged because of the weights they began with; try --initialisation orthogonal --gain 0.3"
    told = f"2 networks {told}"
    assert code == 0 and told in printed
    code, printed, _ = run(capsys, *command, 0.5, "--out", tmp_path / "b")
    assert code == 0 and "began with" not in printed
    lstms = ("--cells", "lstm", "--activations", "relu", "--clip", 1e9, "--units", 32)
    code, printed, _ = run(capsys, "train", "flip_flop", *SMALL, *lstms, "--learning-rate", 3, "--out", tmp_path / "c")
    assert code == 0 and "2 networks (lstm relu) diverged because" in printed
    assert (np.isfinite(np.load(tmp_path / "c" / "loss.npy")).sum(axis=1) > 0).all(), "later than at the first update"
    task = pyrnnsim.tasks.FlipFlop()
    made = pyrnnsim.Population.create(["vanilla"], ["relu"], [4], range(2), task=task, gain=0.5)
    settings = pyrnnsim.load_recipes().settings(made, task)
    record = made.train(task, iterations=6, batch=4, progress=False, **settings)
    np.testing.assert_array_equal(np.load(tmp_path / "b" / "loss.npy"), record.loss)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("flipflop",), "did you mean 'flip_flop'?"),
        (("flip_flop", "--cells", "gruu"), "unknown cell 'gruu'; did you mean 'gru'?"),
        (("flip_flop", "--units", "0"), "units must be an int from 1"),
        (("flip_flop", "--seeds", "0"), "seeds is empty"),
        (("flip_flop", "--learning-rate", "-1"), "learning_rate must be in"),
        (("flip_flop", "--initialisation", "zeros"), "initialisation must be one of"),
        (("flip_flop", "--optimizer", "x"), "invalid choice: 'x'"),
        ((), "the following arguments are required: TASK"),
    ],
)
def test_bad_input_gives_one_line_and_code_2(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, printed, err = run(capsys, "train", *arguments)
    assert (code, printed) == (2, "")
    assert message in err and err.count("\n") <= 2
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == []


def test_two_runs_in_one_folder_are_refused(capsys, tmp_path):
    (tmp_path / "d").mkdir()
    with checkpoint.Checkpoint("", tmp_path / "d" / "checkpoint.pyrnnsim", {}, 1.0).held():
        code, _, err = run(capsys, "train", "flip_flop", *SMALL, "--out", tmp_path / "d")
    assert code == 2 and "is in use" in err


def test_another_run_in_the_folder_is_refused(capsys, tmp_path):
    out = tmp_path / "d"
    assert run(capsys, "train", "flip_flop", *SMALL, "--out", out)[0] == 0
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    code, _, err = run(capsys, "train", "flip_flop", *SMALL, "--out", out, "--seed", 5)
    assert code == 2 and "seed was 0, now 5" in err
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
