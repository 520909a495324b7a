"""Tasks of the user's modules in a study: every stage, the report, and a folder that moves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from study.own import MODULE, OWN, files_in

from pyrnnsim.cli import main
from pyrnnsim.report.results import GEOMETRY, TOPOLOGY
from pyrnnsim.report.writer import write_report
from pyrnnsim.study.configuration import load_configuration
from pyrnnsim.study.manifest import read_json, write_json
from pyrnnsim.study.run import open_study, run_study


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    files_in(folder)
    configuration, lines = load_configuration(config=folder / "my.toml"), []
    run = run_study(configuration, folder / "study", n_jobs=2, progress=False, report=False, say=lines.append)
    return run, lines


@pytest.fixture
def copy(whole, tmp_path):
    """The folder with module, TOML and study, moved."""
    return Path(shutil.copytree(whole[0].folder.parent, tmp_path / "copy"))


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_it_goes_through_every_stage_beside_a_built_in_task(whole):
    made, lines = whole
    assert [one.task for one in made.results] == ["flip_flop", *OWN]
    for one in made.results:
        assert len(one.networks) == 4
        assert all(np.isfinite(one.distances[measure]).all() for measure in GEOMETRY)
        assert one.untrained is not None and len(one.examples) == 2
    assert "short: no recipe for gru tanh, vanilla tanh; these are trained with the defaults" in lines
    assert not [line for line in lines if line.startswith("flip_flop: no recipe")]


def test_dynamics_are_what_the_task_offers(whole):
    found = {one.task: one for one in whole[0].results}
    assert set(found["short"].dynamics) == {"points", "graphs"}
    assert set(found["contexts"].dynamics) == set(found["tones"].dynamics) == {"points"}
    assert [TOPOLOGY in found[name].distances for name in OWN] == [True, True, True, False]
    np.testing.assert_allclose(found["tones"].commanded, [0.05, 0.15])
    assert found["tones"].frequencies.shape == (4, 2)
    assert found["contexts"].dynamics["points"].inputs.tolist() == [[-1.0], [0.0], [1.0]]
    assert found["tones"].examples[0].targets.shape == (6, 16, 2)


def test_accuracy_is_the_tasks_own_or_the_variance_explained(whole):
    configuration = whole[0].configuration
    for one in whole[0].results[1:4]:
        task, iterations = configuration.task(one.task), configuration.training(one.task)["iterations"]
        made = configuration.population(one.task).train(task, iterations=iterations, batch=4, progress=False)
        expected = made.population.evaluate(task, trials=16)
        np.testing.assert_array_equal([row["accuracy"] for row in one.networks], expected.accuracy)


def test_it_has_the_same_bits_again_elsewhere_with_another_number_of_threads(whole, tmp_path):
    files_in(tmp_path)
    again = load_configuration(config=tmp_path / "my.toml")
    assert again.hash == whole[0].configuration.hash
    assert again.modules["short"] == str(tmp_path / "my_tasks.py") != whole[0].configuration.modules["short"]
    found = run_study(again, tmp_path / "study", n_jobs=1, progress=False, report=False)
    assert found.fingerprint == whole[0].fingerprint


def test_one_class_under_two_names(whole):
    short, long = (whole[0].configuration.task(name) for name in ("short", "long"))
    assert type(short) is type(long)
    assert (short.delay, long.delay, short.name) == (2, 4, "Memory")
    assert whole[0].configuration.training("long")["iterations"] == 6
    losses = [[row["loss"] for row in one.networks] for one in whole[0].results[1:3]]
    assert losses[0] != losses[1]


def test_claims_figures_and_report(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("pyrnnsim.figures.paper.plot_signal_and_noise", lambda: None)  # of no task
    from pyrnnsim.figures.paper import paper_figures
    from pyrnnsim.study.claims import claims

    results = whole[0].results
    made = claims(results, resamples=20)
    about = {name: {claim.topic for claim in made if claim.task == name} for name in OWN}
    assert about["short"] == about["contexts"] == {"accuracy", "silhouette"}
    assert about["tones"] == {"accuracy", "silhouette", "frequency"}
    figures = paper_figures(results[-2:])
    last = OWN[-2:]
    assert {f"{name}_measures" for name in last} | {f"P5_clusters_{name}" for name in last} < set(figures)
    write_report(tmp_path / "report.html", results, made, {}, {})
    assert "contexts" in (tmp_path / "report.html").read_text()


def test_a_moved_folder_goes_on_from_another_working_directory(capsys, copy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module_of_another_process(monkeypatch)
    write_places(copy / "study", ["/nowhere/my_tasks.py", "../my_tasks.py"])
    found = open_study(copy / "study").configuration
    assert set(found.modules) == set(OWN)
    shutil.rmtree(copy / "study" / "tones" / "topology")
    (copy / "study" / "tones" / "topology.json").unlink()
    code, out, err = run(capsys, "resume", copy / "study", "--no-report", "--n-jobs", 1)
    assert code == 0, err
    assert "tones: topology done" in err
    monkeypatch.setattr("pyrnnsim.figures.paper.paper_figures", lambda _: {})
    code, out, err = run(capsys, "report", copy / "study")
    assert (code, (copy / "study" / "report.html").is_file()) == (0, True), err
    code, out, err = run(capsys, "status", copy / "study")
    assert (code, err) == (0, "")
    assert "30 of 30 stages done; complete" in out


def test_the_place_that_is_named_last_is_the_one_that_counts(capsys, whole, copy, tmp_path):
    study = tmp_path / "study"
    shutil.move(copy / "study", study)
    record = study / "study.json"
    before = json.loads(record.read_text())["content"]
    code, _, err = run(capsys, "study", "--config", copy / "my.toml", "--out", study, "--no-report")
    assert code == 0, err
    after = json.loads(record.read_text())["content"]
    assert after.pop("modules")["short"] == [str(copy / "my_tasks.py"), "../copy/my_tasks.py"]
    assert before.pop("modules")["short"][0] == str(whole[0].folder.parent / "my_tasks.py")
    assert before == after


def write_places(study, places):
    content = read_json(study / "study.json")
    write_json(study / "study.json", {**content, "modules": dict.fromkeys(OWN, places)})


def module_of_another_process(monkeypatch):
    """In a process that has not run the module yet."""
    monkeypatch.setattr("pyrnnsim.tasks.user_module._LOADED", {})


@pytest.fixture
def alone(copy, tmp_path, monkeypatch):
    """A moved study whose module is at one place only."""
    write_places(copy / "study", [str(copy / "my_tasks.py"), "../my_tasks.py"])
    module_of_another_process(monkeypatch)
    return copy


def test_a_changed_module_is_another_configuration(capsys, alone):
    (alone / "my_tasks.py").write_text(MODULE + "# a remark\n")
    said = "my_tasks.py (tasks.short, tasks.long, tasks.tones, tasks.contexts) has changed; choose another --out"
    code, _, err = run(capsys, "study", "--config", alone / "my.toml", "--out", alone / "study")
    assert code == 2 and "belongs to another configuration" in err and said in err
    for command in ("resume", "report"):
        code, _, err = run(capsys, command, alone / "study")
        assert code == 2 and len(err.splitlines()) == 1
        assert "my_tasks.py has changed since this study began" in err and "of another configuration; put back" in err
    code, out, err = run(capsys, "status", alone / "study")
    assert code == 0 and "complete" in out
    assert "tasks.short: " in err and "has changed since" in err
    assert run(capsys, "verify", alone / "study")[0] == 0


def test_a_lost_module_is_missed_by_those_who_need_it(capsys, alone):
    (alone / "my_tasks.py").unlink()
    for command, *more in (("resume",), ("resume", "--again", "training"), ("resume", "--repair"), ("report",)):
        code, _, err = run(capsys, command, alone / "study", *more)
        assert code == 2 and len(err.splitlines()) == 1
        assert "tasks.short: " in err and "my_tasks.py is missing; put it back, or name its new place" in err
    code, out, err = run(capsys, "status", alone / "study")
    assert code == 0 and "complete" in out and "my_tasks.py is missing" in err
    assert run(capsys, "verify", alone / "study")[:2] == (0, "every file is what was written\n")
