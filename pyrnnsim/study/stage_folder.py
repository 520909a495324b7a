"""The files of one stage of a study: whether they are finished, whole, and whose they are."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from pyrnnsim.study.manifest import Manifest, digest_of, faults, read_json, read_manifest, write_json, write_manifest
from pyrnnsim.study.schema import CALLER

REPAIR = "add --repair to compute it again"


class DamagedError(ValueError):
    """A result of a finished stage, or what an unfinished one left, is missing, cut or changed."""


class StageFolder:
    """The files of one stage, and what is known of them.

    Attributes:
        path: The directory.
        name: As the user knows it, such as ``"flip_flop/geometry"``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._record, self._begun = path.with_name(f"{path.name}.json"), path.with_name(f".{path.name}.begun")
        self._key = path / ".key"  # what the note says, once more: without it the files would be of unknown origin
        self._start, self._before = time.monotonic(), 0.0

    def manifest(self) -> Manifest | None:
        """Of the finished stage; None if it is not finished.

        Raises:
            DamagedError: If the record cannot be read, or a file of it is missing or has another size.
        """
        if not self._record.exists():
            return None
        try:
            manifest = read_manifest(self._record)
        except ValueError as error:
            raise DamagedError(f"{CALLER}: {error}; {REPAIR}") from error
        for fault in faults(manifest, self.path, thorough=False):
            raise DamagedError(f"{CALLER}: {fault}; {REPAIR}")
        return manifest

    def faults(self) -> list[str]:
        """What is wrong with the record, its files, and the notes of an unfinished run, after a look at every byte."""
        if self._record.exists():
            try:
                return faults(read_manifest(self._record), self.path, thorough=True)
            except ValueError as error:
                return [str(error)]
        if self.is_begun:
            notes = [self._begun, *([self._key] if self._key.exists() else [])]  # it is written after the note
            return [fault for fault in map(_fault, notes) if fault is not None]
        return [f"{self._record} is missing"] if self.path.is_dir() and any(self.path.iterdir()) else []

    def file(self, name: str) -> Path:
        """A file of the finished stage, after a look at every byte of it.

        Raises:
            DamagedError: If it is not what was written.
        """
        manifest = self.manifest()
        assert manifest is not None, f"{self.path} is not finished"
        return self._checked(name, manifest)

    def files(self) -> dict[str, Path]:
        """All files of the finished stage, likewise; by name."""
        manifest = self.manifest()
        assert manifest is not None, f"{self.path} is not finished"
        return {name: self._checked(name, manifest) for name in manifest.outputs}

    def _checked(self, name: str, manifest: Manifest) -> Path:
        path = self.path / name
        if name not in manifest.outputs or digest_of(path) != manifest.outputs[name][1]:
            raise DamagedError(f"{CALLER}: {path} is damaged (checksum); {REPAIR}")
        return path

    def holds(self, key: str) -> bool:
        """Whether an unfinished run with this key left something."""
        return not self._record.exists() and self._note().get("key") == key

    def begin(self, key: str) -> None:
        """Make the directory ready; what an interrupted run with the same key left stays, all else goes."""
        if not self.holds(key):
            self.forget()
        begun = self._note()
        self.path.mkdir(parents=True, exist_ok=True)
        self._start, self._before = time.monotonic(), float(begun.get("seconds", 0.0)) + self._unrecorded()
        self.note(key)
        write_json(self._key, {"key": key})

    def note(self, key: str) -> None:
        """Write down how long the stage has been worked on."""
        write_json(self._begun, {"key": key, "seconds": self.seconds})

    def _unrecorded(self) -> float:
        """Seconds between the last note of an interrupted run and the last file that it wrote, such as a checkpoint."""
        if not self._begun.exists():
            return 0.0
        written = (path.stat().st_mtime for path in self.path.rglob("*"))
        return max(0.0, max(written, default=0.0) - self._begun.stat().st_mtime)

    @property
    def seconds(self) -> float:
        """Wall time so far, over all runs; of one that was killed, up to the last file that it wrote."""
        return self._before + time.monotonic() - self._start

    @property
    def is_begun(self) -> bool:
        """Whether an unfinished run left something."""
        return self._begun.exists() or self._key.exists()

    @property
    def is_recorded(self) -> bool:
        """Whether there is a record, sound or not, that says it is finished."""
        return self._record.exists()

    def finish(self, key: str) -> Manifest:
        """Record all files there are; hidden ones, which are for resuming only, go."""
        for path in sorted(self.path.iterdir()):
            if path.name.startswith("."):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        files = [path for path in sorted(self.path.rglob("*")) if path.is_file()]
        manifest = write_manifest(self._record, self.path, files, key, self.seconds)
        self.settle()
        return manifest

    def settle(self) -> None:
        """Delete the note of a stage that is recorded; a kill may have come in between."""
        self._begun.unlink(missing_ok=True)

    def forget(self) -> None:
        """Delete the results of the stage.

        The notes go first and the record next: a kill in between leaves either the whole stage or files that nobody
        takes for results.
        """
        for note in (self._begun, self._key, self._record):
            note.unlink(missing_ok=True)
        if self.path.is_dir():
            shutil.rmtree(self.path)

    def _note(self) -> dict[str, Any]:
        for note in (self._begun, self._key):
            if _fault(note) is None:
                return read_json(note)
        return {}


def _fault(note: Path) -> str | None:
    try:
        read_json(note)
    except FileNotFoundError:
        return f"{note} is missing"
    except ValueError as error:
        return str(error)
    return None
