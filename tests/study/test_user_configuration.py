"""What a TOML says of the user's tasks: what counts, when modules run, and what is refused."""

from __future__ import annotations

import pytest
from study import tiny
from study.own import MODULE, TOML, files_in

from pyrnnsim.cli import main
from pyrnnsim.study import own_tasks
from pyrnnsim.study.configuration import load_configuration, parse_configuration
from pyrnnsim.study.estimate import estimate
from pyrnnsim.study.run import run_study


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


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


def test_importable_modules_are_written_down_by_name(tmp_path, monkeypatch):
    (tmp_path / "laboratory_of_studies").mkdir()
    (tmp_path / "laboratory_of_studies" / "tasks.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = {"module": "laboratory_of_studies.tasks", "class": "Memory"}
    made = parse_configuration({"tasks": {"mine": entry}})
    assert own_tasks.to_record(made.modules, tmp_path) == {"mine": ["laboratory_of_studies.tasks"]}
    assert own_tasks.from_record({"mine": ["laboratory_of_studies.tasks"]}, tmp_path) == made.modules
    again = parse_configuration(made.values, modules=made.modules)
    assert (again.hash, again.task("mine"), again.notes()) == (made.hash, made.task("mine"), [])


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
