"""What a finished stage says of its files, with a checksum of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pyrnnsim._files import write_atomic
from pyrnnsim.study.configuration import digest

_FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """The record of one stage.

    Attributes:
        key: Digest of everything that decided its results: configuration, version, results of earlier stages.
        outputs: Relative name -> (bytes, digest of the content).
        seconds: Wall time, over all runs that worked on it.
    """

    key: str
    outputs: dict[str, tuple[int, str]]
    seconds: float

    @property
    def fingerprint(self) -> str:
        """Digest of all files."""
        return digest(self.outputs)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a record with its checksum, atomically."""
    record = {"format": _FORMAT, "checksum": digest(content), "content": content}
    write_atomic(path, json.dumps(record, indent=1).encode())


def read_json(path: Path) -> dict[str, Any]:
    """What :func:`write_json` wrote.

    Raises:
        ValueError: If the file is damaged or something else; the text names it.
        OSError: If it cannot be read.
    """
    try:
        record = json.loads(path.read_bytes())
        content = record["content"]
        sound = record["format"] == _FORMAT and record["checksum"] == digest(content)
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound or not isinstance(content, dict):
        raise ValueError(f"{path} is damaged (checksum)")
    return content


def write_manifest(record: Path, folder: Path, files: Iterable[Path], key: str, seconds: float) -> Manifest:
    """Record files that lie in a directory, as they are now."""
    outputs = {str(path.relative_to(folder)): (path.stat().st_size, digest_of(path)) for path in files}
    write_json(record, {"key": key, "outputs": outputs, "seconds": seconds})
    return Manifest(key, outputs, seconds)


def read_manifest(record: Path) -> Manifest:
    """What :func:`write_manifest` wrote.

    Raises:
        ValueError: As :func:`read_json`.
    """
    content = read_json(record)
    try:
        outputs = {name: (int(size), str(value)) for name, (size, value) in content["outputs"].items()}
        return Manifest(str(content["key"]), outputs, float(content["seconds"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{record} is something else than a record of files") from error


def faults(manifest: Manifest, folder: Path, *, thorough: bool) -> list[str]:
    """What is wrong with recorded files, one text each; only a thorough look reads them."""
    found = []
    for name, (size, content) in manifest.outputs.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{path} is missing")
        elif path.stat().st_size != size:
            found.append(f"{path} has {path.stat().st_size} bytes instead of {size}")
        elif thorough and digest_of(path) != content:
            found.append(f"{path} is damaged (checksum)")
    return found


def digest_of(path: Path) -> str:
    """32 hexadecimal digits of the content of a file."""
    state = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(2**20):
            state.update(block)
    return state.hexdigest()
