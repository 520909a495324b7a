"""One value -> (P, N) matrix, and rows of it as the native code wants them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.convert import to_array
from pyrnnsim._inputs.labels import Label

_SCAN = 1 << 20  # entries looked at per step when a bad value has to be found


def as_matrix(value: object, label: Label, *, flatten: bool = False) -> NDArray[Any]:
    """Checked (P, N) matrix over the memory of ``value`` wherever that is possible.

    Args:
        value: Representation with samples in rows: NumPy array of any layout, byte order or writability, memmap (stays
            one, nothing is read), torch tensor, DLPack or ``__array__`` object, DataFrame, list of lists. Not modified.
        label: Names the value in errors.
        flatten: Merge all leading axes, e.g. ``(trials, time, units)`` becomes ``(trials * time, units)``; copies if
            the axes cannot be merged in place.
    Returns:
        ``(P, N)`` array or memmap with a float, int or bool dtype, P >= 2 and N >= 1.
    Raises:
        TypeError: If it is no dense array of real numbers.
        ValueError: If it is masked, ragged, empty, has one sample, or is not 2-D.
    """
    array = to_array(value, label)
    if flatten and array.ndim > 2:
        array = array.reshape(math.prod(array.shape[:-1]), array.shape[-1])
    check_shape(array.shape, label)
    return array


def check_shape(shape: tuple[int, ...], label: Label) -> None:
    """Raise ValueError unless ``shape`` is (P, N) with P >= 2 and N >= 1; the text says which reshape would help."""
    expected = "expected 2-D (samples, units)"
    if len(shape) == 0:
        raise ValueError(f"{label} is a single number; {expected}")
    if 0 in shape:
        what = "no units" if len(shape) == 2 and shape[0] else "no samples"
        raise ValueError(f"{label} has shape {shape}: {what}; {expected}, at least (2, 1)")
    if len(shape) == 1:
        raise ValueError(f"{label} has shape {shape}; {expected}: pass x.reshape(-1, 1) if it is one unit")
    if len(shape) > 2:
        raise ValueError(
            f"{label} has shape {shape}; {expected}: pass x.reshape(-1, {shape[-1]}) to merge the leading axes "
            "(trials, time) into samples"
        )
    if shape[0] == 1:
        hint = ": pass x.T if these are the samples of one unit" if shape[1] > 1 else ""
        raise ValueError(f"{label} has shape {shape}: 1 sample; expected at least 2 samples (rows) to compare{hint}")


def compute_dtype(dtypes: Iterable[np.dtype[Any]]) -> np.dtype[Any]:
    """Dtype to compute in: float32 if every input is float16, bfloat16 or float32, else float64."""
    narrow = all((dtype.kind == "f" and dtype.itemsize <= 4) or dtype.name == "bfloat16" for dtype in dtypes)
    return np.dtype(np.float32 if narrow else np.float64)


def rows(matrix: NDArray[Any], start: int, stop: int, dtype: np.dtype[Any], label: Label | None = None) -> NDArray[Any]:
    """Rows ``start:stop`` as a C-contiguous, aligned array of native byte order; reads only those rows.

    Args:
        matrix: ``(P, N)`` array of real numbers, any layout.
        start: First row.
        stop: Row after the last.
        dtype: float32 or float64.
        label: Names the matrix in errors.
    Returns:
        ``(stop - start, N)`` array; a view (perhaps read-only) if nothing had to change, so never write to it.
    Raises:
        ValueError: If a finite value, or a whole unit, lies outside the range of ``dtype``.
    """
    block = matrix[start:stop]
    return packed(block, dtype, label or Label("rows", "matrix"), start, whole=len(block) == len(matrix))


def packed(block: NDArray[Any], dtype: np.dtype[Any], label: Label, first_row: int, *, whole: bool) -> NDArray[Any]:
    """``block``, rows of a network from ``first_row`` on, as ``rows`` returns them; ``whole`` if those are all rows."""
    with np.errstate(over="ignore", under="ignore"):
        out = np.require(block, dtype, ["C", "A", "E"])
    if block.dtype.kind == "f" and block.dtype.itemsize > out.dtype.itemsize and out.size:
        _check_range(block, out, first_row, label, whole=whole)
    return out


def _check_range(wide: NDArray[Any], narrow: NDArray[Any], first_row: int, label: Label, *, whole: bool) -> None:
    """Raise ValueError if narrowing turned finite values into inf, or, seen over all rows, a live unit into zeros.

    Args:
        wide: ``(rows, N)`` values as given.
        narrow: The same after the cast.
        first_row: Row of the network at which both start.
        label: Names the network.
        whole: Both hold every row, so that a unit that vanished can be told from one that is small here only.
    """
    limits = np.finfo(narrow.dtype)
    remedy = "pass dtype='float64' or rescale" if narrow.dtype.itemsize == 4 else "rescale it"
    if not _sum_is_finite(narrow):
        lost = np.isinf(narrow) & np.isfinite(wide)
        if lost.any():
            row, unit = np.unravel_index(int(lost.argmax()), lost.shape)
            raise ValueError(
                f"{label} holds {wide[row, unit]:.6g} at row {first_row + row}, unit {unit}, beyond the {narrow.dtype} "
                f"range (largest {limits.max:.3g}); {remedy}"
            )
    if whole:
        peak = np.maximum(narrow.max(axis=0), -narrow.min(axis=0))
        for unit in np.flatnonzero(peak < limits.tiny):
            largest = np.abs(wide[:, unit]).max()
            if largest > 0:
                raise ValueError(
                    f"{label} has unit {unit} with no value above {largest:.3g}, which vanishes in {narrow.dtype} "
                    f"(smallest {limits.tiny:.3g}); {remedy}"
                )


def check_finite(rows: NDArray[Any], label: Label, first_row: int = 0) -> None:
    """Raise ValueError that names the first NaN or infinity, by row and unit.

    Args:
        rows: ``(rows, N)`` values.
        label: Names the network.
        first_row: Row of the network at which ``rows`` starts.
    Raises:
        ValueError: If a value is NaN or infinite.
    Cost: one sum over ``rows``; the place is searched only when that sum is not finite.
    """
    if rows.dtype.kind != "f" or rows.size == 0 or _sum_is_finite(rows):
        return
    step = max(1, _SCAN // rows.shape[1])
    for start in range(0, len(rows), step):
        bad = ~np.isfinite(rows[start : start + step])
        if bad.any():
            row, unit = (int(k) for k in np.unravel_index(int(bad.argmax()), bad.shape))
            raise ValueError(
                f"{label} holds {rows[start + row, unit]} at row {first_row + start + row}, unit {unit}; expected "
                'finite values: repair or remove the network, or pass nan_policy="skip" to leave it out'
            )


def _sum_is_finite(values: NDArray[Any]) -> bool:
    # NaN and infinity survive every sum, so a finite sum proves all values finite in one pass without a mask.
    with np.errstate(all="ignore"):
        return bool(np.isfinite(np.add.reduce(values, axis=None)))
