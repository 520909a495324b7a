"""What the networks of a comparison compute, and the distances between that."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pyrnnsim
from pyrnnsim._progress import ProgressMode, progress_bar
from pyrnnsim.comparison.networks import Judged
from pyrnnsim.dissection import Dissection
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.store import describe
from pyrnnsim.task_dynamics import RESULTS, STARTS, Effort, joined, kinds_of, task_dynamics
from pyrnnsim.tasks import Task

_AT_ONCE = 16  # networks; a kill loses at most so many
_DRAWN = 12  # panels that a picture has room for


def dissected(
    judged: Judged,
    groups: Sequence[str] | None,
    scratch: Path,
    *,
    n_jobs: int | None,
    progress: ProgressMode,
    say: Callable[[str], None],
) -> tuple[Dissection | None, NDArray[np.float64] | None]:
    """Dissect the networks whose states stay finite, as ``pyrnnsim dissect`` does, a few at a time.

    Args:
        judged: K networks.
        groups: K labels, or None; in pictures one network stands for each, if possible one that does the task.
        scratch: Directory for what is found; after a kill it is read again. In the end it is deleted.
        n_jobs: Threads; None is every core. No result depends on it.
        progress: As everywhere.
        say: Receives lines about the progress.
    Returns:
        What was found in these, and the (K, K) distances between the dynamics of all networks, NaN for the others;
        None where there is no such network, or the task has no such distance.
    """
    kept = np.flatnonzero(judged.finite)
    if not len(kept):
        return None, None
    population, start = judged.population[kept], time.perf_counter()
    found = _found(population, judged.task, scratch, n_jobs, progress)
    if "graphs" in found:
        found["distances"] = pyrnnsim.pairwise_graph_distances(
            found["graphs"], method="matching", n_jobs=n_jobs, progress=progress
        )
    seconds = time.perf_counter() - start
    say(f"dynamics of {len(population)} networks: {seconds:.1f} s")
    kinds = [f"{n.cell.cell} {n.cell.activation} {n.units}" for n in population]
    labels = kinds if groups is None else [groups[int(k)] for k in kept]
    drawn = _drawn([judged.rows[int(k)]["does task"] == "yes" for k in kept], labels)
    made = Dissection(population, judged.task, **found, seconds={"dynamics": seconds}, drawn=drawn)
    shutil.rmtree(scratch, ignore_errors=True)
    between = made.topology
    if between is None:
        return made, None
    whole = np.full((len(judged.population),) * 2, np.nan)
    whole[np.ix_(kept, kept)] = between
    return made, whole


def _found(
    population: Population, task: Task, scratch: Path, n_jobs: int | None, progress: ProgressMode
) -> dict[str, Any]:
    """The results of all networks by kind; those of each few lie in files named by what decides them."""
    scratch.mkdir(exist_ok=True)
    effort, wanted = Effort(), kinds_of(task)
    parts: dict[str, list[Any]] = {kind: [] for kind in wanted}
    with progress_bar(len(population), "dynamics", progress, unit="networks") as bar:
        for start in range(0, len(population), _AT_ONCE):
            part = population[start : start + _AT_ONCE]
            key = _key(part, task, effort)
            paths = {kind: scratch / f"{key}-{kind}.pyrnnsim" for kind in wanted}
            made = _load(paths)
            if made is None:
                made = task_dynamics(part, task, effort, n_jobs=n_jobs)
                for kind, result in made.items():
                    result.save(paths[kind])
            for kind in wanted:
                parts[kind].append(made[kind])
            bar.update(len(part))
    return {kind: joined(results) for kind, results in parts.items()}


def _load(paths: dict[str, Path]) -> dict[str, Any] | None:
    """What an earlier run left, or None unless all of it is whole."""
    try:
        return {kind: RESULTS[kind].load(path) for kind, path in paths.items()}
    except (FileNotFoundError, ValueError):
        return None


def _key(part: Population, task: Task, effort: Effort) -> str:
    """Digest of all that the dynamics of some networks depend on; of a task, what it gives and asks."""
    state = blake2b(f"{pyrnnsim.__version__} {task.name} {task.steps} {effort}".encode(), digest_size=12)
    inputs = [task.condition_inputs(), task.trials(STARTS, seed=effort.seed, dtype=np.float64).inputs]
    arrays = [*inputs, *(array for network in part for array in network.parameters.values())]
    for network in part:
        state.update(repr(sorted(describe(network).items())).encode())
    for array in arrays:
        state.update(f"{array.shape} {array.dtype.str};".encode())
        state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()


def _drawn(does_task: Sequence[bool], labels: Sequence[str]) -> tuple[int, ...]:
    """For each label the first network that does the task, else the first one; of many labels those of the first."""
    chosen = []
    for label in dict.fromkeys(labels):
        own = [k for k, other in enumerate(labels) if other == label]
        chosen.append(next((k for k in own if does_task[k]), own[0]))
    return tuple(chosen[:_DRAWN])
