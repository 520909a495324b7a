"""Matching of graphs: brute force over all assignments, what an assignment belongs to, threads, cuts, refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from pyrnnsim._core import GraphList

Graph = tuple[np.ndarray, np.ndarray]


def graph(rng: np.random.Generator, stable: int, unstable: int, *, loops: bool = False, digits: int = 16) -> Graph:
    """Shares of the edges to a few stable nodes each; with ``loops`` stable nodes keep all of theirs."""
    count = stable + unstable
    adjacency = np.zeros((count, count))
    if stable:
        adjacency[:, :stable] = rng.dirichlet(np.full(stable, 0.4), size=count).round(digits)
    if loops:
        adjacency[:stable, :stable] = np.eye(stable)
    order = rng.permutation(count)
    return np.ascontiguousarray(adjacency[np.ix_(order, order)]), (np.arange(count) < stable)[order]


def padded(one: Graph, stable: int, unstable: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges between stable nodes and from unstable to stable ones, with dummies."""
    adjacency, kinds = one
    inner, outer = np.zeros((stable, stable)), np.zeros((unstable, stable))
    s, u = int(kinds.sum()), int((~kinds).sum())
    inner[:s, :s], outer[:u, :s] = adjacency[np.ix_(kinds, kinds)], adjacency[np.ix_(~kinds, kinds)]
    return inner, outer


def least(a: Graph, b: Graph) -> float:
    """All orders of the stable nodes, each with SciPy's assignment of the unstable ones."""
    stable = max(int(a[1].sum()), int(b[1].sum()))
    unstable = max(int((~a[1]).sum()), int((~b[1]).sum()))
    (inner_a, outer_a), (inner_b, outer_b) = (padded(one, stable, unstable) for one in (a, b))
    best = np.inf
    for order in itertools.permutations(range(stable)):
        at = list(order)
        costs = ((outer_a[:, None] - outer_b[None][:, :, at]) ** 2).sum(axis=2)
        cost = ((inner_a - inner_b[np.ix_(at, at)]) ** 2).sum() + costs[linear_sum_assignment(costs)].sum()
        best = min(best, cost)
    return float(np.sqrt(best))


def listed(*graphs: Graph) -> GraphList:
    return GraphList([a for a, _ in graphs], [kinds for _, kinds in graphs])


def both(graphs: GraphList, pairs: list[tuple[int, int]], jobs: int = 1) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T.copy()
    return graphs.distances(first, second, n_jobs=jobs, seconds=60.0)


@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize("digits", [16, 1])  # 1: ties everywhere
@pytest.mark.parametrize(
    "sizes",
    [
        ((0, 0), (0, 3)),
        ((0, 2), (1, 0)),
        ((1, 0), (1, 1)),
        ((1, 4), (3, 1)),
        ((3, 6), (3, 6)),
        ((5, 3), (2, 6)),
        ((4, 5), (6, 4)),
        ((6, 9), (6, 5)),
        ((5, 0), (3, 0)),
        ((3, 4), (6, 0)),
        ((2, 8), (5, 3)),
    ],
)
def test_no_assignment_is_better(sizes, loops, digits):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        a, b = (graph(rng, *size, loops=loops, digits=digits) for size in sizes)
        distances, proven = both(listed(a, b), [(0, 1), (1, 0)])
        assert proven.all()
        assert distances[0] == distances[1] == pytest.approx(least(a, b), abs=1e-9)


def test_graphs_of_several_parts(rng):
    """Two copies of a graph, not connected, against a copy and its mirror."""
    one, kinds = graph(rng, 3, 3)
    other = graph(rng, 3, 3)
    twice, mixed = (
        (np.block([[one, np.zeros((6, 6))], [np.zeros((6, 6)), two]]), np.concatenate([kinds, also]))
        for two, also in ((one, kinds), other)
    )
    (distance,), (proven,) = both(listed(twice, mixed), [(0, 1)])
    assert proven
    assert distance == pytest.approx(least(twice, mixed), abs=1e-9)


@pytest.mark.parametrize("sizes", [((4, 3), (4, 3)), ((2, 6), (5, 3)), ((5, 2), (3, 7)), ((9, 30), (14, 20))])
def test_assignments_are_what_the_distance_belongs_to(sizes, rng):
    a, b = (graph(rng, *size) for size in sizes)
    graphs = listed(a, b)
    distance, _, first, second = graphs.assignment(0, 1)
    assert sorted(set(first) - {-1}) == list(range(len(a[1]))) and sorted(set(second) - {-1}) == list(range(len(b[1])))
    real = np.array([(i, j) for i, j in zip(first, second, strict=True) if i >= 0 and j >= 0])
    np.testing.assert_array_equal(a[1][real[:, 0]], b[1][real[:, 1]])
    one, two = (np.pad(x, (0, 1))[np.ix_(at, at)] for x, at in ((a[0], first), (b[0], second)))
    assert distance == pytest.approx(np.linalg.norm(one - two), rel=1e-14)
    again = graphs.assignment(1, 0)
    assert again == (distance, graphs.assignment(0, 1)[1], second, first)
    assert both(graphs, [(0, 1)])[0][0] == distance


def test_copies_with_other_numbers_are_the_same(rng):
    for sizes in ((8, 19), (15, 40), (12, 0), (0, 5)):
        adjacency, kinds = graph(rng, *sizes, digits=2)
        order = rng.permutation(len(kinds))
        copy = np.ascontiguousarray(adjacency[np.ix_(order, order)]), kinds[order]
        distances, proven = both(listed((adjacency, kinds), copy), [(0, 1), (0, 0)])
        np.testing.assert_array_equal(distances, 0.0)
        assert proven.all()


def test_a_search_that_is_cut_says_so_and_gives_an_upper_bound():
    """Shuffled and disturbed: the assignment that undoes the shuffling is nearly the best one."""
    rng = np.random.default_rng(0)
    adjacency, kinds = graph(rng, 16, 40)
    noisy = np.abs(adjacency + 0.3 * rng.standard_normal(adjacency.shape) * kinds)
    order = rng.permutation(56)
    other = np.ascontiguousarray(noisy[np.ix_(order, order)]), kinds[order]
    (distance,), (proven,) = both(listed((adjacency, kinds), other), [(0, 1)])
    assert not proven
    assert distance <= 1.02 * np.linalg.norm(adjacency - noisy)


def test_edges_to_unstable_nodes_leave_it_unproven():
    a = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([True, False])
    b = np.array([[1.0, 0.0], [0.5, 0.0]]), np.array([True, False])
    distances, proven = both(listed(a, b), [(0, 1)])
    assert distances[0] == 0.5 and not proven[0]


def test_threads_and_other_pairs_change_nothing(rng):
    graphs = listed(*(graph(rng, *size) for size in ((8, 19), (8, 12), (10, 25), (3, 3), (0, 2), (12, 30))))
    pairs = list(itertools.combinations(range(6), 2))
    distances, proven = both(graphs, pairs)
    for jobs in (2, 5):
        again = both(graphs, pairs, jobs)
        np.testing.assert_array_equal(again[0], distances)
        np.testing.assert_array_equal(again[1], proven)
    for pair, distance in zip(pairs, distances, strict=True):
        assert both(graphs, [pair])[0][0] == distance


@pytest.mark.parametrize("jobs", [1, 3])
def test_what_cannot_be_begun_in_time_is_left_out(jobs, rng):
    graphs = listed(*(graph(rng, 9, 20) for _ in range(8)))
    first, second = (side.astype(np.int64) for side in np.triu_indices(8, 1))
    distances, proven = graphs.distances(first, second, n_jobs=jobs, seconds=0.0)
    assert 1 <= len(distances) == len(proven) < 28
    whole, _ = graphs.distances(first, second, n_jobs=jobs, seconds=60.0)
    assert len(whole) == 28
    np.testing.assert_array_equal(whole[: len(distances)], distances)


def test_no_pairs(rng):
    distances, proven = both(listed(graph(rng, 1, 1)), [])
    assert distances.shape == proven.shape == (0,)


def test_refusals(rng):
    adjacency, kinds = graph(rng, 2, 2)
    with pytest.raises(ValueError, match=r"adjacencies must be \(n, n\) and stable \(n,\), got \(4, 4\) and \(3,\)"):
        GraphList([adjacency], [kinds[:3]])
    with pytest.raises(ValueError, match="one array for each"):
        GraphList([adjacency], [])
    with pytest.raises(ValueError, match="every item must be a C-contiguous"):
        GraphList([adjacency.astype(np.float32)], [kinds])
    with pytest.raises(ValueError, match="there is no graph 1"):
        both(listed((adjacency, kinds)), [(0, 1)])
    with pytest.raises(ValueError, match=r"first and second must be \(pairs,\)"):
        listed((adjacency, kinds)).distances(np.zeros(2, np.int64), np.zeros(1, np.int64), n_jobs=1, seconds=1.0)
