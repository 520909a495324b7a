"""A study of a second with three tasks."""

from __future__ import annotations

from typing import Any

from pyrnnsim.study import dynamics
from pyrnnsim.study.run import StudyRun, run_study

dynamics._AT_ONCE = 4  # so that six networks are two parts

TINY: dict[str, Any] = {
    "name": "tiny",
    "tasks": {
        "flip_flop": {"arguments": {"bits": 2, "steps": 20}},
        "sine_wave": {"arguments": {"steps": 20}},
        "context_integration": {"iterations": 30},
    },
    "networks": {"cells": ["vanilla", "gru", "lstm"], "activations": ["tanh"], "units": [8]},
    "train": {"iterations": 40, "batch": 8, "learned": 100.0, "trials": 16},
    "geometry": {"probe_trials": 8},
    "dynamics": {"starts": 8, "perturbations": 5, "slow_starts": 8, "pulse_steps": 4},
}


def run(folder: object, **options: Any) -> StudyRun:
    return run_study(TINY, str(folder), **{"report": False, "progress": False, "n_jobs": 2, **options})
