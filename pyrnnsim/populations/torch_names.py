"""Which tensor of a state_dict is what, from the names that torch gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

_RECURRENT = re.compile(r"(?P<name>(?:.*\.)?)weight_hh(?P<layer>(?:_l\d+)?)(?P<reverse>(?:_reverse)?)")


@dataclass(frozen=True, eq=False)
class Layer:
    """The recurrent layer, its readout and its initial state, in torch's shapes; None for what is absent."""

    name: str
    weight_ih: NDArray[Any]
    weight_hh: NDArray[Any]
    bias_ih: NDArray[Any] | None
    bias_hh: NDArray[Any] | None
    readout: NDArray[Any] | None
    readout_bias: NDArray[Any] | None
    h0: NDArray[Any] | None


def is_recurrent(name: str) -> bool:
    """Whether a tensor of this name is the recurrent weight of a network."""
    return _RECURRENT.fullmatch(name) is not None


def find_layer(weights: Mapping[str, NDArray[Any]], place: str, readout: str | None, supported: str) -> Layer:
    """Find the one recurrent layer and the readout of it.

    Args:
        weights: A state_dict.
        place: Function, argument and network, for the errors.
        readout: Name of the readout; None if there is at most one candidate, ``""`` for none.
        supported: What to say after a refusal.
    Raises:
        ValueError: If there is no such layer or more than one, or a tensor has no place.
    """
    name, layer = _only_recurrent(weights, place, supported)
    left = dict(weights)
    own = {part: left.pop(f"{name}{part}{layer}", None) for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    weight_ih, weight_hh = own["weight_ih"], own["weight_hh"]
    if weight_ih is None or weight_hh is None or weight_hh.ndim != 2 or weight_ih.ndim != 2:
        raise ValueError(f"{place}: {name}weight_ih{layer} and weight_hh{layer} must be matrices; {supported}")
    if len(weight_ih) != len(weight_hh) or weight_hh.shape[1] == 0:
        raise ValueError(f"{place}: weight_ih has shape {weight_ih.shape}, weight_hh {weight_hh.shape}: rows differ")
    for part in ("bias_ih", "bias_hh"):
        bias = own[part]
        if bias is not None and bias.shape != (len(weight_hh),):
            raise ValueError(f"{place}: {name}{part} must have shape ({len(weight_hh)},), got {bias.shape}")
    h0 = next((left.pop(key) for key in list(left) if key.rpartition(".")[2] == "h0"), None)
    matrix, bias = _find_readout(left, place, readout, supported)
    return Layer(name, weight_ih, weight_hh, own["bias_ih"], own["bias_hh"], matrix, bias, h0)


def _only_recurrent(weights: Mapping[str, NDArray[Any]], place: str, supported: str) -> tuple[str, str]:
    found = [match for key in weights if (match := _RECURRENT.fullmatch(key)) is not None]
    if not found:
        names = ", ".join(list(weights)[:6]) or "nothing"
        raise ValueError(f"{place}: no recurrent layer (no weight_hh) among {names}; {supported}")
    if any(match["reverse"] for match in found):
        raise ValueError(f"{place}: it is bidirectional; {supported}")
    if any("weight_hr" in key for key in weights):
        raise ValueError(f"{place}: it has a projection (weight_hr); {supported}")
    if len(found) > 1:
        raise ValueError(f"{place}: it has {len(found)} recurrent layers; {supported}")
    return found[0]["name"], found[0]["layer"]


def _find_readout(
    left: dict[str, NDArray[Any]], place: str, readout: str | None, supported: str
) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    layers = sorted(key.removesuffix("weight") for key in left if key.rpartition(".")[2] == "weight")
    matrices = [one for one in layers if left[f"{one}weight"].ndim == 2]
    known = {f"{one}{part}" for one in matrices for part in ("weight", "bias")}
    strange = [key for key in left if key not in known]
    if strange and readout is None:
        raise ValueError(f"{place}: no place for {', '.join(strange[:6])}; {supported}")
    if readout == "" or not matrices:
        return None, None
    if readout is None and len(matrices) > 1:
        choices = ", ".join(repr(one.rstrip(".")) for one in matrices)
        raise ValueError(f"{place}: {len(matrices)} Linear layers; say which one is the readout, readout= {choices}")
    chosen = matrices[0] if readout is None else f"{readout}."
    if chosen not in matrices:
        choices = ", ".join(repr(one.rstrip(".")) for one in matrices)
        raise ValueError(f"{place}: no Linear is called {readout!r}; there is {choices}")
    matrix, bias = left[f"{chosen}weight"], left.get(f"{chosen}bias")
    if bias is not None and bias.shape != (len(matrix),):
        raise ValueError(f"{place}: {chosen}bias must have shape ({len(matrix)},), got {bias.shape}")
    return matrix, bias
