"""A store of tiles loses nothing that was done and never takes damage for data."""

import errno
import itertools
import logging
import os
from pathlib import Path

import numpy as np
import pytest

from pyrnnsim.similarity.tiles import TileStore

TILES, SIDE = 3, 4
COUNT = TILES * SIDE
HEADER = {"metric": "pwcca", "names": ["a", "b", "x"], "digests": ["0", "1", "2"], "tile": SIDE}
ALL = list(itertools.product(range(TILES), repeat=2))


def tile(i, j):
    return np.random.default_rng([i, j]).normal(size=(SIDE, SIDE))


def whole():
    return np.block([[tile(i, j) for j in range(TILES)] for i in range(TILES)])


def open_store(path, **changes):
    return TileStore(path, (COUNT, COUNT), HEADER | changes)


def complete(path):
    """Run to the end, skipping what is done; returns the matrix and how many tiles were computed."""
    computed = 0
    with open_store(path) as store:
        for i, j in ALL:
            if not store.done(i, j):
                store.save(i, j, tile(i, j))
                computed += 1

        def assemble(matrix):
            for i, j in ALL:
                matrix[i * SIDE : (i + 1) * SIDE, j * SIDE : (j + 1) * SIDE] = store.load(i, j)

        return store.finish(assemble), computed


@pytest.fixture
def path(tmp_path):
    return tmp_path / "d.npy"


@pytest.fixture
def half_done(path):
    """A store that a run left behind after five tiles."""
    with open_store(path) as store:
        for i, j in ALL[:5]:
            store.save(i, j, tile(i, j))
    return path


def entries(folder):
    return sorted(entry.name for entry in folder.iterdir())


def tile_file(path, i, j):
    return path.with_name(path.name + ".tiles") / f"{i}_{j}.npy"


def test_fills_the_file_and_leaves_nothing_else(path):
    matrix, computed = complete(path)
    assert computed == 9 and isinstance(matrix, np.memmap) and not matrix.flags.writeable
    np.testing.assert_array_equal(matrix, whole())
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), whole())
    assert entries(path.parent) == ["d.npy"]


def test_goes_on_where_a_run_stopped(half_done):
    matrix, computed = complete(half_done)
    assert computed == 4
    np.testing.assert_array_equal(matrix, whole())


def test_the_file_does_not_depend_on_the_interruption(half_done, tmp_path):
    complete(half_done)
    complete(tmp_path / "other.npy")
    assert half_done.read_bytes() == (tmp_path / "other.npy").read_bytes()


def test_the_old_file_stays_until_the_new_one_is_complete(path):
    np.save(path, np.arange(3))
    with open_store(path) as store:
        store.save(0, 0, tile(0, 0))
        assert np.load(path).tolist() == [0, 1, 2]
    complete(path)
    np.testing.assert_array_equal(np.load(path), whole())


def test_the_unfinished_file_is_among_the_tiles_where_the_next_run_removes_it(path):
    seen = []
    with open_store(path) as store:
        store.finish(lambda matrix: seen.extend(entries(path.parent)))
    assert seen == ["d.npy.tiles"]


def test_what_nobody_fills_is_nan(path):
    with TileStore(path, (3, 70_000), HEADER) as store:
        matrix = store.finish(lambda values: values.__setitem__((1, 5), 2.5))
    assert matrix[1, 5] == 2.5 and np.isnan(matrix).sum() == 3 * 70_000 - 1


@pytest.mark.parametrize(
    "values", [np.arange(3), np.zeros((2, 0, 3), np.float32), np.float64(5), np.ones((4, 4)).T[::2]]
)
def test_a_tile_may_be_any_array(path, values):
    with open_store(path) as store:
        store.save(7, 12, values)
        read = store.load(7, 12)
    np.testing.assert_array_equal(read, values)
    assert read.dtype == values.dtype and read.flags.writeable


def test_objects_are_refused(path):
    with open_store(path) as store, pytest.raises(ValueError, match="Object arrays"):
        store.save(0, 0, np.array([{}]))


def test_a_tile_that_is_not_done_is_an_error(path):
    with open_store(path) as store, pytest.raises(ValueError, match=r"tile \(0, 1\) of .*d\.npy is not done"):
        store.load(0, 1)


def test_a_closed_store_says_so(path):
    with open_store(path) as store:
        pass
    with pytest.raises(ValueError, match=r"TileStore\.save: the store of .* is closed; open it again"):
        store.save(0, 0, tile(0, 0))
    with pytest.raises(ValueError, match=r"TileStore\.finish: the store of .* is closed"):
        store.finish(lambda matrix: None)


def test_paths_with_spaces_unicode_and_links(tmp_path):
    (tmp_path / "größe ∂").mkdir()
    (tmp_path / "link.npy").symlink_to(tmp_path / "größe ∂" / "d.npy")
    matrix, _ = complete(str(tmp_path / "link.npy"))
    np.testing.assert_array_equal(matrix, whole())
    assert (tmp_path / "link.npy").is_symlink() and entries(tmp_path / "größe ∂") == ["d.npy"]


# Damage


@pytest.mark.parametrize("length", [0, 1, 16, 31, 32, 33, 100, -17, -1])
def test_a_truncated_tile_is_computed_again(half_done, caplog, length):
    file = tile_file(half_done, 0, 1)
    file.write_bytes(file.read_bytes()[:length])
    with open_store(half_done) as store:
        assert [store.done(0, 0), store.done(0, 1)] == [True, False]
    assert "tile (0, 1) will be computed again" in caplog.text
    matrix, computed = complete(half_done)
    assert computed == 5
    np.testing.assert_array_equal(matrix, whole())


def test_bit_flips_make_a_tile_undone(half_done, caplog):
    caplog.set_level(logging.ERROR)
    file = tile_file(half_done, 0, 1)
    content = file.read_bytes()
    with open_store(half_done) as store:
        for bit in range(0, 8 * len(content), 7):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            file.write_bytes(changed)
            assert not store.done(0, 1)
        file.write_bytes(content)
        assert store.done(0, 1)


def test_damage_after_the_check_is_an_error_and_then_undone(half_done):
    with open_store(half_done) as store:
        assert store.done(0, 1)
        tile_file(half_done, 0, 1).write_bytes(b"")
        with pytest.raises(ValueError, match=r"0_1\.npy is damaged \(checksum\); delete it and run again"):
            store.load(0, 1)
        assert not store.done(0, 1)


def test_a_damaged_manifest_is_an_error(half_done):
    file = tile_file(half_done, 0, 0).with_name("manifest.json")
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(ValueError, match=r"manifest\.json is damaged.*; delete .*\.tiles and run again"):
        open_store(half_done)
    assert tile_file(half_done, 0, 0).exists()


def test_without_a_manifest_tiles_mean_nothing(half_done):
    tile_file(half_done, 0, 0).with_name("manifest.json").unlink()
    assert complete(half_done)[1] == 9


def test_strange_files_in_the_directory_are_left_alone(half_done):
    keep = tile_file(half_done, 0, 0).with_name("notes.txt")
    keep.write_text("mine")
    complete(half_done)
    assert keep.read_text() == "mine" and entries(keep.parent) == ["notes.txt"]


def test_left_over_temporary_files_are_removed(half_done):
    folder = tile_file(half_done, 0, 0).parent
    (folder / f".{'0' * 16}.tmp").write_bytes(b"half of a til")
    with open_store(half_done):
        assert not [name for name in entries(folder) if name.endswith(".tmp")]


# Other inputs


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"digests": ["0", "1", "new"]}, r"reps\[2\] \('x'\) changed"),
        ({"metric": "svcca"}, "metric was 'pwcca', now 'svcca'"),
        ({"tile": 5}, "tile was 4, now 5"),
        ({"names": ["a", "b"], "digests": ["0", "1"]}, "reps had 3 networks, now 2"),
    ],
)
def test_another_run_is_refused_and_nothing_lost(half_done, changes, text):
    with pytest.raises(ValueError, match=rf"d\.npy\.tiles holds the tiles of another run: {text}\. .*delete that dir"):
        open_store(half_done, **changes)
    assert complete(half_done)[1] == 4


def test_another_shape_is_refused(half_done):
    with pytest.raises(ValueError, match=r"shape was \[12, 12\], now \[12, 13\]"):
        TileStore(half_done, (12, 13), HEADER)


def test_the_stored_header_can_be_read_first(half_done, tmp_path):
    assert TileStore.stored_header(half_done)["tile"] == SIDE
    assert TileStore.stored_header(tmp_path / "other.npy") is None
    tile_file(half_done, 0, 0).with_name("manifest.json").write_text("{}")
    assert TileStore.stored_header(half_done) is None


# Places that cannot be written


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"out: cannot use .*none/d\.npy\.tiles: .*; create the dir.* first: '.*none'"
    ):
        open_store(tmp_path / "none" / "d.npy")


def test_a_file_in_the_place_of_the_directory_is_named(path):
    path.with_name("d.npy.tiles").write_text("mine")
    with pytest.raises(FileExistsError, match="a file has this name: choose another one"):
        open_store(path)
    assert path.with_name("d.npy.tiles").read_text() == "mine"


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a directory that even root cannot write")
def test_a_directory_that_cannot_be_written_is_named():
    with pytest.raises(
        OSError, match="out: cannot use /sys/kernel/d.npy.tiles: .*; (make the directory writable|choose a)"
    ):
        open_store("/sys/kernel/d.npy")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_is_named_and_its_tiles_are_kept(half_done):
    folder = tile_file(half_done, 0, 0).parent
    folder.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match="make the directory writable or choose another place"):
            open_store(half_done)
    finally:
        folder.chmod(0o700)
    assert complete(half_done)[1] == 4


@pytest.mark.parametrize("step", ["fsync", "replace", "unlink", "mkdir", "open"])
def test_a_failure_of_any_system_call_is_resumable(tmp_path, monkeypatch, step):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # 1000 of them, and no power cut here
    real = getattr(os, step)
    failures = 0
    for failing in itertools.count():
        folder = tmp_path / str(failing)
        folder.mkdir()
        calls = itertools.count()

        def limited(*arguments, calls=calls, failing=failing, **keywords):
            if next(calls) == failing:
                raise OSError(errno.ENOSPC, "full")
            return real(*arguments, **keywords)

        with monkeypatch.context() as patch:
            patch.setattr(os, step, limited)
            try:
                complete(folder / "d.npy")
            except OSError as error:
                failures += 1
                assert "No space left" in str(error) and str(folder) in str(error)
        np.testing.assert_array_equal(complete(folder / "d.npy")[0], whole())
        assert entries(folder) == ["d.npy"]
        if next(calls) <= failing:
            break
    assert failures >= 1


def test_an_assembly_that_fails_keeps_the_tiles(half_done):
    with open_store(half_done) as store, pytest.raises(ValueError, match="not done"):
        store.finish(lambda matrix: matrix.__setitem__((0, 0), store.load(2, 2)[0, 0]))
    assert not half_done.exists()
    assert complete(half_done)[1] == 4


def test_tiles_that_cannot_be_removed_do_not_hide_the_result(path, monkeypatch):
    with open_store(path) as store:
        store.save(0, 0, tile(0, 0))

        def refuse(self, names):
            raise PermissionError

        monkeypatch.setattr(TileStore, "_remove", refuse)
        matrix = store.finish(lambda values: values.fill(1))
    assert (matrix == 1).all()


# Two stores in one process


def test_two_live_stores_on_one_path_are_refused(half_done):
    with open_store(half_done), pytest.raises(RuntimeError, match=r"d\.npy\.tiles is being written by another call"):
        open_store(half_done)
    assert complete(half_done)[1] == 4


def test_a_store_that_was_forgotten_is_released(half_done):
    open_store(half_done)
    assert complete(half_done)[1] == 4


def test_an_exception_releases_the_store(half_done):
    with pytest.raises(KeyboardInterrupt), open_store(half_done):
        raise KeyboardInterrupt
    assert complete(half_done)[1] == 4
