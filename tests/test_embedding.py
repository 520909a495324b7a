import dataclasses
import time

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.distance import pdist, squareform
from threadpoolctl import threadpool_limits

from pyrnnsim.embedding import distance_table, embed

# Both sides of the size from which the iterative eigensolver takes over.
SIZES = (7, 60, 260)


def points(count: int, dimensions: int = 2, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, dimensions)) * np.arange(1, dimensions + 1)[::-1]


def euclidean(coordinates: np.ndarray) -> np.ndarray:
    return squareform(pdist(coordinates))


@pytest.mark.parametrize("count", SIZES)
def test_recovers_a_planted_configuration_up_to_rotation(count):
    planted = points(count)
    planted -= planted.mean(axis=0)
    found = embed(euclidean(planted))
    rotation, _ = orthogonal_procrustes(found.coordinates, planted)
    np.testing.assert_allclose(found.coordinates @ rotation, planted, atol=1e-9)
    assert found.stress < 1e-9
    assert found.point_stress.max() < 1e-8
    assert found.eigenvalue_share.sum() == pytest.approx(1.0)
    assert found.eigenvalue_share[0] > found.eigenvalue_share[1] > 0
    assert found.method == "classical"


@pytest.mark.parametrize("count", SIZES)
def test_equals_the_definition(count):
    """Eigenvectors of -1/2 J D^2 J, scaled by the roots of their eigenvalues; stress as a plain double loop."""
    distances = euclidean(points(count, dimensions=9)) ** 0.7  # not the distances of any plane
    centring = np.eye(count) - 1 / count
    values, vectors = np.linalg.eigh(-0.5 * centring @ distances**2 @ centring)
    expected = vectors[:, [-1, -2, -3]] * np.sqrt(values[[-1, -2, -3]])
    found = embed(distances, dimensions=3)
    np.testing.assert_allclose(np.abs(found.coordinates), np.abs(expected), atol=1e-7)
    np.testing.assert_allclose(found.eigenvalue_share, values[[-1, -2, -3]] ** 2 / (values**2).sum(), atol=1e-9)
    shown = euclidean(found.coordinates)
    above = np.triu_indices(count, 1)
    stress = np.sqrt(((shown - distances)[above] ** 2).sum() / (distances[above] ** 2).sum())
    assert found.stress == pytest.approx(stress, rel=1e-9)
    worst = int(np.argmax(found.point_stress))
    per_point = np.sqrt(((shown - distances)[worst] ** 2).sum() / (distances[worst] ** 2).sum())
    assert found.point_stress[worst] == pytest.approx(per_point, rel=1e-9)


@pytest.mark.parametrize("count", SIZES)
def test_largest_coordinate_is_positive_and_result_repeats(count):
    distances = euclidean(points(count, dimensions=4))
    first, second = embed(distances), embed(distances.copy())
    np.testing.assert_array_equal(first.coordinates, second.coordinates)
    largest = np.abs(first.coordinates).argmax(axis=0)
    assert (first.coordinates[largest, [0, 1]] > 0).all()


def test_sign_of_a_symmetric_pair_does_not_depend_on_rounding():
    found = embed([[0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_allclose(found.coordinates, [[0.5, 0.0], [-0.5, 0.0]], atol=1e-12)


def test_reordering_the_networks_reorders_the_points():
    distances = euclidean(points(40, dimensions=5))
    order = np.random.default_rng(1).permutation(40)
    np.testing.assert_allclose(
        embed(distances[np.ix_(order, order)]).coordinates, embed(distances).coordinates[order], atol=1e-10
    )


def test_one_network():
    found = embed([[0.0]])
    np.testing.assert_array_equal(found.coordinates, [[0.0, 0.0]])
    assert (found.stress, found.point_stress.tolist()) == (0.0, [0.0])


@pytest.mark.parametrize("count", [3, 300])
def test_identical_networks_fall_on_one_point(count):
    found = embed(np.zeros((count, count)))
    assert not found.coordinates.any()
    assert found.stress == 0.0


def test_more_dimensions_than_the_data_have_are_zero():
    found = embed(euclidean(np.arange(6.0)[:, None]), dimensions=4)
    assert np.ptp(found.coordinates[:, 0]) == pytest.approx(5.0)
    assert not found.coordinates[:, 1:].any()


@pytest.mark.parametrize("scale", [1e-160, 1e160])
def test_scale_of_the_distances_carries_through(scale):
    planted = points(30, dimensions=3)
    small, large = embed(euclidean(planted)), embed(scale * euclidean(planted))
    np.testing.assert_allclose(large.coordinates / scale, small.coordinates, rtol=1e-9, atol=1e-12)
    assert large.stress == pytest.approx(small.stress, rel=1e-9)


def test_skipped_networks_get_nan_and_change_nothing_else():
    distances = euclidean(points(8, dimensions=3))
    holes = np.insert(np.insert(distances, [2, 5], np.nan, axis=0), [2, 5], np.nan, axis=1)
    found, whole = embed(holes), embed(distances)
    present = ~np.isnan(found.coordinates[:, 0])
    assert np.flatnonzero(~present).tolist() == [2, 6]
    np.testing.assert_array_equal(found.coordinates[present], whole.coordinates)
    assert np.isnan(found.point_stress).tolist() == (~present).tolist()
    assert found.stress == whole.stress


def test_skipped_rows_with_a_zero_diagonal_are_skipped_too():
    holes = euclidean(points(5))
    holes[3, :] = holes[:, 3] = np.nan
    holes[3, 3] = 0.0
    assert np.isnan(embed(holes).coordinates).all(axis=1).tolist() == [False, False, False, True, False]


def test_input_is_not_modified_and_may_be_read_only():
    distances = euclidean(points(12))
    distances[0, 1] += 1e-14  # rounding, not asymmetry
    copy = distances.copy()
    distances.setflags(write=False)
    embed(distances)
    np.testing.assert_array_equal(distances, copy)


def test_result_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        embed([[0.0]]).stress = 1.0


def test_full_size_of_the_2019_study_is_cheap():
    rng = np.random.default_rng(0)
    centres = 5 * rng.standard_normal((8, 50))
    distances = euclidean(centres[rng.integers(8, size=2880)] + rng.standard_normal((2880, 50)))
    start = time.process_time()  # other processes on the machine do not count
    embed(distances)
    assert time.process_time() - start < 2.5  # 0.4 alone; a full spectrum takes 10


@pytest.mark.parametrize("count", SIZES)
def test_bits_do_not_depend_on_the_number_of_threads(count):
    distances = euclidean(points(count, dimensions=6))
    results = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            results.append(embed(distances))
    np.testing.assert_array_equal(results[0].coordinates, results[1].coordinates)
    np.testing.assert_array_equal(results[0].eigenvalue_share, results[1].eigenvalue_share)


@pytest.mark.parametrize(
    ("distances", "message"),
    [
        (np.zeros((3, 4)), r"square \(K, K\) matrix, got shape \(3, 4\)"),
        (np.zeros(6), r"vector of 6; .*squareform"),
        (np.zeros((2, 2, 2)), r"got shape \(2, 2, 2\)"),
        (np.zeros((0, 0)), r"at least one network"),
        ([[0.0, 1.0], [2.0, 0.0]], r"\[0, 1\] is 1 but distances\[1, 0\] is 2, .*side='mean'"),
        ([[0.0, -1.0], [-1.0, 0.0]], r"\[0, 1\] is -1, expected a distance >= 0"),
        ([[1.0, 0.5], [0.5, 1.0]], r"\[0, 0\] is 1, expected 0 on the diagonal; pass 1 - similarity"),
        ([[0.0, np.inf], [np.inf, 0.0]], r"\[0, 1\] is inf"),
        (np.full((2, 2), np.nan), r"all 2 networks were skipped"),
        ([[0.0, 1.0, np.nan], [1.0, 0.0, 1.0], [np.nan, 1.0, 0.0]], r"\[0, 2\] is nan.*whole rows"),
    ],
)
def test_bad_matrices_are_refused(distances, message):
    with pytest.raises(ValueError, match=message):
        embed(distances)


def test_errors_count_skipped_networks_and_name_the_pair():
    class Named(np.ndarray):
        report = dataclasses.make_dataclass("Report", ["names"])(("a", "b", "c"))

    distances = np.array([[np.nan] * 3, [np.nan, 0.0, 1.0], [np.nan, 2.0, 0.0]]).view(Named)
    with pytest.raises(ValueError, match=r"distances\[1, 2\] \('b', 'c'\) is 1 but distances\[2, 1\] is 2"):
        embed(distances)


@pytest.mark.parametrize("distances", [np.zeros((2, 2), complex), [["a", "b"], ["c", "d"]], None])
def test_other_types_are_refused(distances):
    with pytest.raises(TypeError, match="embed: distances must be a real"):
        embed(distances)


@pytest.mark.parametrize(
    ("dimensions", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)]
)
def test_bad_dimensions_are_refused(dimensions, error):
    with pytest.raises(error, match="dimensions must be an integer >= 1, got"):
        embed([[0.0]], dimensions=dimensions)


def test_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method must be 'classical' or 'smacof', got 'isomap'"):
        embed([[0.0]], method="isomap")


def test_distance_table_is_exactly_symmetric_with_zero_diagonal():
    distances = euclidean(points(6))
    distances[1, 2] *= 1 + 1e-13
    np.fill_diagonal(distances, 1e-12)
    table, kept = distance_table(distances, caller="here")
    assert (table == table.T).all()
    assert not np.diagonal(table).any()
    assert kept.tolist() == list(range(6))
