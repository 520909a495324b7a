"""One value -> (P, N) matrix: shapes, dtypes, ranges and finiteness are checked, memory is shared."""

import re

import numpy as np
import pytest
import torch
from inputs.ready import F32, F64, LABEL, X, assert_ready, matrix, read_all

from pyrnnsim._inputs.arrays import check_finite, compute_dtype, rows
from pyrnnsim._inputs.labels import Label


class TestLabel:
    @pytest.mark.parametrize(
        ("label", "text"),
        [
            (Label("pairwise_cca", "reps", 3, "gru_0"), "pairwise_cca: reps[3] ('gru_0')"),
            (Label("pairwise_cca", "reps", 3, "3"), "pairwise_cca: reps[3]"),
            (Label("pairwise_cca", "reps", 3), "pairwise_cca: reps[3]"),
            (Label("pairwise_cca", "reps", 0, "a'b"), """pairwise_cca: reps[0] ("a'b")"""),
            (Label("prepare", "rep"), "prepare: rep"),
        ],
    )
    def test_text(self, label, text):
        assert str(label) == text


@pytest.mark.parametrize("dtype", [*"?bBhHiIlLefdg", ">i2", ">i4", ">f2", ">f4", ">f8"])
@pytest.mark.parametrize("target", [F32, F64])
def test_every_dtype(dtype, target):
    source = (np.abs(X) * 3).astype(dtype)
    assert matrix(source) is source
    got = read_all(source, target)
    assert_ready(got, target)
    np.testing.assert_array_equal(got, source.astype(target))


def test_no_copy_where_none_is_needed():
    tensor = torch.tensor(X, requires_grad=True)
    assert matrix(X) is X
    assert np.shares_memory(matrix(tensor), tensor.detach().numpy())
    assert np.shares_memory(matrix(np.ma.array(X)), X)
    assert np.shares_memory(rows(X, 2, 9, F64), X)
    assert not np.shares_memory(rows(X.T, 1, 3, F64), X)


def test_zero_strided_broadcast():
    source = np.broadcast_to(X[:, :1], (12, 5))
    got = read_all(source)
    assert_ready(got, F64)
    np.testing.assert_array_equal(got, source)


def test_memmap_stays_one(tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert matrix(mapped) is mapped
    got = rows(mapped, 3, 5, F64)
    assert_ready(got, F64)
    np.testing.assert_array_equal(got, X[3:5])


def test_flatten_merges_leading_axes():
    deep = X.reshape(3, 2, 2, 4)
    np.testing.assert_array_equal(matrix(deep, flatten=True), X)
    assert matrix(X, flatten=True) is X
    with pytest.raises(ValueError, match=re.escape("rep has shape (4,)")):
        matrix(X[0], flatten=True)
    with pytest.raises(ValueError, match=re.escape("rep has shape (6, 0): no units")):
        matrix(np.zeros((2, 3, 0)), flatten=True)


class TestShapes:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (np.float64(3), "rep is a single number; expected 2-D (samples, units)"),
            (3, "rep is a single number"),
            (torch.tensor(3.0), "rep is a single number"),
            (X[0], "rep has shape (4,); expected 2-D (samples, units): pass x.reshape(-1, 1)"),
            ([1.0, 2.0], "rep has shape (2,)"),
            (X.reshape(3, 4, 4), "rep has shape (3, 4, 4); expected 2-D (samples, units): pass x.reshape(-1, 4)"),
            (
                torch.zeros(2, 3, 5, 7),
                "rep has shape (2, 3, 5, 7); expected 2-D (samples, units): pass x.reshape(-1, 7)",
            ),
            (X[:0], "rep has shape (0, 4): no samples"),
            (X[:, :0], "rep has shape (12, 0): no units"),
            ([], "rep has shape (0,): no samples"),
            ([[], []], "rep has shape (2, 0): no units"),
            (X[:1], "rep has shape (1, 4): 1 sample; expected at least 2 samples (rows) to compare: pass x.T"),
            (X[:1, :1], "rep has shape (1, 1): 1 sample; expected at least 2"),
        ],
    )
    def test_refused(self, value, text):
        with pytest.raises(ValueError, match=re.escape(f"prepare: {text}")):
            matrix(value)

    @pytest.mark.parametrize("shape", [(2, 1), (2, 5), (3, 1)])
    def test_smallest(self, shape):
        assert read_all(np.ones(shape)).shape == shape


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (["f4"], F32),
        (["f2"], F32),
        (["f2", ">f4"], F32),
        (["f4", "f8"], F64),
        (["f4", "i1"], F64),
        (["f4", "?"], F64),
        (["g"], F64),
        (["u8"], F64),
    ],
)
def test_compute_dtype(dtypes, expected):
    assert compute_dtype(np.dtype(code) for code in dtypes) == expected


class TestRange:
    def test_overflow_is_named(self):
        wide = X.copy()
        wide[7, 2] = -1e39
        text = "prepare: rep holds -1e+39 at row 7, unit 2, beyond the float32 range (largest 3.4e+38); pass dtype="
        with pytest.raises(ValueError, match=re.escape(text)):
            rows(wide, 5, 9, F32, LABEL)
        assert rows(wide, 5, 9, F64, LABEL)[2, 2] == -1e39
        assert rows(wide, 0, 7, F32, LABEL).shape == (7, 4)

    def test_overflow_of_longdouble(self):
        wide = X.astype(np.longdouble)
        if np.finfo(np.longdouble).max == np.finfo(np.float64).max:
            return  # this platform's longdouble is a double
        wide[3, 1] = np.longdouble("1e4000")
        with pytest.raises(ValueError, match=r"at row 3, unit 1, beyond the float64 range .*; rescale it"):
            rows(wide, 0, 12, F64, LABEL)

    def test_given_infinities_and_nans_pass(self):
        wide = X.copy()
        wide[0, 0], wide[1, 1], wide[2, 2] = np.inf, -np.inf, np.nan
        np.testing.assert_array_equal(rows(wide, 0, 12, F32, LABEL), wide.astype(np.float32))

    def test_a_unit_that_would_vanish_is_named(self):
        wide = X.copy()
        wide[:, 1] = 0.0
        wide[:, 3] = 1e-60
        with pytest.raises(ValueError, match="rep has unit 3 with no value above 1e-60, which vanishes in float32"):
            rows(wide, 0, 12, F32, LABEL)
        wide[5, 3] = 1.0
        rows(wide, 0, 12, F32, LABEL)
        rows(wide, 6, 12, F32, LABEL)  # small here only, which is no loss

    @pytest.mark.parametrize("scale", [1e-310, 1e-160, 1e160])
    def test_float64_keeps_every_scale(self, scale):
        np.testing.assert_array_equal(rows(X * scale, 0, 12, F64, LABEL), X * scale)


class TestCheckFinite:
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_names_the_first(self, value, dtype):
        x = X.astype(dtype)
        x[5, 3] = x[8, 0] = value
        text = f"prepare: rep holds {value} at row 105, unit 3; expected finite values: repair"
        with pytest.raises(ValueError, match=re.escape(text)) as caught:
            check_finite(x, LABEL, 100)
        assert 'nan_policy="skip"' in str(caught.value)

    def test_opposite_infinities(self):
        x = X.copy()
        x[4, 1], x[4, 2] = np.inf, -np.inf
        with pytest.raises(ValueError, match="holds inf at row 4, unit 1"):
            check_finite(x, LABEL, 0)

    @pytest.mark.parametrize("value", [3e38, -3e38, 1e-45])
    def test_large_and_tiny_values_pass(self, value):
        check_finite(np.full((1000, 8), value, np.float32), LABEL, 0)

    def test_finds_it_beyond_the_first_step(self):
        x = np.zeros((300_000, 8), np.float32)
        x[299_999, 7] = np.nan
        with pytest.raises(ValueError, match="holds nan at row 299999, unit 7"):
            check_finite(x, LABEL, 0)

    @pytest.mark.parametrize("x", [np.ones((3, 2), int), np.ones((3, 2), bool), np.ones((0, 2)), np.ones((2, 0))])
    def test_nothing_to_find(self, x):
        check_finite(x, LABEL, 0)
