import numpy as np
import pytest
from matplotlib.figure import Figure

from pyrnnsim.embedding import Embedding
from pyrnnsim.figures import plot_embedding

GROUPS = ["x", "y", "x", "y"]


def embedding(coordinates, stress=0.125):
    coordinates = np.asarray(coordinates, float)
    return Embedding(coordinates, stress, np.zeros(len(coordinates)), np.ones(2), "classical")


PLANAR = embedding([[0, 1], [2, 3], [4, 5], [6, 7]])


def test_every_group_has_its_points_colour_and_marker():
    figure = plot_embedding(PLANAR, groups=GROUPS, metric="procrustes")
    first, second = figure.axes[0].collections
    np.testing.assert_array_equal(first.get_offsets(), [[0, 1], [4, 5]])
    np.testing.assert_array_equal(second.get_offsets(), [[2, 3], [6, 7]])
    assert not np.array_equal(first.get_facecolor(), second.get_facecolor())
    assert len(first.get_paths()[0].vertices) != len(second.get_paths()[0].vertices)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["x", "y"]


def test_stress_and_units_are_written():
    axes = plot_embedding(PLANAR, metric="procrustes").axes[0]
    assert axes.get_title() == "Procrustes  (stress 0.12)"
    assert axes.get_xlabel() == "MDS 1 (angle, rad)"
    assert axes.get_ylabel() == "MDS 2 (angle, rad)"
    assert axes.get_aspect() == 1.0


def test_without_groups_there_is_no_legend():
    figure = plot_embedding(PLANAR)
    assert not figure.legends
    assert len(figure.axes[0].collections) == 1
    assert figure.axes[0].get_title() == "(stress 0.12)"


def test_skipped_networks_are_left_out():
    figure = plot_embedding(embedding([[0, 1], [np.nan, np.nan], [4, 5], [6, 7]]), groups=GROUPS)
    assert [len(points.get_offsets()) for points in figure.axes[0].collections] == [2, 1]


def test_one_dimension_is_drawn_along_the_first_axis():
    figure = plot_embedding(embedding([[1.0], [2.0]]))
    np.testing.assert_array_equal(figure.axes[0].collections[0].get_offsets(), [[1, 0], [2, 0]])


def test_draws_into_the_axes_given():
    figure = Figure()
    axes = figure.add_subplot()
    assert plot_embedding(PLANAR, groups=GROUPS, title="mine", ax=axes) is figure
    assert axes.get_title() == "mine  (stress 0.12)"
    assert not figure.legends


def test_many_groups_are_counted_in_the_legend():
    figure = plot_embedding(embedding(np.zeros((40, 2))), groups=[f"g{i}" for i in range(40)])
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(texts) == 24
    assert texts[-1] == "and 17 more"


def test_wrong_number_of_groups_is_refused():
    with pytest.raises(ValueError, match="plot_embedding: groups has 2 labels, expected one for each of the 4"):
        plot_embedding(PLANAR, groups=["x", "y"])
