"""What the numbers of a comparison mean, for its report."""

from __future__ import annotations

from collections.abc import Iterable

from pyrnnsim.comparison.networks import LEARNED
from pyrnnsim.report.results import TOPOLOGY
from pyrnnsim.tasks import Task

_MEASURES = {
    "cca": "1 - mean of all canonical correlations; 0 to 1",
    "svcca": "1 - mean canonical correlation of the leading principal subspaces, which keep 95 % of the variance "
    "unless the settings say otherwise; 0 to 1",
    "pwcca": "1 - canonical correlations weighted by how much of a network's activity they account for, mean of both "
    "sides; 0 to 1",
    "cka": "1 - linear centred kernel alignment; 0 to 1",
    "cka_rbf": "1 - centred kernel alignment with Gaussian kernels; 0 to 1",
    "procrustes": "angle between centred, scaled representations after the best rotation, in radians; 0 to pi/2",
    "rsa": "1 - Spearman's correlation of the networks' dissimilarity matrices; 0 to 2",
}
_TOPOLOGY = {
    "graphs": "transition graphs between fixed points, nodes matched so that the difference of edges is least",
    "oscillations": "root mean square difference of linear frequencies over the commands, in cycles per step",
    "modes": "root mean square difference of the sorted leading eigenvalue magnitudes on line attractors",
}


def definitions(measures: Iterable[str], task: Task | None, dynamics: str | None) -> dict[str, str]:
    """Name -> what it is, of what stands in the report.

    Args:
        measures: Of the matrices.
        task: What the networks do; None for arrays.
        dynamics: What topology compares: ``"graphs"``, ``"oscillations"`` or ``"modes"``.
    """
    found = {name: _MEASURES[name] for name in measures if name in _MEASURES}
    if TOPOLOGY in measures and dynamics is not None:
        found[TOPOLOGY] = _TOPOLOGY[dynamics]
    found["stress"] = "how badly a picture keeps the distances: 0 is perfect, above 0.2 it misleads"
    found["1-NN accuracy"] = "share of networks whose nearest other network is of their own group"
    found["silhouette"] = "mean of (nearest other group - own group) / larger of the two mean distances; -1 to 1"
    found["interval"] = "central 95 % of 1,000 resamples of the networks of each group"
    if task is not None:
        found["loss"] = "mean squared error on 512 fresh trials"
        found["accuracy"] = task.accuracy_name
        found["fixed points"] = "those found, over all constant inputs of the task"
        found["does task"] = f"loss at most {LEARNED:.0%} of that of an answer that ignores the inputs"
    return found
