"""The assignment of two graphs' nodes to each other under which their edges differ least."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import _core

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SECONDS = 0.2  # of native work before Python looks after Ctrl-C and the progress bar
_AT_ONCE = 2**15  # pairs that a native call is given, at most


class Matching(NamedTuple):
    """The best assignment that was found.

    Attributes:
        distance: |A - P B P^T|, Frobenius norm.
        first: (n,) nodes of the first graph, -1 for dummies.
        second: (n,) the nodes of the second graph that they are assigned to, -1 for dummies.
        proven: Whether no other assignment can be better.
    """

    distance: float
    first: Ints
    second: Ints
    proven: bool


class Matcher:
    """Graphs whose pairs are matched in native code (csrc/graphs/graph_matching.hpp).

    Stable nodes are assigned to stable ones and unstable to unstable ones; dummies without edges make up the numbers.
    Edges lead to stable nodes only. Once these are assigned, the unstable ones are a linear assignment problem, so the
    search goes over the former. It is complete, and the outcome proven, unless it takes more work than is affordable;
    then the outcome is an upper bound. It depends on the two graphs alone, not on time, threads, or their order.

    Args:
        graphs: Adjacency (n, n), not negative, and kinds (n,) of the nodes of each: True for stable ones.
    Cost: a millisecond for a pair of 27 nodes, 8 of them stable; up to 50 ms where more than 8 stable nodes
        do not fit well.
    """

    def __init__(self, graphs: Sequence[tuple[Floats, NDArray[np.bool_]]]) -> None:
        self._graphs = _core.GraphList(
            [np.ascontiguousarray(adjacency, dtype=np.float64) for adjacency, _ in graphs],
            [np.ascontiguousarray(stable, dtype=np.bool_) for _, stable in graphs],
        )

    def distances(
        self, first: Ints, second: Ints, jobs: int, advance: Callable[[int], None]
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """(pairs,) distances, and whether each is proven to be the least.

        Args:
            first: (pairs,) positions of graphs.
            second: (pairs,).
            jobs: Threads.
            advance: Called with the number of pairs whenever some are done.
        """
        made, proven = np.empty(len(first)), np.empty(len(first), dtype=np.bool_)
        done = 0
        while done < len(first):
            some = slice(done, done + _AT_ONCE)
            values, known = self._graphs.distances(first[some], second[some], n_jobs=jobs, seconds=_SECONDS)
            made[done : done + len(values)], proven[done : done + len(values)] = values, known
            done += len(values)
            advance(len(values))
        return made, proven

    def match(self, first: int, second: int) -> Matching:
        """The assignment of one pair."""
        distance, proven, one, two = self._graphs.assignment(first, second)
        return Matching(distance, np.array(one, dtype=np.int64), np.array(two, dtype=np.int64), proven)
