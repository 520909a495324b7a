"""One argument that stands for many networks -> one source per network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pyrnnsim._inputs.arrays import as_matrix
from pyrnnsim._inputs.convert import check_tensor, is_frame, is_tensor, refuse_sparse, to_array
from pyrnnsim._inputs.files import open_directory, open_file
from pyrnnsim._inputs.labels import Label, with_article
from pyrnnsim._inputs.sources import (
    Elements,
    ElementSource,
    MatrixSource,
    PreparedSource,
    Source,
    WindowSource,
    is_prepared,
    needs_window,
)


def open_networks(reps: Any, label: Label, names: Sequence[str] | None) -> list[Source]:
    """Sources of all networks in ``reps``; each element is checked, none is kept that was not in memory before.

    Args:
        reps: ``(K, P, N)`` array or tensor, sequence of representations (arrays, paths, prepared ones), mapping from
            names to them, or directory.
        label: Caller and argument.
        names: Names given by the user, for error texts.
    Raises:
        TypeError: If ``reps`` is no such container or an element is no representation.
        ValueError: If an element has a wrong shape or a file cannot be used.
    """
    refuse_sparse(reps, label)
    if isinstance(reps, (str, os.PathLike)):
        return open_directory(Path(reps), label)
    if isinstance(reps, Mapping):
        return _open_mapping(reps, label, names)
    if isinstance(reps, (list, tuple)):
        return _open_list(reps, label, names)
    if is_prepared(reps):
        raise TypeError(f"{label} is one prepared Representation; expected several: pass a list of them")
    if isinstance(reps, np.ndarray) or is_tensor(reps) or hasattr(reps, "__array__") or hasattr(reps, "__dlpack__"):
        return _open_stack(reps, label, names)
    if isinstance(reps, (bytes, bytearray, memoryview, AbstractSet)) or not hasattr(reps, "__getitem__"):
        remedy = f"pass list({label.argument})" if isinstance(reps, Iterable) else "pass a list of arrays"
        raise TypeError(f"{label} is {with_article(reps)}; expected a sequence of (samples, units) arrays: {remedy}")
    return _open_lazily(reps, label, names)


def _open_list(reps: Sequence[Any], label: Label, names: Sequence[str] | None) -> list[Source]:
    sources: list[Source] = []
    for value in reps:
        sources += _open_item(value, _place(label, len(sources), names))
    return sources


def _open_mapping(reps: Mapping[Any, Any], label: Label, names: Sequence[str] | None) -> list[Source]:
    keys = list(reps)
    if not isinstance(reps, dict):  # an archive or HDF5 group reads a value whenever it is asked for it
        sources = _open_lazily(_Values(reps, keys), label, names or [str(key) for key in keys])
        for source, key in zip(sources, keys, strict=True):
            source.name = str(key)
        return sources
    sources = []
    for key, value in reps.items():
        opened = _open_item(value, replace(label, index=len(sources), name=str(key)))
        for source in opened:
            source.name = source.name if len(opened) > 1 else str(key)
        sources += opened
    return sources


def _open_stack(reps: Any, label: Label, names: Sequence[str] | None) -> list[Source]:
    if is_tensor(reps):
        check_tensor(reps, label)
    slow = needs_window(reps)
    stack = (
        reps if slow or is_tensor(reps) or is_frame(reps) or isinstance(reps, np.ndarray) else _in_memory(reps, label)
    )
    rank = len(stack.shape)
    if rank == 1 and str(stack.dtype) == "object":
        return _open_list(list(np.asarray(stack)), label, names)
    if rank != 3:
        raise ValueError(f"{label} {_rank_fault(tuple(stack.shape), label)}")
    places = [_place(label, index, names) for index in range(stack.shape[0])]
    if slow:
        return [WindowSource(stack, place, index) for index, place in enumerate(places)]
    return [MatrixSource(as_matrix(stack[index], place)) for index, place in enumerate(places)]


def _in_memory(reps: Any, label: Label) -> Any:
    array = np.asarray(reps) if hasattr(reps, "__array__") else None
    return array if array is not None and array.dtype.kind == "O" and array.ndim == 1 else to_array(reps, label)


def _rank_fault(shape: tuple[int, ...], label: Label) -> str:
    name = label.argument
    expected = "expected (networks, samples, units), or a sequence of (samples, units) arrays"
    if len(shape) == 2:
        return f"is one array of shape {shape}; {expected}: pass [{name}] if it is one network"
    if len(shape) == 4:
        return f"has shape {shape}; {expected}: pass {name}.reshape({shape[0]}, -1, {shape[-1]})"
    return f"has shape {shape}; {expected}"


def _open_lazily(reps: Any, label: Label, names: Sequence[str] | None) -> list[Source]:
    if not hasattr(reps, "__len__"):
        raise TypeError(f"{label} is {with_article(reps)} without a length; expected one with __len__: add it")
    if names is not None:
        check_count(names, len(reps), label)  # before anything is loaded
    elements = Elements(reps, _open_element)
    return [ElementSource(elements, index, _place(label, index, names)) for index in range(len(reps))]


def check_count(names: Sequence[str], count: int, label: Label) -> None:
    """Raise ValueError unless there is one name per network."""
    if len(names) != count:
        raise ValueError(f"{label.caller}: names has {len(names)} entries; expected {count}, one per network")


def _open_element(value: Any, label: Label) -> Source:
    sources = _open_item(value, label)
    if len(sources) != 1:
        raise ValueError(f"{label} is a file with {len(sources)} networks; expected one: pass a list of paths instead")
    return sources[0]


def _open_item(value: Any, label: Label) -> list[Source]:
    if is_prepared(value):
        return [PreparedSource(value)]
    if isinstance(value, (str, os.PathLike)):
        return open_file(Path(value), label)
    if needs_window(value):
        return [WindowSource(value, label)]
    return [MatrixSource(as_matrix(value, label))]


def _place(label: Label, index: int, names: Sequence[str] | None) -> Label:
    return replace(label, index=index, name=names[index] if names is not None and index < len(names) else None)


class _Values:
    """Values of a mapping by position."""

    def __init__(self, mapping: Mapping[Any, Any], keys: list[Any]) -> None:
        self._mapping = mapping
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: int) -> Any:
        return self._mapping[self._keys[index]]
