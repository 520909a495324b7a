"""A comparison whose networks do not fit into memory, and whether its announced end comes true."""

from __future__ import annotations

import io
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from typing import TextIO

import numpy as np
import peers
from memory import peak_growth
from population import Population

import pyrnnsim

SAMPLES, UNITS = 3200, 64
JUDGED_AT = 5  # per cent
_TELL_SECONDS = 30.0

MEASURES = {
    "pwcca": (pyrnnsim.pairwise_pwcca, lambda pair: peers.pwcca(peers.prepare(pair))),
    "cca": (pyrnnsim.pairwise_cca, lambda pair: peers.cca(peers.prepare(pair))),
    "svcca": (
        lambda reps, **options: pyrnnsim.pairwise_svcca(reps, n_components=peers.LEADING, **options),
        lambda pair: peers.svcca(peers.prepare_svcca(pair)),
    ),
}
"""Ours, and NumPy's for a pair of networks; the benchmarks hold the latter against the references."""


@dataclass(frozen=True)
class Announcement:
    """One state of the library's progress bar: when it was seen, per cent done, seconds it says are left."""

    seen: float
    percent: float
    left: float


class Watcher(io.TextIOBase):
    """Stands in for standard error and reads the library's progress bar, which it passes on now and then."""

    _BAR = re.compile(r"(\d+)% .*\[[\d:]+<([\d:]+)\]")

    def __init__(self, target: TextIO) -> None:
        self.announcements: list[Announcement] = []
        self._target = target
        self._told = 0.0

    def isatty(self) -> bool:
        """Whoever reads everything is a terminal: the bar is then redrawn several times a second."""
        return True

    def write(self, text: str) -> int:
        """Note the state of the bar, if the text is one."""
        found = self._BAR.search(text)
        if found is None:
            if text.strip():
                self._target.write(text)
            return len(text)
        now = time.perf_counter()
        self.announcements.append(Announcement(now, float(found[1]), _seconds(found[2])))
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            print(text.strip(), file=self._target, flush=True)
        return len(text)

    def at(self, percent: float) -> Announcement | None:
        """What was announced first when so much was done."""
        return next((one for one in self.announcements if one.percent >= percent), None)


def stream(measure: str, networks: int, max_memory: str, n_jobs: int) -> None:
    """Compare networks that are made when asked for, and print memory, time, and how true the ETA was."""
    pairwise, numpy = MEASURES[measure]
    population = Population(networks, SAMPLES, UNITS, "float32")
    size = networks * SAMPLES * UNITS * 4 / 1e9
    print(f"{measure}: {networks} networks, {size:.2f} GB of activity, {max_memory} allowed, n_jobs {n_jobs}")
    pairwise(Population(2, 200, 8, "float32"), n_jobs=1)  # loads libraries, which are no memory of the comparison
    with _watched() as watcher:
        start = time.perf_counter()
        matrix, growth = peak_growth(lambda: pairwise(population, n_jobs=n_jobs, max_memory=max_memory, progress=True))
        end = time.perf_counter()
    pairs = networks * (networks - 1) // 2
    print(f"took {end - start:.1f} s, {(end - start) / pairs * 1e3:.4f} ms per pair; peak memory {growth / 1e9:.2f} GB")
    print(f"pairs solved again in float64: {matrix.report.refined} of {pairs}")
    print(_judgement(watcher.at(JUDGED_AT), end))
    print(f"largest deviation of three pairs from float64 NumPy: {_deviation(matrix, population, numpy):.1e}")


@contextmanager
def _watched() -> Iterator[Watcher]:
    handler = logging.StreamHandler(sys.stdout)
    log = logging.getLogger("pyrnnsim")
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        watcher = Watcher(sys.stderr)
        with redirect_stderr(watcher):
            yield watcher
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


def _judgement(announced: Announcement | None, end: float) -> str:
    if announced is None:
        return "no ETA was shown: the run is too short"
    true = end - announced.seen
    return (
        f"at {announced.percent:.0f} % the library announced {announced.left:.0f} s to go; it took {true:.0f} s: "
        f"{announced.left / true - 1:+.0%}"
    )


def _deviation(matrix: np.ndarray, population: Population, numpy: Callable) -> float:
    rng = np.random.default_rng(7)
    pairs = [rng.choice(len(population), 2, replace=False) for _ in range(3)]
    exact = [numpy([population[i].astype(np.float64), population[j].astype(np.float64)])[0, 1] for i, j in pairs]
    return max(abs(matrix[i, j] - value) for (i, j), value in zip(pairs, exact, strict=True))


def _seconds(clock: str) -> float:
    total = 0.0
    for part in clock.split(":"):
        total = 60 * total + float(part)
    return total
