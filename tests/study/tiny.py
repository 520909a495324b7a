"""A study of a second: what the tests run, also in a process of its own."""

from __future__ import annotations

import sys
from typing import Any

from pyrnnsim.populations import checkpoint, training
from pyrnnsim.study.run import StudyRun, run_study

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


if __name__ == "__main__":
    training._STRETCH_SECONDS, checkpoint._SHARE = 0.002, 0
    sys.stdout.write("start\n")
    sys.stdout.flush()
    sys.stdout.write(run(sys.argv[1]).fingerprint)
