"""Points within a radius of better ones are dropped, as by looking at every pair."""

from __future__ import annotations

import numpy as np
import pytest

from pyrnnsim.dynamics.points.merging import canonical_order, cover


def by_every_pair(points, radius, quality):
    """The definition: the best point is kept, those within its radius are dropped, and so on."""
    reach = np.broadcast_to(radius, (len(points),))
    owner, kept = np.full(len(points), -1), []
    for i in canonical_order(points, quality):
        if owner[i] < 0:
            for j in range(len(points)):
                if owner[j] < 0 and (j == i or ((points[j] - points[i]) ** 2).sum() <= reach[i] ** 2):
                    owner[j] = len(kept)
            kept.append(i)
    return np.array(kept, int), owner


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("radius", [0.0, 0.05, 0.5, 10.0, "each"])
@pytest.mark.parametrize("judged", [True, False])
def test_cover_is_that_of_every_pair(rng, size, radius, judged):
    places = rng.normal(size=(12, size))
    points = np.repeat(places, 6, axis=0) + 0.02 * rng.normal(size=(72, size))
    points[::9] = points[0]  # equal ones
    reach = rng.uniform(0, 0.4, size=72) if radius == "each" else radius
    quality = rng.integers(0, 4, size=72).astype(float) if judged else None
    kept, owner = cover(points, reach, quality)
    expected_kept, expected_owner = by_every_pair(points, reach, quality)
    np.testing.assert_array_equal(kept, expected_kept)
    np.testing.assert_array_equal(owner, expected_owner)


@pytest.mark.parametrize(("count", "size", "kept"), [(0, 3, 0), (1, 3, 1), (4, 0, 1), (0, 0, 0)])
def test_cover_of_nothing(count, size, kept):
    made = cover(np.zeros((count, size)), 0.1)
    assert (len(made.kept), made.owner.tolist()) == (kept, [0] * count)


def test_points_that_are_not_finite_stand_for_themselves():
    made = cover(np.array([[0.0, 0.0], [np.nan, 0.0], [0.01, 0.0]]), 0.1)
    assert len(made.kept) == 2
    assert made.owner[0] == made.owner[2]
