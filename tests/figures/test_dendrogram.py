import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import pdist, squareform

from pyrnnsim.figures import plot_dendrogram
from pyrnnsim.figures._style import GREY


@pytest.fixture
def distances(rng):
    return squareform(pdist(rng.normal(size=(12, 3))))


def branches(figure):
    return figure.axes[0].collections[0].get_segments()


def names_written(figure):
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_tree_equals_scipys(distances):
    figure = plot_dendrogram(distances)
    theirs = dendrogram(linkage(squareform(distances), "average"), no_plot=True)
    mine = sorted((segment[0, 0], segment[3, 0], segment[1, 0]) for segment in branches(figure))
    expected = sorted((d[0], d[3], d[1]) for d in theirs["dcoord"])
    np.testing.assert_allclose(np.sort(np.array(mine)), np.sort(np.array(expected)))
    rows = sorted(segment[:, 1].tolist() for segment in branches(figure))
    np.testing.assert_allclose(rows, sorted(((np.array(i) - 5) / 10).tolist() for i in theirs["icoord"]))


def test_names_stand_in_the_order_of_the_leaves(distances):
    names = [f"net{i}" for i in range(12)]
    figure = plot_dendrogram(distances, names=names)
    theirs = dendrogram(linkage(squareform(distances), "average"), no_plot=True)
    assert names_written(figure) == [names[i] for i in theirs["leaves"]]


def test_names_that_do_not_fit_are_not_written(distances, rng):
    many = squareform(pdist(rng.normal(size=(300, 3))))
    assert names_written(plot_dendrogram(many, names=[str(i) for i in range(300)])) == []
    assert names_written(plot_dendrogram(distances, names=["very" * 20 + str(i) for i in range(12)])) == []


def test_branches_of_one_group_have_its_colour():
    points = np.array([0.0, 0.1, 0.25, 9.0, 9.1, 9.25])[:, None]
    figure = plot_dendrogram(squareform(pdist(points)), groups=[*"aaabbb"], metric="cka")
    colors = [to_hex(color) for color in figure.axes[0].collections[0].get_colors()]
    grey = [i for i, color in enumerate(colors) if color == GREY]
    assert len(colors) == 5
    assert len(grey) == 1
    assert branches(figure)[grey[0]][1, 0] > 8  # the root
    assert len(set(colors)) == 3
    assert figure.axes[0].get_xlabel() == "1 − CKA"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    leaves = figure.axes[0].collections[1:]
    assert [len(points.get_offsets()) for points in leaves] == [3, 3]


def test_skipped_networks_are_left_out(distances):
    distances[4, :] = distances[:, 4] = np.nan
    figure = plot_dendrogram(distances, names=[*"abcdefghijkl"])
    assert len(branches(figure)) == 10
    assert sorted(names_written(figure)) == [*"abcdfghijkl"]


@pytest.mark.parametrize("count", [1, 2])
def test_few_networks(count):
    figure = plot_dendrogram(1 - np.eye(count), names=["a", "b"][:count])
    assert len(branches(figure)) == count - 1
    assert names_written(figure) == ["a", "b"][:count]


def test_a_chain_deeper_than_the_recursion_limit_is_drawn():
    growing = np.cumsum(np.arange(1.0, 2001.0))[:, None]  # each joins the tree of all before it
    assert len(branches(plot_dendrogram(squareform(pdist(growing))))) == 1999


def test_draws_into_the_axes_given(distances):
    figure = Figure()
    axes = figure.add_subplot()
    assert plot_dendrogram(distances, groups=["a"] * 12, title="mine", ax=axes) is figure
    assert axes.get_title() == "mine"
    assert not figure.legends


def test_bad_arguments_are_refused(distances):
    with pytest.raises(ValueError, match="plot_dendrogram: names has 1 entries, expected one for each of 12"):
        plot_dendrogram(distances, names=["a"])
    with pytest.raises(ValueError, match="plot_dendrogram: groups has 1 labels"):
        plot_dendrogram(distances, groups=["a"])
    distances[0, 1] += 1
    with pytest.raises(ValueError, match="plot_dendrogram: .*expected a symmetric matrix"):
        plot_dendrogram(distances)
