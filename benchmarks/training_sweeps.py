"""Time of an iteration of a population against K, N, T and B: a line per backend, a picture per cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
import training
import training_jax
from training import Training
from training_timing import LOOP, MODULE, OURS, SCAN, deviation, measure

from pyrnnsim.figures import plot_scaling

FIELDS = {"K": "networks", "N": "units", "T": "steps", "B": "trials"}
#: What a sweep keeps, and the values that it takes.
KEPT = {"K": 4, "N": 64, "T": 100, "B": 64}
SWEEPS = {"K": (1, 4, 16, 64), "N": (16, 32, 64, 128, 256), "T": (25, 50, 100, 200, 400), "B": (16, 32, 64, 128, 256)}
KEPT_QUICK = {"K": 2, "N": 16, "T": 20, "B": 16}
SWEEPS_QUICK = {"K": (1, 3), "N": (16, 20), "T": (10, 20), "B": (8, 16)}
# Work grows with these powers where nothing else is lost.
POWERS = {"K": 1, "N": 2, "T": 1, "B": 1}


def lines(case: Training) -> dict[str, tuple[Training, Callable]]:
    """What trains a population of these sizes, by label; what trains single networks takes one after the other."""
    chosen = {OURS: (case, training.ours), LOOP: (case, training.baddbmm_loop)}
    module = training.one_by_one(training.torch_module)
    if case.cell == "gru":
        after = replace(case, reset_after=True)
        chosen[f"{OURS}, reset after"] = after, training.ours
        chosen[f"{MODULE}, one by one, reset after"] = after, module
    elif case.cell != "ugrnn":
        chosen[f"{MODULE}, one by one"] = case, module
    if training_jax.INSTALLED:
        chosen[f"{SCAN}, one by one"] = case, training.one_by_one(training_jax.scan)
    return chosen


def sweep(cells: list[str], seconds: float, rounds: int, *, quick: bool) -> Iterator[dict[str, str | float]]:
    """Rows of the table of ``pyrnnsim.figures.plot_scaling`` on one thread, verified before timed."""
    torch.set_num_threads(1)
    kept, sweeps = (KEPT_QUICK, SWEEPS_QUICK) if quick else (KEPT, SWEEPS)
    for cell in cells:
        for size, values in sweeps.items():
            for sizes in ({**kept, size: value} for value in values):
                base = Training(cell, **{FIELDS[name]: value for name, value in sizes.items()})
                for label, (case, make) in lines(base).items():
                    deviation(case, label, make)
                    fastest = min(measure(case, make, seconds, rounds)) * case.networks
                    yield {"sweep": size, "cell": cell, "label": label, **sizes, "seconds": fastest}


def draw(points: list[dict[str, str | float]], folder: Path) -> list[Path]:
    """One picture per cell."""
    paths = []
    for cell in dict.fromkeys(point["cell"] for point in points):
        table = [point for point in points if point["cell"] == cell]
        figure = plot_scaling(table, sizes=tuple(FIELDS), guides=POWERS, time="CPU time per iteration, s")
        figure.suptitle(f"{cell}: training K networks on one thread", fontsize=9)
        paths.append(folder / f"training_scaling_{cell}.png")
        figure.savefig(paths[-1], dpi=200)
    return paths
