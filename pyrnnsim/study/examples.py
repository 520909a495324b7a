"""A few trials of one network of each kind, for pictures of trajectories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import Network, Population, pca_trajectories
from pyrnnsim.study.results import Example
from pyrnnsim.tasks import PROBE_ITERATION, ContextIntegration, Task

_TRIALS = 12
_DRAWN = 128  # trials of which those of the first context are taken


def examples_of(
    task: Task, trained: Population | None, untrained: Population | None, points: Any, n_jobs: int | None = None
) -> list[Example]:
    """The first network of each cell and activation, and the same before training where its states do not overflow.

    Args:
        task: What they do.
        trained: K networks that learned it, or None.
        untrained: Networks before training, of the same names; None leaves them out.
        points: Fixed points of the K networks at the inputs of the task.
        n_jobs: Threads.
    """
    if trained is None:
        return []
    inputs, targets = _trials(task)
    fresh = {network.name: network for network in untrained or ()}
    made, seen = [], set()
    conditions = 1 if isinstance(task, ContextIntegration) else len(task.condition_inputs())
    for k, network in enumerate(trained):
        kind = network.cell.cell, network.cell.activation
        if kind in seen:
            continue
        seen.add(kind)
        made += list(_of(network, inputs, targets, points[k][:conditions], n_jobs))
        if network.name in fresh:
            made += list(_of(fresh[network.name], inputs, targets, None, n_jobs))
    return made


def _of(
    network: Network, inputs: NDArray[np.float64], targets: NDArray[np.float64], row: Any, n_jobs: int | None
) -> Iterator[Example]:
    one = Population([network])
    try:
        outputs = one.outputs(inputs, n_jobs=n_jobs)[0][0].astype(np.float64)
    except ValueError:  # the inputs are fine, so the states overflow
        return
    trajectory = pca_trajectories(one, inputs, n_jobs=n_jobs)[0]
    if row is not None:
        trajectory = trajectory.with_points(row)
    cell = network.cell
    yield Example(cell.cell, cell.activation, inputs, targets, outputs, trajectory, row is not None)


def _trials(task: Task) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(B, T, M) and (B, T, O), in the order of the mean target, or of the command where one stays constant."""
    drawn = task.trials(_DRAWN, iteration=PROBE_ITERATION, dtype=np.float64)
    inputs, targets = drawn.inputs, drawn.targets.copy()
    if drawn.mask is not None:
        targets[~drawn.mask] = np.nan
    chosen = np.arange(_DRAWN)
    if isinstance(task, ContextIntegration):
        chosen = chosen[inputs[:, 0, 0] == 1]
    chosen = chosen[:_TRIALS]
    if callable(getattr(task, "frequency", None)):
        chosen = chosen[np.argsort(inputs[chosen, 0, 0], kind="stable")]
    else:
        chosen = chosen[np.argsort(np.nan_to_num(targets[chosen, -1, 0]), kind="stable")]
    return inputs[chosen], targets[chosen]
