"""One foreign object -> NumPy array of real numbers, importing none of the libraries the object may come from."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.labels import Label, with_article

# What third-party conversions raise when they refuse; MemoryError must reach the user untouched.
_REFUSALS = (TypeError, ValueError, RuntimeError, BufferError, AttributeError, OverflowError)
_HINTS = {
    "c": "pass np.abs(x), or np.hstack([x.real, x.imag]) to keep both parts as units",
    "O": "convert it first, e.g. np.asarray(x, dtype=float)",
    "U": "convert it first, e.g. x.astype(float)",
    "S": "convert it first, e.g. x.astype(float)",
    "T": "convert it first, e.g. x.astype(float)",
    "M": "pass differences in a unit you choose, e.g. (x - x[0]) / np.timedelta64(1, 's')",
    "m": "divide by a unit, e.g. x / np.timedelta64(1, 's')",
    "V": "pass a plain array with one column per field, e.g. numpy.lib.recfunctions.structured_to_unstructured(x)",
}


def is_tensor(value: object) -> bool:
    """True for a torch tensor; torch is looked up only if the program has already imported it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_frame(value: object) -> bool:
    """True for a pandas DataFrame."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def to_array(value: object, label: Label) -> NDArray[Any]:
    """Array of any rank over the same memory where possible, a copy where not.

    Args:
        value: NumPy array or subclass (a memmap stays one), torch tensor on any device, DataFrame, anything with
            ``__array__``, ``__dlpack__`` or the buffer protocol, or nested lists. Never modified.
        label: Names the value in errors.
    Returns:
        Array with a float, int or bool dtype; bfloat16 and float8 become float32.
    Raises:
        TypeError: If it holds no real numbers, is sparse, or cannot be read.
        ValueError: If entries are masked or rows are ragged.
    """
    if value is None or isinstance(value, (str, bytes, bytearray)):
        raise TypeError(f"{label} is {with_article(value)}; expected a 2-D array of numbers (samples, units)")
    refuse_sparse(value, label)
    array = _real(_convert(value, label), label)
    return array if type(array) in (np.ndarray, np.memmap) else array.view(np.ndarray)


def refuse_sparse(value: object, label: Label) -> None:
    """Raise TypeError for SciPy, CuPy and pydata sparse containers, which would lose their zeros on the way."""
    dense = next((method for method in ("toarray", "todense") if hasattr(value, method)), None)
    if dense is not None and hasattr(value, "nnz"):
        raise TypeError(f"{label} is sparse ({type(value).__name__}); expected a dense array: pass x.{dense}()")


def _convert(value: object, label: Label) -> NDArray[Any]:
    if isinstance(value, np.ma.MaskedArray):
        return _from_masked(value, label)
    if isinstance(value, np.ndarray):
        return value
    if is_tensor(value):
        return _from_tensor(value, label)
    if is_frame(value):
        return _from_frame(value, label)
    if isinstance(value, (list, tuple)):
        return _from_lists(value, label)
    try:
        return _from_protocols(value, label)
    except _REFUSALS as error:
        raise TypeError(
            f"{label} ({type(value).__name__}) cannot be read as an array: {error}; pass a NumPy array (samples, units)"
        ) from error


def _from_protocols(value: object, label: Label) -> NDArray[Any]:
    if not hasattr(value, "__dlpack__"):
        return np.asarray(value)
    try:
        return np.asarray(value) if hasattr(value, "__array__") else np.from_dlpack(value)
    except _REFUSALS:
        # NumPy knows neither other devices nor bfloat16; torch does, if the program uses it.
        if "torch" not in sys.modules:
            raise
        return _from_tensor(sys.modules["torch"].from_dlpack(value), label)


def _from_masked(value: Any, label: Label) -> NDArray[Any]:
    if np.ma.is_masked(value):
        mask = np.ma.getmaskarray(value)
        place = tuple(int(k) for k in np.unravel_index(int(mask.argmax()), mask.shape))
        raise ValueError(
            f"{label} has masked entries ({int(mask.sum())}, the first at {place}); expected none: remove those "
            "rows from every network, or pass x.filled(value)"
        )
    return np.ma.getdata(value)


def check_tensor(tensor: Any, label: Label) -> None:
    """Raise for tensors that are no dense block of numbers: nested, sparse, quantized, or without data."""
    if tensor.is_nested:
        raise ValueError(f"{label} is a nested tensor; expected one rectangular (samples, units): pad or split it")
    if str(tensor.layout) != "torch.strided":
        raise TypeError(f"{label} is sparse ({tensor.layout}); expected a dense tensor: pass x.to_dense()")
    if tensor.is_quantized:
        raise TypeError(f"{label} is quantized ({tensor.dtype}); expected real numbers: pass x.dequantize()")
    if tensor.device.type == "meta":
        raise ValueError(f"{label} is on the meta device and holds no data; expected values: load the tensor first")


def _from_tensor(tensor: Any, label: Label) -> NDArray[Any]:
    check_tensor(tensor, label)
    plain = tensor.detach()
    if "bfloat16" in str(plain.dtype) or "float8" in str(plain.dtype):
        plain = plain.float()  # NumPy has no such dtype; float32 holds every value exactly
    try:
        array: NDArray[Any] = plain.cpu().resolve_conj().resolve_neg().numpy()
    except _REFUSALS as error:
        raise TypeError(f"{label} ({tensor.dtype} tensor) cannot be read: {error}; pass x.float()") from error
    return array


def _from_frame(frame: Any, label: Label) -> NDArray[Any]:
    stored: list[np.dtype[Any]] = []
    for column, dtype in zip(frame.columns, frame.dtypes, strict=True):
        # Nullable, Arrow and sparse columns wrap the NumPy dtype of their values.
        number = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
        if not isinstance(number, np.dtype) or number.kind not in "fiub":
            raise TypeError(
                f"{label} has column {column!r} of dtype {dtype}; expected numbers only: pass "
                "x.select_dtypes('number'), or convert that column"
            )
        stored.append(number)
    if not stored:
        return np.empty(frame.shape)
    target = np.result_type(*stored)
    if all(isinstance(dtype, np.dtype) for dtype in frame.dtypes):
        return np.asarray(frame.to_numpy(dtype=target))
    if target.kind != "f":
        target = np.dtype(np.float64)  # a missing value needs a NaN to become visible
    return np.asarray(frame.to_numpy(dtype=target, na_value=np.nan))


def _from_lists(values: Any, label: Label) -> NDArray[Any]:
    # np.asarray would drop the masks of masked rows and trip over tensors that require gradients.
    foreign = [hasattr(row, "__array__") and not isinstance(row, np.generic) for row in values]
    lines = [to_array(row, label) if odd else row for row, odd in zip(values, foreign, strict=True)]
    try:
        return np.asarray(lines)
    except ValueError as error:
        raise ValueError(f"{label} {_raggedness(lines)}; expected rows of equal length") from error
    except _REFUSALS as error:
        raise TypeError(f"{label} is a list that cannot be read as numbers: {error}") from error


def _raggedness(lines: list[Any]) -> str:
    lengths = [len(line) if hasattr(line, "__len__") else None for line in lines]
    odd = next((k for k, length in enumerate(lengths) if length != lengths[0]), None)
    if odd is None:
        return f"is a ragged list of {len(lines)} rows"
    first, other = ("is a number" if n is None else f"has length {n}" for n in (lengths[0], lengths[odd]))
    return f"is a ragged list: row 0 {first}, row {odd} {other}"


def _real(array: NDArray[Any], label: Label) -> NDArray[Any]:
    kind = array.dtype.kind
    if kind in "fiub" and array.dtype.isbuiltin == 1:  # the name of a dtype takes long to make
        return array
    if array.dtype.name.startswith(("bfloat16", "float8")):
        return array.astype(np.float32)
    if kind in "fiub":
        return array
    if kind == "O" and array.ndim == 0:
        raise TypeError(f"{label} is {with_article(array.item())}; expected a 2-D array of numbers (samples, units)")
    hint = _HINTS.get(kind, "convert it first")
    raise TypeError(f"{label} has dtype {array.dtype}; expected real numbers (float, int or bool): {hint}")
