"""Trials of one network of every kind, for pictures of trajectories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import pyrnnsim
from pyrnnsim.report.results import Example
from pyrnnsim.tasks import ContextIntegration, SineWave, Task

_TRIALS, _PROBES, _DRAWN = 6, 9, 256  # drawn: trials among which the probes are chosen
_UNTRAINED = "vanilla"  # cell whose networks are also shown as they were made (U figure 4)

Floats = NDArray[np.float64]


def examples_of(
    trained: pyrnnsim.Population, fresh: pyrnnsim.Population, task: Task, points: pyrnnsim.FixedPoints, *, seed: int
) -> list[Example]:
    """The first network of each cell and activation on the same trials.

    Args:
        trained: Networks that learned the task.
        fresh: Networks before training, found by their names.
        task: What they do.
        points: Of the trained networks.
        seed: Of the trials.
    """
    inputs, targets = _trials(task, seed)
    kinds = [(network.cell.cell, network.cell.activation) for network in trained]
    chosen = [kinds.index(kind) for kind in dict.fromkeys(kinds)]
    before = {network.name: network for network in fresh}
    made = []
    for k in chosen:
        one_context = isinstance(task, ContextIntegration) and len(points[k]) == 2  # which the probes cue
        made.append(_example(trained[k], inputs, targets, points[k][:1] if one_context else points[k], trained=True))
        if isinstance(task, ContextIntegration) and kinds[k][0] == _UNTRAINED:
            made.append(_example(before[trained[k].name], inputs, targets, (), trained=False))
    return made


def _example(
    network: pyrnnsim.Network,
    inputs: Floats,
    targets: Floats,
    points: Sequence[pyrnnsim.FixedPointSet],
    *,
    trained: bool,
) -> Example:
    alone = pyrnnsim.Population([network])
    trajectory = pyrnnsim.pca_trajectories(alone, inputs, n_jobs=1)[0]
    if any(one.fixed.any() for one in points):
        trajectory = trajectory.with_points(points)
    outputs = np.asarray(alone.outputs(inputs, n_jobs=1)[0][0], dtype=np.float64)
    return Example(network.cell.cell, network.cell.activation, inputs, targets, outputs, trajectory, trained)


def _trials(task: Task, seed: int) -> tuple[Floats, Floats]:
    """(B, T, M) and (B, T, O): one trial per command, probes of one context by their outcome, or any trials."""
    if isinstance(task, SineWave):
        commands = task.condition_inputs()
        cycles = task.frequency(commands) * np.arange(task.steps)
        return np.repeat(commands[:, None, :], task.steps, axis=1), np.sin(2 * np.pi * cycles)[:, :, None]
    cued = isinstance(task, ContextIntegration)
    drawn = task.trials(_DRAWN if cued else _TRIALS, seed=seed, dtype=np.float64)
    kept = np.arange(len(drawn.inputs))
    if cued:
        kept = np.flatnonzero(drawn.inputs[:, 0, 0] > 0)
        kept = kept[np.argsort(drawn.targets[kept, -1, 0], kind="stable")]
        kept = kept[np.linspace(0, len(kept) - 1, min(_PROBES, len(kept))).astype(np.intp)]
    asked = np.ones(drawn.targets.shape, bool) if drawn.mask is None else drawn.mask
    return drawn.inputs[kept], np.where(asked, drawn.targets, np.nan)[kept]
