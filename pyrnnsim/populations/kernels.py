"""The calls of the native cells, and the readout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import _core
from pyrnnsim.populations.cell import Cell

Parameters = Mapping[str, NDArray[Any]]


def rollout(cell: Cell, parameters: Parameters, inputs: NDArray[Any], n_jobs: int) -> NDArray[Any]:
    """(K, B, T, S) states after each step, from ``inputs`` (K or 1, B, T, M) of the type of the parameters."""
    return _core.cell_rollout(cell.record(), dict(parameters), inputs, n_jobs)


def readout(parameters: Parameters, states: NDArray[Any]) -> NDArray[Any]:
    """(K, B, T, O) outputs w_out s + b_out.

    One matrix product for each network, so that its outputs do not depend on the other ones; call it inside
    :func:`pyrnnsim._threads.thread_limit`, so that they do not depend on the threads of BLAS either.
    """
    networks, trials, steps, size = states.shape
    flat = states.reshape(networks, trials * steps, size)
    outputs = np.empty((networks, trials * steps, parameters["b_out"].shape[-1]), states.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # a network that explodes has infinite outputs
        for k in range(networks):
            np.matmul(flat[k], parameters["w_out"][k].T, out=outputs[k])
            outputs[k] += parameters["b_out"][k]
    return outputs.reshape(networks, trials, steps, -1)


def train(
    cell: Cell,
    parameters: Parameters,
    slots: Mapping[str, Parameters],
    hyper: Mapping[str, object],
    task: Mapping[str, object],
) -> _core.CellTraining:
    """Train networks in place for some iterations, in this thread; see :mod:`pyrnnsim._core`."""
    plain = {moment: dict(arrays) for moment, arrays in slots.items()}
    return _core.cell_train(cell.record(), dict(parameters), plain, dict(hyper), dict(task), 1)
