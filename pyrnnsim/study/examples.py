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
    """The first network of each cell and activation, of those that stay finite on the same trials; none if none does.

    Args:
        trained: Networks that learned the task.
        fresh: Networks before training, found by their names.
        task: What they do.
        points: Of the trained networks.
        seed: Of the trials.
    """
    inputs, targets = _trials(task, seed)
    kinds = [(network.cell.cell, network.cell.activation) for network in trained]
    before = {network.name: network for network in fresh}
    made: list[Example | None] = []
    for kind in dict.fromkeys(kinds):
        members = (k for k, other in enumerate(kinds) if other == kind)
        tried = ((k, _example(trained[k], inputs, targets, _at(task, points[k]), trained=True)) for k in members)
        for k, example in tried:
            if example is None:
                continue
            made.append(example)
            if isinstance(task, ContextIntegration) and kind[0] == _UNTRAINED:
                made.append(_example(before[trained[k].name], inputs, targets, (), trained=False))
            break
    return [example for example in made if example is not None]


def _at(task: Task, points: Sequence[pyrnnsim.FixedPointSet]) -> Sequence[pyrnnsim.FixedPointSet]:
    """Points at the inputs of the trials: of two contexts, the one that the probes cue."""
    return points[:1] if isinstance(task, ContextIntegration) and len(points) == 2 else points


def _example(
    network: pyrnnsim.Network,
    inputs: Floats,
    targets: Floats,
    points: Sequence[pyrnnsim.FixedPointSet],
    *,
    trained: bool,
) -> Example | None:
    """None for a network whose states or readouts overflow."""
    alone = pyrnnsim.Population([network])
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = np.asarray(alone.outputs(inputs, n_jobs=1)[0][0], dtype=np.float64)
            trajectory = pyrnnsim.pca_trajectories(alone, inputs, n_jobs=1)[0]
    except ValueError:  # the trials are fine, so the states, or their squares, are not
        return None
    if not (np.isfinite(outputs).all() and np.isfinite(trajectory.explained).all()):
        return None
    if any(one.fixed.any() for one in points):
        trajectory = trajectory.with_points(points)
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
