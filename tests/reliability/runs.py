"""Comparisons that are written to a file and can be killed: what runs, and a server that forks a process for each."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from reference.generators import population

import pyrnnsim
from pyrnnsim.similarity import functions, plan
from pyrnnsim.similarity.tiles import TileStore


def reps(networks=12, samples=40):
    """Of different widths; networks 1 and 2 have two directions in common, so that two correlations tie."""
    made = population(np.random.default_rng(5), networks, samples, [2 + k % 3 for k in range(networks)], shared=2)
    if networks > 2:
        made[2][:, :2] = made[1][:, :2] @ np.array([[1.0, 2.0], [0.5, -1.0]])
    return made


def shifted_distances(shift):
    """What a worker process computes."""
    return np.array(pyrnnsim.pairwise_pwcca([x + shift for x in reps(5)], n_jobs=2))


def largest_difference(x, y):
    """A user's metric."""
    return abs(float(x.mean()) - float(y.mean()))


def _pairwise(out):
    return pyrnnsim.pairwise(reps(), out=out)


def _sided(out):
    return pyrnnsim.pairwise_pwcca(reps(), side="first", out=out)


def _google(out):
    return pyrnnsim.pairwise_pwcca(reps(), definition="google", out=out)


def _rbf(out):
    return pyrnnsim.pairwise_cka(reps(24, 130), kernel="rbf", calibrated=True, max_memory="1MB", out=out)


def _rsa(out):
    return pyrnnsim.cross_distances(
        reps(16, 130), reps(20, 130), metric="rsa:dissimilarity=euclidean", max_memory="1MB", out=out
    )


def _callable(out):
    return pyrnnsim.pairwise_distances(reps(), metric=largest_difference, out=out)


def _cross(out):
    return pyrnnsim.cross_distances(reps(8), reps(12), metric="svcca", out=out)


RUNS = {"pairwise": _pairwise, "sided": _sided, "google": _google, "rbf": _rbf, "rsa": _rsa, "callable": _callable}
RUNS["cross"] = _cross


def cut_small():
    """Tiles of a few networks, so that tiny comparisons have many of them; returns what to put back."""
    before = plan._TILE_COLUMNS, functions._BLOCK
    plan._TILE_COLUMNS, functions._BLOCK = 10, 4
    return before


@contextmanager
def small_tiles():
    """Tiles of a few networks inside the block."""
    before = cut_small()
    try:
        yield
    finally:
        plan._TILE_COLUMNS, functions._BLOCK = before


def matrices(made):
    """Every matrix of a result, whether it is one or many."""
    return {name: np.array(one) for name, one in (made if isinstance(made, dict) else {"": made}).items()}


def interrupt(run, saves=4):
    """The user presses Ctrl-C when so many tiles are on disk."""
    original, count = TileStore.save, iter(range(10**6))

    def save(self, *args):
        if next(count) >= saves:
            raise KeyboardInterrupt
        original(self, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TileStore, "save", save)
        with pytest.raises(KeyboardInterrupt):
            run()


SERVER = """
import os, sys, traceback
from reliability import runs
runs.cut_small()
for line in sys.stdin:
    name, path = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        try:
            print("start", os.getpid(), flush=True)
            runs.RUNS[name](path)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print("end", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Server:
    """Forks a process per comparison, which spares each of them the imports."""

    def __init__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([sys.executable, "-c", SERVER], env=environment(), **pipes)

    def run(self, name, path, signal=None, delay=0.0):
        """Start a comparison, send it ``signal`` after ``delay`` seconds; its exit status and how long it ran."""
        self._process.stdin.write(f"{name}\t{path}\n")
        self._process.stdin.flush()
        word, number = self._process.stdout.readline().split()
        assert word == "start"
        started = time.monotonic()
        if signal is not None:
            time.sleep(delay)
            with suppress(ProcessLookupError):  # it has come to its end
                os.kill(int(number), signal)
        word, status = self._process.stdout.readline().split()
        assert word == "end"
        return int(status), time.monotonic() - started

    def close(self):
        """End the server; what the processes wrote to standard error."""
        return self._process.communicate()[1]


def environment():
    """Of a child process that can import what this one can."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}


def tiles(path):
    """Tile files of unfinished matrices beside ``path``, with what changes when one is written again."""
    found = Path(path).parent.glob("*.tiles/[0-9]*_*.npy")
    return {str(file): (file.stat().st_ino, file.stat().st_mtime_ns) for file in found}
