import numpy as np
import pytest

from pyrnnsim.separation import separation


def naive_silhouette(distances, groups):
    values = []
    for i, group in enumerate(groups):
        own = [distances[i, j] for j in range(len(groups)) if j != i and groups[j] == group]
        if not own:
            values.append(0.0)
            continue
        others = {other: [distances[i, j] for j in range(len(groups)) if groups[j] == other] for other in set(groups)}
        b = min(np.mean(d) for other, d in others.items() if other != group)
        a = np.mean(own)
        values.append((b - a) / max(a, b))
    return np.mean(values)


def test_numbers_of_a_small_example():
    distances = np.array([[0, 1, 4, 5], [1, 0, 3, 6], [4, 3, 0, 2], [5, 6, 2, 0]], float)
    found = separation(distances, ["a", "a", "b", "b"])
    assert found.within == pytest.approx(1.5)
    assert found.between == pytest.approx(4.5)
    assert found.accuracy == 1.0
    assert found.chance == pytest.approx(4 / 12)


def test_silhouette_equals_the_definition():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2))
    distances = np.linalg.norm(x[:, None] - x, axis=2)
    groups = [*"abc" * 9, "a", "b", "alone"]
    assert separation(distances, groups).silhouette == pytest.approx(naive_silhouette(distances, groups), abs=1e-12)


def test_equally_near_neighbours_share_the_vote():
    distances = np.array([[0, 1, 1], [1, 0, 2], [1, 2, 0]], float)
    assert separation(distances, ["a", "a", "b"]).accuracy == pytest.approx((0.5 + 1 + 0) / 3)


def test_chance_is_the_mean_accuracy_of_shuffled_groups():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(12, 3))
    distances = np.linalg.norm(x[:, None] - x, axis=2)
    groups = np.array(["a"] * 7 + ["b"] * 5)
    shuffled = [separation(distances, rng.permutation(groups).tolist()).accuracy for _ in range(2000)]
    found = separation(distances, groups.tolist()).chance
    assert found == pytest.approx((7 * 6 + 5 * 4) / (12 * 11))
    assert np.mean(shuffled) == pytest.approx(found, abs=0.02)


def test_skipped_networks_do_not_count():
    distances = np.array([[0, 1, 4], [1, 0, 4], [4, 4, 0]], float)
    holes = np.insert(np.insert(distances, 1, np.nan, axis=0), 1, np.nan, axis=1)
    assert separation(holes, ["a", "b", "a", "c"]) == separation(distances, ["a", "a", "c"])


def test_one_group_has_no_outside():
    found = separation(np.array([[0.0, 2.0], [2.0, 0.0]]), ["a", "a"])
    assert (found.within, found.accuracy, found.chance) == (2.0, 1.0, 1.0)
    assert np.isnan(found.between)
    assert np.isnan(found.silhouette)


def test_one_network_has_no_neighbour():
    found = separation(np.zeros((1, 1)), ["a"])
    assert np.isnan([found.within, found.accuracy, found.chance]).all()


def test_wrong_number_of_groups_is_refused():
    with pytest.raises(ValueError, match="groups has 1 labels, expected one for each of 2 networks"):
        separation(np.zeros((2, 2)), ["a"])
