"""Distances between the transition graphs of all pairs of networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.graphs import gromov_wasserstein, matching
from pyrnnsim.dynamics.graphs.result import TopologyGraph, TopologyGraphs
from pyrnnsim.populations.cell import parse_choice
from pyrnnsim.similarity.matrix import DistanceMatrix, Report

Method = Literal["readout_order", "matching", "gromov_wasserstein"]
Row = tuple[TopologyGraph, ...]
_CALLER = "pairwise_graph_distances"


def pairwise_graph_distances(
    graphs: TopologyGraphs | Sequence[TopologyGraph], *, method: Method = "readout_order"
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
    Returns:
        (K, K), symmetric, diagonal exactly 0. The share of trials that end nowhere enters by the edges it leaves out.
    Raises:
        TypeError: For anything but graphs.
        ValueError: For no graphs, unequal numbers of nodes under ``"readout_order"``, or a graph without nodes under
            ``"gromov_wasserstein"``.
    Cost: per pair and input, for 27 nodes: microseconds; 20 ms for graphs that are alike and up to a second; 20 ms, and
        half a second where the numbers of nodes differ.
    Source: Maheswaranathan et al. 2019, 3.1 and footnote 5; Mémoli 2011 (Gromov-Wasserstein); Vayer et al. 2019
        (conditional gradients).
    """
    started = time.perf_counter()
    parse_choice(_CALLER, "method", method, ("readout_order", "matching", "gromov_wasserstein"))
    rows = _parse_rows(graphs)
    distance = _METHODS[method]
    made, unproven = np.zeros((len(rows), len(rows))), 0
    with thread_limit():
        for i, j in zip(*np.triu_indices(len(rows), 1), strict=True):
            values, proven = zip(*(distance(a, b) for a, b in zip(rows[i], rows[j], strict=True)), strict=True)
            made[i, j] = made[j, i] = np.linalg.norm(values)
            unproven += len(proven) - sum(proven)
    options: dict[str, object] = {"unproven": unproven} if method == "matching" else {}
    names = tuple(row[0].name for row in rows)
    report = Report(metric=method, options=options, names=names, seconds=time.perf_counter() - started)
    return DistanceMatrix.wrap(made, report)


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


def _readout_order(a: TopologyGraph, b: TopologyGraph) -> tuple[float, bool]:
    if len(a) != len(b):
        raise ValueError(
            f"{_CALLER}: method='readout_order' needs graphs of equal size, got {len(a)} nodes of {a.name!r} and "
            f"{len(b)} of {b.name!r}; use method='matching', or leave out those that are not of the most common size"
        )
    return float(np.linalg.norm(a.adjacency - b.adjacency)), True


def _match(a: TopologyGraph, b: TopologyGraph) -> matching.Matching:
    return matching.match(a.adjacency, a.stable, b.adjacency, b.stable)


def _matching(a: TopologyGraph, b: TopologyGraph) -> tuple[float, bool]:
    found = _match(a, b)
    return found.distance, found.proven


def _gromov_wasserstein(a: TopologyGraph, b: TopologyGraph) -> tuple[float, bool]:
    for one in (a, b):
        if not len(one):
            raise ValueError(
                f"{_CALLER}: method='gromov_wasserstein' needs a node at least, {one.name!r} has no fixed points; "
                "use method='matching' or leave it out"
            )
    return gromov_wasserstein.gromov_wasserstein(a.adjacency, b.adjacency, _match(a, b)), False


_METHODS: dict[Method, Callable[[TopologyGraph, TopologyGraph], tuple[float, bool]]] = {
    "readout_order": _readout_order,
    "matching": _matching,
    "gromov_wasserstein": _gromov_wasserstein,
}
