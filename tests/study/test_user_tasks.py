"""Tasks of the user's modules in a study, from the TOML to the report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from study import tiny

from pyrnnsim.cli import main
from pyrnnsim.study.configuration import load_configuration, parse_configuration
from pyrnnsim.study.estimate import estimate
from pyrnnsim.study.report import write_report
from pyrnnsim.study.results import GEOMETRY, TOPOLOGY
from pyrnnsim.study.run import open_study, run_study

MODULE = '''
import numpy as np
from pyrnnsim.tasks import Task

class Memory(Task):
    inputs = outputs = 1
    def __init__(self, delay=2, steps=12):
        self.delay, self.steps = delay, steps
    def trial(self, rng):
        signal = rng.normal(size=(self.steps, 1))
        return signal, np.roll(signal, self.delay, axis=0), np.arange(self.steps)[:, None] >= self.delay

class Tones(Task):
    """Two tones of a commanded frequency, of three inputs."""
    inputs, outputs, steps = 3, 2, 16
    def batch(self, n, *, seed, iteration, first):
        drawn = [np.random.default_rng((seed, iteration, first + k)) for k in range(n)]
        command = np.stack([rng.random((1, 3)) for rng in drawn])
        wave = np.sin(2 * np.pi * np.arange(16)[None, :, None] * self.frequency(command[..., 0])[:, None])
        return np.repeat(command, 16, axis=1), np.concatenate([wave, -wave], axis=2)
    def condition_inputs(self):
        return np.array([[0.0, 0.5, 0.5], [1.0, 0.5, 0.5]])
    def frequency(self, command):
        return 0.05 + 0.1 * np.asarray(command)[:, :1]
    def accuracy(self, outputs, trials):
        return float(np.abs(outputs - trials.targets).max())
    accuracy_name, higher_is_better = "largest error", False

class Contexts(Memory):
    """Several condition inputs and no frequency: nothing but fixed points."""
    name = "another name"
    def condition_inputs(self):
        return np.array([[-1.0], [0.0], [1.0]])
'''
TOML = """
[tasks.flip_flop]
arguments = {bits = 2, steps = 20}
[tasks.short]
module = "my_tasks.py"
class = "Memory"
[tasks.long]
module = "my_tasks.py"
class = "Memory"
arguments = {delay = 4}
iterations = 6
[tasks.tones]
module = "my_tasks.py"
class = "Tones"
[tasks.contexts]
module = "my_tasks.py"
class = "Contexts"
[networks]
cells = ["gru", "vanilla"]
activations = ["tanh"]
units = [5]
[train]
iterations = 12
batch = 4
learned = 100.0
trials = 16
[geometry]
probe_trials = 8
[dynamics]
starts = 8
perturbations = 5
"""
OWN = ("short", "long", "tones", "contexts")


def files_in(folder: Path) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    (folder / "my_tasks.py").write_text(MODULE)
    (folder / "my.toml").write_text(TOML)
    return folder / "my_tasks.py", folder / "my.toml"


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


def test_claims_figures_and_report(whole, tmp_path):
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


def test_the_hash_knows_source_class_and_arguments_but_not_the_place(tmp_path):
    module, toml = files_in(tmp_path / "a")
    made = load_configuration(config=toml)
    hashes = {made.hash}
    assert made.values["tasks"]["long"]["arguments"] == {"delay": 4, "steps": 12}
    assert "my_tasks" not in made.text()
    for old, new in (("delay = 4", "delay = 5"), ('"Contexts"', '"Memory"')):
        toml.write_text(TOML.replace(old, new))
        hashes.add(load_configuration(config=toml).hash)
    toml.write_text(TOML)
    module.write_text(MODULE + "# a remark\n")
    hashes.add(load_configuration(config=toml).hash)
    assert len(hashes) == 4
    files_in(tmp_path / "b")
    assert load_configuration(config=tmp_path / "b" / "my.toml").hash == made.hash
    given = {"tasks": {"long": {"module": "my_tasks.py", "class": "Memory", "arguments": {"delay": 4}}}}
    one = parse_configuration(given, folder=tmp_path / "b").values["tasks"]["long"]
    assert one == {**made.values["tasks"]["long"], "iterations": None}


def test_single_values_change_the_users_tasks_too(tmp_path):
    _, toml = files_in(tmp_path)
    changes = ["tasks.short.arguments.delay=7", "tasks.tones=false", "train.iterations=3"]
    made = load_configuration(config=toml, changes=changes)
    assert made.task("short").delay == 7
    assert made.tasks == ("flip_flop", "short", "long", "contexts")
    assert made.training("long")["iterations"] == 3


def test_a_moved_folder_goes_on_from_another_working_directory(capsys, copy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
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


def module_of_another_process(monkeypatch):
    """A process that has not run the module yet."""
    monkeypatch.setattr("pyrnnsim.tasks.user_module._LOADED", {})


@pytest.fixture
def alone(copy, tmp_path, monkeypatch):
    """A moved study whose module is at one place only."""
    record = copy / "study" / "study.json"
    from pyrnnsim.study.manifest import read_json, write_json

    content = read_json(record)
    content["modules"] = {name: [str(copy / "my_tasks.py"), "../my_tasks.py"] for name in OWN}
    write_json(record, content)
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
    for command in ("resume", "report"):
        code, _, err = run(capsys, command, alone / "study")
        assert code == 2 and len(err.splitlines()) == 1
        assert "tasks.short: " in err and "my_tasks.py is missing; put it back, or name its new place" in err
    code, out, err = run(capsys, "status", alone / "study")
    assert code == 0 and "complete" in out and "my_tasks.py is missing" in err
    assert run(capsys, "verify", alone / "study")[:2] == (0, "every file is what was written\n")


def test_a_module_may_change_while_the_study_goes_on(tmp_path):
    module, toml = files_in(tmp_path)
    configuration = load_configuration(config=toml, changes=["tasks.tones=false", "tasks.contexts=false"])
    module.write_text("changed")
    run_study(configuration, tmp_path / "study", progress=False, report=False)


def test_modules_run_only_where_they_are_named(tmp_path, monkeypatch):
    runs: list[int] = []
    monkeypatch.setattr("builtins.runs", runs, raising=False)
    (tmp_path / "my_tasks.py").write_text(MODULE + "runs.append(1)\n")
    run_study(tiny.TINY | {"tasks": {"flip_flop": {}}}, tmp_path / "study", progress=False, report=False)
    assert runs == []
    parse_configuration({"tasks": {"mine": {"module": "my_tasks.py", "class": "Memory"}}}, folder=tmp_path)
    assert runs == [1]


def test_settings_can_be_searched_and_costs_estimated(tmp_path):
    _, toml = files_in(tmp_path)
    changes = ["tasks.flip_flop=false", "tasks.tones=false", "tasks.contexts=false", "tasks.long=false"]
    changes += ["train.settings=search", "train.candidates=2", "networks.seeds=1", "networks.cells=['gru']"]
    made = load_configuration(config=toml, changes=changes)
    found = run_study(made, tmp_path / "study", progress=False, report=False).results[0]
    assert "search" in found.seconds and len(found.networks) == 1
    assert estimate(made, n_jobs=1)[0]["task"] == "short"


def test_exceptions_during_the_work_name_the_line(capsys, tmp_path):
    _, toml = files_in(tmp_path)
    late = MODULE.replace("        signal", "        if rng.random() < 0.02: raise KeyError('late')\n        signal", 1)
    (tmp_path / "my_tasks.py").write_text(late)
    command = ["study", "--config", str(toml), "--out", str(tmp_path / "study"), "--set", "tasks.flip_flop=false"]
    code, _, err = run(capsys, *command)
    assert code == 2
    assert err.splitlines()[-1].endswith("my_tasks.py, line 10: KeyError: 'late'")
    with pytest.raises(ValueError, match="line 10: KeyError") as caught:
        main([*command, "--traceback"])
    assert isinstance(caught.value.__cause__, KeyError)


MEMORY = {"module": "my_tasks.py", "class": "Memory"}


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ({"mine": {"module": "my_tasks.py"}}, "several tasks, Memory, Tones, Contexts; name one, class = 'Memory'"),
        ({"mine": {**MEMORY, "module": "none.py"}}, r"study: tasks\.mine: there is no file .*none\.py"),
        ({"mine": {**MEMORY, "class": "Memry"}}, "has no class 'Memry'; did you mean 'Memory'"),
        ({"mine": {**MEMORY, "class": 3}}, r"tasks\.mine\.class must be the name of a class, got 3"),
        ({"mine": {**MEMORY, "clas": "A"}}, r"unknown key tasks\.mine\.clas; did you mean 'class'"),
        ({"mine": {**MEMORY, "digest": "0"}}, r"unknown key tasks\.mine\.digest"),
        ({"mine": {**MEMORY, "arguments": {"dely": 1}}}, "unknown setting 'dely'; did you mean 'delay'"),
        ({"mine": {**MEMORY, "arguments": 3}}, r"tasks\.mine\.arguments must be a table"),
        ({"mine": {**MEMORY, "iterations": 0}}, r"tasks\.mine\.iterations must be from 1"),
        ({"mine": {"class": "Memory"}}, "unknown task 'mine'; .*; a task of your own has a key module"),
        ({"flip_flop": MEMORY}, r"tasks\.flip_flop is a built-in task; give that of your module another name"),
        ({"Flip_flop": MEMORY}, "would share the directory of 'flip_flop'"),
        ({"mine": MEMORY, "Mine": MEMORY}, "would share the directory of 'mine'"),
        ({"figures": MEMORY}, "would share the directory of 'figures'"),
        ({"../mine": MEMORY}, r"name must be of letters, digits, _ and -, at most 64, got '\.\./mine'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, tasks, message):
    files_in(tmp_path)
    with pytest.raises((TypeError, ValueError), match=message):
        parse_configuration({"tasks": tasks}, folder=tmp_path)


def test_an_error_in_a_module_is_one_line_before_any_work(capsys, tmp_path):
    module, toml = files_in(tmp_path)
    module.write_text("a = = 1\n")
    for arguments in (("study", "--config", toml, "--out", tmp_path / "s"), ("train", f"{module}:Memory")):
        code, out, err = run(capsys, *arguments)
        assert (code, out, len(err.splitlines())) == (2, "", 1)
        assert "my_tasks.py, line 1: SyntaxError: " in err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["my.toml", "my_tasks.py"]


def test_train_and_dissect_take_them_and_know_a_changed_module(capsys, tmp_path):
    module, _ = files_in(tmp_path)
    small = ("--cells", "gru", "--units", 4, "--seeds", 2, "--iterations", 4, "--batch", 4, "--n-jobs", 1)
    command = ("train", f"{module}:Memory", *small, "--out", tmp_path / "trained")
    code, out, err = run(capsys, *command)
    assert code == 0, err
    assert "2 networks on Memory, settings from the defaults for gru tanh (no recipe)" in err
    code, _, err = run(capsys, "dissect", tmp_path / "trained")
    assert code == 2 and "or FILE.py:Class" in err
    code, out, err = run(capsys, "dissect", tmp_path / "trained", "--task", f"{module}:Memory")
    assert code == 0, err
    assert "graph-matrix.png" in out
    module.write_text(MODULE + "# a remark\n")
    code, _, err = run(capsys, *command)
    assert code == 2 and "the module of its task had another source" in err
