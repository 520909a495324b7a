"""``pyrnnsim dissect``: from a file of trained networks to tables and pictures."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import pyrnnsim
from pyrnnsim.cli import main
from pyrnnsim.dissection import dissect, text_report

SMALL = ("--units", 6, "--seeds", 2, "--iterations", 40, "--batch", 8, "--n-jobs", 2)


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder of ``pyrnnsim train`` for each task."""
    made = {}
    for task in ("flip_flop", "sine_wave", "context_integration"):
        made[task] = tmp_path_factory.mktemp(task)
        assert main([str(a) for a in ("train", task, "--cells", "vanilla", "gru", *SMALL, "--out", made[task])]) == 0
    return made


ALWAYS = {"networks.csv", "points.csv", "points.pyrnnsim", "counts.png", "points.png", "spectra.png"}
EXTRA = {
    "flip_flop": {"graphs.pyrnnsim", "graph-distances.npy", "graphs.png", "graph-matrix.png", "graph-embedding.png"},
    "sine_wave": {"oscillations.pyrnnsim", "oscillations.png"},
    "context_integration": {"lines.pyrnnsim", "modes.pyrnnsim", "lines.png", "eigenvalues.png", "modes.png"},
}


@pytest.mark.parametrize("task", EXTRA)
def test_each_task_gets_what_it_asks_for(capsys, trained, tmp_path, task):
    out = tmp_path / "found"
    code, printed, err = run(capsys, "dissect", trained[task], "--out", out)
    assert code == 0, err
    assert {file.name for file in out.iterdir()} == ALWAYS | EXTRA[task]
    assert all(file.stat().st_size > 5000 for file in out.glob("*.png"))
    assert "fixed points:" in err and f"4 networks on {task}" in err
    with open(out / "networks.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    population = pyrnnsim.Population.load(trained[task] / "networks.pyrnnsim")
    assert [row["name"] for row in rows] == [network.name for network in population]
    points = pyrnnsim.FixedPoints.load(out / "points.pyrnnsim")
    assert [int(row["fixed"]) for row in rows] == [sum(int(one.fixed.sum()) for one in row) for row in points]
    assert [sum(map(int, row["by_unstable_modes"].split())) for row in rows] == [int(row["fixed"]) for row in rows]
    assert rows[0]["name"] in printed and str(out / "points.csv") in printed


def test_the_same_in_python_and_on_any_number_of_threads(trained):
    population = pyrnnsim.Population.load(trained["flip_flop"] / "networks.pyrnnsim")
    task, lines = pyrnnsim.tasks.FlipFlop(), []
    one, two = dissect(population, task, n_jobs=1, say=lines.append), dissect(population, task, n_jobs=2)
    np.testing.assert_array_equal(one.distances, two.distances)
    assert one.rows == two.rows and one.examples == [0, 2] and len(lines) == 4
    assert text_report(one, []).splitlines()[0].split()[:3] == ["name", "fixed", "by_unstable_modes"]


def test_searches_without_evidence_are_counted():
    """Two relu networks without a fixed point."""
    weights, bias = np.tile(np.eye(12), (2, 1, 1, 1)), np.ones((2, 1, 12))
    arrays = {"w_rec": weights, "w_in": np.zeros((2, 1, 12, 3)), "b": bias, "w_out": np.ones((2, 3, 12))}
    drifting = pyrnnsim.Population.from_arrays("vanilla", "relu", **arrays)
    made = dissect(drifting, pyrnnsim.tasks.FlipFlop())
    assert [row["fixed"] for row in made.rows] == [0, 0]
    assert "2 of 2 searches cannot be called complete" in text_report(made, [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing-here",), "there is no nothing-here"),
        ((".",), "holds no networks.pyrnnsim"),
        (("plain.pyrnnsim",), "add --task with one of flip_flop"),
        (("plain.pyrnnsim", "--task", "flipflop"), "did you mean 'flip_flop'"),
        (("plain.pyrnnsim", "--task", "flip_flop"), "inputs"),
        (("broken.pyrnnsim",), "broken.pyrnnsim"),
    ],
)
def test_bad_input_is_one_line(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    pyrnnsim.Population.create(["gru"], units=[3], inputs=2, outputs=1).save("plain.pyrnnsim")
    (tmp_path / "broken.pyrnnsim").write_bytes(b"not networks at all")
    code, printed, err = run(capsys, "dissect", *arguments, "--out", "out")
    assert code == 2 and not printed and len(err.splitlines()) == 1
    assert message in err and not (tmp_path / "out").exists()


def test_pulses_come_in_the_stream_that_each_context_attends_to():
    task = pyrnnsim.tasks.ContextIntegration(steps=5)
    population = pyrnnsim.Population.create(["vanilla"], ["tanh"], [4], [0], task=task)
    made = dissect(population, task, n_jobs=1)
    for context in range(2):
        np.testing.assert_array_equal(made.modes[0, context].input, np.eye(4)[context])
        np.testing.assert_array_equal(made.modes[0, context].pulse, np.eye(4)[2 + context])
