"""Networks from torch: modules, state_dicts and files of weights."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from torch import nn

from pyrnnsim.populations.arrays import as_numbers, networks_from_arrays
from pyrnnsim.populations.cell import Cell
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.torch_export import SteppedNetwork, parameters_of
from pyrnnsim.populations.torch_files import read_weights
from pyrnnsim.populations.torch_names import Layer, find_layer

_CALLER = "Population.from_torch"
_SUPPORTED = (
    "supported are torch.nn.RNN, GRU and LSTM (or their cells) of one layer, one direction and no projection, with at "
    "most one Linear readout"
)
_CLASSES = {1: "vanilla", 3: "gru", 4: "lstm"}
# Our gate from torch's: GRU has (r, z, n), where z keeps the old state; LSTM (i, f, g, o), where g is the candidate.
_ORDER = {"vanilla": [0], "gru": [2, 1, 0], "lstm": [2, 0, 1, 3]}


def networks_from_torch(
    networks: Any,
    activation: str | None,
    readout: str | None,
    names: Sequence[str] | None,
    dtype: DTypeLike | None,
) -> list[Network]:
    """One network per entry; see :meth:`Population.from_torch`."""
    entries = list(networks) if isinstance(networks, list | tuple) else [networks]
    if not entries:
        raise ValueError(f"{_CALLER}: networks is empty; give at least one")
    if activation not in (None, "tanh", "relu"):
        raise ValueError(f"{_CALLER}: activation must be 'tanh', 'relu' or None, got {activation!r}")
    if names is not None and (isinstance(names, str) or len(names) != len(entries)):
        raise ValueError(f"{_CALLER}: names must be a list of {len(entries)} str, one per network, got {names!r}")
    made = []
    for position, entry in enumerate(entries):
        place = f"{_CALLER}: networks[{position}]"
        name = names[position] if names is not None else _file_name(entry)
        made.append(_network(entry, place, position, name, activation, readout, dtype))
    return made


def _network(
    entry: Any,
    place: str,
    position: int,
    name: str | None,
    activation: str | None,
    readout: str | None,
    dtype: DTypeLike | None,
) -> Network:
    if isinstance(entry, SteppedNetwork):
        cell, given, origin = entry.cell, parameters_of(entry), "torch steps"
    else:
        weights, form, origin = _weights(entry, place)
        layer = find_layer(weights, place, readout, _SUPPORTED)
        cell = _cell(layer, place, form, activation)
        given = _converted(cell, layer, place)
    label = name if name is not None else f"{cell.cell}_{cell.activation}_{given['w_rec'].shape[-1]}_{position}"
    stacked = {key: value[None] for key, value in given.items()}
    return networks_from_arrays(place, cell, stacked, dtype=dtype, names=[label], origin=origin)[0]


def _weights(entry: Any, place: str) -> tuple[dict[str, NDArray[Any]], str | None, str]:
    """Arrays by name, the nonlinearity where a module says it, and what it was."""
    if isinstance(entry, nn.Module):
        form = _checked_module(entry, place)
        return _plain(entry.state_dict(), place), form, f"torch {type(entry).__name__}"
    if isinstance(entry, Mapping):
        return _plain(entry, place), None, "torch state_dict"
    if isinstance(entry, str | os.PathLike):
        return _plain(read_weights(os.fspath(entry), place), place), None, "torch file"
    raise TypeError(f"{place} must be a torch module, a state_dict or a path, got {type(entry).__name__}; {_SUPPORTED}")


def _plain(weights: Mapping[Any, Any], place: str) -> dict[str, NDArray[Any]]:
    return {str(key): as_numbers(place, str(key), value) for key, value in weights.items()}


def _checked_module(module: nn.Module, place: str) -> str | None:
    """Refuse what cannot be represented; return the nonlinearity of a vanilla network."""
    form = None
    for path, part in module.named_modules():
        own = next(iter(part.parameters(recurse=False)), None)
        if isinstance(part, nn.RNNBase):
            for option, plain in (("num_layers", 1), ("bidirectional", False), ("proj_size", 0)):
                if getattr(part, option) != plain:
                    where = f"{type(part).__name__} {path!r}" if path else type(part).__name__
                    raise ValueError(f"{place}: {where} has {option}={getattr(part, option)}; {_SUPPORTED}")
        elif own is not None and not isinstance(part, nn.RNNCellBase | nn.Linear) and not _holds_only_h0(part):
            raise ValueError(f"{place}: {type(part).__name__} {path!r} has weights of its own; {_SUPPORTED}")
        if isinstance(part, nn.RNN | nn.RNNCell):
            form = str(part.nonlinearity)
    return form


def _holds_only_h0(part: nn.Module) -> bool:
    return [name for name, _ in part.named_parameters(recurse=False)] == ["h0"]


def _cell(layer: Layer, place: str, form: str | None, activation: str | None) -> Cell:
    rows, units = layer.weight_hh.shape
    kind = _CLASSES.get(rows // units if rows % units == 0 else 0)
    if kind is None:
        raise ValueError(f"{place}: {layer.name}weight_hh has shape {(rows, units)}, expected N, 3N or 4N rows")
    if kind == "vanilla":
        if None not in (form, activation) and form != activation:
            raise ValueError(f"{place}: its nonlinearity is {form!r}, got activation={activation!r}; leave it out")
        return Cell(kind, form or activation or "tanh")
    if activation == "relu":
        raise ValueError(f"{place}: torch's {kind} uses tanh, got activation='relu'; leave it out")
    return Cell(kind, "tanh", reset_after=kind == "gru")


def _converted(cell: Cell, layer: Layer, place: str) -> dict[str, NDArray[Any]]:
    units = layer.weight_hh.shape[1]
    inputs = layer.weight_ih.shape[-1]
    order = _ORDER[cell.cell]
    zero = np.zeros(len(order) * units, layer.weight_hh.dtype)
    bias, second = (zero if one is None else one for one in (layer.bias_ih, layer.bias_hh))
    made = {
        "w_rec": layer.weight_hh.reshape(-1, units, units)[order],
        "w_in": layer.weight_ih.reshape(-1, units, inputs)[order],
    }
    if cell.reset_after:
        made |= {"b": bias.reshape(-1, units)[order], "b_rec": second.reshape(-1, units)[order]}
    else:
        made["b"] = (bias + second).reshape(-1, units)[order]
    if layer.readout is not None:
        made["w_out"] = _readout(cell, layer.readout, units, place)
        made["b_out"] = np.zeros(len(layer.readout), zero.dtype) if layer.readout_bias is None else layer.readout_bias
    if layer.h0 is not None:
        made["h0"] = layer.h0.reshape(-1)
    return made


def _readout(cell: Cell, weight: NDArray[Any], units: int, place: str) -> NDArray[Any]:
    """A readout of h alone gets zeros for the c of an lstm's state [c; h]."""
    state = cell.state_size(units)
    if weight.shape[1] == units != state:
        return np.concatenate([np.zeros_like(weight), weight], axis=1)
    if weight.shape[1] != state:
        raise ValueError(
            f"{place}: its Linear takes {weight.shape[1]} numbers, the state has {state}: it is no readout of the "
            f"states; name one by readout=..., or pass readout='' to leave it out"
        )
    return weight


def _file_name(entry: Any) -> str | None:
    if isinstance(entry, str | os.PathLike):
        return os.path.splitext(os.path.basename(os.fspath(entry)))[0]  # noqa: PTH119, PTH122
    return None
