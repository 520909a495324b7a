"""What a directory of tiles belongs to, as JSON, and how to say in which way two such records differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np

_VERSION = 1
_LISTED = 5
_PER_NETWORK = {"names", "digests", "column_names", "column_digests", "argument", "column_argument"}


def encode(header: Mapping[str, object]) -> bytes:
    """The header as JSON text with a version and a checksum.

    Raises:
        TypeError: If the header holds something that JSON cannot.
    """
    plain = normalise(header)
    return json.dumps({"version": _VERSION, "checksum": _checksum(plain), "header": plain}, indent=1).encode()


def decode(data: bytes) -> dict[str, Any]:
    """The header that :func:`encode` wrote.

    Raises:
        ValueError: If the text is damaged, comes from a later version, or is something else.
    """
    try:
        record = json.loads(data)
        version, checksum, header = record["version"], record["checksum"], record["header"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("is damaged or is no manifest of pyrnnsim") from error
    if version != _VERSION:
        raise ValueError(f"has version {version!r}, expected {_VERSION}: another version of pyrnnsim wrote it")
    if not isinstance(header, dict) or checksum != _checksum(header):
        raise ValueError("is damaged (checksum)")
    return header


def normalise(header: Mapping[str, object]) -> dict[str, Any]:
    """The header as it comes back from JSON: lists for tuples, plain numbers for NumPy's, text for types."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(header), default=_plain))
    return plain


def differences(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Say what differs between two normalised headers, changed networks first; empty if nothing does."""
    found = _network_differences(stored, wanted, "", "reps") + _network_differences(stored, wanted, "column_", "b")
    for key in sorted((stored.keys() | wanted.keys()) - _PER_NETWORK):
        found += _value_differences(key, stored.get(key), wanted.get(key))
    return found


def _network_differences(stored: Mapping[str, Any], wanted: Mapping[str, Any], prefix: str, default: str) -> list[str]:
    argument = wanted.get(f"{prefix}argument", default)
    old, new = stored.get(f"{prefix}digests") or [], wanted.get(f"{prefix}digests") or []
    old_names, new_names = stored.get(f"{prefix}names") or [], wanted.get(f"{prefix}names") or []
    if len(old) != len(new) or len(old_names) != len(new_names):
        before, now = max(len(old), len(old_names)), max(len(new), len(new_names))
        return [f"{argument} had {before} networks, now {now}"]
    labels = [f"{argument}[{i}]" + (f" ({new_names[i]!r})" if i < len(new_names) else "") for i in range(len(new))]
    changed = [f"{labels[i]} changed" for i in range(len(new)) if old[i] != new[i]]
    renamed = [
        f"{argument}[{i}] was named {before!r}, now {now!r}"
        for i, (before, now) in enumerate(zip(old_names, new_names, strict=True))
        if before != now
    ]
    return _shortened(changed, "changed") + _shortened(renamed, "were renamed")


def _value_differences(key: str, old: Any, new: Any) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(old.keys() | new.keys())
        return [text for inner in keys for text in _value_differences(f"{key}.{inner}", old.get(inner), new.get(inner))]
    # Compared as text: NaN equals itself, and True differs from 1.
    if json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True):
        return []
    return [f"{key} was {old!r}, now {new!r}"]


def _shortened(texts: list[str], verb: str) -> list[str]:
    more = len(texts) - _LISTED
    return texts[:_LISTED] + ([f"{more} more {verb}"] if more > 0 else [])


def _checksum(header: Mapping[str, Any]) -> str:
    return blake2b(json.dumps(header, sort_keys=True).encode(), digest_size=16).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, np.dtype | type):
        return np.dtype(value).name
    raise TypeError(f"a tile store's header must hold plain values, got {value!r}")
