"""Transition graphs as pictures: what is drawn where, for any number of readouts."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch

from pyrnnsim import TopologyGraph, TopologyGraphs
from pyrnnsim.figures import plot_topology, topology_panels
from pyrnnsim.figures._style import new_figure


def graph(outputs, nowhere=(0.0, 0.0, 0.0)) -> TopologyGraph:
    """A saddle between two stable points."""
    count = 3
    return TopologyGraph(
        name="net",
        input=np.zeros(1),
        nodes=np.arange(count),
        states=np.array([[-1.0, 0.5], [0.0, 0.0], [1.0, 0.2]]),
        outputs=np.asarray(outputs, dtype=float),
        unstable_modes=np.array([0, 1, 0]),
        basin=np.ones(count, np.int64),
        adjacency=np.array([[1.0, 0, 0], [0.69, 0, 0.01], [0, 0, 1.0]]),
        nowhere=np.array(nowhere),
        sizes=np.ones(count),
        perturbations=100,
        steps=10,
        seed=0,
        quantum=1.0,
    )


PLANAR = graph([[-1, 0], [0, 1], [1, 0]])


def test_nodes_lie_at_their_readout_in_the_style_of_their_kind():
    axes = plot_topology(PLANAR).axes[0]
    saddle, stable = axes.collections
    np.testing.assert_array_equal(saddle.get_offsets(), [[0, 1]])
    np.testing.assert_array_equal(stable.get_offsets(), [[-1, 0], [1, 0]])
    assert not np.array_equal(saddle.get_facecolor(), stable.get_facecolor())
    assert len(saddle.get_paths()[0].vertices) != len(stable.get_paths()[0].vertices)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("readout 1", "readout 2")


def test_edges_between_different_nodes_are_arrows():
    arrows = [patch for patch in plot_topology(PLANAR).axes[0].patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == 1  # no self-loops, and none of a probability of 0.01
    assert arrows[0].get_linewidth() > 1 and 0.5 < arrows[0].get_alpha() < 1


def test_the_legend_names_kinds_and_probabilities():
    texts = [text.get_text() for text in plot_topology(PLANAR).legends[0].get_texts()]
    assert texts[:2] == ["stable", "1 unstable mode"] and "probability 0.5" in texts and "some go nowhere" not in texts


def test_points_that_lead_nowhere_are_ringed():
    figure = plot_topology(graph(PLANAR.outputs, (0, 0.3, 0)))
    assert len(figure.axes[0].collections) == 3
    assert "some go nowhere" in [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("width", [0, 1, 3, 5])
def test_any_number_of_readouts(width, rng, tmp_path):
    figure = plot_topology(graph(rng.normal(size=(3, width))))
    figure.savefig(tmp_path / "graph.png")
    assert figure.axes[0].get_title() == "net: 3 fixed points"


def test_one_point_and_none(tmp_path):
    figure = plot_topology(one := some(PLANAR, [0]))
    figure.savefig(tmp_path / "one.png")
    assert len(one) == 1
    empty = plot_topology(some(PLANAR, []))
    empty.savefig(tmp_path / "none.png")
    assert not empty.axes[0].collections and not empty.legends


def some(whole: TopologyGraph, nodes) -> TopologyGraph:
    """The part of a graph that a few nodes are."""
    per_node = ("nodes", "states", "outputs", "unstable_modes", "basin", "nowhere", "sizes")
    chosen = np.array(nodes, dtype=int)
    made = {name: getattr(whole, name)[chosen] for name in per_node}
    return TopologyGraph(**{**vars(whole), **made, "adjacency": whole.adjacency[np.ix_(chosen, chosen)]})


def test_several_graphs_share_a_legend(tmp_path):
    figure = topology_panels([PLANAR, graph(PLANAR.outputs, (0, 0.3, 0)), some(PLANAR, [])])
    figure.savefig(tmp_path / "several.png")
    assert len(figure.axes) == 3 and len(figure.legends) == 1
    assert "some go nowhere" in [text.get_text() for text in figure.legends[0].get_texts()]
    many = TopologyGraphs(((PLANAR,) * 5,) * 3, np.zeros((5, 1)))
    assert len(many.plot().axes) == 12
    with pytest.raises(ValueError, match="topology_panels: at least one graph is needed, got none"):
        topology_panels([])


def test_axes_of_the_caller_get_no_legend():
    figure = new_figure(3, 3)
    axes = figure.add_subplot()
    assert PLANAR.plot(ax=axes) is figure and not figure.legends and axes.get_legend() is None
