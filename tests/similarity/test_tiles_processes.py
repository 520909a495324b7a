"""A store of tiles between processes: killed at any moment, cut short by the kernel, shared by mistake."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest

from pyrnnsim._files import read_checked

TILES, SIDE = 14, 64

# Forks a writer for every line it reads, which spares each of them the imports.
WRITERS = f"""
import os, sys, traceback, numpy as np
from pyrnnsim.similarity.tiles import TileStore
n, s = {TILES}, {SIDE}

def write():
    print("start", os.getpid(), flush=True)
    with TileStore(sys.argv[1], (n * s, n * s), {{"metric": "pwcca", "tile": s}}) as store:
        for i in range(n):
            for j in range(n):
                if not store.done(i, j):
                    store.save(i, j, np.random.default_rng([i, j]).normal(size=(s, s)))
        print("finish", os.getpid(), flush=True)
        store.finish(lambda matrix: [assign(matrix, i, j, store.load(i, j)) for i in range(n) for j in range(n)])

def assign(matrix, i, j, values):
    matrix[i * s : (i + 1) * s, j * s : (j + 1) * s] = values

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            write()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print("end", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
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


@pytest.fixture
def write(path):
    """A function that starts a writer, kills it ``delay`` seconds after a cue, and returns its exit status."""
    with start(WRITERS, path) as server:

        def once(cue=None, delay=0.0):
            server.stdin.write("go\n")
            server.stdin.flush()
            while True:
                word, number = server.stdout.readline().split()
                if word == "end":
                    return int(number)
                if word == cue:
                    time.sleep(delay)
                    with suppress(ProcessLookupError):  # it came to its end
                        os.kill(int(number), signal.SIGKILL)

        yield once
        assert server.communicate()[1] == ""


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


def test_killed_at_random_moments_nothing_done_is_lost(path, write):
    rng = random.Random(0)
    done, killed = set(), 0
    for _ in range(15):
        killed += write("start", rng.uniform(0, 0.04)) < 0
        found = check_whole(path)
        assert path.exists() or done <= found
        done = found
    assert killed >= 5
    assert write() == 0
    check_result(path)
    assert os.listdir(path.parent) == ["d.npy"]


def test_killed_while_the_tiles_are_put_together(path, write):
    rng = random.Random(1)
    for _ in range(6):
        write("finish", rng.uniform(0, 0.03))
        check_whole(path)
    assert write() == 0
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
