"""A store takes no damage for data, and what cannot be written costs nothing that was done."""

import errno
import itertools
import logging
import os
from pathlib import Path

import numpy as np
import pytest
from similarity.stored import complete, entries, open_store, tile, tile_file, whole

from pyrnnsim.similarity.tiles import TileStore


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
