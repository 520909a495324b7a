"""Points that may lie along a curve: who is whose neighbour, and where along the curve each of them lies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_WINDOW = 0.1  # share of a curve's length over which a tangent is taken


class Chain(NamedTuple):
    """n points ordered by the longest path through the tree that joins them.

    Attributes:
        path: (p,) positions of the points on the path, from one end to the other.
        arc_length: (p,) distance along the path from its first point.
        owner: (n,) for each point, which entry of ``path`` it is, or where its branch leaves the path.
        adjacency: (n, n) symmetric: one of the two is among the nearest of the other, or the tree joins them.
    """

    path: Ints
    arc_length: Floats
    owner: Ints
    adjacency: NDArray[np.bool_]


def chain(points: Floats, neighbours: int) -> Chain:
    """The longest path through the minimum spanning tree of points (n, S), and their graph of nearest neighbours.

    Ties are decided by the order of the points.

    Args:
        points: (n, S).
        neighbours: How many nearest ones each point is joined to.
    Cost: n^2 S operations, n^2 bytes.
    Source: Prim (1957) for the tree; two sweeps find its longest path.
    """
    count = len(points)
    if not count:
        return Chain(np.zeros(0, np.intp), np.zeros(0), np.zeros(0, np.intp), np.zeros((0, 0), bool))
    parent, length, adjacency = _spanning_tree(points, neighbours)
    joined: list[dict[int, float]] = [{} for _ in range(count)]
    for child in np.flatnonzero(parent >= 0):
        other = int(parent[child])
        joined[child][other] = joined[other][int(child)] = float(length[child])
        adjacency[child, other] = True
    first = int(np.argmax(_sweep(joined, 0).distance))
    reached = _sweep(joined, first)
    path = [int(np.argmax(reached.distance))]
    while path[-1] != first:
        path.append(int(reached.before[path[-1]]))
    path.reverse()
    owner = np.full(count, -1, np.intp)
    owner[path] = np.arange(len(path))
    for one in reached.visited:
        if owner[one] < 0:
            owner[one] = owner[reached.before[one]]
    return Chain(np.array(path, np.intp), reached.distance[path], owner, adjacency | adjacency.T)


class _Sweep(NamedTuple):
    """Distances along a tree from one of its nodes, the node before each, and the nodes in an order of visit."""

    distance: Floats
    before: Ints
    visited: list[int]


def _sweep(joined: list[dict[int, float]], root: int) -> _Sweep:
    distance, before, visited = np.zeros(len(joined)), np.full(len(joined), -1, np.intp), [root]
    for here in visited:
        for there, edge in joined[here].items():
            if there != before[here]:
                before[there], distance[there] = here, distance[here] + edge
                visited.append(there)
    return _Sweep(distance, before, visited)


def _spanning_tree(points: Floats, neighbours: int) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """(n,) parent in the tree, -1 for the root; (n,) length of that edge; (n, n) whether j is among i's nearest."""
    count = len(points)
    parent, length = np.full(count, -1, np.intp), np.full(count, np.inf)
    outside, nearest = np.ones(count, bool), np.zeros((count, count), bool)
    here = 0
    for _ in range(count):
        outside[here] = False
        distance = np.sqrt(((points - points[here]) ** 2).sum(axis=1))
        closer = outside & (distance < length)
        parent[closer], length[closer] = here, distance[closer]
        distance[here] = np.inf
        nearest[here, np.argsort(distance, kind="stable")[: min(neighbours, count - 1)]] = True
        here = int(np.argmin(np.where(outside, length, np.inf)))
    return parent, length, nearest


def largest_cluster(points: Floats, gap: float) -> Ints:
    """Positions of the most points that hang together by edges of the tree no longer than a gap; ties: the first."""
    if not len(points):
        return np.zeros(0, np.intp)
    parent, length, _ = _spanning_tree(points, 0)
    root = np.where(length <= gap, parent, np.arange(len(points)))
    while (root != root[root]).any():
        root = root[root]
    return np.flatnonzero(root == np.bincount(root).argmax())


def tangents(points: Floats, arc_length: Floats) -> Floats:
    """(p, S) unit vectors along a polygon through points (p, S): chords over a tenth of its length, cut at its ends.

    NaN where the chord has no length.
    """
    if not len(points):
        return np.zeros_like(points)
    reach = _WINDOW / 2 * arc_length[-1]
    ahead, behind = (_at(points, arc_length, arc_length + step) for step in (reach, -reach))
    chord = ahead - behind
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(chord / np.linalg.norm(chord, axis=1, keepdims=True))


def _at(points: Floats, arc_length: Floats, wanted: Floats) -> Floats:
    """Where the polygon is at some arc lengths, cut at its ends."""
    wanted = np.clip(wanted, arc_length[0], arc_length[-1])
    return np.stack([np.interp(wanted, arc_length, column) for column in points.T], axis=1)
