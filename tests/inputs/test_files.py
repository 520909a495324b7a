"""Networks in .npy files and directories: read lazily and right, or refused, with nothing executed."""

import os
import pickle
import struct
import sys
import time

import numpy as np
import pytest
from inputs.saved import X, gather, refused, save

HUGE = 16 << 30  # apparent size of sparse files, which no test could read in time


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
