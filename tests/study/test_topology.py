"""Distances between dynamics on numbers that can be checked by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from pyrnnsim.task_distances import frequency_distances, leading_magnitudes, spectrum_distances


def test_frequencies_differ_by_their_root_mean_square():
    found = frequency_distances(np.array([[0.1, 0.2], [0.1, 0.5], [0.4, 0.6]]))
    np.testing.assert_allclose(found[0], [0.0, 0.3 / np.sqrt(2), np.sqrt((0.3**2 + 0.4**2) / 2)])
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diag(found), 0.0)


def test_no_oscillation_is_frequency_zero():
    found = frequency_distances(np.array([[np.nan, 0.2], [0.0, 0.2], [0.3, 0.2]]))
    assert found[0, 1] == 0.0
    np.testing.assert_allclose(found[0, 2], 0.3 / np.sqrt(2))


def grid(*networks):
    rows = [[SimpleNamespace(eigenvalues=np.array(values, complex)) for values in row] for row in networks]
    return type("Modes", (list,), {"inputs": np.zeros((len(rows[0]), 1))})(rows)


def test_magnitudes_are_sorted_averaged_over_points_and_filled_up_with_zeros():
    modes = grid([[[0.5, -1.0, 0.6j]], [[0.9, 0.3, 0.1], [0.7, 0.1, 0.0]]])
    np.testing.assert_allclose(leading_magnitudes(modes, 2), [[[1.0, 0.6], [0.8, 0.2]]])
    np.testing.assert_allclose(leading_magnitudes(modes, 4)[0, 0], [1.0, 0.6, 0.5, 0.0])


def test_networks_without_a_line_have_no_distance():
    modes = grid([[[1.0, 0.5]]], [np.empty((0, 2))], [[[0.8, 0.1]]])
    found = spectrum_distances(leading_magnitudes(modes, 2))
    np.testing.assert_allclose(found[0, 2], np.sqrt((0.2**2 + 0.4**2) / 2))
    assert np.isnan(found[1]).all()
    assert np.isnan(found[:, 1]).all()


def test_none_and_one_network():
    assert frequency_distances(np.empty((0, 3))).shape == (0, 0)
    np.testing.assert_array_equal(spectrum_distances(np.ones((1, 2, 3))), [[0.0]])
