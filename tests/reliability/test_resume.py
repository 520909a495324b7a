"""Comparisons written to a file survive what happens to processes, disks and users, and never mix two runs."""

import os
import random
import re
import signal

import numpy as np
import pytest
from reliability.runs import RUNS, Server, interrupt, matrices, reps, small_tiles, tiles

import pyrnnsim
from pyrnnsim.similarity.tiles import TileStore

pytestmark = pytest.mark.usefixtures("cut_small")


KILLS = 4  # of every run


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    assert server.close() == ""


@pytest.fixture(scope="module")
def expected():
    with small_tiles():
        return {name: matrices(run(None)) for name, run in RUNS.items()}


def files(path):
    """The matrices that are complete, by measure."""
    return {file.stem.partition("-")[2]: np.load(file, allow_pickle=False) for file in path.parent.glob("d*.npy")}


def check(found, wanted):
    assert found.keys() == wanted.keys()
    for name, matrix in wanted.items():
        np.testing.assert_array_equal(found[name], matrix)


def empty(folder):
    for file in folder.iterdir():
        file.unlink()
    return {}


def count_saves(monkeypatch):
    original, saved = TileStore.save, []
    monkeypatch.setattr(TileStore, "save", lambda self, i, j, x: (saved.append((i, j)), original(self, i, j, x)))
    return saved


@pytest.mark.parametrize("name", RUNS)
def test_killed_at_random_moments_the_file_has_the_bits_of_an_uninterrupted_run(name, server, path, expected):
    status, whole = server.run(name, path)
    assert status == 0
    check(files(path), expected[name])
    assert not tiles(path)
    empty(path.parent)
    rng, killed, attempts, done = random.Random(name), 0, 0, {}
    while killed < KILLS and attempts < 40:
        attempts += 1
        status, _ = server.run(name, path, signal.SIGKILL, rng.uniform(0, 0.7 * whole))
        assert status in (0, -signal.SIGKILL)
        killed += status != 0
        now = tiles(path)
        lost = {file.rpartition("/")[2] for file, stamp in done.items() if now.get(file) != stamp}
        assert len(lost) <= 1 or files(path), "more than the tile that was being written is gone or was computed again"
        done = now
        if status == 0:
            check(files(path), expected[name])
            done = empty(path.parent)
    assert killed == KILLS
    assert server.run(name, path)[0] == 0
    check(files(path), expected[name])
    assert all(file.suffix == ".npy" for file in path.parent.iterdir())


def test_several_measures_give_one_file_each(path, expected):
    made = pyrnnsim.pairwise(reps(), out=path)
    check(matrices(made), expected["pairwise"])
    assert sorted(os.listdir(path.parent)) == [f"d-{name}.npy" for name in sorted(made)]
    assert {name: one.report.metric for name, one in made.items()} == {name: name for name in made}


@pytest.mark.parametrize("name", RUNS)
def test_the_report_is_complete_after_a_resume(name, path):
    def facts(made):
        made = made if isinstance(made, dict) else {"": made}
        skipped = {"seconds", "n_jobs"}
        return {k: {f: v for f, v in vars(one.report).items() if f not in skipped} for k, one in made.items()}

    interrupt(lambda: RUNS[name](path))
    resumed, whole = facts(RUNS[name](path)), facts(RUNS[name](None))
    for metric, report in whole.items():
        np.testing.assert_equal(resumed[metric], report)


def test_ties_and_second_looks_are_in_the_report_after_a_resume(path):
    single = [x.astype(np.float32) for x in reps()]
    whole = pyrnnsim.pairwise_pwcca(single).report
    assert whole.refined > 0 and len(pyrnnsim.pairwise_pwcca(reps()).report.ambiguous)
    interrupt(lambda: pyrnnsim.pairwise_pwcca(single, out=path), 12)
    resumed = pyrnnsim.pairwise_pwcca(single, out=path).report
    assert resumed.refined == whole.refined
    np.testing.assert_array_equal(resumed.ambiguous, whole.ambiguous)


CHANGES = [
    (lambda x: {"reps": [*x[:3], x[3] + 1e-12, *x[4:]]}, r"reps\[3\] \('3'\) changed"),
    (lambda x: {"reps": x[:-1]}, r"reps had 12 networks, now 11"),
    (lambda x: {"reps": x[::-1]}, r"reps\[0\] \('0'\) changed"),
    (lambda x: {"names": [f"n{k}" for k in range(12)]}, r"reps\[0\] was named '0', now 'n0'"),
    (lambda x: {"calibrated": True}, r"options\.calibrated was False, now True"),
    (lambda x: {"calibrated": np.full((12, 12), 0.1)}, r"options\.calibrated was False, now "),
    (lambda x: {"dtype": "float32"}, r"dtype was 'float64', now 'float32'"),
    (lambda x: {"metric": "procrustes"}, "metric was '(cca|svcca|cka|rsa)', now 'procrustes'"),
]
BASE = {
    "cca": {"metric": "cca"},
    "rbf": {"metric": "cka", "kernel": "rbf"},
    "rsa": {"metric": "rsa"},
}


@pytest.mark.parametrize(("change", "text"), CHANGES, ids=[text[:20] for _, text in CHANGES])
@pytest.mark.parametrize("base", BASE)
def test_tiles_of_another_comparison_are_refused_and_kept(base, change, text, path):
    given = {"reps": reps(), "max_memory": "1MB", "out": path, **BASE[base]}
    interrupt(lambda: pyrnnsim.pairwise_distances(**given), 4 if base == "cca" else 0)
    kept = tiles(path)
    changed = given | change(given["reps"])
    if changed["metric"] == "procrustes":
        changed.pop("kernel", None)
    with pytest.raises(
        ValueError, match=rf"^out: .*d\.npy\.tiles holds the tiles of another run: .*{text}.*choose another out"
    ):
        pyrnnsim.pairwise_distances(**changed)
    assert tiles(path) == kept
    np.testing.assert_array_equal(
        pyrnnsim.pairwise_distances(**given), pyrnnsim.pairwise_distances(**given | {"out": None})
    )


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ({"metric": "svcca"}, {"metric": "svcca", "variance": 0.9}, r"options\.variance was 0\.95, now 0\.9"),
        ({"metric": "pwcca"}, {"metric": "pwcca", "side": "first"}, r"options\.side was 'mean', now 'first'"),
        ({"metric": "pwcca"}, {"metric": "pwcca", "norm": "l2"}, r"options\.norm was 'l1', now 'l2'"),
        (
            {"metric": "pwcca"},
            {"metric": "pwcca", "definition": "google"},
            r"options\.definition was 'paper', now 'google'",
        ),
        ({"metric": "cka"}, {"metric": "cka", "debiased": True}, r"options\.debiased was False, now True"),
        (
            {"metric": "cka:kernel=rbf"},
            {"metric": "cka:kernel=rbf,bandwidth=2"},
            r"options\.bandwidth was 'median', now 2",
        ),
        ({"metric": "rsa"}, {"metric": "rsa:compare=pearson"}, r"options\.compare was 'spearman', now 'pearson'"),
    ],
)
def test_another_option_of_the_measure_is_refused(first, second, text, path):
    interrupt(lambda: pyrnnsim.pairwise_distances(reps(), out=path, **first), 0)
    with pytest.raises(ValueError, match=rf"^out: .*{text}"):
        pyrnnsim.pairwise_distances(reps(), out=path, **second)


def test_another_function_of_the_user_is_not_mixed_with_the_first(path):
    interrupt(lambda: pyrnnsim.pairwise_distances(reps(), metric=lambda x, y: 1.0, out=path))
    try:
        made = pyrnnsim.pairwise_distances(reps(), metric=lambda x, y: 2.0, out=path)
    except ValueError as refusal:
        assert re.search("metric|function", str(refusal))
    else:
        assert (made[~np.eye(12, dtype=bool)] == 2.0).all()


@pytest.mark.parametrize("name", ["pairwise", "sided", "rbf", "rsa"])
def test_memory_and_threads_may_differ_between_runs(name, path, expected, monkeypatch):
    interrupt(lambda: RUNS[name](path))
    saved, done = count_saves(monkeypatch), len(tiles(path))
    monkeypatch.setattr("pyrnnsim._options.available_memory", lambda: 200_000_000)
    monkeypatch.setattr("pyrnnsim.similarity.plan._TILE_COLUMNS", 16)
    check(matrices(RUNS[name](path)), expected[name])
    assert done and saved


def test_stopped_between_two_files_no_tile_is_computed_twice(path, expected, monkeypatch):
    original, written = TileStore.write, []

    def write(self, assemble):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(self)
        return original(self, assemble)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TileStore, "write", write)
        with pytest.raises(KeyboardInterrupt):
            pyrnnsim.pairwise(reps(), out=path)
    saved = count_saves(monkeypatch)
    check(matrices(pyrnnsim.pairwise(reps(), out=path)), expected["pairwise"])
    assert not saved


def test_killed_while_tiles_are_removed_it_goes_on_with_other_memory(path, expected, monkeypatch):
    clear, cleared = TileStore.clear, []

    def killed(self):
        if cleared:
            raise KeyboardInterrupt
        cleared.append(self.path)
        return clear(self)

    with monkeypatch.context() as patch:
        patch.setattr(TileStore, "clear", killed)
        with pytest.raises(KeyboardInterrupt):
            RUNS["pairwise"](path)
    assert tiles(path)
    monkeypatch.setattr("pyrnnsim.similarity.plan._TILE_COLUMNS", 20)
    check(matrices(RUNS["pairwise"](path)), expected["pairwise"])
