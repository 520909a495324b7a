"""Transition graphs of memories that nobody trained, for measuring what their comparison costs."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

_KICKS = 100
_LOST = 0.1  # of the saddles, so that no two graphs are alike

Graph = tuple[NDArray[np.float64], NDArray[np.bool_]]


def made_graph(values: tuple[int, ...], rng: np.random.Generator) -> Graph:
    """A memory of some digits: a grid of stable points, a saddle between any neighbours, a tenth of the saddles lost.

    Three bits give 27 points with 8 stable ones, as trained tanh networks have them; one digit of three values and two
    bits give 45 with 12, as trained relu networks have them (31 to 72 with 9 to 19).

    Args:
        values: How many each digit has.
        rng: Draws 100 kicks from each point, and what is lost.
    Returns:
        Adjacency (n, n) and kinds (n,): True for stable points.
    """
    points = np.array(list(itertools.product(*(range(2 * count - 1) for count in values))))
    stable = (points % 2 == 0).all(axis=1)
    adjacency = np.zeros((len(points), len(points)))
    for i, point in enumerate(points):
        leads = np.flatnonzero(stable & (np.abs(points - point) == point % 2).all(axis=1))
        adjacency[i, leads] = rng.multinomial(_KICKS, np.full(len(leads), 1 / len(leads))) / _KICKS
    kept = stable | (rng.random(len(points)) >= _LOST)
    return adjacency[np.ix_(kept, kept)], stable[kept]
