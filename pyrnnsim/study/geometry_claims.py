"""Does geometry tell cells and activations apart, and topology less so? Sections 2.3, 3.1 to 3.3, figures 1 to 4."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.report.bootstrap import Interval, Resamples
from pyrnnsim.report.claim import Claim, above, number, undecided
from pyrnnsim.report.results import TOPOLOGY, TaskResults
from pyrnnsim.report.scoring import known, nothing_to_tell, scored

MEASURES = ("svcca", "pwcca", "cka")
COLUMNS = ("cell", "activation")

_FIGURES = {
    "flip_flop": ("figure 1d", "figure 1f"),
    "sine_wave": ("figure 2c", "figure 2e"),
    "context_integration": ("figure 3c", "figure 3d"),
}
_ANY = ("figures 1d, 2c, 3c", "figures 1f, 2e, 3d")  # of the paper's tasks, for other ones


def geometry_claims(results: TaskResults, resamples: Resamples) -> Iterator[Claim]:
    """Accuracies and silhouettes of cell and activation, each measure against topology; topology against chance.

    Accuracy is the share of networks whose nearest other network is of their own cell (or activation); silhouettes are
    means over networks. Where both a measure and the topology are known, only networks that have both are counted.
    Without topology, and for activations on integration, which topology tells too, geometry is held against chance.
    Resamples draw whose score counts, not who can be a neighbour: a network drawn twice is not its own neighbour.
    Geometry tells more than topology if the interval of the difference, from the same resamples, is above 0.
    """
    for column in COLUMNS:
        labels = results.labels(column)
        for measure in MEASURES:
            if measure in results.distances:
                yield from _against_topology(results, resamples, measure, column, labels)
        if TOPOLOGY in results.distances:
            yield _against_chance(results, resamples, column, labels)


def untrained_claims(results: TaskResults, resamples: Resamples) -> Iterator[Claim]:
    """SVCCA similarity of trained networks to untrained ones of their kind, minus that of trained tanh to relu ones.

    One claim for each cell and activation of which both are there. Networks before and after their own training are
    not compared: they share their start.
    """
    if results.untrained is None:
        return
    count = len(results.networks)
    table = np.asarray(results.untrained, dtype=np.float64)
    cells, activations = np.array(results.labels("cell")), np.array(results.labels("activation"))
    other_network = ~np.eye(count, dtype=bool)
    for cell in dict.fromkeys(cells):
        tanh, relu = ((cells == cell) & (activations == name) for name in ("tanh", "relu"))
        if not (tanh.any() and relu.any()):
            continue
        across = resamples.pair_means(table[:count, :count], tanh[:, None] & relu)
        for activation, own in (("tanh", tanh), ("relu", relu)):
            started = resamples.pair_means(table[:count, count:], own[:, None] & own & other_network)
            gap = resamples.interval(across - started, tanh | relu)
            if gap.value is None:
                gap = Interval(None, None, None, f"fewer than two {cell} {activation} networks")
            supported = above(gap)
            yield Claim(
                task=results.task,
                topic="untrained",
                subject=f"{cell} {activation}",
                quantity="SVCCA to untrained, minus tanh to relu",
                value=gap.value,
                low=gap.low,
                high=gap.high,
                reference=0.0,
                against="equally similar",
                supported=supported,
                reason=undecided(supported, gap, "the interval covers 0"),
                statement="Trained and untrained networks of an activation can be more similar to each other than "
                "trained networks of different activations; shown for vanilla ones on integration (3.3, figure 4)",
            )


def _against_topology(
    results: TaskResults, resamples: Resamples, measure: str, column: str, labels: list[str]
) -> Iterator[Claim]:
    topology = None if _both_cluster(results, column) else results.distances.get(TOPOLOGY)
    table = np.asarray(results.distances[measure], dtype=np.float64)
    both = known(table) if topology is None else known(table) & known(topology)
    own = scored(table, labels, both)
    other = scored(topology, labels, both) if topology is not None else None
    where = _FIGURES.get(results.task, _ANY)
    for topic, quantity, value, reference in (
        ("accuracy", f"1-NN accuracy of {column}", own and own.correct, other and other.correct),
        ("silhouette", f"silhouette of {column}", own and own.silhouette, other and other.silhouette),
    ):
        geometry = f"Geometry clusters networks by {column} ({where[0]})"
        rest = "" if _both_cluster(results, column) else f", topology of fixed points less so ({where[1]})"
        statement = geometry + rest
        if value is None:
            yield _nothing(results, topic, measure, quantity, statement, labels, both)
            continue
        draws = resamples.means(value)
        made = resamples.interval(draws, both)
        if reference is not None:
            others = resamples.means(reference)
            difference, compared, against = resamples.interval(draws - others, both), number(others[0]), "topology"
        else:
            floor = own.chance if own is not None and topic == "accuracy" else 0.0
            difference, compared, against = resamples.interval(draws - floor, both), floor, "chance"
        supported = above(difference)
        yield Claim(
            results.task, topic, measure, quantity, made.value, made.low, made.high, compared, against, supported,
            undecided(supported, difference, f"the interval of the difference from {against} covers 0"), statement,
        )  # fmt: skip


def _against_chance(results: TaskResults, resamples: Resamples, column: str, labels: list[str]) -> Claim:
    """Topology tells nothing: supported if the interval covers chance, or lies below."""
    table = np.asarray(results.distances[TOPOLOGY], dtype=np.float64)
    there = known(table)
    made = scored(table, labels, there)
    clusters = _both_cluster(results, column)
    statement = (
        "The topology of line attractors clusters by activation (3.3, figure 3d)"
        if clusters
        else f"The topology of fixed points does not cluster by {column}: it is universal (figures 1f, 2e, 3d)"
    )
    quantity = f"1-NN accuracy of {column}"
    if made is None:
        return _nothing(results, "accuracy", TOPOLOGY, quantity, statement, labels, there)
    draws = resamples.means(made.correct)
    interval, beyond = resamples.interval(draws, there), resamples.interval(draws - made.chance, there)
    told = above(beyond)
    if clusters:
        supported, reason = told, undecided(told, beyond, "the interval covers chance")
    else:
        supported, reason = (None if beyond.low is None else not told), beyond.reason
    return Claim(
        results.task, "accuracy", TOPOLOGY, quantity, interval.value, interval.low, interval.high, made.chance,
        "chance", supported, reason, statement,
    )  # fmt: skip


def _both_cluster(results: TaskResults, column: str) -> bool:
    """Whether the paper finds topology to cluster as well: by activation, for integration only."""
    return results.task == "context_integration" and column == "activation"


def _nothing(
    results: TaskResults,
    topic: str,
    measure: str,
    quantity: str,
    statement: str,
    labels: list[str],
    there: NDArray[np.bool_],
) -> Claim:
    reason = nothing_to_tell(labels, there)
    return Claim(results.task, topic, measure, quantity, None, None, None, None, "", None, reason, statement)
