"""Arrays (conditions, time, units): what their rows are, and which do not fit together."""

import numpy as np
import pytest
from safetensors.numpy import save_file

import pyrnnsim
from pyrnnsim.comparison.recordings import open_arrays
from pyrnnsim.comparison.run import compare_files

CONDITIONS, STEPS = 6, 20


@pytest.fixture
def recordings(rng):
    shared = rng.normal(size=(CONDITIONS, STEPS, 3))
    return [shared @ rng.normal(size=(3, n)) + 0.1 * rng.normal(size=(CONDITIONS, STEPS, n)) for n in (5, 8, 5)]


def save(folder, arrays):
    paths = [folder / f"animal_{k}.npy" for k in range(len(arrays))]
    for path, array in zip(paths, arrays, strict=True):
        np.save(path, array)
    return paths


def test_rows_are_conditions_and_times_in_c_order(tmp_path, recordings):
    paths = save(tmp_path, [recordings[0], np.asfortranarray(recordings[1])])
    save_file({"states": recordings[2]}, tmp_path / "more.safetensors")
    opened, names = open_arrays([*paths, tmp_path / "more.safetensors"])
    assert names == ["animal_0", "animal_1", "more"]
    for rows, array in zip(opened, recordings, strict=True):
        flat = array.reshape(CONDITIONS * STEPS, -1)
        assert rows.shape == flat.shape
        np.testing.assert_array_equal(rows[3:50], flat[3:50])
        np.testing.assert_array_equal(np.asarray(rows), flat)


def test_distances_are_those_of_the_flattened_arrays(tmp_path, recordings, dtype):
    arrays = [array.astype(dtype) for array in recordings]
    made = compare_files(save(tmp_path, arrays), tmp_path / "out", measures=("svcca", "cka"), n_jobs=1)
    expected = pyrnnsim.pairwise([a.reshape(-1, a.shape[2]) for a in arrays], measures=("svcca", "cka"), n_jobs=1)
    for measure, values in expected.items():
        np.testing.assert_array_equal(np.asarray(made.distances[measure]), np.asarray(values))
    assert made.distances["cka"].report.dtype == np.dtype(dtype).name
    assert [row["units"] for row in made.networks] == [5, 8, 5]


def test_several_recordings_in_one_file_of_safetensors(tmp_path, recordings):
    save_file({f"animal{k}": array for k, array in enumerate(recordings)}, tmp_path / "all.safetensors")
    made = compare_files([tmp_path / "all.safetensors"], tmp_path / "out", n_jobs=1)
    assert list(made.names) == ["all/animal0", "all/animal1", "all/animal2"]


def test_files_of_one_name_are_told_apart(tmp_path, recordings):
    for name in "ab":
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "x.npy", recordings[0])
    _, names = open_arrays([tmp_path / "a" / "x.npy", tmp_path / "b" / "x.npy"])
    assert names == [f"{tmp_path.as_posix()}/{name}/x.npy" for name in "ab"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda a: a[:5],
            r"_0.npy has shape \(6, 20, 5\) and .*_2.npy has shape \(5, 20, 5\); expected the same 6 cond",
        ),
        (lambda a: a[:, :19], r"_2.npy has shape \(6, 19, 5\); expected the same 6 conditions and 20 steps"),
        (lambda a: a.reshape(12, 10, 5), r"_2.npy has shape \(12, 10, 5\); expected the same 6"),  # as many rows
        (lambda a: a.reshape(120, 5), r"_2.npy has shape \(120, 5\); expected .* in all: .* x.reshape\(6, 20, -1\)"),
        (lambda a: a[None], r"has shape \(1, 6, 20, 5\)"),
        (lambda a: a[:, :0], r"no samples"),
        (lambda a: a[:, :, :0], r"shape \(120, 0\): no units"),
    ],
)
def test_recordings_that_do_not_fit_are_named_with_their_shapes(tmp_path, recordings, change, message):
    recordings[2] = change(recordings[2])
    with pytest.raises(ValueError, match=message):
        compare_files(save(tmp_path, recordings), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_nan_is_refused_or_left_out(tmp_path, recordings):
    recordings[1][2, 3, 4] = np.nan
    paths = save(tmp_path, recordings)
    with pytest.raises(ValueError, match=r"'animal_1'\) holds nan at row 43, unit 4"):
        compare_files(paths, tmp_path / "out", n_jobs=1)
    made = compare_files(paths, tmp_path / "out", n_jobs=1, nan_policy="skip")
    assert np.isnan(np.asarray(made.distances["cka"])[1]).all()
    assert (tmp_path / "out" / "report.html").is_file()


def test_one_condition_and_one_step(tmp_path, recordings):
    for cut in (np.s_[:1, :, :2], np.s_[:, :1, :2]):
        made = compare_files(save(tmp_path, [a[cut] for a in recordings]), tmp_path / "out", measures=["cka"], n_jobs=1)
        assert np.isfinite(np.asarray(made.distances["cka"])).all()
