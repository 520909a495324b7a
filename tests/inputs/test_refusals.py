"""What is no matrix of real numbers is refused with a text that says what to type."""

import re
import warnings

import numpy as np
import pytest
import scipy.sparse
import torch
from inputs.ready import X, matrix


class Opaque:
    pass


class Broken:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no host copy")


STRUCTURED = np.zeros(3, [("a", "f4"), ("b", "f4")])


class TestKinds:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (None, "rep is None; expected a 2-D array of numbers"),
            ("weights", "rep is a str; expected a 2-D array of numbers"),
            (b"weights", "rep is a bytes"),
            ({1, 2}, "rep is a set"),
            ({"a": X}, "rep is a dict"),
            ((row for row in X), "rep is a generator"),
            (Opaque(), "rep is an Opaque"),
            (Broken(), "rep (Broken) cannot be read as an array: no host copy; pass a NumPy array"),
            (X.astype(object), "rep has dtype object; expected real numbers (float, int or bool): convert it first"),
            ([[1.0, None], [2.0, 3.0]], "rep has dtype object"),
            ([[10**400], [1]], "rep has dtype object"),
            (X.astype(str), "rep has dtype <U32; expected real numbers (float, int or bool): convert it first"),
            ([["a"], ["b"]], "rep has dtype <U1"),
            (X.astype("S"), "rep has dtype |S"),
            (
                X + 0j,
                "rep has dtype complex128; expected real numbers (float, int or bool): pass np.abs(x), or np.hstack",
            ),
            (torch.tensor(X + 0j), "rep has dtype complex128"),
            (X.astype("M8[s]"), "rep has dtype datetime64[s]"),
            (X.astype("m8[s]"), "rep has dtype timedelta64[s]; expected real numbers (float, int or bool): divide by"),
            (STRUCTURED, "rep has dtype [('a', '<f4'), ('b', '<f4')]; expected real numbers"),
            (scipy.sparse.csr_matrix(X), "rep is sparse (csr_matrix); expected a dense array: pass x.toarray()"),
            (scipy.sparse.coo_array(X), "rep is sparse (coo_array)"),
            (torch.eye(3).to_sparse(), "rep is sparse (torch.sparse_coo); expected a dense tensor: pass x.to_dense()"),
            ([[torch.ones(1, requires_grad=True)[0]], [1.0]], "rep is a list that cannot be read as numbers"),
        ],
    )
    def test_refused(self, value, text):
        with pytest.raises(TypeError, match=re.escape(f"prepare: {text}")):
            matrix(value)

    def test_masked_entries(self):
        masked = np.ma.array(X, mask=X == X[7, 2])
        with pytest.raises(
            ValueError, match=re.escape("rep has masked entries (1, the first at (7, 2)); expected none")
        ):
            matrix(masked)
        with pytest.raises(ValueError, match=re.escape("rep has masked entries (1, the first at (2,))")):
            matrix(list(masked))

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ([[1, 2], [1, 2], [3]], "row 0 has length 2, row 2 has length 1; expected rows of equal length"),
            ([[1, 2], 3], "row 0 has length 2, row 1 is a number"),
            ([X, X[:3]], "row 0 has length 12, row 1 has length 3"),
            ([[[1, 2], [3]], [[1, 2], [3]]], "is a ragged list of 2 rows"),
        ],
    )
    def test_ragged(self, value, text):
        with pytest.raises(ValueError, match=re.escape(text)):
            matrix(value)

    def test_tensors_without_plain_data(self):
        with pytest.raises(ValueError, match="is on the meta device and holds no data"):
            matrix(torch.empty(3, 2, device="meta"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls these features prototypes
            nested = torch.nested.nested_tensor([torch.zeros(2, 2), torch.zeros(3, 2)])
            quantized = torch.quantize_per_tensor(torch.tensor(X).float(), 0.1, 0, torch.qint8)
        with pytest.raises(ValueError, match="is a nested tensor; expected one rectangular"):
            matrix(nested)
        with pytest.raises(TypeError, match=r"is quantized \(torch.qint8\); .* pass x.dequantize\(\)"):
            matrix(quantized)

    def test_memory_errors_are_not_dressed_up(self):
        class Huge:
            def __array__(self, dtype=None, copy=None):
                raise MemoryError("64 GB")

        with pytest.raises(MemoryError, match="64 GB"):
            matrix(Huge())
