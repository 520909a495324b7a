"""A file that cannot be written, or that another process writes, is a clear error, and what is done is kept."""

import errno
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from reliability.runs import RUNS, environment, interrupt, reps, small_tiles, tiles

import pyrnnsim

pytestmark = pytest.mark.usefixtures("cut_small")


@pytest.fixture(scope="module")
def expected():
    with small_tiles():
        return np.array(RUNS["sided"](None))


@pytest.mark.parametrize("name", ["sided", "callable"])
def test_56_the_nth_write_fails_for_every_n_and_the_rest_is_kept(name, path, monkeypatch):
    original, calls, failed = os.fsync, [], 0
    wanted = np.array(RUNS[name](None))
    for failing in range(1, 150):
        calls.clear()

        def fsync(descriptor, failing=failing):
            calls.append(descriptor)
            if len(calls) == failing:
                raise OSError(errno.ENOSPC, "No space left on device")
            original(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fsync)
            try:
                made = RUNS[name](path)
            except OSError as error:
                assert re.search(r"cannot (use|write) .*d\.npy.*No space left on device", str(error))
                assert len(tiles(path)) >= min(failing // 2 - 2, 1)
                failed += 1
                np.testing.assert_array_equal(RUNS[name](path), wanted)
                path.unlink()
            else:
                np.testing.assert_array_equal(made, wanted)
                path.unlink()
                if len(calls) < failing:  # there was no such write; one to a directory may fail unnoticed
                    break
    assert failed >= 5 and len(calls) < failing
    assert os.listdir(path.parent) == []


FULL = """
import resource, signal, sys
from reliability import runs
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
runs.cut_small()
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
runs.RUNS["sided"](sys.argv[1])
"""


@pytest.mark.parametrize("size", [100, 700, 1100])
def test_56_a_full_disk_is_an_error_that_names_the_file_and_the_next_run_goes_on(size, path, expected):
    command = [sys.executable, "-c", FULL, str(path), str(size)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(rf"OSError: .*{re.escape(str(path.parent))}.*File too large", done.stderr), done.stderr[-300:]
    np.testing.assert_array_equal(RUNS["sided"](path), expected)


def test_56_a_directory_that_vanishes_is_an_error_and_the_next_run_works(path):
    calls = []

    def metric(x, y):
        calls.append(1)
        if len(calls) == 30:
            shutil.rmtree(path.parent / "d.npy.tiles")
        return 0.5

    with pytest.raises(OSError, match=r"d\.npy\.tiles"):
        pyrnnsim.pairwise_distances(reps(), metric=metric, out=path)
    made = pyrnnsim.pairwise_distances(reps(), metric=metric, out=path)
    assert (made[~np.eye(12, dtype=bool)] == 0.5).all()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_56_a_read_only_directory_is_refused(path):
    path.parent.chmod(0o500)
    try:
        with pytest.raises(OSError, match=r"out: cannot use .*d\.npy\.tiles.*Permission denied"):
            RUNS["sided"](path)
    finally:
        path.parent.chmod(0o700)


def test_an_old_file_stays_until_the_new_one_is_complete(path):
    np.save(path, np.arange(4.0))
    old = np.load(path, mmap_mode="r")
    seen = []

    def metric(x, y):
        seen.append(np.load(path).tolist())
        return 0.25

    made = pyrnnsim.pairwise_distances(reps(), metric=metric, out=path)
    assert seen[0] == seen[-1] == [0.0, 1.0, 2.0, 3.0] == old.tolist()
    assert np.load(path)[0, 1] == 0.25 == made[0, 1]
    np.testing.assert_array_equal(RUNS["sided"](str(path)), RUNS["sided"](None))
    assert made[0, 1] == 0.25  # the first answer is still what it was


def test_one_network_none_left_and_paths_of_all_kinds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert pyrnnsim.pairwise_cca(reps(1), out="one.npy").tolist() == [[0.0]]
    nothing = pyrnnsim.pairwise_cca([x * np.nan for x in reps(3)], out="none.npy", nan_policy="skip")
    assert np.isnan(nothing).all() and nothing.shape == (3, 3) and nothing.report.skipped == (0, 1, 2)
    Path("link ü.npy").symlink_to("real.npy")
    linked = pyrnnsim.pairwise_cca(reps(3), out=tmp_path / "link ü.npy")
    np.testing.assert_array_equal(np.load("real.npy"), linked)
    assert sorted(os.listdir()) == ["link ü.npy", "none.npy", "one.npy", "real.npy"]


HOLDER = """
import sys
import pyrnnsim
from reliability.runs import reps
def metric(x, y):
    print("start", flush=True)
    sys.stdin.read()
pyrnnsim.pairwise_distances(reps(), metric=metric, out=sys.argv[1])
"""


@pytest.mark.parametrize("name", ["sided", "rbf", "callable"])
def test_a_second_process_is_refused_until_the_first_has_ended(name, path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], env=environment(), **pipes) as first:
        assert first.stdout.readline() == "start\n"
        with pytest.raises(RuntimeError, match=rf"d\.npy\.tiles is being written by process {first.pid} on host"):
            RUNS[name](path)
        first.kill()
        first.wait()
    with pytest.raises(ValueError, match="holds the tiles of another run: .*metric was 'metric', now"):
        RUNS[name](path)
    shutil.rmtree(path.parent / "d.npy.tiles")
    assert np.isfinite(RUNS[name](path)).all()


def test_a_second_thread_is_refused_while_the_first_is_at_work(path):
    inside, leave = threading.Event(), threading.Event()

    def metric(x, y):
        inside.set()
        leave.wait(20)
        return 0.5

    thread = threading.Thread(target=lambda: pyrnnsim.pairwise_distances(reps(), metric=metric, out=path))
    thread.start()
    inside.wait(20)
    try:
        with pytest.raises(RuntimeError, match="is being written by another call in this same process"):
            RUNS["sided"](path)
    finally:
        leave.set()
        thread.join()
    assert np.load(path)[0, 1] == 0.5


@pytest.mark.parametrize("name", ["sided", "rbf", "callable"])
@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "swap"])
def test_damaged_tiles_are_computed_again(name, harm, path, caplog):
    interrupt(lambda: RUNS[name](path), 5)
    done = sorted(map(path.parent.joinpath, tiles(path)))
    for k, file in enumerate(done[:-1]):
        content = bytearray(file.read_bytes())
        content[len(content) * (k + 1) // (len(done) + 1)] ^= 1 << k
        damaged = {
            "cut": content[: len(content) * k // len(done)],
            "flip": content,
            "empty": b"",
            "swap": done[-1].read_bytes(),
        }
        file.write_bytes(damaged[harm])
    np.testing.assert_array_equal(RUNS[name](path), RUNS[name](None))
    assert harm == "swap" or sum("computed again" in text for text in caplog.messages) == len(done) - 1


def test_a_damaged_manifest_is_refused_with_what_to_delete(path):
    interrupt(lambda: RUNS["sided"](path))
    manifest = path.parent / "d.npy.tiles" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"^out: .*manifest\.json is damaged .*; delete .*d\.npy\.tiles and run again"):
        RUNS["sided"](path)
