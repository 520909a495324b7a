"""What the networks of a comparison compute, and the distances between that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.comparison.networks import Judged
from pyrnnsim.dissection import Dissection, dissect

_DRAWN = 12  # panels that a picture has room for


def dissected(
    judged: Judged, groups: Sequence[str] | None, *, n_jobs: int | None, say: Callable[[str], None]
) -> tuple[Dissection | None, NDArray[np.float64] | None]:
    """Dissect the networks whose states stay finite, as ``pyrnnsim dissect`` does.

    Args:
        judged: K networks.
        groups: K labels, or None; in pictures one network stands for each, if possible one that does the task.
        n_jobs: Threads; None is every core. No result depends on it.
        say: Receives lines about the progress.
    Returns:
        What was found in these, and the (K, K) distances between the dynamics of all networks, NaN for the others;
        None where there is no such network, or the task has no such distance.
    """
    kept = np.flatnonzero(judged.finite)
    if not len(kept):
        return None, None
    made = dissect(judged.population[kept], judged.task, n_jobs=n_jobs, say=say)
    labels = made.families if groups is None else [groups[int(k)] for k in kept]
    made = replace(made, drawn=_drawn([judged.rows[int(k)]["does task"] == "yes" for k in kept], labels))
    between = made.topology
    if between is None:
        return made, None
    whole = np.full((len(judged.population),) * 2, np.nan)
    whole[np.ix_(kept, kept)] = between
    return made, whole


def _drawn(does_task: Sequence[bool], labels: Sequence[str]) -> tuple[int, ...]:
    """For each label the first network that does the task, else the first one; of many labels those of the first."""
    chosen = []
    for label in dict.fromkeys(labels):
        own = [k for k, other in enumerate(labels) if other == label]
        chosen.append(next((k for k in own if does_task[k]), own[0]))
    return tuple(chosen[:_DRAWN])
