import csv
from collections import Counter

import numpy as np
import pytest
from matplotlib.image import imread

from pyrnnsim.demo import planted_population, run_demo
from pyrnnsim.groups import infer_groups

NETWORKS = 24
PAIRS = NETWORKS * (NETWORKS - 1) // 2


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "new"
    folder.mkdir()
    (folder / "mine.txt").write_text("untouched")
    said = []
    comparison = run_demo(folder, networks=NETWORKS, seed=1, n_jobs=2, say=said.append)
    return folder, comparison, comparison.files, said


def test_population_has_four_equal_groups_named_by_their_networks():
    population = planted_population(16)
    assert Counter(population.groups) == {f"solution{letter} {kind}": 4 for letter in "AB" for kind in ("tanh", "relu")}
    assert infer_groups(population.names) == population.groups
    assert len(set(population.names)) == 16


def test_population_mixes_widths_within_groups():
    population = planted_population(16)
    assert {rep.shape for rep in population.reps} == {(1000, 48), (1000, 64), (1000, 96)}
    assert {rep.dtype for rep in population.reps} == {np.dtype(np.float32)}
    widths = {(group, rep.shape[1]) for group, rep in zip(population.groups, population.reps, strict=True)}
    assert len(widths) == 12
    assert all(f"_{rep.shape[1]}_" in name for name, rep in zip(population.names, population.reps, strict=True))


def test_units_are_of_the_kind_their_name_tells():
    for name, rep in zip(planted_population(8).names, planted_population(8).reps, strict=True):
        assert (rep.max() > 2) == ("relu" in name)
        assert (rep.min() < -0.5) == ("tanh" in name)


def test_population_follows_from_its_seed():
    first, again, other = (planted_population(4, seed=seed).reps for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"networks": 3}, "networks must be at least 4.*got 3"), ({"seed": -1}, "seed must be at least 0, got -1")],
)
def test_bad_numbers_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        planted_population(**arguments)


def test_the_planted_groups_are_found(result):
    _, comparison, _, _ = result
    rows = {row.measure: row for row in comparison.rows}
    assert list(rows) == ["cca", "svcca", "pwcca", "cka", "procrustes", "cka_rbf", "rsa"]
    for measure in ("cca", "svcca", "pwcca", "procrustes"):
        assert rows[measure].nn_accuracy >= 0.9
        assert rows[measure].silhouette > 0.1
    for row in comparison.rows:
        assert row.nn_chance == pytest.approx(5 / 23)
        assert row.nn_accuracy > row.nn_chance
        assert row.within_mean < row.between_mean
        assert 0 < row.stress < 0.6
        assert row.ms_per_pair > 0


def test_the_embedding_separates_the_groups(result):
    _, comparison, _, _ = result
    groups = np.array(comparison.groups)
    points = comparison.embeddings["pwcca"].coordinates
    centres = np.array([points[groups == group].mean(axis=0) for group in dict.fromkeys(groups)])
    nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
    assert (np.array(list(dict.fromkeys(groups)))[nearest] == groups).all()


def test_files_are_written_and_others_left(result):
    folder, comparison, files, _ = result
    expected = {
        "matrix.png",
        "embedding.png",
        "dendrogram.png",
        "summary.csv",
        "networks.csv",
        "report.txt",
        "report.html",
    }
    expected |= {f"distances-{measure}.npy" for measure in comparison.distances}
    assert {file.name for file in files} == expected
    assert {child.name for child in folder.iterdir()} == expected | {"mine.txt"}
    assert (folder / "mine.txt").read_text() == "untouched"


def test_pictures_are_a_page_wide_and_not_blank(result):
    folder, *_ = result
    for name in ("matrix.png", "embedding.png", "dendrogram.png"):
        pixels = imread(folder / name)
        assert pixels.shape[1] == 1400
        assert 0.02 < (pixels[..., :3].min(axis=2) < 0.95).mean() < 0.7


def test_matrices_read_back(result):
    folder, comparison, *_ = result
    for measure, values in comparison.distances.items():
        stored = np.load(folder / f"distances-{measure}.npy")
        np.testing.assert_array_equal(stored, np.asarray(values))
        assert stored.shape == (NETWORKS, NETWORKS)
        assert stored.dtype == np.float64


def test_tables_read_back(result):
    folder, comparison, *_ = result
    with (folder / "summary.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["measure"] for row in rows] == list(comparison.distances)
    assert [row["measures_in_pass"] for row in rows] == ["5"] * 5 + ["1", "1"]
    with (folder / "networks.csv").open() as handle:
        networks = list(csv.DictReader(handle))
    assert [row["name"] for row in networks] == list(comparison.names)
    assert [row["group"] for row in networks] == list(comparison.groups)
    assert (folder / "report.txt").read_text().count(f"{NETWORKS} networks") == 7


def test_the_speed_is_told(result):
    *_, said = result
    assert said[0] == f"{NETWORKS} networks of 48, 64 or 96 units, 1,000 samples, 4 planted groups"
    assert said[1].startswith(f"{PAIRS} pairs by 5 measures in one pass of ")
    assert "pairs per second" in said[1]
