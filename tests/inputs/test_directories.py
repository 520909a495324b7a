"""Directories and lists of files: which are taken, in which order, under which names."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from inputs.saved import X, gather, refused, save
from safetensors.numpy import save_file


class TestDirectories:
    def test_files_in_order_with_stems_as_names(self, tmp_path):
        folder = tmp_path / "größe und 空白"
        folder.mkdir()
        save(folder / "net 2 é.npy", X[:, :2])
        save_file({"h": np.ascontiguousarray(X[:, :3])}, folder / "net 1.safetensors")
        save(folder / "B.npy", X)
        (folder / "notes.txt").write_text("ignored")
        (folder / "._net 3.npy").write_bytes(b"resource fork")
        (folder / "deep.npy").mkdir()
        for reps in (folder, str(folder)):
            collection = gather(reps)
            assert collection.names == ("B", "net 1", "net 2 é")
            assert collection.units == (4, 3, 2)
            assert not collection.is_resident
            np.testing.assert_array_equal(collection.rows(2), X[:, :2])

    def test_names_may_be_given(self, tmp_path):
        save(tmp_path / "a.npy", X)
        save(tmp_path / "b.npy", X)
        assert gather(tmp_path, names=["x", "y"]).names == ("x", "y")
        with pytest.raises(ValueError, match="compare: names has 3 entries; expected 2, one per network"):
            gather(tmp_path, names=["x", "y", "z"])

    def test_one_stem_twice(self, tmp_path):
        save(tmp_path / "a.npy", X)
        save(tmp_path / "b.npy", X)
        save_file({"h": X}, tmp_path / "a.safetensors")
        assert gather(tmp_path).names == (f"{tmp_path}/a.npy", f"{tmp_path}/a.safetensors", "b")

    def test_errors_name_the_file(self, tmp_path):
        save(tmp_path / "a.npy", X)
        save(tmp_path / "b.npy", X[:11])
        save(tmp_path / "c.npy", X)
        with refused(tmp_path, "reps[1] ('b') has 11 samples, expected 12 as in reps[0] ('a')"):
            gather(tmp_path)
        (tmp_path / "b.npy").write_bytes(b"")
        with refused(tmp_path, f"reps[1] ('b'): {tmp_path}/b.npy is empty"):
            gather(tmp_path)

    def test_nothing_usable(self, tmp_path):
        with refused(
            tmp_path, f"reps: no .npy or .safetensors file in {tmp_path}; it is empty: write one file per network"
        ):
            gather(tmp_path)
        for name in ("a.npz", "b.pt", "c.txt", "d.csv", "e.mat", "f.h5"):
            (tmp_path / name).write_bytes(b"")
        (tmp_path / "aa").mkdir()
        with pytest.raises(
            ValueError, match=re.escape("ignored 7 other entries (a.npz, aa/, b.pt, c.txt, d.csv, ...)")
        ):
            gather(tmp_path)

    def test_no_directory(self, tmp_path):
        with refused("no/such", "reps is 'no/such', which does not exist; expected a directory of .npy files: check"):
            gather("no/such")
        path = str(save(tmp_path / "a.npy", X))
        with refused(path, f"reps is {path!r}, which is a file; expected a directory of .npy files: pass [{path!r}]"):
            gather(path)

    def test_unreadable(self, tmp_path, monkeypatch):
        def denied(path):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "iterdir", denied)
        with refused(tmp_path, f"reps: directory {tmp_path} cannot be listed: [Errno 13] Permission denied"):
            gather(tmp_path)

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems insist on valid names")
    def test_names_that_are_no_text(self, tmp_path):
        with open(os.fsencode(tmp_path) + b"/net\xff.npy", "wb") as file:
            np.save(file, X)
        collection = gather(tmp_path)
        assert collection.names == ("net\\udcff",)
        np.testing.assert_array_equal(collection.rows(0), X)


class TestPathLists:
    def test_paths_mix_with_arrays(self, tmp_path):
        first = save(tmp_path / "first.npy", X)
        collection = gather([str(first), X[:, :2], save(tmp_path / "second.npy", X)])
        assert collection.names == ("first", "1", "second")
        assert collection.units == (4, 2, 4)

    def test_one_stem_in_many_directories(self, tmp_path):
        for name in ("run1", "run2"):
            (tmp_path / name).mkdir()
            save(tmp_path / name / "states.npy", X)
        paths = [tmp_path / name / "states.npy" for name in ("run1", "run2")]
        assert gather(paths).names == tuple(map(str, paths))
        with pytest.raises(ValueError, match=re.escape("reps[0] and reps[2] are both named")):
            gather([*paths, paths[0]])
        assert gather([*paths, paths[0]], names=["a", "b", "c"]).names == ("a", "b", "c")

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("missing.npy", "reps[0] ('missing'): missing.npy cannot be opened: No such file or directory"),
            ("missing.safetensors", "reps[0] ('missing'): missing.safetensors cannot be opened: No such file"),
            ("x.npz", "reps[0] ('x'): x.npz is no .npy or .safetensors file: load it and pass the array"),
            (".", "is no .npy or .safetensors file: pass a directory on its own, not in a list"),
        ],
    )
    def test_wrong_paths(self, path, text):
        with pytest.raises(ValueError, match=re.escape(text)):
            gather([path])

    def test_lazy_sequence_of_paths(self, tmp_path):
        class Paths:
            def __len__(self):
                return 2

            def __getitem__(self, index):
                return tmp_path / ["a.npy", "b.safetensors"][index]

        save(tmp_path / "a.npy", X)
        save_file({"h": X}, tmp_path / "b.safetensors")
        collection = gather(Paths())
        assert collection.names == ("a", "b")
        np.testing.assert_array_equal(collection.rows(1, 2, 4), X[2:4])
        save_file({"h": X, "g": X}, tmp_path / "b.safetensors")
        with pytest.raises(ValueError, match=re.escape("reps[1] is a file with 2 networks; expected one")):
            gather(Paths())
