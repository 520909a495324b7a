"""The commands of a study, and what they publish."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import matplotlib.figure
import pytest
from study import tiny

import pyrnnsim
from pyrnnsim.cli import main
from pyrnnsim.report.claim import Claim
from pyrnnsim.study.run import open_study

TOML = """
[tasks.flip_flop]
arguments = {bits = 2, steps = 20}
[networks]
cells = ["gru", "vanilla"]
activations = ["tanh"]
units = [6]
[train]
iterations = 5
batch = 8
learned = 100.0
trials = 16
[geometry]
probe_trials = 8
[dynamics]
starts = 8
perturbations = 5
"""


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(TOML)
    return file


@pytest.fixture
def publisher(monkeypatch):
    """Stand-ins for claims, figures and report, and what they were given."""
    given: dict[str, object] = {}

    def claim(subject, value):
        unknown = {"low": None, "high": None, "reference": None, "against": "", "supported": None}
        return Claim("flip_flop", "modes", subject, "modes", value, **unknown, reason="", statement="All is well")

    def write_report(path, results, claims, figures, about):
        given.update(results=results, claims=claims, figures=figures, about=about)
        path.write_text("<html>")

    parts = {
        "study.claims": {"claims": lambda results, *, seed: [claim("a", 1.0), claim("b", float("nan"))]},
        "figures.paper": {"paper_figures": lambda results: {"U1": matplotlib.figure.Figure(figsize=(1, 1))}},
        "report.writer": {"write_report": write_report},
    }
    for name, functions in parts.items():
        module = ModuleType(f"pyrnnsim.{name}")
        vars(module).update(functions)
        monkeypatch.setitem(sys.modules, f"pyrnnsim.{name}", module)
    return given


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_study_is_run_reported_looked_at_and_checked(capsys, config, publisher, tmp_path, monkeypatch):
    folder = tmp_path / "study"
    code, out, err = run(capsys, "study", "--config", config, "--out", folder, "--n-jobs", 1)
    assert code == 0, err
    assert "2 statements of the paper tested: 0 supported, 0 contradicted, 2 undecided" in out
    assert out.splitlines()[out.splitlines().index("") + 4].split()[:3] == ["flip_flop", "4", "0"]
    assert f"open {folder / 'report.html'}" in out
    assert "flip_flop: 4 of 4 networks learned the task" in err
    written = json.loads((folder / "claims.json").read_text())[1]
    assert (written["subject"], written["value"]) == ("b", None)
    assert "| a | modes | 1 | - | - | undecided |" in (folder / "claims.md").read_text()
    assert (folder / "figures" / "U1.png").read_bytes() == publisher["figures"]["U1"]
    assert (folder / "figures" / "U1.pdf").read_bytes().startswith(b"%PDF")
    about = publisher["about"]
    assert about["hash"] == open_study(folder).configuration.hash
    assert about["configuration"]["train"]["iterations"] == 5
    assert about["versions"]["pyrnnsim"] == pyrnnsim.__version__
    assert set(about["seconds"]["flip_flop"]) > {"training", "geometry", "dynamics"}

    code, out, _ = run(capsys, "status", folder)
    assert code == 0
    assert "6 of 6 stages done; complete" in out
    assert about["hash"] in out
    pdf = (folder / "figures" / "U1.pdf").read_bytes()
    assert b"CreationDate" not in pdf  # equal pictures have equal bytes
    (folder / "report.html").unlink()
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda uri: shown.append(uri) or True)
    assert (run(capsys, "report", folder, "--open")[0], shown) == (0, [(folder / "report.html").as_uri()])
    assert (folder / "report.html").is_file()
    assert (folder / "figures" / "U1.pdf").read_bytes() == pdf
    assert run(capsys, "verify", folder)[:2] == (0, "every file is what was written\n")
    file = folder / "flip_flop" / "geometry" / "distances-cka.npy"
    file.write_bytes(file.read_bytes()[:-1])
    code, out, err = run(capsys, "verify", folder)
    assert (code, out) == (1, "")
    assert "distances-cka.npy has" in err
    assert run(capsys, "report", folder)[0] == 2
    code, _, err = run(capsys, "resume", folder, "--repair", "--n-jobs", 1)
    assert code == 0
    assert "flip_flop: geometry done" in err
    assert "training" not in err


def test_status_of_a_study_that_has_just_begun(capsys, config, tmp_path, monkeypatch):
    monkeypatch.setattr("pyrnnsim.study.run.run_stage", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    code, _, err = run(capsys, "study", "--config", config, "--out", tmp_path / "s")
    assert code == 130
    assert "give the same command again" in err
    code, out, _ = run(capsys, "status", tmp_path / "s")
    assert "0 of 6 stages done; continue by 'pyrnnsim resume" in out
    assert out.count("to do") == 7  # with the report
    code, _, err = run(capsys, "report", tmp_path / "s")
    assert code == 2
    assert "flip_flop/training is missing" in err


def test_the_estimate_counts_networks_pairs_and_hours(capsys, config):
    code, out, _ = run(capsys, "study", "--config", config, "--estimate", "--n-jobs", 1)
    assert code == 0
    head, row = (line.split() for line in out.splitlines()[:2])
    found = dict(zip(head, row, strict=True))
    assert (found["networks"], found["pairs"], found["search_h"]) == ("4", "6", "0")
    assert 0 < float(found["training_h"]) < float(found["total_h"]) < 0.1
    updates = 5 * 2 * 6 * 8 * 20  # iterations, seeds, operations, trials, steps
    assert float(found["training_pflop"]) == pytest.approx(
        updates * ((3 + 1) * 6 * (6 + 2) + 2 * 6 * 2) / 1e15, rel=1e-3
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["study", "quik"], "did you mean 'quick'"),
        (["study", "--set", "train.iteratons=3"], "did you mean 'iterations'"),
        (["study", "--config", "none.toml"], "cannot read none.toml"),
        (["status", "nowhere"], "holds no study"),
        (["stattus"], "did you mean 'status'"),
    ],
)
def test_mistakes_are_one_line_and_code_2(capsys, arguments, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert text in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_called_from_the_package():
    assert pyrnnsim.run_study is tiny.run_study
