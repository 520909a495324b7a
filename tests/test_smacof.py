"""Embeddings of least stress against scikit-learn and plain loops."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial.distance import pdist, squareform
from threadpoolctl import threadpool_limits

from pyrnnsim import _smacof
from pyrnnsim._smacof import guttman, majorize, place
from pyrnnsim.embedding import embed

# One block, its edge, and several blocks with a rest.
SIZES = (2, 3, 60, 96, 97, 609, 650)


def distances_of(count: int, dimensions: int, seed: int = 0) -> np.ndarray:
    return squareform(pdist(np.random.default_rng(seed).standard_normal((count, dimensions))))


def start_of(count: int, dimensions: int = 2) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((count, dimensions))


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("count", SIZES)
def test_a_step_is_the_guttman_transform_by_definition(count, dimensions):
    delta, points = distances_of(count, 5), start_of(count, dimensions)
    points[-1] = points[0]  # a pair that coincides pulls at nobody
    delta /= delta.max()
    shown = squareform(pdist(points))
    with np.errstate(divide="ignore", invalid="ignore"):
        b = -np.where(shown > 0, delta / shown, 0.0)
    np.fill_diagonal(b, 0.0)
    np.fill_diagonal(b, -b.sum(axis=1))
    moved, product = guttman(delta, points)
    np.testing.assert_allclose(moved, b @ points / count, atol=1e-12)
    assert product == pytest.approx((shown * delta).sum(), rel=1e-12)


@pytest.mark.parametrize("steps", [1, 7, 40])
@pytest.mark.parametrize("count", [60, 260])
def test_equals_scikit_learn_after_as_many_steps(count, steps):
    smacof = pytest.importorskip("sklearn.manifold").smacof
    delta, start = distances_of(count, 6), start_of(count)
    expected, raw = smacof(delta, init=start, n_init=1, max_iter=steps, eps=0, normalized_stress=False)
    found = majorize(delta, start, steps=steps, tolerance=-1.0)
    np.testing.assert_allclose(found.points, expected, atol=1e-9)
    above = delta[np.triu_indices(count, 1)]
    assert found.stress[-1] == pytest.approx(np.sqrt(raw / (above**2).sum()), rel=1e-9)
    assert len(found.stress) == steps + 1


@pytest.mark.parametrize("count", SIZES[1:])
def test_stress_never_rises(count):
    found = majorize(distances_of(count, 8) ** 2, start_of(count), steps=80, tolerance=0.0)
    assert (np.diff(found.stress**2) <= 1e-14).all()
    assert found.stress[-1] < found.stress[0]


def test_is_no_worse_than_its_classical_start():
    for seed in range(5):
        delta = distances_of(50, 8, seed)
        classical, least = embed(delta), embed(delta, method="smacof")
        assert least.stress < 0.9 * classical.stress
        assert least.converged
        assert 0 < least.steps < 500
        assert (classical.steps, classical.converged, least.method) == (0, True, "smacof")


def test_stress_is_stationary_where_it_stops():
    delta = distances_of(12, 4)
    found = majorize(delta, embed(delta).coordinates, steps=5000, tolerance=0.0)

    def stress(flat: np.ndarray) -> float:
        return float(((pdist(flat.reshape(-1, 2)) - delta[np.triu_indices(12, 1)]) ** 2).sum())

    best = minimize(stress, found.points.ravel(), method="BFGS")
    assert stress(found.points.ravel()) == pytest.approx(best.fun, rel=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 60, 260])
def test_recovers_a_planted_configuration(count):
    delta = distances_of(count, 2)
    found = embed(delta, method="smacof")
    assert found.stress < 1e-9
    np.testing.assert_allclose(squareform(pdist(found.coordinates)) if count > 1 else [[0.0]], delta, atol=1e-8)


def test_result_is_centred_on_principal_axes_and_repeats():
    delta = distances_of(80, 7)
    found, again = (embed(delta, method="smacof", dimensions=3) for _ in range(2))
    np.testing.assert_array_equal(found.coordinates, again.coordinates)
    covariance = np.cov(found.coordinates.T)
    np.testing.assert_allclose(covariance - np.diag(np.diag(covariance)), 0, atol=1e-10)
    assert (np.diff(np.diag(covariance)) < 0).all()
    np.testing.assert_allclose(found.coordinates.mean(axis=0), 0, atol=1e-12)
    largest = np.abs(found.coordinates).argmax(axis=0)
    assert (found.coordinates[largest, range(3)] > 0).all()


def test_bits_do_not_depend_on_the_number_of_threads():
    delta, results = distances_of(260, 6), []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            results.append(embed(delta, method="smacof").coordinates)
    np.testing.assert_array_equal(*results)


def test_block_size_does_not_matter(monkeypatch):
    delta, start = distances_of(100, 4) / 10, start_of(100)
    whole, _ = guttman(delta, start)
    monkeypatch.setattr(_smacof, "_ROWS", 17)
    monkeypatch.setattr(_smacof, "_COLUMNS", 13)
    np.testing.assert_allclose(guttman(delta, start)[0], whole, atol=1e-13)


def test_points_on_one_spot_come_apart():
    """All distances equal: classical scaling puts most points on one spot, where they pull at nobody."""
    delta = 1.0 - np.eye(30)
    found = embed(delta, method="smacof")
    assert pdist(found.coordinates).min() > 0.05
    assert found.stress < 0.8 * embed(delta).stress


def test_identical_networks_and_more_dimensions_than_networks():
    assert not embed(np.zeros((3, 3)), method="smacof").coordinates.any()
    found = embed([[0.0, 1.0, 9.0], [1.0, 0.0, 1.0], [9.0, 1.0, 0.0]], method="smacof", dimensions=5)
    assert found.coordinates.shape == (3, 5)
    assert np.isfinite(found.coordinates).all()


@pytest.mark.parametrize("scale", [1e-160, 1e160])
def test_scale_carries_through(scale):
    delta = distances_of(30, 5)
    small, large = (embed(factor * delta, method="smacof") for factor in (1.0, scale))
    np.testing.assert_allclose(large.coordinates / scale, small.coordinates, atol=1e-6)
    assert large.stress == pytest.approx(small.stress, rel=1e-6)


def test_skipped_networks_change_nothing_else():
    delta = distances_of(9, 5)
    holes = np.insert(np.insert(delta, 4, np.nan, axis=0), 4, np.nan, axis=1)
    found, whole = (embed(table, method="smacof") for table in (holes, delta))
    np.testing.assert_array_equal(np.delete(found.coordinates, 4, axis=0), whole.coordinates)
    assert np.isnan(found.coordinates[4]).all()
    assert np.isnan(found.root_mean_square[4])


def test_no_network_is_refused():
    with pytest.raises(ValueError, match=r"embed: distances must hold at least one network"):
        embed(np.zeros((0, 0)), method="smacof")


def test_input_and_global_generator_are_left_alone():
    delta = distances_of(20, 5)
    copy, state = delta.copy(), np.random.get_state()[1].tolist()
    delta.setflags(write=False)
    embed(delta, method="smacof")
    np.testing.assert_array_equal(delta, copy)
    assert np.random.get_state()[1].tolist() == state


def test_placing_a_point_never_raises_its_stress():
    old, start = start_of(20), np.random.default_rng(5).standard_normal((6, 2))
    given = np.random.default_rng(6).uniform(0.5, 2, (6, 20))

    def stress(points: np.ndarray) -> np.ndarray:
        return ((np.linalg.norm(points[:, None] - old, axis=2) - given) ** 2).sum(axis=1)

    trace = [stress(place(given, old, start, steps=steps)) for steps in range(12)]
    assert (np.diff(trace, axis=0) <= 1e-12).all()
