"""safetensors files: read lazily and right, or refused quickly when the header lies."""

import json
import logging
import os
import re
import struct
import time

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

from pyrnnsim._inputs.collection import collect

X = np.random.default_rng(0).normal(size=(12, 4))
HUGE = 16 << 30  # apparent size of sparse files, which no test could read in time


def gather(reps, **options):
    return collect(reps, caller="compare", **options)


def safetensors_with_header(path, header, size=0, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text)
    os.truncate(path, path.stat().st_size + size)
    return path


def tensor_entry(shape, begin=0, dtype="F32", width=4):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, begin + width * int(np.prod(shape))]}


class TestSafetensors:
    @pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?"])
    def test_every_dtype(self, tmp_path, dtype):
        x = (np.abs(X) * 3).astype(dtype)
        save_file({"h": x}, tmp_path / "x.safetensors")
        collection = gather([tmp_path / "x.safetensors"])
        assert collection.names == ("x",)
        assert not collection.is_resident
        np.testing.assert_array_equal(collection.rows(0), x.astype(collection.dtype))
        np.testing.assert_array_equal(collection.rows(0, 3, 8), x[3:8].astype(collection.dtype))

    def test_bfloat16(self, tmp_path):
        tensor = torch.tensor(X).bfloat16()
        save_tensors({"h": tensor}, tmp_path / "x.safetensors")
        collection = gather([tmp_path / "x.safetensors"])
        assert collection.dtype == np.float32
        np.testing.assert_array_equal(collection.rows(0, 2, 9), tensor[2:9].float().numpy())

    def test_several_tensors_are_several_networks(self, tmp_path, caplog):
        tensors = {"b": X[:, :2], "a": X, "bias": X[0], "é/ü": X[:, 1:]}
        save_file({name: np.ascontiguousarray(x) for name, x in tensors.items()}, tmp_path / "x.safetensors")
        with caplog.at_level(logging.INFO, logger="pyrnnsim"):
            collection = gather([X, tmp_path / "x.safetensors", X])
        assert collection.names == ("0", "x/a", "x/b", "x/é/ü", "4")
        for i, expected in enumerate([X, X, X[:, :2], X[:, 1:], X]):
            np.testing.assert_array_equal(collection.rows(i), expected)
        assert "left out 1 tensors that are not 2-D" in caplog.text

    def test_keys_go_before_tensor_names(self, tmp_path):
        save_file({"a": X, "b": X}, tmp_path / "x.safetensors")
        save_file({"h": X}, tmp_path / "y.safetensors")
        reps = {"gru": tmp_path / "x.safetensors", "lstm": tmp_path / "y.safetensors", "raw": X}
        assert gather(reps).names == ("gru/a", "gru/b", "lstm", "raw")

    def test_huge_file_is_not_read(self, tmp_path):
        samples = HUGE // (64 * 4)
        path = safetensors_with_header(tmp_path / "x.safetensors", {"h": tensor_entry([samples, 64])}, HUGE)
        started = time.perf_counter()
        collection = gather([path])
        assert collection.rows(0, samples - 5).shape == (5, 64)
        assert time.perf_counter() - started < 2

    @pytest.mark.parametrize(
        ("header", "size", "length", "text"),
        [
            (b"{}", 0, 2**63, "its header claims 9,223,372,036,854,775,808 bytes, the file has 10"),
            (b"{}", 0, 2**64 - 1, "its header claims 18,446,744,073,709,551,615 bytes"),
            (b"{}", 200_000_000, 150_000_000, "its header has 150,000,000 bytes, more than 16,000,000"),
            (b"hello", 0, None, "its header is no valid JSON (Expecting value"),
            (b"\xff\xfe\xff", 0, None, "its header is no valid JSON ("),
            (b"[" * 1_000_000, 0, None, "its header is no valid JSON ("),
            (b'{"a": ' + b"9" * 5000 + b"}", 0, None, "its header is no valid JSON ("),
            (b"[]", 0, None, "its header is no JSON object"),
            (b'{"a": {"dtype": "F32"}, "a": {}}', 0, None, "its header is no valid JSON (a key appears twice)"),
            ({"a": 3}, 0, None, "its entry for tensor 'a' is malformed"),
            ({"a": {}}, 0, None, "its entry for tensor 'a' is malformed"),
            ({"a": {"dtype": ["F32"], "shape": [2, 2], "data_offsets": [0, 16]}}, 16, None, "tensor 'a' is malformed"),
            ({"a": {"dtype": "F32", "shape": [-2, -2], "data_offsets": [0, 16]}}, 16, None, "tensor 'a' is malformed"),
            ({"a": {"dtype": "F32", "shape": [True, 2], "data_offsets": [0, 8]}}, 8, None, "tensor 'a' is malformed"),
            ({"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 8, 16]}}, 16, None, "tensor 'a' is malformed"),
            ({"a": tensor_entry([2, 2]) | {"shape": [2**62, 2]}}, 16, None, "'a' has 16 bytes, which does not fit F32"),
            (
                {"a": tensor_entry([2, 2]) | {"data_offsets": [16, 0]}},
                16,
                None,
                "'a' has -16 bytes, which does not fit",
            ),
            ({"a": tensor_entry([2, 2], 4)}, 20, None, "tensor 'a' overlaps another one or leaves a gap"),
            ({"a": tensor_entry([2, 2]), "b": tensor_entry([2, 2], 8)}, 24, None, "tensor 'b' overlaps another one"),
            ({"a": tensor_entry([2, 2])}, 12, None, "it is cut short"),
            ({"a": tensor_entry([2, 2])}, 20, None, "it is followed by other data"),
        ],
    )
    def test_hostile_headers(self, tmp_path, header, size, length, text):
        path = safetensors_with_header(tmp_path / "x.safetensors", header, size, length)
        started = time.perf_counter()
        with pytest.raises(ValueError, match=re.escape(text)) as caught:
            gather([path])
        assert time.perf_counter() - started < 2
        assert str(caught.value).startswith(f"compare: reps[0] ('x'): {path} is no valid safetensors file: ")

    @pytest.mark.parametrize("content", [b"", b"abc", b"\0" * 7])
    def test_too_short(self, tmp_path, content):
        (tmp_path / "x.safetensors").write_bytes(content)
        with pytest.raises(ValueError, match="is no valid safetensors file: its header claims"):
            gather([tmp_path / "x.safetensors"])

    @pytest.mark.parametrize(
        ("tensors", "text"),
        [
            ({"bias": X[0]}, "holds no 2-D tensor (bias (4,)); expected (samples, units)"),
            ({}, "holds no 2-D tensor (it is empty)"),
            (
                {"a": X, "h": X.reshape(3, 4, 4)},
                "reps[0] ('x/h') has shape (3, 4, 4); expected 2-D (samples, units): pass",
            ),
            ({"a": X[:1].copy()}, "reps[0] ('x') has shape (1, 4): 1 sample"),
        ],
    )
    def test_wrong_tensors(self, tmp_path, tensors, text):
        save_file(tensors, tmp_path / "x.safetensors")
        with pytest.raises(ValueError, match=re.escape(text)):
            gather([tmp_path / "x.safetensors"])

    def test_wrong_dtype(self, tmp_path):
        entry = tensor_entry([2, 2], dtype="F8_E4M3", width=1)
        path = safetensors_with_header(tmp_path / "x.safetensors", {"a": entry}, 4)
        with pytest.raises(TypeError, match=re.escape("holds F8_E4M3 values; expected a float, int or bool dtype")):
            gather([path])
