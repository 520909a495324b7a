"""Every container and layout is read right, or refused with a text that says what to type."""

import re
import sys
import warnings

import numpy as np
import pytest
import torch
from inputs.ready import F64, X, assert_ready, matrix, read_all

from pyrnnsim._inputs.arrays import rows


def misaligned(x):
    buffer = np.zeros(x.nbytes + 1, np.uint8)
    array = buffer[1:].view(x.dtype).reshape(x.shape)
    array[...] = x
    assert not array.flags.aligned
    return array


def read_only(x):
    array = x.copy()
    array.flags.writeable = False
    return array


def as_matrix_subclass(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy discourages the class, users have it all the same
        return np.asmatrix(x)


class Wrapped:
    """Holds an array behind ``__array__``."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


class Exported:
    """Holds a tensor behind DLPack only."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __dlpack__(self, **options):
        return self.tensor.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.tensor.__dlpack_device__()


LAYOUTS = {
    "c": lambda x: x,
    "fortran": np.asfortranarray,
    "strided": lambda x: np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3],
    "negative strides": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "transposed": lambda x: x.T.copy().T,
    "read-only": read_only,
    "big-endian": lambda x: x.astype(">f8"),
    "misaligned": misaligned,
    "misaligned big-endian": lambda x: misaligned(x.astype(">f8")),
    "longdouble": lambda x: x.astype(np.longdouble),
    "np.matrix": as_matrix_subclass,
    "unmasked masked array": np.ma.array,
    "masked array with empty mask": lambda x: np.ma.array(x, mask=np.zeros(x.shape, bool)),
    "list of lists": np.ndarray.tolist,
    "tuple of arrays": tuple,
    "list of masked rows": lambda x: [np.ma.array(row) for row in x],
    "memoryview": memoryview,
    "__array__": Wrapped,
    "torch": torch.tensor,
    "torch transposed": lambda x: torch.tensor(x.T.copy()).T,
    "torch requires_grad": lambda x: torch.tensor(x, requires_grad=True),
    "torch parameter": lambda x: torch.nn.Parameter(torch.tensor(x)),
    "torch rows": lambda x: [torch.tensor(row, requires_grad=True) for row in x],
    "torch negative bit": lambda x: torch.complex(torch.zeros(x.shape).double(), torch.tensor(-x)).conj().imag,
    "dlpack": lambda x: Exported(torch.tensor(x)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_and_container_gives_the_same_rows(layout):
    source = LAYOUTS[layout](X.copy())
    got = read_all(source)
    assert_ready(got, F64)
    np.testing.assert_array_equal(got, X)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_short_torch_floats_become_float32_exactly(dtype):
    tensor = torch.tensor(X).to(dtype)
    got = matrix(tensor)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, tensor.float().numpy())


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn"])
def test_short_numpy_floats_become_float32_exactly(name):
    dtype = getattr(pytest.importorskip("ml_dtypes", reason="ml_dtypes is optional"), name)
    got = matrix(X.astype(dtype))
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, X.astype(dtype).astype(np.float32))


def test_bfloat16_through_dlpack_needs_torch(monkeypatch):
    exported = Exported(torch.tensor(X).bfloat16())
    monkeypatch.delitem(sys.modules, "torch")
    with pytest.raises(TypeError, match=r"rep \(Exported\) cannot be read as an array: .*; pass a NumPy array"):
        matrix(exported)


def test_tensor_without_storage():
    with pytest.raises(TypeError, match=re.escape("rep (torch.float64 tensor) cannot be read")):
        torch.vmap(matrix)(torch.tensor(X)[None])


def test_bfloat16_through_dlpack():
    got = matrix(Exported(torch.tensor(X).bfloat16()))
    np.testing.assert_array_equal(got, torch.tensor(X).bfloat16().float().numpy())


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.uint8, torch.int64, torch.bool, torch.uint16])
def test_torch_dtypes(dtype):
    tensor = (torch.tensor(X).abs() * 3).to(dtype)
    np.testing.assert_array_equal(matrix(tensor), tensor.numpy())


def test_array_behind_a_protocol_is_not_copied():
    assert np.shares_memory(matrix(Wrapped(X)), X)


def test_inputs_are_left_alone():
    tensor = torch.tensor(X, requires_grad=True)
    tensor.grad = torch.ones_like(tensor)
    matrix(tensor)
    assert tensor.requires_grad
    assert tensor.is_leaf
    assert torch.equal(tensor.grad, torch.ones_like(tensor))
    big = X.astype(">f8")
    before = big.tobytes()
    rows(big, 0, 12, F64)
    assert big.tobytes() == before
    assert big.dtype == ">f8"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_tensor_moves_to_the_host():
    np.testing.assert_array_equal(matrix(torch.tensor(X, device="cuda", requires_grad=True)), X)


class TestDataFrames:
    @pytest.fixture
    def pandas(self):
        return pytest.importorskip("pandas", reason="pandas is optional")

    def test_one_dtype_is_not_copied(self, pandas):
        frame = pandas.DataFrame(X.copy(), columns=list("abcd"))
        assert np.shares_memory(matrix(frame), frame.to_numpy())
        np.testing.assert_array_equal(read_all(frame), X)

    @pytest.mark.parametrize(
        ("columns", "dtype"),
        [
            ({"a": [1.0, 2.0], "b": [True, False]}, np.float64),
            ({"a": [1, 2], "b": [True, False]}, np.int64),
            ({"a": np.float32([1, 2]), "b": np.float16([1, 2])}, np.float32),
        ],
    )
    def test_mixed_columns_are_promoted(self, pandas, columns, dtype):
        got = matrix(pandas.DataFrame(columns))
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, np.column_stack(list(columns.values())))

    def test_missing_values_become_nan(self, pandas):
        frame = pandas.DataFrame({"a": pandas.array([1, None], dtype="Int64"), "b": [True, False]})
        np.testing.assert_array_equal(matrix(frame), [[1.0, 1.0], [np.nan, 0.0]])
        narrow = pandas.DataFrame({"a": pandas.array([1, None], dtype="Float32")})
        assert matrix(narrow).dtype == np.float32

    def test_sparse_columns(self, pandas):
        frame = pandas.DataFrame({"a": pandas.arrays.SparseArray([0.0, 1.0, 0.0])})
        np.testing.assert_array_equal(matrix(frame), [[0], [1], [0]])

    @pytest.mark.parametrize(
        ("column", "dtype"),
        [(["x", "y"], "str|object"), (np.array(["2020", "2021"], "M8[s]"), "datetime64"), ([1j, 2j], "complex128")],
    )
    def test_other_columns_are_named(self, pandas, column, dtype):
        frame = pandas.DataFrame({"a": [1, 2], "b": column})
        with pytest.raises(
            TypeError, match=f"rep has column 'b' of dtype ({dtype}).*; expected numbers only: pass x.sel"
        ):
            matrix(frame)

    def test_categories_are_refused(self, pandas):
        frame = pandas.DataFrame({"a": pandas.Categorical([1, 2])})
        with pytest.raises(TypeError, match="rep has column 'a' of dtype category"):
            matrix(frame)

    def test_no_columns(self, pandas):
        with pytest.raises(ValueError, match=re.escape("rep has shape (3, 0): no units")):
            matrix(pandas.DataFrame(index=range(3)))

    def test_series(self, pandas):
        with pytest.raises(ValueError, match=re.escape("rep has shape (2,); expected 2-D")):
            matrix(pandas.Series([1.0, 2.0]))


def test_xarray():
    xarray = pytest.importorskip("xarray", reason="xarray is optional")
    np.testing.assert_array_equal(read_all(xarray.DataArray(X, dims=("sample", "unit"))), X)
    with pytest.raises(TypeError, match=re.escape("rep (Dataset) cannot be read as an array")):
        matrix(xarray.Dataset({"a": (("sample", "unit"), X)}))
