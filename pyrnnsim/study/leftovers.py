"""What an interrupted run left for the next one: which of these files are damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyrnnsim._files import read_checked
from pyrnnsim.populations.checkpoint import read_checkpoint
from pyrnnsim.similarity import manifest as tiles
from pyrnnsim.study.manifest import faults, read_json, read_manifest
from pyrnnsim.study.schema import CALLER

STEP = ".step-"  # begins the name of the record of files that carry no checksum of their own


@dataclass(frozen=True)
class Leftover:
    """A damaged file.

    Attributes:
        path: What has to go so that it is computed again: the file, or the directory that is worth nothing without it.
        fault: What is wrong.
        is_dear: Whether hours of work may go with it, which is not done without being asked for.
    """

    path: Path
    fault: str
    is_dear: bool


def damaged(folder: Path) -> list[Leftover]:
    """The damaged files of an unfinished stage, after a look at every byte that the next run would read."""
    return [found for path in sorted(folder.rglob("*")) if path.is_file() for found in _leftovers(path)]


def _leftovers(path: Path) -> Iterator[Leftover]:
    dear = path.name.startswith(".checkpoint-") or path.name == "manifest.json"
    gone = path.parent if path.name == "manifest.json" else path
    try:
        found = _reader(path)(path)
    except FileNotFoundError:  # a live run has just replaced it
        return
    except (ValueError, KeyError, TypeError) as error:
        yield Leftover(gone, f"{path} cannot be used: {_first(error)}", dear)
    else:
        if isinstance(found, list):
            yield from (Leftover(path, fault, False) for fault in found)


def _reader(path: Path) -> Callable[[Path], object]:
    if path.parent.suffix == ".tiles":
        if path.name == "manifest.json":
            return lambda file: tiles.decode(file.read_bytes())
        return read_checked if path.suffix == ".npy" else _anything
    if path.name.startswith(".checkpoint-"):
        return lambda file: read_checkpoint(CALLER, file)
    if path.name.startswith(STEP):
        return lambda file: faults(read_manifest(file), file.parent, thorough=True)
    if path.suffix == ".pyrnnsim" or path.name.startswith(".row-"):
        return read_checked
    return read_json if path.suffix == ".json" else _anything


def _anything(path: Path) -> None:
    """Of files that the next run does not read, or whose damage costs nothing."""


def _first(error: Exception) -> str:
    """The text of the error at the bottom of a chain, without its own remedy."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    return str(error).partition(";")[0]
