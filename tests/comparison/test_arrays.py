import numpy as np
import pytest
from safetensors.numpy import save_file

import pyrnnsim
from pyrnnsim.comparison.run import compare_files
from pyrnnsim.comparison.sources import find_files
from pyrnnsim.demo import planted_population

NETWORKS = 8
MEASURES = ("svcca", "cka")


@pytest.fixture(scope="module")
def population():
    return planted_population(NETWORKS)


@pytest.fixture
def states(tmp_path, population):
    """A directory with half of the networks as .npy and half as .safetensors."""
    folder = tmp_path / "states"
    folder.mkdir()
    for i, (name, rep) in enumerate(zip(population.names, population.reps, strict=True)):
        if i % 2:
            np.save(folder / f"{name}.npy", rep)
        else:
            save_file({"states": rep}, folder / f"{name}.safetensors")
    (folder / "notes.txt").write_text("not a network")
    return folder


def compare(sources, out, **options):
    said = []
    arguments = {"measures": MEASURES, "groups": None, "n_jobs": 1} | options
    comparison = compare_files(sources, out, say=said.append, **arguments)
    return comparison, comparison.files, said


def test_a_directory_gives_the_matrices_of_its_arrays(states, tmp_path, population):
    comparison, files, said = compare([states], tmp_path / "deep" / "out")
    order = np.argsort(population.names)
    expected = pyrnnsim.pairwise([population.reps[i] for i in order], measures=MEASURES)
    assert list(comparison.names) == sorted(population.names)
    assert comparison.groups == [population.groups[i] for i in order]
    for measure in MEASURES:
        np.testing.assert_array_equal(np.asarray(comparison.distances[measure]), np.asarray(expected[measure]))
    assert all(file.parent == tmp_path / "deep" / "out" and file.is_file() for file in files)
    assert said[0].startswith(
        "8 array files: 8 networks, 1,000 samples, 48 to 64 units; 4 groups: solutionA relu (2), "
    )


def test_files_keep_the_order_given(states, tmp_path):
    chosen = sorted(states.glob("*.npy"))[::-1]
    comparison, _, _ = compare(chosen, tmp_path / "out")
    assert list(comparison.names) == [path.stem for path in chosen]


def test_options_reach_the_measures(states, tmp_path):
    one, _, _ = compare([states], tmp_path / "one", n_components=1)
    many, _, _ = compare([states], tmp_path / "many", variance=0.999)
    assert (np.asarray(one.distances["svcca"]) != np.asarray(many.distances["svcca"])).any()
    double, _, _ = compare([states], tmp_path / "double", dtype="float64")
    assert double.distances["cka"].report.dtype == "float64"


def test_groups_by_pattern_and_by_the_table_of_an_earlier_run(states, tmp_path):
    first, files, _ = compare([states], tmp_path / "one", groups="_(tanh|relu)_")
    assert sorted(first.groups) == ["relu"] * 4 + ["tanh"] * 4
    table = next(str(file) for file in files if file.name == "networks.csv")
    second, _, _ = compare([states], tmp_path / "two", groups=table)
    assert second.groups == first.groups
    assert [row.nn_accuracy for row in second.rows] == [row.nn_accuracy for row in first.rows]


def test_networks_without_groups(tmp_path, population):
    paths = [tmp_path / f"{i}.npy" for i in range(3)]
    for path, rep in zip(paths, population.reps, strict=False):
        np.save(path, rep)
    comparison, files, said = compare(paths, tmp_path / "out")
    assert comparison.groups is None
    assert said[0].endswith("no groups (their names tell none; see --groups)")
    assert np.isnan(comparison.rows[0].nn_accuracy)
    assert (tmp_path / "out" / "networks.csv").read_text() == "name,group\n0,\n1,\n2,\n"
    assert len(files) == 7 + len(MEASURES)


def test_one_network_is_a_picture_too(tmp_path, population):
    np.save(tmp_path / "only.npy", population.reps[0])
    comparison, _, _ = compare([tmp_path / "only.npy"], tmp_path / "out")
    assert np.asarray(comparison.distances["cka"]).tolist() == [[0.0]]


def test_a_second_run_replaces_its_own_files_only(states, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.npy").write_bytes(b"mine")
    _, files, _ = compare([states], out)
    before = (out / "networks.csv").read_text()
    compare([states], out, groups="_(tanh|relu)_")
    assert (out / "networks.csv").read_text() != before
    assert {child.name for child in out.iterdir()} == {file.name for file in files} | {"mine.npy"}
    assert (out / "mine.npy").read_bytes() == b"mine"


def test_an_interrupted_run_is_continued_and_tells_no_speed(states, tmp_path, monkeypatch):
    whole, _, _ = compare([states], tmp_path / "whole")

    def interrupt(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pyrnnsim.similarity.tiles.TileStore.write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            compare([states], tmp_path / "out")
    assert (tmp_path / "out" / "distances-cka.npy.tiles").is_dir()
    with monkeypatch.context() as patch:
        patch.setattr("pyrnnsim.similarity.engine.TileEngine.compute", interrupt)  # nothing is left to compute
        comparison, _, said = compare([states], tmp_path / "out")
    assert said[1] == "continued an interrupted run, so its speed is not known"
    assert np.isnan(comparison.rows[0].ms_per_pair)
    for measure in MEASURES:
        np.testing.assert_array_equal(np.asarray(comparison.distances[measure]), np.asarray(whole.distances[measure]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "absent", "there is no file or directory '.*absent'"),
        (lambda folder: folder, "the directory '.*' holds no .npy, .safetensors, .pt or .pyrnnsim file"),
        (
            lambda folder: _touch(folder / "a.csv"),
            "'.*a.csv' is neither .npy, .safetensors, .pt nor .pyrnnsim; save arrays by numpy",
        ),
    ],
)
def test_sources_that_cannot_be_used_are_named(tmp_path, make, message):
    with pytest.raises(ValueError, match=message):
        find_files([str(make(tmp_path))])


def _touch(path):
    path.touch()
    return path


def test_directories_are_read_in_order_and_not_deeply(tmp_path):
    for name in ("b/2.npy", "b/1.safetensors", "b/deep/3.npy", "a/4.npy"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    save_file({"states": np.ones((4, 2))}, tmp_path / "b" / "1.safetensors")
    found = find_files([str(tmp_path / "b"), str(tmp_path / "a" / "4.npy")])
    assert [file.path.name for file in found] == ["1.safetensors", "2.npy", "4.npy"]


def test_bad_groups_are_found_before_any_work(states, tmp_path):
    with pytest.raises(ValueError, match="8 of 8 networks do not match"):
        compare([states], tmp_path / "out", groups="(nothing)")
    assert not (tmp_path / "out").exists()


def test_samples_that_differ_are_named(states, tmp_path):
    np.save(states / "zz_odd.npy", np.ones((7, 3), np.float32))
    with pytest.raises(ValueError, match=r"'zz_odd'\) has 7 samples, expected 1000"):
        compare([states], tmp_path / "out")
