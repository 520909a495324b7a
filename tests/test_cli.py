import subprocess
import sys

import numpy as np
import pytest

import pyrnnsim
from pyrnnsim.cli import COMMANDS, main


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def states(tmp_path, rng):
    folder = tmp_path / "states"
    folder.mkdir()
    shared = rng.normal(size=(200, 3))
    for cell in ("gru", "lstm"):
        for i in range(3):
            mixed = shared @ rng.normal(size=(3, 8)) + 0.1 * rng.normal(size=(200, 8))
            np.save(folder / f"task_{cell}_{i}.npy", mixed)
    return folder


def test_demo_prints_a_table_and_where_the_files_are(capsys, tmp_path):
    code, out, err = run(capsys, "demo", "--out", tmp_path / "d", "--networks", 8, "--seed", 2, "--n-jobs", 1)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split()[0] == "measure"
    assert [line.split()[0] for line in lines[1:8]] == ["cca", "svcca", "pwcca", "cka", "procrustes", "cka_rbf", "rsa"]
    assert f"results in {tmp_path / 'd'}:" in lines
    assert "matrix.png  embedding.png  dendrogram.png" in out
    assert "pairs per second" in err
    assert (tmp_path / "d" / "embedding.png").is_file()


def test_compare_takes_every_option(capsys, states, tmp_path):
    out = tmp_path / "results"
    code, printed, err = run(
        capsys, "compare", states, "--measures", "svcca, cka", "--groups", "_(gru|lstm)_", "--out", out,
        "--n-components", 2, "--max-memory", "1GB", "--dtype", "float64", "--n-jobs", 1,
    )  # fmt: skip
    assert code == 0, err
    assert [line.split()[0] for line in printed.splitlines()[:3]] == ["measure", "svcca", "cka"]
    assert "6 networks, 200 samples, 8 units; 2 groups: gru (3), lstm (3)" in err
    assert sorted(child.name for child in out.glob("*.npy")) == ["distances-cka.npy", "distances-svcca.npy"]


def test_info_prints_the_configuration(capsys):
    code, out, _ = run(capsys, "info")
    assert code == 0
    assert out.rstrip("\n") == str(pyrnnsim.show_config())


def test_version(capsys):
    code, out, _ = run(capsys, "--version")
    assert (code, out) == (0, f"pyrnnsim {pyrnnsim.__version__}\n")


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_shows_first_steps(capsys, arguments):
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert "pyrnnsim demo" in out
    assert max(len(line) for line in out.splitlines()) <= 80


@pytest.mark.parametrize("command", ["demo", "train", "compare", "info"])
def test_commands_explain_themselves(capsys, command):
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    assert out.startswith(f"usage: pyrnnsim {command}")
    assert max(len(line) for line in out.splitlines()) <= 80


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["comapre"], "unknown command 'comapre'; did you mean 'compare'?"),
        (["xyz"], f"unknown command 'xyz'; the commands are {', '.join(COMMANDS)}"),
        (["demo", "--networks", "many"], "argument --networks: invalid int value: 'many'; see 'pyrnnsim demo --help'"),
        (["demo", "--networks", "1"], "networks must be at least 4"),
        (["demo", "--n-jobs", "0"], "n_jobs must be"),
        (["demo", "--colour"], "unrecognized arguments: --colour"),
        (["compare"], "the following arguments are required: FILE_OR_DIR; see 'pyrnnsim compare --help'"),
        (["compare", "absent"], "there is no file or directory 'absent'"),
        (["compare", "STATES", "--measures", "svca"], "svcca"),
        (["compare", "STATES", "--measures", ","], "measures"),
        (["compare", "STATES", "--groups", "(a"], "--groups: '(a' is not a valid regular expression"),
        (["compare", "STATES", "--variance", "2"], "variance"),
        (["compare", "STATES", "--variance", "0.9", "--n-components", "3"], "not allowed with argument"),
        (["compare", "STATES", "--max-memory", "lots"], "max_memory"),
        (["compare", "STATES", "--dtype", "int8"], "invalid choice: 'int8'"),
    ],
)
def test_bad_input_gives_one_line_and_code_2(capsys, states, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *(str(states) if argument == "STATES" else argument for argument in arguments))
    last = err.splitlines()[-1]
    assert code == 2
    assert last.startswith("pyrnnsim: ")
    assert message in last
    assert "Traceback" not in err
    assert out == ""


def test_a_nan_is_named(capsys, states, tmp_path):
    values = np.ones((200, 4))
    values[5, 2] = np.nan
    np.save(states / "zz.npy", values)
    code, _, err = run(capsys, "compare", states, "--out", tmp_path / "out")
    assert code == 2
    assert "'zz'" in err.splitlines()[-1]


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line(capsys, tmp_path, rng):
    for i in range(2):
        np.save(tmp_path / f"{i}.npy", rng.normal(size=(10, 12)))
    code, _, err = run(capsys, "compare", tmp_path, "--out", tmp_path / "out", "--measures", "cka")
    assert code == 0
    (line,) = [line for line in err.splitlines() if "warning" in line.lower()]
    assert line.startswith("pyrnnsim: warning: ")
    assert "10 samples and 12 units" in line


def test_an_unwritable_place_is_named(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = run(capsys, "demo", "--networks", 4, "--out", tmp_path / "file" / "below")
    assert code == 2
    assert str(tmp_path / "file") in err


def test_traceback_on_request():
    with pytest.raises(ValueError, match="there is no file or directory"):
        main(["compare", "absent", "--traceback"])


def test_interrupt_is_no_crash(capsys, monkeypatch, tmp_path):
    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("pyrnnsim.demo.run_demo", interrupt)
    code, _, err = run(capsys, "demo", "--out", tmp_path)
    assert (code, err.count("\n")) == (130, 1)
    assert "interrupted" in err


def test_module_runs_and_a_closed_pipe_is_no_crash():
    command = [sys.executable, "-m", "pyrnnsim"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"pyrnnsim {pyrnnsim.__version__}\n"
    bad = subprocess.run([*command, "dmo"], capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stderr) == (2, "pyrnnsim: unknown command 'dmo'; did you mean 'demo'?\n")
    with subprocess.Popen([*command, "info"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


def test_importing_the_package_or_its_command_loads_no_drawing():
    code = "import sys, pyrnnsim, pyrnnsim.cli; print([m for m in ('matplotlib', 'torch', 'tqdm') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
