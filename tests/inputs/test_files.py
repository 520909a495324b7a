"""Networks in .npy files and directories: read lazily and right, or refused, with nothing executed."""

import os
import pickle
import re
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pyrnnsim._inputs.collection import collect

X = np.random.default_rng(0).normal(size=(12, 4))
HUGE = 16 << 30  # apparent size of sparse files, which no test could read in time


def gather(reps, **options):
    return collect(reps, caller="compare", **options)


def refused(reps, text, error=ValueError):
    return pytest.raises(error, match=re.escape(f"compare: {text}"))


def save(path, array):
    np.save(path, array)
    return path


def npy_with_header(path, header, size=0):
    """File with a header of our making, followed by ``size`` bytes of nothing."""
    text = header.encode().ljust(117) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text)
    os.truncate(path, path.stat().st_size + size)
    return path


class TestNpy:
    @pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ">f8", ">f4", "i4", ">i8", "u1", "?", "g"])
    @pytest.mark.parametrize("layout", ["C", "F"])
    def test_every_dtype_and_order(self, tmp_path, dtype, layout):
        x = np.asarray(X * 2, dtype=dtype, order=layout)
        collection = gather([save(tmp_path / "x.npy", x)])
        assert not collection.is_resident
        assert collection.units == (4,)
        assert collection.dtype == (np.float32 if x.dtype.kind == "f" and x.dtype.itemsize <= 4 else np.float64)
        np.testing.assert_array_equal(collection.rows(0), x.astype(collection.dtype))
        np.testing.assert_array_equal(collection.rows(0, 3, 8), x[3:8].astype(collection.dtype))
        assert collection.rows(0, 3, 8).flags.c_contiguous

    @pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
    def test_every_version(self, tmp_path, version):
        with open(tmp_path / "x.npy", "wb") as file:
            np.lib.format.write_array(file, X, version=version)
        np.testing.assert_array_equal(gather([tmp_path / "x.npy"]).rows(0), X)

    @pytest.mark.parametrize("order", [False, True])
    def test_huge_file_is_neither_read_nor_mapped_into_memory(self, tmp_path, order):
        samples = HUGE // (64 * 4)
        header = f"{{'descr': '<f4', 'fortran_order': {order}, 'shape': ({samples}, 64), }}"
        path = npy_with_header(tmp_path / "x.npy", header, HUGE)
        started = time.perf_counter()
        collection = gather([path])
        assert collection.samples == samples
        assert collection.rows(0, samples - 5).shape == (5, 64)
        assert time.perf_counter() - started < 2

    def test_huge_memmap(self, tmp_path):
        samples = HUGE // (64 * 4)
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({samples}, 64), }}"
        path = npy_with_header(tmp_path / "x.npy", header, HUGE)
        collection = gather([np.load(path, mmap_mode="r")])
        assert not collection.is_resident
        assert collection.rows(0, samples - 5).shape == (5, 64)

    @pytest.mark.skipif(sys.platform == "win32", reason="limits on open files are a POSIX matter")
    def test_more_files_than_descriptors(self, tmp_path):
        import resource

        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        for k in range(100):
            np.save(tmp_path / f"{k:03}.npy", X)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, limits[1]))
        try:
            collection = gather(tmp_path)
            held = [collection.rows(i) for i in range(100)]
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert all((rows == X).all() for rows in held)

    def test_pickles_are_never_executed(self, tmp_path):
        class Trap:
            def __reduce__(self):
                return os.mkdir, (str(tmp_path / "sprung"),)

        np.save(tmp_path / "a.npy", np.array([[Trap()], [Trap()]], dtype=object), allow_pickle=True)
        with refused(
            [tmp_path / "a.npy"], f"reps[0] ('a'): {tmp_path}/a.npy holds pickled Python objects, which are never"
        ):
            gather([tmp_path / "a.npy"])
        (tmp_path / "b.npy").write_bytes(pickle.dumps(Trap()))
        with refused([tmp_path / "b.npy"], f"reps[0] ('b'): {tmp_path}/b.npy is a pickle, which is never loaded"):
            gather([tmp_path / "b.npy"])
        assert not (tmp_path / "sprung").exists()

    @pytest.mark.parametrize(
        ("content", "text"),
        [
            (b"", "is empty; write it again"),
            (b"hello world", "is no .npy file (it starts with b'hello '); write it with np.save"),
            (b"PK\x03\x04....", "is a .npz archive; expected one array: pass dict(np.load(path))"),
            (b"\x93NUMPY", "is cut short (6 bytes): EOF"),
            (b"\x93NUMPY\x09\x00v\x00", "is no valid .npy file: we only support format version"),
            (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", "is cut short (14 bytes): EOF"),
            (b"\x93NUMPY\x01\x00\x04\x00{( \n", "is no valid .npy file: "),
            (b"\x93NUMPY\x01\x00\x20\x23" + b"(" * 8991 + b"\n", "is no valid .npy file: "),
            (b"\x93NUMPY\x01\x00\x04\x00{} \n", "is no valid .npy file: Header does not contain the correct keys"),
        ],
    )
    def test_damaged(self, tmp_path, content, text):
        (tmp_path / "x.npy").write_bytes(content)
        with refused([tmp_path / "x.npy"], f"reps[0] ('x'): {tmp_path}/x.npy {text}"):
            gather([tmp_path / "x.npy"])

    @pytest.mark.parametrize("kept", [-8, 128, 60])
    def test_truncated(self, tmp_path, kept):
        path = save(tmp_path / "x.npy", X)
        path.write_bytes(path.read_bytes()[:kept])
        with refused([path], f"reps[0] ('x'): {path} is cut short ({path.stat().st_size} bytes)"):
            gather([path])

    @pytest.mark.parametrize(
        "shape", ["(2**63, 2)", "(9223372036854775807, 9223372036854775807)", "(4294967296, 4294967296)"]
    )
    def test_absurd_shapes(self, tmp_path, shape):
        path = npy_with_header(
            tmp_path / "x.npy", f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}", 64
        )
        with refused([path], f"reps[0] ('x'): {path} is "):
            gather([path])

    def test_negative_shape(self, tmp_path):
        header = "{'descr': '<f8', 'fortran_order': False, 'shape': (-3, 2), }"
        path = npy_with_header(tmp_path / "x.npy", header, 64)
        with refused([path], f"reps[0] ('x'): {path} is no valid .npy file: negative dimensions"):
            gather([path])

    @pytest.mark.parametrize(
        ("array", "error", "text"),
        [
            (X[0], ValueError, "has shape (4,); expected 2-D (samples, units): pass x.reshape(-1, 1)"),
            (
                X.reshape(3, 4, 4),
                ValueError,
                "has shape (3, 4, 4); expected 2-D (samples, units): pass x.reshape(-1, 4)",
            ),
            (X[:0], ValueError, "has shape (0, 4): no samples"),
            (X[:1], ValueError, "has shape (1, 4): 1 sample"),
            (np.float64(3), ValueError, "is a single number"),
            (X.astype(str), TypeError, "has dtype <U32"),
            (X + 0j, TypeError, "has dtype complex128"),
            (X.astype("M8[s]"), TypeError, "has dtype datetime64[s]"),
        ],
    )
    def test_wrong_arrays(self, tmp_path, array, error, text):
        path = save(tmp_path / "x.npy", array)
        with refused([path], f"reps[0] ('x') {text}", error):
            gather([path])

    @pytest.mark.parametrize("order", ["C", "F"])
    def test_cut_during_the_run(self, tmp_path, order):
        path = save(tmp_path / "x.npy", np.asarray(X, order=order))
        collection = gather([path])
        os.truncate(path, path.stat().st_size - 24)
        with refused([path], f"reps[0] ('x'): {path} ended 24 bytes early; expected it unchanged"):
            collection.rows(0)


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
