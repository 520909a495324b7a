"""Studies that are killed at random moments, and two processes that want the same directory."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from study import tiny

from pyrnnsim._lock import ProcessLock
from pyrnnsim.study import stages
from pyrnnsim.study.folder import StageFolder
from pyrnnsim.study.run import open_study, status_rows

KILLS = 10
TESTS = Path(__file__).parents[1]


def start(folder):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "study.tiny", str(folder)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "start\n"
    return process


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_bits_of_an_undisturbed_run(tmp_path):
    begun = time.monotonic()
    process = start(tmp_path / "whole")
    expected = process.communicate()[0]
    took, rng, killed = time.monotonic() - begun, random.Random(5), 0
    assert expected
    for _ in range(KILLS):
        process = start(tmp_path / "killed")
        time.sleep(rng.uniform(0.05, 0.4) * took)
        process.kill()
        process.communicate()
        killed += process.returncode != 0
    assert killed >= 2
    assert start(tmp_path / "killed").communicate()[0] == expected
    assert not list((tmp_path / "killed").rglob("*.tmp"))


@pytest.mark.parametrize("stage", [stage.name for stage in stages._ALL if stage.name != "search"])
def test_interrupted_before_the_end_of_a_stage_it_goes_on(stage, tmp_path, monkeypatch):
    """Ctrl-C just when all work of a stage is done but not yet recorded."""
    finish = stages.StageFolder.finish

    def interrupted(self, key):
        if self.path.name == stage:
            raise KeyboardInterrupt
        return finish(self, key)

    monkeypatch.setattr(stages.StageFolder, "finish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tiny.run(tmp_path / "study")
    monkeypatch.undo()
    states = {row["stage"]: row["state"] for row in status_rows(open_study(tmp_path / "study"))[:6]}
    assert states[stage] == "begun"
    lines: list[str] = []
    tiny.run(tmp_path / "study", say=lines.append)
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
            tiny.run(tmp_path / "study")
    finally:
        lock.release()
    assert list((tmp_path / "study").iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match="cannot write"):
        tiny.run(tmp_path / "study")


@pytest.mark.parametrize("name", ["training/networks-0000", "training/curves-0000", "dynamics/points-0000"])
def test_what_an_interrupted_run_left_damaged_is_computed_again(name, tmp_path, monkeypatch):
    expected = tiny.run(tmp_path / "whole").fingerprint
    stage = name.partition("/")[0]
    finish = stages.StageFolder.finish

    def interrupted(self, key):
        if self.path.name == stage:
            raise KeyboardInterrupt
        return finish(self, key)

    monkeypatch.setattr(stages.StageFolder, "finish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tiny.run(tmp_path / "study")
    monkeypatch.undo()
    file = tmp_path / "study" / "flip_flop" / f"{name}.pyrnnsim"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert tiny.run(tmp_path / "study").fingerprint == expected
