"""Networks in .npy and safetensors files: headers are read at once, rows only when they are needed.

Rows are fetched with plain positioned reads rather than through a mapping: thousands of files then need one descriptor
at a time, and a file cut short during a run raises an error instead of killing the process.
"""

from __future__ import annotations

import logging
import os
import tokenize
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs import safetensors_header
from pyrnnsim._inputs.arrays import check_shape
from pyrnnsim._inputs.convert import to_array
from pyrnnsim._inputs.labels import Label
from pyrnnsim._inputs.sources import MatrixSource, Source

SUFFIXES = (".npy", ".safetensors")
# A header is Python source, so a damaged one may fail anywhere between the tokenizer and the memory map.
_HEADER_ERRORS = (
    ValueError,
    TypeError,
    OverflowError,
    EOFError,
    SyntaxError,
    RecursionError,
    MemoryError,
    tokenize.TokenError,
)
_LOG = logging.getLogger("pyrnnsim")
_SHOWN = 5  # entries of a directory that an error lists


@dataclass(frozen=True)
class Layout:
    """Where a matrix lies in its file.

    Attributes:
        offset: Byte at which it starts.
        shape: ``(P, N)``.
        stored: Dtype in the file; bfloat16 is stored as its 16 bits.
        by_columns: Columns, not rows, are contiguous.
        bfloat16: ``stored`` is the upper half of a float32.
        axes: As in the file, ``(conditions, time, N)`` for a recording, whose first two make P; else ``shape``.
    """

    offset: int
    shape: tuple[int, int]
    stored: np.dtype[Any]
    by_columns: bool = False
    bfloat16: bool = False
    axes: tuple[int, ...] = ()


class FileSource(Source):
    """One matrix in a file."""

    def __init__(self, path: Path, layout: Layout, name: str, tensor: str | None = None) -> None:
        super().__init__(layout.shape, np.dtype(np.float32) if layout.bfloat16 else layout.stored, name)
        self.axes = layout.axes or self.shape
        self._path = path
        self._layout = layout
        self._tensor = tensor

    def read(self, start: int, stop: int, label: Label) -> NDArray[Any]:
        layout, (samples, units) = self._layout, self.shape
        size = layout.stored.itemsize
        with open(self._path, "rb") as file:
            if not layout.by_columns:
                block = np.empty((stop - start, units), layout.stored)
                self._fill(file, layout.offset + start * units * size, block, label)
            else:
                columns = np.empty((units, stop - start), layout.stored)
                for unit, column in enumerate(columns):
                    self._fill(file, layout.offset + (unit * samples + start) * size, column, label)
                block = columns.T
        return (block.astype(np.uint32) << 16).view(np.float32) if layout.bfloat16 else block

    def unambiguous_name(self, index: int) -> str:
        del index
        path = _printable(self._path.as_posix())
        return path if self._tensor is None else f"{path}/{self._tensor}"

    def _fill(self, file: BinaryIO, offset: int, block: NDArray[Any], label: Label) -> None:
        file.seek(offset)
        got = file.readinto(block.reshape(-1).view(np.uint8))  # type: ignore[attr-defined]
        if got != block.nbytes:
            raise ValueError(
                f"{label}: {self._path} ended {block.nbytes - got} bytes early; expected it unchanged since the start: "
                "was it cut or replaced during the run?"
            )


def open_directory(path: Path, label: Label) -> list[Source]:
    """Networks of all .npy and .safetensors files of a directory, sorted by file name; hidden files are left out.

    Raises:
        ValueError: If ``path`` is no readable directory, or holds no such file.
    """
    if not path.is_dir():
        what = "is a file" if path.is_file() else "does not exist"
        remedy = f"pass [{str(path)!r}]" if path.is_file() else "check the spelling"
        raise ValueError(f"{label} is {str(path)!r}, which {what}; expected a directory of .npy files: {remedy}")
    try:
        entries = sorted(path.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise ValueError(f"{label}: directory {path} cannot be listed: {error}") from error
    usable = [entry for entry in entries if _is_usable(entry)]
    if not usable:
        raise ValueError(
            f"{label}: no .npy or .safetensors file in {path}; {_contents(entries)}: write one file per network with "
            "np.save"
        )
    sources: list[Source] = []
    for entry in usable:
        sources += open_file(entry, replace(label, index=len(sources)))
    return sources


def open_file(path: Path, label: Label, *, recordings: bool = False) -> list[Source]:
    """Network of a .npy file, or all networks (2-D tensors, sorted by name) of a safetensors file.

    Args:
        path: The file; nothing in it is executed, and only its header is read.
        label: Place of the first network; its name, if any, goes before the file's own.
        recordings: Take arrays (conditions, time, units) as well; their first two axes, in C order, are the samples.
    Raises:
        ValueError: If the file is missing, damaged, or holds no 2-D array of real numbers.
    """
    named = replace(label, name=label.name if label.name is not None else _printable(path.stem))
    suffix = path.suffix.lower()
    if path.is_dir() or suffix not in SUFFIXES:
        hint = "pass a directory on its own, not in a list" if path.is_dir() else "load it and pass the array"
        raise ValueError(f"{named}: {path} is no .npy or .safetensors file: {hint}")
    try:
        opened = _open_npy if suffix == ".npy" else _open_safetensors
        return opened(path, named, 3 if recordings else 2)
    except OSError as error:
        raise ValueError(f"{named}: {path} cannot be opened: {error.strerror or error}") from error


def _open_npy(path: Path, label: Label, most: int) -> list[Source]:
    with open(path, "rb") as file:
        start = file.read(6)
    if start != b"\x93NUMPY":  # np.load would take anything else for an archive or a pickle
        raise ValueError(f"{label}: {path} {_foreign(start)}")
    try:
        with np.errstate(over="ignore"):  # an absurd shape overflows before it is refused
            array = np.load(path, mmap_mode="r", allow_pickle=False)
    except _HEADER_ERRORS as error:
        raise ValueError(f"{label}: {path} {_npy_fault(path, error)}") from error
    to_array(array, label)
    shape = _merged(array.shape, most)
    check_shape(shape, label)
    by_columns = not array.flags.c_contiguous
    if by_columns and array.ndim > 2:  # its rows lie nowhere together, so that all are read at once
        source = MatrixSource(np.ascontiguousarray(array).reshape(shape))
        source.name, source.axes = label.name, array.shape
        return [source]
    layout = Layout(array.offset, (shape[0], shape[1]), array.dtype, by_columns=by_columns, axes=array.shape)
    return [FileSource(path, layout, label.name or "")]


def _merged(shape: tuple[int, ...], most: int) -> tuple[int, ...]:
    """(P, N) of a shape of at most so many axes."""
    return (shape[0] * shape[1], shape[2]) if len(shape) == most == 3 else shape


def _foreign(start: bytes) -> str:
    if start.startswith(b"PK"):
        return "is a .npz archive; expected one array: pass dict(np.load(path)), or save each array with np.save"
    if start.startswith(b"\x80"):
        return "is a pickle, which is never loaded; save a plain array: np.save(path, np.asarray(x))"
    return f"is no .npy file (it starts with {start!r}); write it with np.save" if start else "is empty; write it again"


def _npy_fault(path: Path, error: Exception) -> str:
    text = str(error)
    if "Python objects" in text or "Object arrays" in text:
        return "holds pickled Python objects, which are never loaded; save a plain array: np.save(path, np.asarray(x))"
    if "greater than file size" in text or text.startswith("EOF: "):
        return f"is cut short ({path.stat().st_size:,} bytes): {text}; write it again"
    return f"is no valid .npy file: {text}; write it with np.save"


def _open_safetensors(path: Path, label: Label, most: int) -> list[Source]:
    entries = safetensors_header.read(path, label)
    matrices = [name for name in sorted(entries) if 2 <= len(entries[name].shape) <= most]
    shapes = ", ".join(f"{name} {entries[name].shape}" for name in sorted(entries)[:_SHOWN])
    deep = next((name for name in sorted(entries) if len(entries[name].shape) > most), None)
    if deep is not None:
        check_shape(entries[deep].shape, replace(label, name=f"{label.name}/{deep}"))
    if not matrices:
        raise ValueError(f"{label}: {path} holds no 2-D tensor ({shapes or 'it is empty'}); expected (samples, units)")
    if len(matrices) < len(entries):
        _LOG.info("%s: %s: left out %d tensors that are not 2-D", label, path, len(entries) - len(matrices))
    sources: list[Source] = []
    for position, tensor in enumerate(matrices):
        name = f"{label.name}/{_printable(tensor)}" if len(matrices) > 1 else label.name
        place = replace(label, index=None if label.index is None else label.index + position, name=name)
        layout = _tensor_layout(path, entries[tensor], place, most)
        sources.append(FileSource(path, layout, name or "", tensor if len(matrices) > 1 else None))
    return sources


def _tensor_layout(path: Path, entry: safetensors_header.Entry, label: Label, most: int) -> Layout:
    if entry.stored is None:
        raise TypeError(f"{label}: {path} holds {entry.dtype} values; expected a float, int or bool dtype: x.float()")
    shape = _merged(entry.shape, most)
    check_shape(shape, label)
    bfloat16 = entry.dtype == "BF16"
    return Layout(entry.offset, (shape[0], shape[1]), entry.stored, bfloat16=bfloat16, axes=entry.shape)


def _is_usable(entry: Path) -> bool:
    # A leading dot marks the resource forks and temporary files that some systems leave beside the real ones.
    return entry.suffix.lower() in SUFFIXES and not entry.name.startswith(".") and entry.is_file()


def _contents(entries: list[Path]) -> str:
    if not entries:
        return "it is empty"
    shown = ", ".join(entry.name + os.sep * entry.is_dir() for entry in entries[:_SHOWN])
    return f"ignored {len(entries)} other entries ({shown}{', ...' if len(entries) > _SHOWN else ''})"


def _printable(name: str) -> str:
    # File names need not be valid text; names end up in reports and files, which must be.
    return name.encode(errors="backslashreplace").decode()
