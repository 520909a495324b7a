"""Files of torch weights, read with distrust: no code in them is ever run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pickle import UnpicklingError
from typing import Any

import torch

# How files of torch.save begin, since version 1.6 and before.
_ARCHIVE, _OLD = b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_NESTED = ("state_dict", "model_state_dict", "model")


def read_weights(path: str, place: str) -> Mapping[str, Any]:
    """The state_dict in a ``.safetensors``, ``.pt`` or ``.pth`` file.

    Raises:
        ValueError: If the file is of another kind, is damaged, or holds more than tensors.
        OSError: If it cannot be read.
    """
    ending = os.path.splitext(path)[1].lower()  # noqa: PTH122
    if ending not in (".safetensors", ".pt", ".pth"):
        raise ValueError(f"{place}: {path} must end in .safetensors, .pt or .pth; save a state_dict in one of them")
    with open(path, "rb") as file:
        start = file.read(len(_OLD))
    weights = _safetensors(path, place) if ending == ".safetensors" else _pickled_tensors(path, place, start)
    for key in _NESTED:
        if isinstance(weights, Mapping) and isinstance(weights.get(key), Mapping):
            weights = weights[key]
    if not isinstance(weights, Mapping) or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise ValueError(f"{place}: {path} holds no state_dict; write it with torch.save(model.state_dict(), path)")
    return weights


def _safetensors(path: str, place: str) -> Mapping[str, Any]:
    library = import_module("safetensors")
    try:
        weights: Mapping[str, Any] = import_module("safetensors.torch").load_file(path)
    except library.SafetensorError as error:
        raise ValueError(f"{place}: {path} is no valid safetensors file ({error}); write it again") from error
    return weights


def _pickled_tensors(path: str, place: str, start: bytes) -> Any:
    if not start.startswith((_ARCHIVE, _OLD)):
        raise ValueError(f"{place}: {path} is damaged or no file of torch weights; write it again")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise ValueError(
            f"{place}: {path} holds code or objects besides tensors, which pyrnnsim never runs; write it with "
            "torch.save(model.state_dict(), path)"
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise ValueError(f"{place}: {path} is damaged or no file of torch weights; write it again") from error
