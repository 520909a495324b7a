"""Which backends train a configuration, whether they train the same, and how long they take."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import training
import training_jax
from training import Training

OURS, LOOP, MODULE, SCAN = "pyrnnsim", "baddbmm loop", "torch.nn", "JAX scan"
CHECKED = 4  # iterations whose losses are compared
TOLERANCE = 2e-5


def backends(case: Training) -> dict[str, Callable]:
    """Those of a row of the table: torch's modules and JAX one network at a time, the loop many."""
    chosen = {OURS: training.ours}
    if case.networks > 1:
        return chosen | ({LOOP: training.baddbmm_loop} if has_loop(case) else {})
    if has_module(case):
        chosen[MODULE] = training.torch_module
    if training_jax.INSTALLED and case.threads == 1:
        chosen[SCAN] = training_jax.scan
    return chosen


def has_loop(case: Training) -> bool:
    return case.activation == "tanh" and not case.reset_after


def has_module(case: Training) -> bool:
    """torch.nn has no ugrnn, and its gru resets after the product."""
    return case.activation == "tanh" and case.cell != "ugrnn" and case.reset_after == (case.cell == "gru")


def deviation(case: Training, name: str, make: Callable) -> float:
    """Largest relative difference between the first losses of a backend and ours, which must agree."""
    # Our readout of an lstm also learns from c, which the others do not see: equal until the first update.
    checked = 1 if case.cell == "lstm" else CHECKED
    error = np.abs(make(case)(checked) / training.ours(case)(checked) - 1).max()
    assert error < TOLERANCE, f"{name} trains something else: losses of {case} differ by {error:.1e}"
    return error


def measure(case: Training, make: Callable, seconds: float, rounds: int) -> list[float]:
    """Seconds per iteration and network of every round, each of about so many seconds."""
    run = make(case)
    run(1)  # libraries load, memory is claimed
    clock = time.process_time if case.threads == 1 else time.perf_counter
    start = clock()
    run(2)
    count = max(2, int(seconds / max((clock() - start) / 2, 1e-6)))
    times = []
    for _ in range(rounds):
        start = clock()
        run(count)
        times.append((clock() - start) / count / case.networks)
    return times
