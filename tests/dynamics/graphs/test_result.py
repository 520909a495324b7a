"""Transition graphs as results: what they depend on, tables, files, other packages, errors."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from dynamics.cases import decoupled, vanilla

from pyrnnsim import FixedPoints, Population, TopologyGraph, TopologyGraphs, find_fixed_points, transition_graph
from pyrnnsim.dynamics.graphs import topology
from pyrnnsim.tasks import FlipFlop


def assert_equal_graphs(a: TopologyGraph, b: TopologyGraph) -> None:
    for field in fields(TopologyGraph):
        np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name), err_msg=field.name)


@pytest.fixture(scope="module")
def cube() -> tuple[Population, FixedPoints]:
    population = decoupled([2.0, 1.8, 1.5])
    return population, find_fixed_points(population)


@pytest.fixture(scope="module")
def several() -> tuple[Population, FixedPoints]:
    task = FlipFlop(bits=2, steps=30)
    population = Population.create(["vanilla", "gru"], ["tanh"], [6], [0, 1], task=task, gain=2.5)
    return population, find_fixed_points(population, [[0.0, 0.0], [0.3, -0.2]], n_starts=100)


@pytest.fixture(scope="module")
def graphs(several) -> TopologyGraphs:
    return transition_graph(*several, perturbations=30, steps=300, n_jobs=1)


def test_threads_and_other_networks_change_nothing(several, graphs):
    population, points = several
    again = transition_graph(population, points, perturbations=30, steps=300, n_jobs=3)
    for k in range(4):
        for c in range(2):
            assert_equal_graphs(graphs[k, c], again[k, c])
            alone = transition_graph(population[k], points[k, c], perturbations=30, steps=300, n_jobs=2)
            assert_equal_graphs(graphs[k, c], alone)


def test_how_many_trials_are_rolled_at_once_changes_nothing(cube, monkeypatch):
    whole = transition_graph(*cube, perturbations=20)[0, 0]
    monkeypatch.setattr(topology, "_AT_ONCE", 300)
    assert_equal_graphs(transition_graph(*cube, perturbations=20)[0, 0], whole)


def test_seeds_give_other_kicks_and_touch_no_generator(cube):
    np.random.seed(3)
    state = np.random.get_state()[1].copy()
    first, second, third = (transition_graph(*cube, perturbations=20, seed=s)[0, 0] for s in (0, 1, 0))
    assert not np.array_equal(first.adjacency, second.adjacency)
    assert_equal_graphs(first, third)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_indexing_and_tables(several, graphs):
    assert len(graphs) == 4 and len(graphs[0]) == 2 and graphs.names == several[1].names
    assert [row[0].name for row in graphs] == list(graphs.names)
    assert len(graphs.frame) == 8 and "condition" in str(graphs)
    assert repr(graphs).startswith("<TopologyGraphs of 4 networks at 2 inputs")
    one = graphs[1, 0]
    frame = one.frame
    assert frame["probability"].sum() == pytest.approx(len(one))
    assert "probability" in str(one) and repr(one).startswith("<TopologyGraph of ")


def test_files(graphs, tmp_path):
    graphs.save(tmp_path / "graphs")
    again = TopologyGraphs.load(tmp_path / "graphs")
    np.testing.assert_array_equal(again.inputs, graphs.inputs)
    for k in range(4):
        for c in range(2):
            assert_equal_graphs(graphs[k, c], again[k, c])
    graphs[2, 1].save(tmp_path / "one")
    assert_equal_graphs(TopologyGraph.load(tmp_path / "one"), graphs[2, 1])
    with pytest.raises(ValueError, match="expected 'pyrnnsim transition graph 1'"):
        TopologyGraph.load(tmp_path / "graphs")


def test_networkx(cube):
    networkx = pytest.importorskip("networkx")
    graph = transition_graph(*cube)[0, 0]
    made = graph.to_networkx()
    np.testing.assert_array_equal(networkx.to_numpy_array(made, nodelist=range(27)), graph.adjacency)
    assert made.nodes[13]["unstable_modes"] == 3 and made.nodes[0]["stable"] and made.name == graph.name
    assert made.nodes[0]["output"] == tuple(graph.outputs[0])


def test_without_networkx_an_error_says_what_to_install(cube, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "networkx", None)
    with pytest.raises(ImportError, match="to_networkx: networkx is missing .*pip install networkx"):
        transition_graph(*cube, perturbations=1)[0, 0].to_networkx()


def test_another_order_of_nodes(cube, rng):
    graph = transition_graph(*cube, perturbations=10)[0, 0]
    order = rng.permutation(27)
    other = graph.reordered(order)
    np.testing.assert_array_equal(other.adjacency, graph.adjacency[order][:, order])
    np.testing.assert_array_equal(other.outputs, graph.outputs[order])
    assert_equal_graphs(other.reordered(np.argsort(order)), graph)
    with pytest.raises(ValueError, match=r"order must hold each of 0\.\.26 once"):
        graph.reordered([0, 0])


def test_no_fixed_point_gives_an_empty_graph(tmp_path):
    population = vanilla([[1.0]], [1.0], "relu")
    points = find_fixed_points(population, starts=[[2.0]])
    graph = transition_graph(population, points)[0, 0]
    assert len(graph) == 0 and graph.adjacency.shape == (0, 0) and graph.rows == [] and graph.states.shape == (0, 1)
    graph.save(tmp_path / "empty")
    assert_equal_graphs(TopologyGraph.load(tmp_path / "empty"), graph)
    assert len(graph.reordered([])) == 0


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"perturbations": 0}, ValueError, "perturbations must be an int from 1"),
        ({"perturbations": 2.5}, TypeError, "perturbations must be an int"),
        ({"size": -1.0}, ValueError, "size must be a finite number above 0"),
        ({"size": 0.0}, ValueError, "size must be a finite number above 0"),
        ({"size": "small"}, TypeError, "size must be a finite number"),
        ({"steps": 0}, ValueError, "steps must be an int from 1"),
        ({"quantum": 0}, ValueError, "quantum must be a finite number above 0"),
        ({"seed": -1}, ValueError, "seed must be an int from 0"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be"),
        (
            {"fixed_points": np.zeros((3, 2))},
            TypeError,
            "must be what find_fixed_points returns, or one .* got ndarray",
        ),
    ],
)
def test_bad_options(cube, options, error, match):
    population, points = cube
    with pytest.raises(error, match="transition_graph: .*" + match):
        transition_graph(population, options.pop("fixed_points", points), **options)


def test_points_of_other_networks_are_refused(several):
    population, points = several
    with pytest.raises(ValueError, match="are of 4 networks, the population has 2; pass the population"):
        transition_graph(population[:2], points)
    with pytest.raises(
        ValueError, match=r"are of 1 networks, the population has 4; pass one network, as population\[k\]"
    ):
        transition_graph(population, points[0, 0])
    with pytest.raises(ValueError, match="fixed_points of .* stand where network 0 .* is; find"):
        transition_graph(population[[1, 0, 2, 3]], points)
    with pytest.raises(TypeError, match="transition_graph: expected a Population"):
        transition_graph(3, points)


def test_points_of_other_weights_or_sizes_are_refused(several):
    population, points = several
    name, options = population[0].name, {"inputs": 2, "outputs": 2}
    other = replace(Population.create(["vanilla"], ["tanh"], [6], [9], **options)[0], name=name)
    with pytest.raises(
        ValueError, match="were found in other weights of this name: point 0 moves by .* not by .*; find"
    ):
        transition_graph(other, points[0, 0])
    wider = replace(Population.create(["vanilla"], ["tanh"], [8], [0], **options)[0], name=name)
    with pytest.raises(ValueError, match="has S = 8 and M = 2, its fixed_points have S = 6 and M = 2"):
        transition_graph(wider, points[0, 0])
