import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.spatial.distance import pdist, squareform

from pyrnnsim.figures import plot_matrix
from pyrnnsim.similarity.matrix import DistanceMatrix, Report

GROUPS = ["b", "a", "b", "a", "b", "a"]


@pytest.fixture
def distances(rng):
    centres = {"a": [0.0, 0.0], "b": [5.0, 5.0]}
    return squareform(pdist([rng.normal(size=2) + centres[group] for group in GROUPS]))


def picture(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def test_without_groups_the_order_is_kept(distances):
    figure = plot_matrix(distances, metric="svcca")
    np.testing.assert_array_equal(picture(figure), distances)
    axes = figure.axes[0]
    assert axes.get_title() == "SVCCA"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("network", "network")
    assert axes.child_axes[0].get_ylabel() == "1 − mean ρ"
    assert axes.images[0].get_clim() == (0.0, distances.max())
    assert not figure.legends


@pytest.mark.parametrize(
    ("metric", "options", "title"),
    [("procrustes", {}, "Procrustes"), ("cka", {"kernel": "rbf"}, "RBF CKA"), ("mine", {}, "mine")],
)
def test_a_distance_matrix_names_its_measure(distances, metric, options, title):
    wrapped = DistanceMatrix.wrap(distances, Report(metric=metric, options=options))
    assert plot_matrix(wrapped).axes[0].get_title() == title
    assert wrapped.plot().axes[0].get_title() == title


def test_groups_are_contiguous_and_marked(distances):
    figure = plot_matrix(distances, groups=GROUPS)
    colour_bar, left, top = figure.axes[0].child_axes
    codes = np.asarray(left.images[0].get_array())[:, 0]
    assert codes.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(np.asarray(top.images[0].get_array())[0], codes)
    blocks = picture(figure)
    between = distances[np.ix_([0, 2, 4], [1, 3, 5])]
    assert sorted(blocks[:3, 3:].ravel()) == sorted(between.ravel())
    assert colour_bar.get_ylabel() == "distance"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["b", "a"]
    shown = [handle.get_color() for handle in figure.legends[0].legend_handles]
    assert shown == list(left.images[0].get_cmap().colors)


def test_clusters_put_near_networks_side_by_side(distances):
    order = plot_matrix(distances, order="clusters")
    inside = picture(order)[np.arange(5), np.arange(1, 6)]
    assert (inside > 4).sum() == 1  # one step from cluster to cluster, all others within


def test_an_order_of_indices_is_followed(distances):
    order = [5, 0, 3, 1, 2, 4]
    np.testing.assert_array_equal(picture(plot_matrix(distances, order=order)), distances[np.ix_(order, order)])


def test_skipped_networks_come_last_in_their_group_and_are_grey(distances):
    distances[2, :] = distances[:, 2] = np.nan
    figure = plot_matrix(distances, groups=GROUPS)
    masked = np.ma.getmaskarray(figure.axes[0].images[0].get_array())
    assert np.flatnonzero(masked.all(axis=1)).tolist() == [2]
    assert figure.axes[0].get_facecolor() == pytest.approx((0x77 / 255,) * 3 + (1.0,))


def test_rectangular_matrices_are_drawn():
    figure = plot_matrix(np.ones((2, 5)))
    assert figure.axes[0].get_xticks().tolist() == [0, 5]
    assert figure.axes[0].get_yticks().tolist() == [0, 2]


def test_a_matrix_of_zeros_and_one_network_are_drawn():
    assert plot_matrix(np.zeros((3, 3))).axes[0].images[0].get_clim() == (0.0, 1.0)
    assert picture(plot_matrix([[0.0]], groups=["a"])).shape == (1, 1)


def test_draws_into_the_axes_given(distances):
    figure = Figure()
    axes = figure.add_subplot()
    assert plot_matrix(distances, groups=GROUPS, title="mine", ax=axes) is figure
    assert axes.get_title() == "mine"
    assert not figure.legends


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": ["a"]}, "groups has 1 labels, expected one for each of the 6 networks"),
        ({"order": "size"}, "order must be 'groups', 'clusters', indices or None, got 'size'"),
        ({"order": "groups"}, "order='groups' needs groups"),
        ({"order": [0, 1, 2, 3, 4, 4]}, r"each of the indices 0\.\.5 once"),
        ({"order": [0]}, r"each of the indices 0\.\.5 once"),
    ],
)
def test_bad_arguments_are_refused(distances, arguments, message):
    with pytest.raises(ValueError, match=message):
        plot_matrix(distances, **arguments)


def test_bad_shapes_are_refused():
    with pytest.raises(ValueError, match="need a square matrix"):
        plot_matrix(np.ones((2, 3)), groups=["a", "b"])
    with pytest.raises(ValueError, match=r"got shape \(0, 0\)"):
        plot_matrix(np.ones((0, 0)))
