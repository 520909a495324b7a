"""Commands as processes: one at a time in a directory, stopped by signals, and taken over from the dead."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
from study import small, test_commands

from pyrnnsim.cli import main
from pyrnnsim.study.run import open_study, run_study, verify_study

LONG = ("--set", "train.iterations=20000", "--set", "train.batch=4096", "--n-jobs", "1", "--no-report")
SHORT = ("--n-jobs", "1", "--no-report")


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(test_commands.TOML)
    return file


def usual():
    """Signals as a terminal leaves them; what runs the tests may ignore some."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def start(*arguments, **options):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "pyrnnsim", *map(str, arguments)]
    options = {"preexec_fn": usual, **options}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, **options)


def trains(process, folder):
    """Wait until it does."""
    for line in process.stderr:
        if "training" in line:
            break
    while process.poll() is None and not list(folder.rglob(".checkpoint-*.pyrnnsim")):
        time.sleep(0.01)
    assert process.poll() is None


def test_a_second_process_is_refused_at_once_and_the_first_one_ends(config, tmp_path):
    folder = tmp_path / "study"
    with start("study", "--config", config, "--out", folder, *SHORT) as first:
        for line in first.stderr:
            if "training" in line:
                break
        first.send_signal(signal.SIGSTOP)  # it lives for as long as the others take
        for command in (("study", "--config", config, "--out"), ("resume",), ("report",)):
            second = start(*command, folder)
            (line,) = second.communicate()[1].splitlines()[-1:]
            assert second.returncode == 2
            assert f"{folder} is being written by process {first.pid} on host" in line
        first.send_signal(signal.SIGCONT)
        first.communicate()
    assert first.returncode == 0
    assert verify_study(folder) == []
    assert not (folder / ".lock").exists()


def test_a_killed_process_does_not_block_the_next_one(config, tmp_path, monkeypatch):
    folder = tmp_path / "study"
    with start("study", "--config", config, "--out", folder, *LONG) as first:
        trains(first, folder)
        first.kill()
    monkeypatch.setattr("pyrnnsim.study.run.run_stage", interrupt)
    lock = folder / ".lock"
    assert lock.exists()
    for pid in (first.pid, os.getppid()):  # the second as if the number were used again
        left = lock.read_text().replace(f'"pid": {first.pid}', f'"pid": {pid}')
        copy = shutil.copytree(folder, tmp_path / str(pid))
        (copy / ".lock").write_text(left)
        with pytest.raises(KeyboardInterrupt):
            run_study(open_study(copy).configuration, copy)
        assert not (copy / ".lock").exists()


def interrupt(*_arguments, **_options):
    raise KeyboardInterrupt


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_polite_signal_stops_it_cleanly(number, config, tmp_path):
    folder = tmp_path / "study"
    with start("study", "--config", config, "--out", folder, *LONG) as process:
        trains(process, folder)
        process.send_signal(number)
        (line,) = process.communicate()[1].splitlines()
    assert process.returncode == 128 + number
    word = "interrupted" if number is signal.SIGINT else "stopped"
    assert line == f"pyrnnsim: {word}; give the same command again to continue"
    assert not (folder / ".lock").exists()
    assert not list(folder.rglob("lock"))
    assert verify_study(folder) == []
    assert list(folder.rglob(".checkpoint-*.pyrnnsim"))


@pytest.mark.parametrize("ignored", [signal.SIGINT, signal.SIGHUP])
def test_what_the_shell_ignores_stays_ignored(ignored, config, tmp_path):
    """A shell script starts background processes without SIGINT, nohup starts them without SIGHUP."""
    folder, ignore = tmp_path / "study", lambda: signal.signal(ignored, signal.SIG_IGN)
    with start("study", "--config", config, "--out", folder, *LONG, preexec_fn=ignore) as process:
        trains(process, folder)
        process.send_signal(ignored)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.terminate()
        process.communicate()
    assert process.returncode == 143


def test_handlers_are_put_back_and_those_of_others_stay(capsys):
    before = signal.getsignal(signal.SIGTERM)
    assert main(["info"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before
    try:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        assert main(["info"]) == 0
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main(["info"])))
    thread.start()
    thread.join()
    assert codes == [0]
    capsys.readouterr()


def test_the_library_installs_no_handler(tmp_path, monkeypatch):
    small.shorten(monkeypatch)
    monkeypatch.setattr(signal, "signal", lambda *_: pytest.fail("a handler"))
    small.run(tmp_path)
