"""A study of half a second with a file of every kind, and one figure: for tests that run it often."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

import matplotlib.figure
import pytest

import pyrnnsim.figures.paper
from pyrnnsim.populations import checkpoint, training
from pyrnnsim.study.run import StudyRun, run_study

SMALL: dict[str, Any] = {
    "name": "small",
    "tasks": {"flip_flop": {"arguments": {"bits": 2, "steps": 20}, "iterations": 16}},
    "networks": {"cells": ["vanilla", "gru"], "activations": ["tanh"], "units": [6]},
    "train": {"settings": "search", "candidates": 4, "batch": 8, "learned": 100.0, "trials": 16},
    "geometry": {"probe_trials": 8},
    "dynamics": {"starts": 8, "perturbations": 5},
}


def one_figure(results: object) -> dict[str, matplotlib.figure.Figure]:
    """Stands in for the figures of the paper, which take ten seconds."""
    del results
    figure = matplotlib.figure.Figure(figsize=(1, 1))
    figure.subplots().plot([1, 2])
    return {"U1": figure}


def shorten(patch: pytest.MonkeyPatch) -> None:
    """Draw one figure, and write a checkpoint after every stretch of a few iterations."""
    patch.setattr(pyrnnsim.figures.paper, "paper_figures", one_figure)
    patch.setattr(checkpoint.Checkpoint, "is_due", lambda self: True)
    patch.setattr(training, "_LONGEST_STRETCH", 4)


def run(folder: object, **options: Any) -> StudyRun:
    """Call :func:`run_study`."""
    return run_study(SMALL, str(folder), **{"progress": False, "n_jobs": 1, **options})


@contextmanager
def interrupted(owner: object, name: str, calls: int):
    """Ctrl-C in one of the calls of a function, before it does anything; leaves the block."""
    original, count = getattr(owner, name), iter(range(calls))

    def interrupting(*arguments, **options):
        if next(count, None) is None:
            raise KeyboardInterrupt
        return original(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, interrupting)
        with pytest.raises(KeyboardInterrupt):
            yield


def contents(folder):
    """Digest of every file by its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): blake2b(path.read_bytes()).hexdigest() for path in files}


def is_timed(name):
    """Whether it holds seconds: the records of stages, and what is made of them."""
    return name in {"claims.md", "report.html", "published.json"} or name.count("/") == 1
