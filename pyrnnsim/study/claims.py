"""The statements of the 2019 paper as numbers, with intervals over seeds, and whether a study supports them."""

from __future__ import annotations

from collections.abc import Sequence

from pyrnnsim.report.bootstrap import resample
from pyrnnsim.report.claim import Claim
from pyrnnsim.report.results import TaskResults
from pyrnnsim.study.dynamics_claims import fixed_point_claims, frequency_claims, mode_claims
from pyrnnsim.study.geometry_claims import geometry_claims, untrained_claims

_TOPICS = (geometry_claims, fixed_point_claims, frequency_claims, mode_claims, untrained_claims)


def claims(results: TaskResults | Sequence[TaskResults], *, seed: int = 0, resamples: int = 1000) -> list[Claim]:
    """Measure what the paper states.

    Args:
        results: Of one task, or of several.
        seed: Of the resamples. Those of a task do not depend on the other ones.
        resamples: Draws of seeds behind each 95 % interval.
    Returns:
        Claims task by task, each with its definition in the function that makes it: accuracies and silhouettes
        (``geometry_claims``), fixed points (``fixed_point_claims``), frequencies (``frequency_claims``), modes
        (``mode_claims``), trained against untrained (``untrained_claims``). A task without networks has none.
    Raises:
        TypeError, ValueError: If ``seed`` or ``resamples`` is no such integer.
    Cost: O(K^2) for each measure; with untrained networks, 16 products of (resamples, K) and (K, K).
    Source: Maheswaranathan et al. (2019); intervals by the bootstrap of Efron (1979), stratified.
    """
    every = [results] if isinstance(results, TaskResults) else list(results)
    made: list[Claim] = []
    for one in every:
        drawn = resample(one.networks, seed=seed, resamples=resamples)
        if len(one.networks):
            made += [claim for topic in _TOPICS for claim in topic(one, drawn)]
    return made
