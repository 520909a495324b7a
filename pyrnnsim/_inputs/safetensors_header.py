"""Header of a safetensors file, read with distrust.

Format: 8 bytes little-endian header length, a JSON object name -> {dtype, shape, data_offsets}, then the bytes of all
tensors in row-major order without gaps (github.com/huggingface/safetensors, "Format"). The header is read here rather
than through the library because rows of one tensor must be readable without mapping the file, bfloat16 included.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from pyrnnsim._inputs.labels import Label

# About 150,000 tensors; the format allows 100 MB, which costs gigabytes once parsed.
_LONGEST = 16_000_000
_STORED = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}


@dataclass(frozen=True)
class Entry:
    """One tensor: dtype as spelled in the file, NumPy's dtype (None if it has none), shape, first and last+1 byte."""

    dtype: str
    stored: np.dtype[Any] | None
    shape: tuple[int, ...]
    offset: int
    end: int


def read(path: Path, label: Label) -> dict[str, Entry]:
    """Tensors of a safetensors file by name; no tensor data are read.

    Raises:
        ValueError: If the file is no safetensors file, is cut short, or its header contradicts itself or the file.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            raise _damaged(path, label, f"its header claims {length:,} bytes, the file has {size:,}")
        if length > _LONGEST:
            raise _damaged(path, label, f"its header has {length:,} bytes, more than {_LONGEST:,}")
        text = file.read(length)
    try:
        header = json.loads(text.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, label, f"its header is no valid JSON ({error})") from error
    if not isinstance(header, dict):
        raise _damaged(path, label, "its header is no JSON object")
    header.pop("__metadata__", None)
    entries = {name: _entry(path, label, name, value, 8 + length) for name, value in header.items()}
    _check_extent(path, label, entries, 8 + length, size)
    return entries


def _entry(path: Path, label: Label, name: str, value: Any, data: int) -> Entry:
    fields = value if isinstance(value, dict) else {}
    dtype, shape, span = fields.get("dtype"), fields.get("shape"), fields.get("data_offsets")
    if not (isinstance(dtype, str) and _is_counts(shape) and _is_counts(span) and len(span) == 2):
        raise _damaged(path, label, f"its entry for tensor {name!r} is malformed")
    stored = np.dtype(_STORED[dtype]) if dtype in _STORED else None
    if stored is not None and span[1] - span[0] != math.prod(shape) * stored.itemsize:
        raise _damaged(
            path, label, f"tensor {name!r} has {span[1] - span[0]:,} bytes, which does not fit {dtype} {tuple(shape)}"
        )
    return Entry(dtype, stored, tuple(shape), data + span[0], data + span[1])


def _check_extent(path: Path, label: Label, entries: dict[str, Entry], data: int, size: int) -> None:
    position = data
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].offset, item[1].end)):
        if entry.offset != position or entry.end < position:
            raise _damaged(path, label, f"tensor {name!r} overlaps another one or leaves a gap")
        position = entry.end
    if position != size:
        what = "cut short" if position > size else "followed by other data"
        raise _damaged(path, label, f"its tensors end at byte {position:,}, the file at {size:,}: it is {what}")


def _is_counts(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(k) is int and k >= 0 for k in value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key appears twice")
    return fields


def _damaged(path: Path, label: Label, what: str) -> ValueError:
    return ValueError(f"{label}: {path} is no valid safetensors file: {what}; write it again")
