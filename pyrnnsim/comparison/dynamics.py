"""What the networks of a comparison compute, and the distances between that."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.comparison.networks import Judged
from pyrnnsim.dissection import Dissection, dissect


def dissected(
    judged: Judged, *, n_jobs: int | None, say: Callable[[str], None]
) -> tuple[Dissection | None, NDArray[np.float64] | None]:
    """Dissect the networks whose states stay finite, as ``pyrnnsim dissect`` does.

    Returns:
        What was found in these, and the (K, K) distances between the dynamics of all networks, NaN for the others;
        None where there is no such network, or the task has no such distance.
    """
    kept = np.flatnonzero(judged.finite)
    if not len(kept):
        return None, None
    made = dissect(judged.population[kept], judged.task, n_jobs=n_jobs, say=say)
    between = made.topology
    if between is None:
        return made, None
    whole = np.full((len(judged.population),) * 2, np.nan)
    whole[np.ix_(kept, kept)] = between
    return made, whole
