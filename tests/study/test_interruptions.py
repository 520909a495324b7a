"""Studies that are killed at random moments, and two processes that want the same directory."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from study import small
from study.killed import PLACES

from pyrnnsim._lock import ProcessLock
from pyrnnsim.study import stages
from pyrnnsim.study.run import open_study, status_rows, verify_study
from pyrnnsim.study.stage_folder import StageFolder

KILLS, SEED = 30, int(os.environ.get("PYRNNSIM_TEST_SEED", "5"))
TESTS = Path(__file__).parents[1]
NEVER = (len(PLACES), 0)


def environment():
    """Of a process that can import what this one can; without threads of its own, so that it may be forked."""
    path = os.pathsep.join([str(TESTS), *sys.path])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Runs:
    """Studies that run one after another in processes of their own; see :mod:`study.killed`."""

    def __init__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([sys.executable, "-m", "study.killed"], env=environment(), **pipes)

    def run(self, folder, deadly=NEVER, delay=0.0):
        """Exit code, and fingerprint and counts as text, or the error."""
        self._process.stdin.write(json.dumps([str(folder), deadly, delay]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.communicate()


@pytest.fixture(scope="module")
def runs():
    server = Runs()
    yield server
    server.close()


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.0, 0.01], ids=["before a change", "at any moment"])
def test_killed_at_random_moments_it_ends_with_the_bits_of_an_undisturbed_run(delay, runs, tmp_path):
    """The moments are changes of the directory: how fast the machine is has no say in where they fall."""
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    code, text = runs.run(whole)
    assert code == 0, text
    expected, counts = json.loads(text)
    moments = [(place, change) for place, count in enumerate(counts) for change in range(count)]
    rng, kills = random.Random(SEED), 0
    everywhere = [(place, rng.randrange(count)) for place, count in enumerate(counts)]
    for moment in sorted(everywhere + rng.sample(moments, KILLS - len(everywhere))):
        code, text = runs.run(folder, moment, rng.uniform(0, delay))
        assert code in {0, -signal.SIGKILL}, text
        kills += code != 0
    code, text = runs.run(folder)
    assert code == 0, text
    assert json.loads(text)[0] == expected
    assert verify_study(folder) == []
    found, wanted = small.contents(folder), small.contents(whole)
    assert found.keys() == wanted.keys()
    assert {name for name in found if found[name] != wanted[name] and not small.is_timed(name)} == set()
    assert kills >= (KILLS - 2 if delay else KILLS)  # the last ones may come too late


@pytest.mark.parametrize("stage", [stage.name for stage in stages._ALL])
def test_interrupted_before_the_end_of_a_stage_it_goes_on(stage, tmp_path, monkeypatch):
    """Ctrl-C just when all work of a stage is done but not yet recorded."""
    finish = stages.StageFolder.finish

    def interrupted(self, key):
        if self.path.name == stage:
            raise KeyboardInterrupt
        return finish(self, key)

    monkeypatch.setattr(stages.StageFolder, "finish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        small.run(tmp_path / "study", report=False)
    monkeypatch.undo()
    states = {row["stage"]: row["state"] for row in status_rows(open_study(tmp_path / "study"))}
    assert states[stage] == "begun"
    lines: list[str] = []
    small.run(tmp_path / "study", report=False, say=lines.append)
    assert lines[0] == f"flip_flop: {stage} (continued)"


def test_time_up_to_the_last_file_of_an_interrupted_run_counts(tmp_path):
    folder = StageFolder(tmp_path / "training")
    folder.begin("key")
    checkpoint = folder.path / ".checkpoint"
    checkpoint.write_text("half of it")
    noted = (tmp_path / ".training.begun").stat().st_mtime
    os.utime(checkpoint, (noted + 100, noted + 100))
    again = StageFolder(tmp_path / "training")
    again.begin("key")
    assert 100 <= again.seconds < 110
    assert 100 <= again.finish("key").seconds < 110


def test_a_second_process_is_refused_while_the_first_one_runs(tmp_path):
    tmp_path.joinpath("study").mkdir()
    lock = ProcessLock(tmp_path / "study" / ".lock")
    lock.acquire()
    try:
        with pytest.raises(BlockingIOError, match="is being written by"):
            small.run(tmp_path / "study", report=False)
    finally:
        lock.release()
    assert list((tmp_path / "study").iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match="cannot write"):
        small.run(tmp_path / "study", report=False)


@pytest.mark.parametrize("name", ["training/networks-0000", "training/curves-0000", "dynamics/points-0000"])
def test_what_an_interrupted_run_left_damaged_is_computed_again(name, tmp_path, monkeypatch):
    expected = small.run(tmp_path / "whole", report=False).fingerprint
    stage = name.partition("/")[0]
    finish = stages.StageFolder.finish

    def interrupted(self, key):
        if self.path.name == stage:
            raise KeyboardInterrupt
        return finish(self, key)

    monkeypatch.setattr(stages.StageFolder, "finish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        small.run(tmp_path / "study", report=False)
    monkeypatch.undo()
    file = tmp_path / "study" / "flip_flop" / f"{name}.pyrnnsim"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert small.run(tmp_path / "study", report=False).fingerprint == expected
