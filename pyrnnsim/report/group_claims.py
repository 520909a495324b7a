"""Does a measure tell groups of networks apart? Numbers with intervals, for networks that no paper speaks of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pyrnnsim.report.bootstrap import resample
from pyrnnsim.report.claim import Claim, above, undecided
from pyrnnsim.report.results import TaskResults
from pyrnnsim.report.scoring import known, nothing_to_tell, scored

GROUP = "group"


def group_claims(results: TaskResults, *, seed: int = 0, resamples: int = 1000) -> list[Claim]:
    """Leave-one-out 1-NN accuracy and silhouette of the groups by each measure, against chance.

    Accuracy is the share of networks whose nearest other network is of their own group; its chance is that of groups
    dealt out at random. Silhouettes are means over networks, chance is 0. Networks without distances are left out.
    Networks are drawn with replacement inside each group; a network drawn twice is not its own neighbour. A measure
    tells groups apart if the interval of the difference from chance is above 0.

    Args:
        results: Networks with a column ``group``, or without groups.
        seed: Of the draws, at least 0.
        resamples: Draws behind each 95 % interval.
    Returns:
        Two claims per measure, without a statement; none where there are no groups.
    Raises:
        TypeError, ValueError: If ``seed`` or ``resamples`` is no such integer.
    Cost: O(K^2) for each measure.
    Source: silhouettes of Rousseeuw (1987); intervals by the bootstrap of Efron (1979), stratified.
    """
    if not all(GROUP in row for row in results.networks):
        return []
    drawn = resample(results.networks, seed=seed, resamples=resamples, inside=(GROUP,), drawn="network in each group")
    labels = results.labels(GROUP)

    def claims() -> Iterator[Claim]:
        for measure, values in results.distances.items():
            table = np.asarray(values, dtype=np.float64)
            there = known(table)
            made = scored(table, labels, there)
            for topic, quantity in (("accuracy", "1-NN accuracy of the group"), ("silhouette", "silhouette of groups")):
                if made is None:
                    why = nothing_to_tell(labels, there)
                    yield Claim(results.task, topic, measure, quantity, None, None, None, None, "", None, why, "")
                    continue
                each, floor = (made.correct, made.chance) if topic == "accuracy" else (made.silhouette, 0.0)
                draws = drawn.means(each)
                own, beyond = drawn.interval(draws, there), drawn.interval(draws - floor, there)
                told = above(beyond)
                why = undecided(told, beyond, "the interval of the difference from chance covers 0")
                yield Claim(
                    results.task, topic, measure, quantity, own.value, own.low, own.high, floor, "chance", told, why, ""
                )  # fmt: skip

    return list(claims())
