"""The loss of networks on given trials, without training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.populations import kernels
from pyrnnsim.populations.cell import Cell

_STATES = 2**24  # numbers per rollout: trials come in blocks, which bounds memory and changes nothing


def outputs_of(cell: Cell, parameters: Mapping[str, NDArray[Any]], inputs: NDArray[Any]) -> NDArray[Any]:
    """(B, T, O) outputs of one network (arrays with a leading axis 1) for inputs (B, T, M), in this thread."""
    trials, steps, _ = inputs.shape
    size = parameters["h0"].shape[-1]
    block = max(1, _STATES // max(1, steps * size))
    parts = [
        kernels.readout(parameters, kernels.rollout(cell, parameters, inputs[None, start : start + block], 1))[0]
        for start in range(0, trials, block)
    ]
    return np.concatenate(parts)


def mean_squared_error(outputs: NDArray[Any], targets: NDArray[Any], mask: NDArray[np.bool_] | None) -> float:
    """Mean over trials, steps and outputs, of the entries that the mask leaves, in double."""
    error = np.subtract(outputs, targets, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # a network that explodes has an infinite loss
        square = np.square(error if mask is None else error[mask])
        return float(square.mean())
