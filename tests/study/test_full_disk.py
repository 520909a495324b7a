"""A disk that is full or read-only, files that may not grow: one line, and later the same results."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from study import small, test_commands

from pyrnnsim.cli import main
from pyrnnsim.study import geometry
from pyrnnsim.study.run import open_study, run_study, verify_study

PARTS = ("training", "representations", "geometry", "dynamics", "topology", "embeddings", "claims.json", "report.html")


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    file = tmp_path_factory.mktemp("config") / "small.toml"
    file.write_text(test_commands.TOML)
    return file


@pytest.fixture(autouse=True)
def short(monkeypatch):
    small.shorten(monkeypatch)


@pytest.fixture
def expected(config, tmp_path):
    assert main(["study", "--config", str(config), "--out", str(tmp_path / "whole"), "--n-jobs", "1"]) == 0
    study = open_study(tmp_path / "whole")
    return run_study(study.configuration, study.path, n_jobs=1).fingerprint


@pytest.fixture
def disk(tmp_path):
    """A file system of its own in memory, and a function that mounts it again with other options."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(*options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(place)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    if shutil.which("mount") is None or not mount("size=16384"):
        pytest.skip("no right to mount a file system")
    yield place, lambda *options: mount("remount", *options)
    subprocess.run(["umount", str(place)], check=True)


def check(failures, folder, expected):
    """Every failure is one line that names a file of the study and a remedy; afterwards all is as if nothing was."""
    hit = set()
    cause = "(No space left on device|File too large)"
    for line in failures:
        assert re.fullmatch(rf"pyrnnsim: (out: )?cannot (write|use) .*: {cause}; .*", line), line
        assert str(folder) in line
        hit |= {part for part in PARTS if f"{folder}/flip_flop/{part}" in line or f"{folder}/{part}" in line}
    study = open_study(folder)
    assert run_study(study.configuration, folder, n_jobs=1).fingerprint == expected
    assert verify_study(folder) == []
    return hit


@pytest.mark.slow
def test_no_space_is_one_line_and_with_space_it_goes_on(disk, config, expected, capsys):
    place, remount = disk
    failures = []
    for size in range(16384, 2**22, 8192):
        assert remount(f"size={size}")
        capsys.readouterr()
        code = main(["study", "--config", str(config), "--out", str(place / "study"), "--n-jobs", "1"])
        error = capsys.readouterr().err.splitlines()
        if code == 0:
            break
        assert code == 2
        assert sum(line.startswith("pyrnnsim: ") for line in error) == 1
        failures.append(error[-1])
    assert code == 0
    assert check(failures, place / "study", expected) >= {"training", "geometry", "report.html"}


def interrupt(*_arguments, **_options):
    raise KeyboardInterrupt


def test_a_read_only_disk_can_be_looked_at_and_is_refused_otherwise(disk, config, expected, capsys):
    place, remount = disk
    assert remount("size=16M")
    command = ["study", "--config", str(config), "--out", str(place / "study"), "--n-jobs", "1"]
    for moment in ("begun", "complete"):
        with pytest.MonkeyPatch.context() as patch:
            if moment == "begun":
                patch.setattr(geometry, "pairwise", interrupt)
            assert main(command) == (130 if moment == "begun" else 0)
        assert remount("ro")
        before = small.contents(place)
        capsys.readouterr()
        for refused in (command, ["report", str(place / "study")]):
            assert main(refused) == 2
            line = capsys.readouterr().err.splitlines()[-1]
            assert re.fullmatch(r"pyrnnsim: cannot write .*/study: Read-only file system; choose a place .*", line)
        assert main(["status", str(place / "study")]) == main(["verify", str(place / "study")]) == 0
        assert small.contents(place) == before
        assert remount("rw")
    assert run_study(open_study(place / "study").configuration, place / "study").fingerprint == expected


LIMITED = """
import contextlib, io, json, resource, signal, sys
import pytest
from study import small
from pyrnnsim.cli import main
from pyrnnsim.study import run, stages

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
config, folder, part = sys.argv[1:]
small.shorten(pytest.MonkeyPatch())

def study():
    with contextlib.redirect_stderr(io.StringIO()) as error, contextlib.redirect_stdout(io.StringIO()):
        code = main(["study", "--config", config, "--out", folder, "--n-jobs", "1"])
    return code, error.getvalue().splitlines()[-1]

def until(owner, name, is_there):
    original = getattr(owner, name)
    def interrupt(*arguments, **options):
        if is_there(*arguments):
            raise KeyboardInterrupt
        return original(*arguments, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, interrupt)
        assert study()[0] == 130

if part == "claims.json":
    until(run, "publish", lambda *_: True)
else:
    until(run, "run_stage", lambda study, task, stage, *_: stage.name == part)
for size in (50, 150, 300, 600, 1000, 1500, 2500, 4000, 6000, 9000, 20000, 10**5, 10**6, 10**7):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    done = study()
    print(json.dumps(done), flush=True)
    if done[0] != 2:
        break
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
@pytest.mark.parametrize("part", ["training", "geometry", "claims.json"])
def test_files_that_may_not_grow_are_one_line_and_without_the_limit_it_goes_on(part, config, expected, tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", LIMITED, str(config), str(tmp_path / "study"), part]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *failed, (code, _) = map(json.loads, done.stdout.splitlines())
    assert code == 0
    assert part in check([line for _, line in failed], tmp_path / "study", expected)
