"""A store of tiles loses nothing that was done and never takes damage for data."""

import numpy as np
import pytest
from similarity.stored import HEADER, SIDE, complete, entries, open_store, tile, tile_file, whole

from pyrnnsim.similarity.tiles import TileStore


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
