"""Networks from stacked arrays, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pyrnnsim._dtypes import float_type
from pyrnnsim.populations.cell import GATES, PARAMETERS, Cell
from pyrnnsim.populations.network import Network

_LAYOUT = {
    "w_rec": "(K, G, N, N)",
    "w_in": "(K, G, N, M)",
    "b": "(K, G, N)",
    "b_rec": "(K, G, N)",
    "w_out": "(K, O, S)",
    "b_out": "(K, O)",
    "h0": "(K, S)",
}


def networks_from_arrays(
    caller: str,
    cell: Cell,
    given: Mapping[str, object],
    *,
    dtype: DTypeLike | None = None,
    names: Sequence[str] | None = None,
    origin: str = "arrays",
) -> list[Network]:
    """K networks from arrays with a leading axis K; absent biases, readouts and initial states are zero or empty.

    Raises:
        TypeError, ValueError: For arrays that are missing, no real numbers, not finite, or of shapes that do not fit.
    """
    arrays = {name: as_numbers(caller, name, value) for name, value in given.items() if value is not None}
    for name in ("w_rec", "w_in"):
        if name not in arrays:
            raise TypeError(f"{caller}: {name} {_LAYOUT[name]} is missing")
    for name, array in arrays.items():
        axes = _LAYOUT[name].count(",") + 1
        if array.ndim != axes:
            hint = f"; use {name}[None] for one network" if array.ndim == axes - 1 else ""
            raise ValueError(f"{caller}: {name} must be {_LAYOUT[name]}, got shape {array.shape}{hint}")
    shapes = _shapes(caller, cell, arrays)
    count = len(arrays["w_rec"])
    if count == 0:
        raise ValueError(f"{caller}: w_rec holds no network, got shape {arrays['w_rec'].shape}; K must be at least 1")
    chosen = _dtype(caller, dtype, arrays)
    labels = _names(caller, names, count, f"{cell.cell}_{cell.activation}_{shapes['w_rec'][1]}")
    stacks = {name: _filled(caller, name, arrays.get(name), (count, *shape)) for name, shape in shapes.items()}
    for name, stack in stacks.items():
        check_finite(caller, name, stack, labels)
    return [
        Network(labels[k], cell, {name: stack[k].astype(chosen) for name, stack in stacks.items()}, origin=origin)
        for k in range(count)
    ]


def as_numbers(caller: str, name: str, value: object) -> NDArray[Any]:
    """An array of real numbers; tensors are brought to the CPU."""
    if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        tensor: Any = value.detach().cpu()
        value = (tensor if str(tensor.dtype) in ("torch.float32", "torch.float64") else tensor.float()).numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise TypeError(f"{caller}: {name} must be one array, got rows of different lengths ({error})") from error
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        raise TypeError(f"{caller}: {name} must hold real numbers (float32, float64 or integers), got {array.dtype}")
    return array


def check_finite(caller: str, name: str, stack: NDArray[Any], labels: Sequence[str]) -> None:
    """Refuse NaN and infinity, naming the first network that has them."""
    for k, array in enumerate(stack):
        bad = array.size - int(np.isfinite(array).sum())
        if bad:
            raise ValueError(
                f"{caller}: {name} of network {k} ({labels[k]!r}) has {bad} entries that are NaN or infinite; "
                "leave this network out"
            )


def _shapes(caller: str, cell: Cell, arrays: Mapping[str, NDArray[Any]]) -> dict[str, tuple[int, ...]]:
    gates, units = arrays["w_rec"].shape[1:3]
    if gates != len(cell.gates):
        order = ", ".join(GATES[cell.cell])
        raise ValueError(
            f"{caller}: a {cell.cell} has {len(cell.gates)} gates [{order}] on axis 1 of w_rec, got {gates} "
            f"(shape {arrays['w_rec'].shape})"
        )
    if "b_rec" in arrays and not cell.reset_after:
        raise ValueError(f"{caller}: b_rec is the second bias of a gru with reset_after=True; add it to b, or set that")
    if units == 0:
        raise ValueError(f"{caller}: w_rec must have at least 1 unit, got shape {arrays['w_rec'].shape}")
    outputs = arrays["w_out"].shape[1] if "w_out" in arrays else 0
    return cell.shapes(units, arrays["w_in"].shape[-1], outputs)


def _filled(caller: str, name: str, array: NDArray[Any] | None, shape: tuple[int, ...]) -> NDArray[Any]:
    if array is None:
        return np.zeros(shape)
    if array.shape != shape:
        raise ValueError(
            f"{caller}: {name} must be {_LAYOUT[name]} = {shape} to fit the other arrays, got {array.shape}"
        )
    return array


def _dtype(caller: str, dtype: DTypeLike | None, arrays: Mapping[str, NDArray[Any]]) -> np.dtype[Any]:
    if dtype is None:
        wide = any(arrays[name].dtype == np.float64 for name in PARAMETERS if name in arrays)
        return np.dtype(np.float64 if wide else np.float32)
    return parse_dtype(caller, dtype)


def parse_dtype(caller: str, dtype: DTypeLike) -> np.dtype[Any]:
    """float32 or float64, or an error."""
    chosen = float_type(dtype)
    if chosen is None:
        raise TypeError(f"{caller}: dtype must be float32 or float64, got {dtype!r}")
    return chosen


def _names(caller: str, names: Sequence[str] | None, count: int, stem: str) -> list[str]:
    if names is None:
        return [f"{stem}_{k}" for k in range(count)]
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{caller}: names must be a list of str, got {names!r}")
    if len(names) != count:
        raise ValueError(f"{caller}: names must have one entry per network, {count}, got {len(names)}")
    return list(names)
