"""Weights of Keras, Flax and Equinox in the layout of :meth:`Population.from_arrays`; none of them is imported.

Each function takes plain arrays and returns keyword arguments for one network::

    Population.from_arrays(**from_keras("gru", layer.get_weights(), readout=dense.get_weights()))
    Population.from_arrays(**from_flax("lstm", params["OptimizedLSTMCell_0"], readout=params["Dense_0"]))
    Population.from_arrays(**from_equinox("gru", cell.weight_ih, cell.weight_hh, cell.bias, cell.bias_n))

Join several networks by ``+``. For any other library the same three questions have to be answered: in which order its
gates lie (ours: vanilla [h], ugrnn [c, g], gru [c, g, r], lstm [c, i, f, o], where g and f keep the old state),
whether its matrices act from the left as ours (``w[to, from]``), and, for a gru, whether the reset gate
acts before or after the recurrent product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_KERAS_ORDER = {"vanilla": [0], "gru": [2, 0, 1], "lstm": [2, 0, 1, 3]}  # gru z, r, h; lstm i, f, c, o
_FLAX_GATES = {"vanilla": ("",), "gru": ("n", "z", "r"), "lstm": ("g", "i", "f", "o")}
_EQUINOX_ORDER = {"gru": [2, 1, 0], "lstm": [2, 0, 1, 3]}  # gru r, z, n; lstm i, f, g, o


def from_keras(
    cell: str, weights: Sequence[ArrayLike], *, activation: str = "tanh", readout: Sequence[ArrayLike] | None = None
) -> dict[str, Any]:
    """One ``SimpleRNN``, ``GRU`` or ``LSTM`` layer.

    Args:
        cell: ``"vanilla"``, ``"gru"`` or ``"lstm"``.
        weights: ``layer.get_weights()``: kernel (M, G N), recurrent kernel (N, G N) and, unless ``use_bias=False``,
            bias (G N,), or (2, G N) for a GRU with ``reset_after=True``.
        activation: ``"tanh"`` or ``"relu"``; gates must be ``"sigmoid"``.
        readout: ``get_weights()`` of a Dense layer on the outputs: kernel (N, O) and bias (O,).
    Raises:
        ValueError: For a cell that Keras does not have, or shapes that do not fit.
    """
    order = _known("from_keras", cell, _KERAS_ORDER)
    kernel, recurrent = (np.asarray(one) for one in weights[:2])
    units = recurrent.shape[0]
    if recurrent.shape != (units, len(order) * units) or kernel.shape[1:] != recurrent.shape[1:]:
        raise ValueError(
            f"from_keras: a {cell} has kernels (M, {len(order)} N) and (N, {len(order)} N), got {kernel.shape} and "
            f"{recurrent.shape}"
        )
    bias = np.asarray(weights[2]) if len(weights) > 2 else np.zeros(recurrent.shape[1], recurrent.dtype)
    made = {
        "w_rec": recurrent.T.reshape(-1, units, units)[order],
        "w_in": kernel.T.reshape(-1, units, len(kernel))[order],
    }
    if bias.ndim == 2:
        made |= {"b": bias[0].reshape(-1, units)[order], "b_rec": bias[1].reshape(-1, units)[order]}
    else:
        made["b"] = bias.reshape(-1, units)[order]
    return _arguments(cell, activation, made, readout)


def from_flax(
    cell: str,
    params: Mapping[str, Mapping[str, ArrayLike]],
    *,
    activation: str = "tanh",
    readout: Mapping[str, ArrayLike] | None = None,
) -> dict[str, Any]:
    """One ``SimpleCell``, ``GRUCell``, ``LSTMCell`` or ``OptimizedLSTMCell`` of flax.linen.

    Args:
        cell: ``"vanilla"``, ``"gru"`` or ``"lstm"``.
        params: Of the cell: ``{"ir": {"kernel": (M, N), "bias": (N,)}, "hr": {"kernel": (N, N)}, ...}``.
        activation: ``"tanh"`` or ``"relu"``.
        readout: Params of a Dense layer on the outputs.
    Raises:
        ValueError: For a cell that Flax does not have.
    """
    gates = _known("from_flax", cell, _FLAX_GATES)
    recurrent = [np.asarray(params[f"h{gate}"]["kernel"]).T for gate in gates]
    zero = np.zeros(len(recurrent[0]), recurrent[0].dtype)
    first = np.stack([np.asarray(params[f"i{gate}"].get("bias", zero)) for gate in gates])
    second = np.stack([np.asarray(params[f"h{gate}"].get("bias", zero)) for gate in gates])
    made = {
        "w_rec": np.stack(recurrent),
        "w_in": np.stack([np.asarray(params[f"i{gate}"]["kernel"]).T for gate in gates]),
    }
    made |= {"b": first, "b_rec": second} if cell == "gru" else {"b": first + second}
    dense = None if readout is None else [readout["kernel"], *([readout["bias"]] if "bias" in readout else [])]
    return _arguments(cell, activation, made, dense)


def from_equinox(
    cell: str,
    weight_ih: ArrayLike,
    weight_hh: ArrayLike,
    bias: ArrayLike | None = None,
    bias_n: ArrayLike | None = None,
    *,
    readout: Sequence[ArrayLike] | None = None,
) -> dict[str, Any]:
    """One ``GRUCell`` or ``LSTMCell`` of equinox.nn.

    Args:
        cell: ``"gru"`` or ``"lstm"``.
        weight_ih: (G N, M).
        weight_hh: (G N, N).
        bias: (G N,).
        bias_n: (N,), of a GRU.
        readout: Weight (O, N) and bias (O,) of a Linear on the outputs.
    Raises:
        ValueError: For a cell that Equinox does not have.
    """
    order = _known("from_equinox", cell, _EQUINOX_ORDER)
    recurrent, kernel = np.asarray(weight_hh), np.asarray(weight_ih)
    units = recurrent.shape[1]
    first = np.zeros(len(recurrent), recurrent.dtype) if bias is None else np.asarray(bias)
    made = {
        "w_rec": recurrent.reshape(-1, units, units)[order],
        "w_in": kernel.reshape(-1, units, kernel.shape[1])[order],
        "b": first.reshape(-1, units)[order],
    }
    if cell == "gru":
        made["b_rec"] = np.zeros_like(made["b"])
        if bias_n is not None:
            made["b_rec"][0] = bias_n
    dense = None if readout is None else [np.asarray(readout[0]).T, *readout[1:]]
    return _arguments(cell, "tanh", made, dense)


def _arguments(
    cell: str, activation: str, made: dict[str, NDArray[Any]], readout: Sequence[ArrayLike] | None
) -> dict[str, Any]:
    """Add the readout of h and the axis of networks; all these libraries have their constants in the biases."""
    if readout is not None:
        kernel = np.asarray(readout[0])
        weight = kernel.T
        made["w_out"] = np.concatenate([np.zeros_like(weight), weight], axis=1) if cell == "lstm" else weight
        made["b_out"] = np.asarray(readout[1]) if len(readout) > 1 else np.zeros(kernel.shape[1], kernel.dtype)
    options = {"cell": cell, "activation": activation, "keep_bias": 0.0, "reset_after": "b_rec" in made}
    return {**options, **{name: array[None] for name, array in made.items()}}


def _known(caller: str, cell: str, table: Mapping[str, Any]) -> Any:
    if cell not in table:
        raise ValueError(f"{caller}: cell must be one of {', '.join(map(repr, table))}, got {cell!r}")
    return table[cell]
