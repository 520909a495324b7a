"""A store of tiles between processes: killed at any moment, cut short by the kernel, shared by mistake."""

import os
import random
import subprocess
import sys
import time

import numpy as np
import pytest

from pyrnnsim._files import read_checked

TILES, SIDE = 14, 64

WRITER = f"""
import sys, numpy as np
from pyrnnsim.similarity.tiles import TileStore
n, s = {TILES}, {SIDE}
print("start", flush=True)
with TileStore(sys.argv[1], (n * s, n * s), {{"metric": "pwcca", "tile": s}}) as store:
    for i in range(n):
        for j in range(n):
            if not store.done(i, j):
                store.save(i, j, np.random.default_rng([i, j]).normal(size=(s, s)))
    def assemble(matrix):
        for i in range(n):
            for j in range(n):
                matrix[i * s : (i + 1) * s, j * s : (j + 1) * s] = store.load(i, j)
    print("finish", flush=True)
    store.finish(assemble)
print("end", flush=True)
"""

HOLDER = """
import sys
from pyrnnsim.similarity.tiles import TileStore
with TileStore(sys.argv[1], (4, 4), {}) as store:
    print("start", flush=True)
    sys.stdin.read()
"""

CUT_SHORT = """
import resource, signal, sys
import numpy as np
from pyrnnsim.similarity.tiles import TileStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with TileStore(sys.argv[1], (4, 4), {}) as store:
    store.save(0, 0, np.arange(3))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    store.save(0, 1, np.zeros((100, 100)))
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "d.npy"


def tile(i, j):
    return np.random.default_rng([i, j]).normal(size=(SIDE, SIDE))


def start(code, path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code, str(path)], env=environment, **pipes)


def run(code, path):
    """Exit status, standard output and standard error of a process that runs to its end."""
    with start(code, path) as process:
        written, errors = process.communicate()
    return process.returncode, written, errors


def kill_after(path, cue, delay):
    """Kill a writer ``delay`` seconds after it printed ``cue``; returns whether that was before its end."""
    with start(WRITER, path) as writer:
        while writer.stdout.readline().strip() not in {cue, ""}:
            pass
        time.sleep(delay)
        writer.kill()
    return writer.returncode < 0


def check_whole(path):
    """Check that every file a killed writer left under a final name is whole and right; returns the tiles."""
    found = set(path.with_name("d.npy.tiles").glob("[0-9]*_*.npy"))
    for entry in found:
        read_checked(entry)
        i, j = map(int, entry.stem.split("_"))
        np.testing.assert_array_equal(np.load(entry, allow_pickle=False), tile(i, j))
    if path.exists():
        check_result(path)
    return found


def check_result(path):
    expected = np.block([[tile(i, j) for j in range(TILES)] for i in range(TILES)])
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), expected)


def test_killed_at_random_moments_nothing_done_is_lost(path):
    rng = random.Random(0)
    done, killed = set(), 0
    for _ in range(15):
        killed += kill_after(path, "start", rng.uniform(0, 0.06))
        found = check_whole(path)
        assert path.exists() or done <= found
        done = found
    assert killed >= 5
    assert run(WRITER, path)[1].endswith("end\n")
    check_result(path)
    assert os.listdir(path.parent) == ["d.npy"]


def test_killed_while_the_tiles_are_put_together(path):
    rng = random.Random(1)
    for _ in range(6):
        kill_after(path, "finish", rng.uniform(0, 0.03))
        check_whole(path)
    assert run(WRITER, path)[1].endswith("end\n")
    check_result(path)
    assert os.listdir(path.parent) == ["d.npy"]


def test_a_second_process_is_refused_while_the_first_lives(path):
    with start(HOLDER, path) as first:
        assert first.stdout.readline() == "start\n"
        status, _, errors = run(HOLDER, path)
        assert status == 1
        assert f"RuntimeError: {path}.tiles is being written by process {first.pid} on host" in errors
        first.kill()
    assert run(HOLDER, path)[:2] == (0, "start\n")


def test_a_write_cut_short_by_the_kernel_keeps_the_tiles_before_it(path):
    status, _, errors = run(CUT_SHORT, path)
    assert status == 1 and "cannot write" in errors and "0_1.npy: File too large" in errors
    folder = path.with_name("d.npy.tiles")
    assert sorted(os.listdir(folder)) == ["0_0.npy", "manifest.json"]
    assert read_checked(folder / "0_0.npy").startswith(b"\x93NUMPY")
