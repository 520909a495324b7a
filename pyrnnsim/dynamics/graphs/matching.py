"""The assignment of two graphs' nodes to each other under which their edges differ least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_NARROW = 32  # partial assignments kept by the first search, whose outcome prunes the second
_NUMBERS = 2**28  # entries of cost matrices that the second search computes for each node, at most
_GAIN = 1e-12  # an assignment is better if its squared cost is lower by this share at least


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


def match(a: Floats, a_stable: NDArray[np.bool_], b: Floats, b_stable: NDArray[np.bool_]) -> Matching:
    """Assign stable nodes to stable ones and unstable to unstable ones; dummies without edges make up the numbers.

    Edges lead to stable nodes only. Once these are assigned, the unstable ones are a linear assignment problem, so the
    search goes over the former: breadth first, one node at a time, with a lower bound of what each partial assignment
    must cost. It is complete, and the outcome proven, unless more partial assignments remain than is affordable; then
    the most promising ones are followed, and the outcome is an upper bound.

    Args:
        a: (n, n) adjacency.
        a_stable: (n,).
        b: (m, m).
        b_stable: (m,).
    Cost: graphs of 27 nodes, 8 of them stable, take 20 ms where they are alike and a second where they are not.
    """
    if _rank(a, a_stable) < _rank(b, b_stable):  # one direction, so that the result is symmetric to the last bit
        found = match(b, b_stable, a, a_stable)
        return found._replace(first=found.second, second=found.first)
    sides = _padded(a, a_stable, b, b_stable)
    start = _search(sides, np.inf, None, _NARROW)
    width = _NUMBERS // max(1, sides.unstable_a.size**2 + sides.stable_a.size)
    settled = start.complete or start.cost == 0 or width <= _NARROW
    best = start if settled else _search(sides, start.cost, start, width)
    first, second = sides.nodes_a, sides.nodes_b[best.order]
    return Matching(_distance(a, b, first, second), first, second, best.complete or best.cost == 0)


def _rank(adjacency: Floats, stable: NDArray[np.bool_]) -> tuple[int, int, bytes, bytes]:
    """Any strict order of graphs in which those with more stable nodes come last."""
    return int(stable.sum()), len(stable), stable.tobytes(), np.ascontiguousarray(adjacency).tobytes()


def _distance(a: Floats, b: Floats, first: Ints, second: Ints) -> float:
    """The cost from the edges themselves: no difference of large numbers."""
    one, two = (_taken(x, nodes) for x, nodes in ((a, first), (b, second)))
    return float(np.linalg.norm(one - two))


def _taken(adjacency: Floats, nodes: Ints) -> Floats:
    """Adjacency of the nodes; -1 is one without edges."""
    padded = np.pad(adjacency, (0, 1))
    return np.asarray(padded[np.ix_(nodes, nodes)])


@dataclass(frozen=True, eq=False)
class _Sides:
    """Two graphs of equal numbers of nodes of either kind, the first without stable dummies."""

    nodes_a: Ints  # (s + u,) stable ones first, -1 for dummies
    nodes_b: Ints
    stable_a: Floats  # (s, s)
    stable_b: Floats
    unstable_a: Floats  # (u, s): edges from unstable to stable nodes
    unstable_b: Floats
    dummy_b: NDArray[np.bool_]  # (s,)


def _padded(a: Floats, a_stable: NDArray[np.bool_], b: Floats, b_stable: NDArray[np.bool_]) -> _Sides:
    kinds = [[np.flatnonzero(kind) for kind in (stable, ~stable)] for stable in (a_stable, b_stable)]
    counts = [max(len(one), len(two)) for one, two in zip(*kinds, strict=True)]
    nodes = [np.concatenate([_filled(one, n) for one, n in zip(side, counts, strict=True)]) for side in kinds]
    one, two = (_taken(x, n) for x, n in zip((a, b), nodes, strict=True))
    s = counts[0]
    return _Sides(nodes[0], nodes[1], one[:s, :s], two[:s, :s], one[s:, :s], two[s:, :s], nodes[1][:s] < 0)


def _filled(nodes: Ints, count: int) -> Ints:
    return np.pad(nodes, (0, count - len(nodes)), constant_values=-1)


@dataclass(frozen=True, eq=False)
class _Best:
    """The least squared cost that a search met, and the order of the second side's nodes that has it."""

    cost: float
    order: Ints
    complete: bool


def _search(sides: _Sides, limit: float, known: _Best | None, width: int) -> _Best:
    """Assign the stable nodes of the first side one after the other; drop what must cost ``limit`` or more.

    Args:
        sides: The graphs.
        limit: Squared cost of ``known``.
        known: What is returned if nothing is better.
        width: Most partial assignments that are kept.
    """
    s, u = len(sides.stable_a), len(sides.unstable_a)
    partial = _Partial(np.zeros((1, 0), np.intp), np.zeros(1), np.zeros((1, u, u)))
    complete = True
    for depth in range(s):
        if not len(partial.cost):
            break
        partial, bound = _extended(sides, partial, depth, limit, width)
        complete &= len(bound) <= width
        keep = np.argsort(bound, kind="stable")[:width]
        partial = partial.at(keep)
    return _finished(partial, limit, known, complete)


class _Partial(NamedTuple):
    """L assignments of the first d stable nodes."""

    chosen: Ints  # (L, d) stable nodes of the second side
    cost: Floats  # (L,) of the edges between them
    rows: Floats  # (L, u, u): of the edges to them, if an unstable node is assigned to another

    def at(self, some: Ints | slice) -> _Partial:
        """Some of the assignments."""
        return _Partial(self.chosen[some], self.cost[some], self.rows[some])


def _joined(parts: list[_Partial]) -> _Partial:
    chosen, cost, rows = zip(*parts, strict=True)
    return _Partial(np.concatenate(chosen), np.concatenate(cost), np.concatenate(rows))


def _extended(sides: _Sides, partial: _Partial, depth: int, limit: float, width: int) -> tuple[_Partial, Floats]:
    """All assignments with one node more that may stay below the limit, and the least that each can cost.

    They are made for some parents at a time, and only as many as fit are kept at any time.
    """
    parts, bounds, held = [], [], 0
    s = len(sides.stable_a)
    step = max(1, width // s)
    for first in range(0, len(partial.cost), step):
        made, bound = _children(sides, partial.at(slice(first, first + step)), depth)
        keep = np.flatnonzero(bound < limit * (1 - _GAIN))
        parts.append(made.at(keep))
        bounds.append(bound[keep])
        held += len(keep)
        if held > 2 * width:
            joined, bound = _joined(parts), np.concatenate(bounds)
            best = np.argsort(bound, kind="stable")[: width + 1]  # one too many says that there were others
            parts, bounds, held = [joined.at(best)], [bound[best]], len(best)
    return _joined(parts), np.concatenate(bounds)


def _children(sides: _Sides, parents: _Partial, depth: int) -> tuple[_Partial, Floats]:
    """Every parent with every stable node that is free, of the dummies only the first, and their lower bounds."""
    s = len(sides.stable_a)
    free = np.ones((len(parents.cost), s), dtype=bool)
    np.put_along_axis(free, parents.chosen, np.zeros_like(parents.chosen, dtype=bool), axis=1)
    dummies = free & sides.dummy_b
    free &= ~sides.dummy_b | (dummies.cumsum(axis=1) == 1)
    parent, node = np.nonzero(free)
    before = parents.chosen[parent]
    chosen = np.column_stack([before, node])
    a, b = sides.stable_a, sides.stable_b
    cost = parents.cost[parent] + (a[depth, depth] - b[node, node]) ** 2
    cost += ((a[depth, :depth] - b[node[:, None], before]) ** 2).sum(axis=1)
    cost += ((a[:depth, depth] - b[before, node[:, None]]) ** 2).sum(axis=1)
    to_a, to_b = sides.unstable_a, sides.unstable_b
    rows = parents.rows[parent] + (to_a[:, depth, None] - to_b.T[node][:, None, :]) ** 2
    return _Partial(chosen, cost, rows), cost + _rest(sides, chosen, rows, depth)


def _rest(sides: _Sides, chosen: Ints, rows: Floats, depth: int) -> Floats:
    """(L,) the least that edges from unstable nodes cost: each takes the best partner, whoever else wants it.

    Edges to nodes that are not assigned yet differ by no less than the lengths of these parts of the rows.
    """
    to_a, to_b = sides.unstable_a, sides.unstable_b
    if not len(to_a):
        return np.zeros(len(chosen))
    left_a = np.sqrt((to_a[:, depth + 1 :] ** 2).sum(axis=1))
    used = (to_b.T[chosen] ** 2).sum(axis=1)
    left_b = np.sqrt(np.maximum((to_b**2).sum(axis=1) - used, 0))
    pairs = rows + (left_a[:, None] - left_b[:, None, :]) ** 2
    return np.asarray(np.maximum(pairs.min(axis=2).sum(axis=1), pairs.min(axis=1).sum(axis=1)))


def _finished(partial: _Partial, limit: float, known: _Best | None, complete: bool) -> _Best:
    """The best of complete assignments of stable nodes, each with the best assignment of the unstable ones."""
    from scipy.optimize import linear_sum_assignment

    best, s = known, partial.chosen.shape[1]
    for chosen, cost, rows in zip(*partial, strict=True):
        mine, theirs = linear_sum_assignment(rows)
        total = float(cost + rows[mine, theirs].sum())
        if best is None or total < limit * (1 - _GAIN):
            best, limit = _Best(total, np.concatenate([chosen, s + theirs]), complete), total
    assert best is not None
    return _Best(best.cost, best.order, complete)
