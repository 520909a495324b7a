"""New networks among those of an embedding."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial.distance import cdist, pdist, squareform

from pyrnnsim.embedding import Embedding, embed

METHODS = ("classical", "smacof")


def cloud(count: int, dimensions: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimensions))


@pytest.mark.parametrize("scale", [1e-160, 1.0, 1e160])
@pytest.mark.parametrize("method", METHODS)
def test_places_exact_distances_exactly(method, scale):
    everyone = cloud(40, 2)
    old, new = everyone[:30], everyone[30:]
    found = embed(scale * squareform(pdist(old)), method=method)
    placed = found.transform(scale * cdist(new, old)) / scale
    whole = np.vstack([found.coordinates / scale, placed])
    np.testing.assert_allclose(squareform(pdist(whole)), squareform(pdist(np.vstack([old, new]))), atol=1e-6)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_classical_networks_come_back_to_their_place(dimensions):
    delta = squareform(pdist(cloud(25, 6)))  # the picture keeps a part of six dimensions only
    found = embed(delta, dimensions=dimensions)
    np.testing.assert_allclose(found.transform(delta), found.coordinates, atol=1e-9)


def test_classical_is_the_projection():
    """Principal components of the old points, applied to the new ones."""
    old, new = cloud(30, 5), cloud(4, 5, seed=1)
    found = embed(squareform(pdist(old)))
    centred = old - old.mean(axis=0)
    axes = np.linalg.lstsq(centred, found.coordinates, rcond=None)[0]
    np.testing.assert_allclose(found.transform(cdist(new, old)), (new - old.mean(axis=0)) @ axes, atol=1e-9)


@pytest.mark.parametrize(("count", "seed"), [(30, 1), (6, 104), (6, 394)])
def test_smacof_minimises_the_stress_of_the_new_point(count, seed):
    """With few networks there are several minima, and the one next to Gower's point is not the lowest."""
    rng = np.random.default_rng(seed)
    old, new = rng.standard_normal((count, 5)), rng.standard_normal((3, 5))
    found = embed(squareform(pdist(old)), method="smacof")
    given = cdist(new, old)
    for one, at in zip(given, found.transform(given), strict=True):

        def stress(x: np.ndarray, one: np.ndarray = one) -> float:
            return float(np.square(np.linalg.norm(found.coordinates - x, axis=1) - one).sum())

        grid = np.linspace(-4, 4, 25)
        best = min(minimize(stress, (a, b)).fun for a in grid[::6] for b in grid[::6])
        assert stress(at) == pytest.approx(best, rel=1e-6)


def test_smacof_networks_come_back_near_their_place():
    groups = np.repeat(5 * cloud(3, 4), 8, axis=0) + cloud(24, 4, seed=2)
    delta = squareform(pdist(groups))
    found = embed(delta, method="smacof")
    assert np.median(np.abs(found.transform(delta) - found.coordinates)) < 0.02


@pytest.mark.parametrize("method", METHODS)
def test_rows_do_not_depend_on_each_other(method):
    old, new = cloud(20, 5), cloud(5, 5, seed=1)
    found, given = embed(squareform(pdist(old)), method=method), cdist(new, old)
    whole = found.transform(given)
    for k in range(5):
        np.testing.assert_allclose(found.transform(given[k : k + 1])[0], whole[k], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_skipped_networks_old_and_new(method):
    old, new = cloud(12, 4), cloud(3, 4, seed=1)
    given = cdist(new, old)
    plain = embed(squareform(pdist(old)), method=method).transform(given)
    holes = np.insert(np.insert(squareform(pdist(old)), 5, np.nan, axis=0), 5, np.nan, axis=1)
    wide = np.insert(given, 5, np.nan, axis=1)
    wide[1] = np.nan
    found = embed(holes, method=method).transform(wide)
    np.testing.assert_allclose(found[[0, 2]], plain[[0, 2]], atol=1e-12)
    assert np.isnan(found[1]).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_networks(method, count):
    found = embed(squareform(pdist(cloud(count, 2))) if count > 1 else [[0.0]], method=method)
    assert np.isfinite(found.transform(np.ones((2, count)))).all()
    assert found.transform(np.ones((0, count))).shape == (0, 2)


def test_axes_without_extent_give_zero():
    found = embed(squareform(pdist(np.arange(6.0)[:, None])), dimensions=3)
    placed = found.transform(np.abs(np.arange(6.0) - 7.0)[None, :])
    assert not placed[:, 1:].any()
    assert abs(placed[0, 0] - found.coordinates[5, 0]) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("distances", "error", "message"),
    [
        (np.ones((2, 4)), ValueError, r"must be \(Q, 3\), .*got shape \(2, 4\)$"),
        (np.ones(3), ValueError, r"got shape \(3,\); distances\[None, :\] for one new network"),
        ([[1.0, -1.0, 1.0]], ValueError, r"distances\[0, 1\] is -1, expected a distance >= 0"),
        ([[1.0, 1.0, 1.0], [1.0, 1.0, np.inf]], ValueError, r"distances\[1, 2\] is inf, expected a finite number"),
        ([[1.0, np.nan, 1.0]], ValueError, r"distances\[0, 1\] is nan, expected a finite number"),
        ([["a", "b", "c"]], TypeError, r"must be a real \(Q, 3\) matrix, got dtype"),
    ],
)
def test_bad_distances_are_refused(distances, error, message):
    with pytest.raises(error, match=f"Embedding.transform: distances.*{message}|Embedding.transform: {message}"):
        embed(1 - np.eye(3)).transform(distances)


def test_an_embedding_made_by_hand_says_what_it_lacks():
    by_hand = Embedding(np.zeros((2, 2)), 0.0, np.zeros(2), np.ones(2), "classical")
    with pytest.raises(ValueError, match=r"root_mean_square is None; make the embedding with embed\(distances\)"):
        by_hand.transform(np.ones((1, 2)))
