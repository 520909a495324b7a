"""Distances between the transition graphs of all pairs of networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._options import parse_jobs, parse_progress
from pyrnnsim._progress import Progress, progress_bar
from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.graphs import gromov_wasserstein, matching
from pyrnnsim.dynamics.graphs.result import TopologyGraph, TopologyGraphs
from pyrnnsim.populations.cell import parse_choice
from pyrnnsim.similarity.matrix import DistanceMatrix, Report

Method = Literal["readout_order", "matching", "gromov_wasserstein"]
Row = tuple[TopologyGraph, ...]
Distance = Callable[[TopologyGraph, TopologyGraph], float]
_CALLER = "pairwise_graph_distances"


def pairwise_graph_distances(
    graphs: TopologyGraphs | Sequence[TopologyGraph],
    *,
    method: Method = "readout_order",
    n_jobs: int | None = None,
    progress: bool | Literal["auto"] = "auto",
) -> DistanceMatrix:
    """How much the topologies of networks differ, all pairs.

    Args:
        graphs: What :func:`pyrnnsim.transition_graph` returned for K networks, or a list of K graphs. Of networks at
            several inputs the distance is the root of the summed squares of those at each input.
        method: What is compared:

            * ``"readout_order"``, the paper's: |A - B|, Frobenius norm of the difference of the adjacencies, nodes in
              the order of their readouts. Both must have as many nodes.
            * ``"matching"``: the least |A - P B P^T| over all assignments P of stable nodes to stable and of unstable
              to unstable ones, for graphs of any size: missing nodes are made up for by dummies without edges, so a
              node without a partner costs its edges and nothing else. A metric, up to isomorphism, wherever the search
              is proven complete; else an upper bound, and ``.report.options["unproven"]`` counts these comparisons.
            * ``"gromov_wasserstein"``: root mean square difference of edges under the best coupling of the nodes,
              uniform weights, whatever their kind. Found by descent from several starts: an upper bound.
        n_jobs: Threads of ``"matching"``; None is every core. No result depends on it. The other methods use one.
        progress: True shows progress and remaining time, False never, ``"auto"`` (default) only where somebody watches.
    Returns:
        (K, K), symmetric, diagonal exactly 0. The share of trials that end nowhere enters by the edges it leaves out.
    Raises:
        TypeError: For anything but graphs, or an option of a wrong type.
        ValueError: For no graphs, edges that are negative, NaN or infinite, unequal numbers of nodes under
            ``"readout_order"``, a graph without nodes under ``"gromov_wasserstein"``, or an option out of range.
    Cost: per pair and input, for 27 nodes: microseconds; a millisecond on one thread, and up to 50 where more than 8
        stable nodes do not fit well; 20 ms, and half a second where the numbers of nodes differ.
    Source: Maheswaranathan et al. 2019, 3.1 and footnote 5; Jonker & Volgenant 1987 (linear assignment); Mémoli 2011
        (Gromov-Wasserstein); Vayer et al. 2019 (conditional gradients).
    """
    started = time.perf_counter()
    parse_choice(_CALLER, "method", method, ("readout_order", "matching", "gromov_wasserstein"))
    jobs, shown = parse_jobs(_CALLER, n_jobs), parse_progress(_CALLER, progress)
    rows = _parse_rows(graphs)
    first, second = np.triu_indices(len(rows), 1)
    options: dict[str, object] = {}
    with thread_limit(), progress_bar(len(first), _CALLER, shown) as bar:
        if method == "matching":
            values, unproven = MatchedRows(rows).distances(first, second, jobs, bar.update)
            options = {"unproven": unproven}
        else:
            _check_edges(rows)
            values = np.array(
                [_pair(_METHODS[method], rows[i], rows[j], bar) for i, j in zip(first, second, strict=True)]
            )
    made = np.zeros((len(rows), len(rows)))
    made[first, second] = made[second, first] = values
    names = tuple(row[0].name for row in rows)
    threads = jobs if method == "matching" else 1
    report = Report(metric=method, options=options, names=names, seconds=time.perf_counter() - started, n_jobs=threads)
    return DistanceMatrix.wrap(made, report)


class MatchedRows:
    """Networks with as many graphs each, whose pairs are compared by the best assignment of nodes.

    Args:
        rows: K tuples of C graphs.
    Raises:
        ValueError: For edges that are negative, NaN or infinite.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        _check_edges(rows)
        self._inputs = len(rows[0]) if rows else 0
        self._matcher = matching.Matcher([(one.adjacency, one.stable) for row in rows for one in row])

    def distances(
        self, first: NDArray[np.int64], second: NDArray[np.int64], jobs: int, advance: Callable[[float], None]
    ) -> tuple[NDArray[np.float64], int]:
        """(pairs,) distances between networks, and how many comparisons of graphs are not proven.

        Args:
            first: (pairs,) positions of networks.
            second: (pairs,).
            jobs: Threads.
            advance: Called with the number of pairs whenever some are done.
        """
        inputs = np.arange(self._inputs)
        one, two = ((side[:, None] * self._inputs + inputs).ravel() for side in (first, second))
        found, proven = self._matcher.distances(one, two, jobs, lambda done: advance(done / self._inputs))
        squares = (found.reshape(len(first), self._inputs) ** 2).sum(axis=1)
        return (found if self._inputs == 1 else np.sqrt(squares)), int((~proven).sum())


def _check_edges(rows: Sequence[Row]) -> None:
    for one in (one for row in rows for one in row):
        if not (np.isfinite(one.adjacency).all() and (one.adjacency >= 0).all()):
            raise ValueError(
                f"{_CALLER}: the adjacency of {one.name!r} must hold finite shares of 0 or more, got NaN, infinity or "
                "less; pass what transition_graph returned"
            )


def _pair(distance: Distance, one: Row, two: Row, bar: Progress) -> float:
    """Distance of two networks."""
    made = float(np.linalg.norm([distance(a, b) for a, b in zip(one, two, strict=True)]))
    bar.update()
    return made


def _parse_rows(graphs: object) -> list[Row]:
    """The graphs of each network, as many of each."""
    hint = "pass what transition_graph returned for FixedPoints, or a list of graphs"
    if isinstance(graphs, TopologyGraphs):
        rows = list(graphs)
    elif isinstance(graphs, Sequence) and not isinstance(graphs, str | bytes):
        rows = []
        for k, one in enumerate(graphs):
            if not isinstance(one, TopologyGraph):
                raise TypeError(f"{_CALLER}: graphs[{k}] must be a TopologyGraph, got {type(one).__name__}; {hint}")
            rows.append((one,))
    else:
        raise TypeError(f"{_CALLER}: graphs must be graphs of several networks, got {type(graphs).__name__}; {hint}")
    if not rows:
        raise ValueError(f"{_CALLER}: graphs has length 0; expected at least one network")
    return rows


def _readout_order(a: TopologyGraph, b: TopologyGraph) -> float:
    if len(a) != len(b):
        raise ValueError(
            f"{_CALLER}: method='readout_order' needs graphs of equal size, got {len(a)} nodes of {a.name!r} and "
            f"{len(b)} of {b.name!r}; use method='matching', or leave out those that are not of the most common size"
        )
    return float(np.linalg.norm(a.adjacency - b.adjacency))


def _gromov_wasserstein(a: TopologyGraph, b: TopologyGraph) -> float:
    for one in (a, b):
        if not len(one):
            raise ValueError(
                f"{_CALLER}: method='gromov_wasserstein' needs a node at least, {one.name!r} has no fixed points; "
                "use method='matching' or leave it out"
            )
    found = matching.Matcher([(one.adjacency, one.stable) for one in (a, b)]).match(0, 1)
    return gromov_wasserstein.gromov_wasserstein(a.adjacency, b.adjacency, found)


_METHODS: dict[Method, Distance] = {"readout_order": _readout_order, "gromov_wasserstein": _gromov_wasserstein}
