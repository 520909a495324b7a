"""Distances between graphs: definitions, brute force, relabelled copies, unequal sizes."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from pyrnnsim import DistanceMatrix, TopologyGraph, TopologyGraphs, pairwise_graph_distances

METHODS = ("readout_order", "matching", "gromov_wasserstein")


def make(adjacency, stable, name="net") -> TopologyGraph:
    adjacency = np.asarray(adjacency, dtype=float)
    count = len(adjacency)
    return TopologyGraph(
        name=name,
        input=np.zeros(1),
        nodes=np.arange(count),
        states=np.zeros((count, 2)),
        outputs=np.zeros((count, 1)),
        unstable_modes=np.where(stable, 0, 1).astype(np.int64),
        basin=np.zeros(count, np.int64),
        adjacency=adjacency,
        nowhere=1 - adjacency.sum(axis=1),
        sizes=np.ones(count),
        perturbations=100,
        steps=10,
        seed=0,
        quantum=1.0,
    )


def random_graph(rng, stable: int, unstable: int, name="net") -> TopologyGraph:
    """Rows of probabilities over the stable nodes, in any order of nodes."""
    count = stable + unstable
    adjacency = np.zeros((count, count))
    adjacency[:, :stable] = rng.dirichlet(np.full(max(1, stable), 0.5), size=count)[:, :stable]
    return make(adjacency, np.arange(count) < stable, name).reordered(rng.permutation(count))


def cube(rng, kicks=100, name="cube") -> TopologyGraph:
    """What a perfect three-bit memory gives: 8 corners, 12 edges, 6 faces and the centre, sampled."""
    points = np.array(list(itertools.product([-1, 0, 1], repeat=3)))
    stable = np.abs(points).all(axis=1)
    adjacency = np.zeros((27, 27))
    for i, point in enumerate(points):
        leads = np.flatnonzero(stable & ((points == point) | (point == 0)).all(axis=1))
        adjacency[i, leads] = rng.multinomial(kicks, np.full(len(leads), 1 / len(leads))) / kicks
    return make(adjacency, stable, name)


def part(graph: TopologyGraph, kept) -> TopologyGraph:
    made = {name: getattr(graph, name)[kept] for name in ("nodes", "states", "outputs", "unstable_modes", "basin")}
    made |= {name: getattr(graph, name)[kept] for name in ("nowhere", "sizes")}
    return replace(graph, **made, adjacency=graph.adjacency[np.ix_(kept, kept)])


def brute_force(a: TopologyGraph, b: TopologyGraph) -> float:
    """Least |A - P B P^T| over all assignments that keep kinds, with dummies for missing nodes."""
    sides = [[np.flatnonzero(g.stable), np.flatnonzero(~g.stable)] for g in (a, b)]
    counts = [max(len(sides[0][kind]), len(sides[1][kind])) for kind in (0, 1)]

    def filled(graph, side):
        index = [np.pad(nodes, (0, n - len(nodes)), constant_values=-1) for nodes, n in zip(side, counts, strict=True)]
        return np.pad(graph.adjacency, (0, 1)), index

    (wide_a, index_a), (wide_b, index_b) = filled(a, sides[0]), filled(b, sides[1])
    first = np.concatenate(index_a)
    least = np.inf
    for stable in itertools.permutations(index_b[0]):
        for unstable in itertools.permutations(index_b[1]):
            second = np.array([*stable, *unstable], dtype=int)
            least = min(least, np.linalg.norm(wide_a[np.ix_(first, first)] - wide_b[np.ix_(second, second)]))
    return float(least)


def distance(a, b, method) -> float:
    return float(pairwise_graph_distances([a, b], method=method)[0, 1])


def test_readout_order_is_the_frobenius_norm(rng):
    graphs = [random_graph(rng, 3, 4, name) for name in "abc"]
    found = pairwise_graph_distances(graphs)
    for i, j in itertools.product(range(3), repeat=2):
        expected = np.sqrt(((graphs[i].adjacency - graphs[j].adjacency) ** 2).sum())
        assert found[i, j] == pytest.approx(expected, abs=1e-15)
    assert isinstance(found, DistanceMatrix) and found.names == ("a", "b", "c")
    assert found.report.metric == "readout_order" and "3 networks" in found.report.summary()


def test_readout_order_refuses_unequal_sizes(rng):
    graphs = [random_graph(rng, 2, 1, "small"), random_graph(rng, 3, 1, "large")]
    with pytest.raises(ValueError, match="got 3 nodes of 'small' and 4 of 'large'; use method='matching'"):
        pairwise_graph_distances(graphs)


@pytest.mark.parametrize(
    "sizes", [((3, 3), (3, 3)), ((4, 2), (4, 2)), ((3, 2), (2, 4)), ((4, 3), (2, 2)), ((1, 4), (4, 1))]
)
@pytest.mark.parametrize("seed", range(4))
def test_matching_agrees_with_brute_force(sizes, seed):
    rng = np.random.default_rng(seed)
    a, b = (random_graph(rng, *size) for size in sizes)
    found = pairwise_graph_distances([a, b], method="matching")
    assert found.report.options == {"unproven": 0}
    assert found[0, 1] == pytest.approx(brute_force(a, b), abs=1e-12)


@pytest.mark.parametrize("method", ["matching", "gromov_wasserstein"])
@pytest.mark.parametrize("seed", range(3))
def test_relabelled_copies_of_a_memory_are_the_same(method, seed):
    rng = np.random.default_rng(seed)
    graph = cube(rng)
    assert distance(graph, graph.reordered(rng.permutation(27)), method) < 1e-12
    assert distance(graph, cube(rng), method) > 1e-3


def test_two_samples_of_one_memory_differ_by_no_more_than_in_the_known_order(rng):
    a, b = cube(rng), cube(rng)
    known = np.linalg.norm(a.adjacency - b.adjacency)
    shuffled = b.reordered(rng.permutation(27))
    found = pairwise_graph_distances([a, shuffled], method="matching")
    assert 0 < found[0, 1] <= known and found.report.options == {"unproven": 0}
    assert distance(a, b, "matching") == pytest.approx(found[0, 1])


def test_a_missing_node_costs_its_edges(rng):
    graph = cube(rng)
    for node in (1, 4):  # saddles with one and with two unstable modes
        smaller = part(graph, np.delete(np.arange(27), node))
        edges = np.linalg.norm(graph.adjacency[node])
        assert distance(graph, smaller, "matching") <= edges + 1e-12
    alone = make(np.zeros((0, 0)), np.zeros(0, bool))
    assert distance(graph, alone, "matching") == pytest.approx(np.linalg.norm(graph.adjacency))


def test_stable_nodes_are_never_matched_with_saddles():
    stable, saddle = make([[0.0]], [True]), make([[0.0]], [False])
    first = make([[1.0, 0.0], [0.25, 0.0]], [True, False])
    second = make([[1.0, 0.0], [0.0, 1.0]], [True, True])
    assert distance(stable, saddle, "matching") == 0  # neither has edges
    assert distance(first, second, "matching") == pytest.approx(np.sqrt(1 + 0.25**2))


def test_matching_obeys_the_triangle_inequality(rng):
    graphs = [random_graph(rng, *size) for size in ((2, 2), (3, 1), (1, 3), (4, 2), (3, 3), (2, 0))]
    found = np.asarray(pairwise_graph_distances(graphs, method="matching"))
    assert (found[:, :, None] <= found[:, None] + found.T[None] + 1e-12).all()


def test_gromov_wasserstein_of_one_node_and_two():
    """There is one coupling: the mean of (a - b_jl)^2."""
    one, two = make([[0.7]], [True]), make([[1.0, 0.0], [0.4, 0.0]], [True, False])
    expected = np.sqrt(((0.7 - two.adjacency) ** 2).mean())
    assert distance(one, two, "gromov_wasserstein") == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(6))
def test_gromov_wasserstein_on_a_grid_of_all_couplings(seed):
    """Two nodes against three: couplings have two free numbers."""
    rng = np.random.default_rng(seed)
    a, b = rng.random((2, 2)), rng.random((3, 3))
    grid = np.linspace(0, 1 / 3, 121)
    t, s = (axis.ravel() for axis in np.meshgrid(grid, grid))
    first = np.stack([t, s, 0.5 - t - s], axis=1)
    first = first[(first[:, 2] >= 0) & (first[:, 2] <= 1 / 3 + 1e-12)]
    plans = np.stack([first, 1 / 3 - first], axis=1)
    differences = (a[:, None, :, None] - b[None, :, None, :]) ** 2  # (i, j, k, l)
    least = np.sqrt(np.einsum("ijkl,nij,nkl->n", differences, plans, plans).min())
    found = distance(make(a, [True, False]), make(b, [True, True, False]), "gromov_wasserstein")
    assert found <= least + 1e-9 and found == pytest.approx(least, abs=5e-3)


def test_gromov_wasserstein_is_no_larger_than_the_matching(rng):
    for _ in range(3):
        a, b = random_graph(rng, 4, 5), random_graph(rng, 4, 5)
        assert distance(a, b, "gromov_wasserstein") <= distance(a, b, "matching") / 9 + 1e-12


def test_gromov_wasserstein_against_pot(rng):
    ot = pytest.importorskip("ot")
    a, b = random_graph(rng, 4, 5), random_graph(rng, 3, 5)
    weights = [np.full(len(g), 1 / len(g)) for g in (a, b)]
    theirs = ot.gromov.gromov_wasserstein2(a.adjacency, b.adjacency, *weights, symmetric=False)
    assert distance(a, b, "gromov_wasserstein") <= np.sqrt(theirs) + 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_symmetric_zero_diagonal_and_independent_of_the_others(method, rng):
    graphs = [random_graph(rng, 3, 3) for _ in range(4)]
    found = pairwise_graph_distances(graphs, method=method)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diagonal(found), 0)
    np.testing.assert_array_equal(pairwise_graph_distances(graphs[::-1], method=method)[::-1, ::-1], found)
    assert distance(graphs[2], graphs[0], method) == found[0, 2]


@pytest.mark.parametrize("method", METHODS)
def test_one_network_and_none(method, rng):
    one = pairwise_graph_distances([random_graph(rng, 2, 1)], method=method)
    np.testing.assert_array_equal(one, [[0.0]])
    with pytest.raises(ValueError, match="graphs has length 0; expected at least one network"):
        pairwise_graph_distances([], method=method)


@pytest.mark.parametrize("method", METHODS)
def test_several_inputs_add_up_as_squares(method, rng):
    rows = tuple(tuple(random_graph(rng, 2, 2, f"net {k}") for _ in range(3)) for k in range(2))
    found = pairwise_graph_distances(TopologyGraphs(rows, np.zeros((3, 1))), method=method)
    single = [distance(a, b, method) for a, b in zip(*rows, strict=True)]
    assert found[0, 1] == pytest.approx(np.linalg.norm(single))
    assert found.names == ("net 0", "net 1")


def test_graphs_without_nodes(rng):
    empty, other = make(np.zeros((0, 0)), np.zeros(0, bool), "empty"), random_graph(rng, 1, 1)
    assert distance(empty, empty, "readout_order") == distance(empty, empty, "matching") == 0
    with pytest.raises(ValueError, match="needs a node at least, 'empty' has no fixed points; use method='matching'"):
        distance(other, empty, "gromov_wasserstein")


@pytest.mark.parametrize(
    ("graphs", "method", "error", "match_text"),
    [
        ([np.eye(2)], "matching", TypeError, r"graphs\[0\] must be a TopologyGraph, got ndarray; pass what"),
        (3, "matching", TypeError, "graphs must be graphs of several networks, got int"),
        ("ab", "matching", TypeError, "graphs must be graphs of several networks, got str"),
        ([], "isomorphism", ValueError, "method must be one of 'readout_order', 'matching', 'gromov_wasserstein'"),
        ([], 1, TypeError, "method must be one of"),
    ],
)
def test_bad_input(graphs, method, error, match_text):
    with pytest.raises(error, match="pairwise_graph_distances: " + match_text):
        pairwise_graph_distances(graphs, method=method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1])
def test_edges_that_are_no_shares(method, value, rng):
    wrong = random_graph(rng, 2, 2, "wrong")
    wrong.adjacency[1, 0] = value
    with pytest.raises(ValueError, match="the adjacency of 'wrong' must hold finite shares of 0 or more"):
        pairwise_graph_distances([random_graph(rng, 2, 2), wrong], method=method)


@pytest.mark.parametrize(("option", "error"), [({"n_jobs": 0}, ValueError), ({"progress": "yes"}, TypeError)])
def test_bad_options(option, error, rng):
    with pytest.raises(error, match=f"pairwise_graph_distances: {next(iter(option))} must be"):
        pairwise_graph_distances([random_graph(rng, 2, 1)], method="matching", **option)


def test_progress_is_shown(capsys, rng):
    graphs = [random_graph(rng, 2, 1) for _ in range(3)]
    for method in METHODS:
        pairwise_graph_distances(graphs, method=method, progress=True)
        assert "3.00/3.00 pairs" in capsys.readouterr().err


def test_no_generator_of_random_numbers_is_touched(rng):
    np.random.seed(1)
    state = np.random.get_state()[1].copy()
    graphs = [random_graph(rng, 3, 2), random_graph(rng, 2, 2)]
    first, second = (distance(*graphs, "gromov_wasserstein") for _ in range(2))
    assert first == second
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_the_matrix_can_be_drawn(rng):
    graphs = [random_graph(rng, 3, 3, f"net {k}") for k in range(3)]
    figure = pairwise_graph_distances(graphs).plot()
    assert "topology, nodes by readout" in [axes.get_title() for axes in figure.axes]
