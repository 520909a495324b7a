"""Populations in files: safetensors with a JSON header and a checksum."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._files import read_checked, write_checked
from pyrnnsim.populations.cell import PARAMETERS, Cell
from pyrnnsim.populations.network import Network

_FORMAT = "pyrnnsim population 1"
_LONGEST = 2**26  # bytes of a header


def save_networks(path: str | os.PathLike[str], networks: Sequence[Network]) -> None:
    """Write networks; see :meth:`Population.save`."""
    tensors = {f"{k}.{name}": array for k, one in enumerate(networks) for name, array in one.parameters.items()}
    write_tensors(path, _FORMAT, {"networks": [describe(one) for one in networks]}, tensors)


def load_networks(path: str | os.PathLike[str]) -> list[Network]:
    """Read networks; see :meth:`Population.load`."""
    about, tensors = read_tensors(path, _FORMAT, "population")
    try:
        return [restore(one, _own(tensors, f"{k}.")) for k, one in enumerate(about["networks"])]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{os.fspath(path)} is no population of pyrnnsim ({error}); save it again") from error


def form_of(path: str | os.PathLike[str]) -> str:
    """What a file of :func:`write_tensors` says it is, such as ``"pyrnnsim population 1"``; "" for other files.

    Only the header is read; whether the rest is whole is not looked at.

    Raises:
        OSError: If it cannot be read.
    """
    with Path(path).open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(length) if length <= _LONGEST else b""
    try:
        return str(json.loads(json.loads(header)["__metadata__"]["pyrnnsim"])["format"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def is_population(path: str | os.PathLike[str]) -> bool:
    """Whether a file says that :meth:`Population.save` wrote it.

    Raises:
        OSError: If it cannot be read.
    """
    return form_of(path) == _FORMAT


def describe(network: Network) -> dict[str, Any]:
    """All of a network but its arrays, for JSON."""
    return {
        "name": network.name,
        "cell": network.cell.record(),
        "seed": network.seed,
        "l2": network.l2,
        "origin": network.origin,
    }


def restore(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Network:
    """The network of a description and its arrays."""
    cell = Cell(**about["cell"])
    units, inputs, outputs = arrays["w_rec"].shape[-1], arrays["w_in"].shape[-1], arrays["b_out"].shape[-1]
    for name, shape in cell.shapes(units, inputs, outputs).items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, expected {shape}")
    return Network(about["name"], cell, arrays, about["seed"], about["l2"], about["origin"])


def write_tensors(
    path: str | os.PathLike[str],
    form: str,
    about: Mapping[str, Any],
    tensors: Mapping[str, NDArray[Any]],
    *,
    scratch: Path | None = None,
) -> None:
    """Write arrays and what they mean to one file, atomically, with a checksum; until then it lies in ``scratch``."""
    encode = import_module("safetensors.numpy").save
    plain = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    content = encode(plain, metadata={"pyrnnsim": json.dumps({"format": form, **about})})
    write_checked(Path(path), content, scratch=scratch)


def read_tensors(path: str | os.PathLike[str], form: str, noun: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read back what :func:`write_tensors` wrote.

    Raises:
        ValueError: If the file is damaged, of another version, or something else.
        OSError: If it cannot be read.
    """
    content = read_checked(path)
    try:
        length = int.from_bytes(content[:8], "little")
        about = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["pyrnnsim"])
        found = str(about["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{os.fspath(path)} is no {noun} of pyrnnsim") from error
    if found != form:
        raise ValueError(
            f"{os.fspath(path)} is a {found!r}, expected {form!r}: another version of pyrnnsim wrote it, or it is "
            "something else; choose another path"
        )
    return about, dict(import_module("safetensors.numpy").load(content))


def _own(tensors: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name: tensors[prefix + name] for name in PARAMETERS if prefix + name in tensors}
