"""The formula of google/svcca, against an independent transcription of it."""

from __future__ import annotations

import numpy as np
import pytest
from reference import generators
from reference import similarity as reference

from pyrnnsim.similarity.google import google_pwcca


def networks(rng, units_x, units_y, samples=300):
    """Distinct correlations throughout: where some are equal, LAPACK is free to choose the directions."""
    rho = np.linspace(0.95, 0.1, min(units_x, units_y))
    return generators.correlated_pair(rng, rho, samples, units_x, units_y, condition=30, offset=2.0)[:2]


@pytest.mark.parametrize("units", [(5, 5), (5, 12), (12, 5), (3, 40)])
def test_equals_the_transcription(rng, units):
    for _ in range(3):
        x, y = networks(rng, *units)
        assert google_pwcca(x, y) == pytest.approx(reference.google_pwcca(x, y), abs=1e-9)


def test_differs_from_the_paper(rng):
    x, y = networks(rng, 5, 9)
    assert abs(google_pwcca(x, y) - reference.pwcca(x, y)) > 1e-2


def test_depends_on_the_mean_although_nothing_else_does(rng):
    x, y = networks(rng, 5, 9)
    assert abs(google_pwcca(x + 10, y) - google_pwcca(x, y)) > 1e-3
    assert reference.pwcca(x + 10, y) == pytest.approx(reference.pwcca(x, y), abs=1e-10)


def test_weights_come_from_the_network_with_fewer_units_and_from_the_first_if_equal(rng):
    x, y = networks(rng, 5, 9)
    assert google_pwcca(x, y + 10) == pytest.approx(google_pwcca(x, y), abs=1e-9)
    assert abs(google_pwcca(y, x + 10) - google_pwcca(y, x)) > 1e-3
    x, y = networks(rng, 6, 6)
    assert google_pwcca(x, y + 10) == pytest.approx(google_pwcca(x, y), abs=1e-9)
    assert abs(google_pwcca(x + 10, y) - google_pwcca(x, y)) > 1e-3


def test_identical_networks_have_similarity_one(rng):
    x, _ = networks(rng, 5, 5)
    assert google_pwcca(x, x) == pytest.approx(1, abs=1e-9)


def test_units_that_never_change_are_left_out(rng):
    x, y = networks(rng, 5, 9)
    wide = np.column_stack([np.zeros(300), x[:, :2], np.full(300, 0.1), x[:, 2:], *(np.ones(300) for _ in range(9))])
    assert google_pwcca(wide, y) == google_pwcca(x, y)
    assert google_pwcca(y, wide) == google_pwcca(y, x)


def test_refuses_what_the_formula_cannot_take(rng):
    x, y = networks(rng, 5, 9)
    with pytest.raises(ValueError, match=r"google_pwcca: y never changes"):
        google_pwcca(x, np.ones((300, 4)))
    with pytest.raises(ValueError, match=r"google_pwcca: x has 5 samples of 5 units; google/svcca needs more"):
        google_pwcca(x[:5], y[:5])
    with pytest.raises(ValueError, match=r"google_pwcca: y has 299 samples; expected 300 as in google_pwcca: x"):
        google_pwcca(x, y[1:])
    with pytest.raises(ValueError, match=r"google_pwcca: x has shape \(300,\); expected 2-D"):
        google_pwcca(x[:, 0], y)
    with pytest.raises(ValueError, match=r"reps\[4\]: its covariance is singular .* pass definition='paper'"):
        google_pwcca(x, np.column_stack([y, y[:, 0]]), y_label="reps[4]")
