"""The emulated CUDA kernels of the cells as NumPy functions."""

from __future__ import annotations

import ctypes

import numpy as np

KINDS = {"vanilla": 0, "ugrnn": 1, "gru": 2, "lstm": 4}
NAMES = ("w_rec", "w_in", "b", "b_rec", "w_out", "b_out", "h0")


class Cell(ctypes.Structure):
    """Cell of csrc/cells/cell.hpp."""

    _fields_ = [("kind", ctypes.c_int), ("relu", ctypes.c_bool), ("sigmoid", ctypes.c_bool), ("keep", ctypes.c_double)]


class Sizes(ctypes.Structure):
    """Sizes of csrc/cells/cell.hpp."""

    _fields_ = [(name, ctypes.c_int64) for name in ("units", "inputs", "outputs", "trials", "steps")]


class Parameters(ctypes.Structure):
    """Parameters<T> of csrc/cells/cell.hpp; addresses do not depend on T."""

    _fields_ = [(name, ctypes.c_void_p) for name in NAMES]


class Rollout(ctypes.Structure):
    """StackedRollout<T> of csrc/cells/cell_cuda.hpp."""

    _fields_ = [
        ("cell", Cell),
        ("sizes", Sizes),
        ("networks", ctypes.c_int64),
        ("input_networks", ctypes.c_int64),
        ("parameters", Parameters),
        *((name, ctypes.c_void_p) for name in ("inputs", "initial", "states")),
    ]


class Jacobians(ctypes.Structure):
    """StackedJacobians<T> of csrc/cells/cell_cuda.hpp."""

    _fields_ = [
        ("cell", Cell),
        ("sizes", Sizes),
        ("networks", ctypes.c_int64),
        ("parameters", Parameters),
        *((name, ctypes.c_void_p) for name in ("states", "inputs", "next", "to_states", "to_inputs")),
    ]


def _cell(spec: dict) -> Cell:
    kind = 3 if spec.get("reset_after") else KINDS[spec["cell"]]
    return Cell(kind, spec["activation"] == "relu", spec.get("candidate") == "sigmoid", spec.get("keep_bias", 0.0))


def _address(array: np.ndarray | None) -> int | None:
    return None if array is None else array.ctypes.data


def _run(library: ctypes.CDLL, name: str, dtype: np.dtype, arguments: ctypes.Structure) -> None:
    message = ctypes.create_string_buffer(200)
    if getattr(library, f"{name}_{dtype.name}")(ctypes.byref(arguments), message, ctypes.c_size_t(len(message))) != 0:
        raise RuntimeError(message.value.decode())


def emulated_rollout(
    library: ctypes.CDLL, spec: dict, params: dict, inputs: np.ndarray, initial: np.ndarray | None = None
) -> np.ndarray:
    """``cell_rollout`` by the CUDA kernel on the CPU."""
    networks, _, units, _ = params["w_rec"].shape
    _, trials, steps, width = inputs.shape
    states = np.full((networks, trials, steps, params["h0"].shape[1]), np.nan, inputs.dtype)
    sizes = Sizes(units, width, 0, trials, steps)
    pointers = Parameters(*(_address(params.get(name)) for name in NAMES))
    arrays = (_address(array) for array in (inputs, initial, states))
    _run(library, "roll_out", inputs.dtype, Rollout(_cell(spec), sizes, networks, len(inputs), pointers, *arrays))
    return states


def emulated_jacobians(
    library: ctypes.CDLL, spec: dict, params: dict, states: np.ndarray, inputs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``cell_jacobian`` by the CUDA kernel on the CPU."""
    networks, points, size = states.shape
    units, width = params["w_rec"].shape[-1], inputs.shape[-1]
    found = [np.full((networks, points, size, *last), np.nan, states.dtype) for last in ((), (size,), (width,))]
    pointers = Parameters(*(_address(params.get(name)) for name in NAMES))
    arrays = (_address(array) for array in (states, inputs, *found))
    sizes = Sizes(units, width, 0, points, 1)
    _run(library, "linearise", states.dtype, Jacobians(_cell(spec), sizes, networks, pointers, *arrays))
    return found[0], found[1], found[2]
