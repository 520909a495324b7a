"""The emulated CUDA kernel of the projection weights as a NumPy function."""

from __future__ import annotations

import ctypes

import numpy as np


class Arguments(ctypes.Structure):
    """ProjectionWeights<T> of csrc/similarity/projection_weights.hpp; addresses do not depend on T."""

    _fields_ = [
        ("directions", ctypes.c_void_p),
        ("direction_stride", ctypes.c_int64),
        ("loadings", ctypes.c_void_p),
        ("loading_stride", ctypes.c_int64),
        ("network", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
        ("pairs", ctypes.c_int64),
        ("count", ctypes.c_int64),
        ("rank", ctypes.c_int64),
        ("units", ctypes.c_int64),
        ("norm", ctypes.c_int),
    ]


def widened(matrices: np.ndarray, by: int) -> np.ndarray:
    """A copy whose rows lie ``by`` elements further apart, with NaN in between."""
    wide = np.full((*matrices.shape[:-1], matrices.shape[-1] + by), np.nan, matrices.dtype)
    wide[..., : matrices.shape[-1]] = matrices
    return wide


def emulated_weights(
    library: ctypes.CDLL, directions: np.ndarray, loadings: np.ndarray, network: np.ndarray, norm: int, padding: int = 3
) -> np.ndarray:
    """Weights (pairs, count) by the CUDA kernel on the CPU; ``padding`` lies between the rows of both operands."""
    pairs, rank, count = directions.shape
    units = loadings.shape[2]
    wide_directions, wide_loadings = widened(directions, padding), widened(loadings, padding)
    weights = np.full((pairs, count), np.nan)
    arguments = Arguments(
        wide_directions.ctypes.data, count + padding, wide_loadings.ctypes.data, units + padding,
        network.ctypes.data, weights.ctypes.data, pairs, count, rank, units, norm,
    )  # fmt: skip
    message = ctypes.create_string_buffer(200)
    run = getattr(library, f"projection_weights_{directions.dtype.name}")
    if run(ctypes.byref(arguments), message, ctypes.c_size_t(len(message))) != 0:
        raise RuntimeError(message.value.decode())
    return weights
