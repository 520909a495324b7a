"""The directory of a study: whose it is, who writes in it, and the files of each stage."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyrnnsim._files import TEMPORARY_SUFFIX, os_error
from pyrnnsim._lock import ProcessLock
from pyrnnsim.similarity.manifest import differences
from pyrnnsim.study import own_tasks
from pyrnnsim.study.configuration import Configuration, parse_configuration
from pyrnnsim.study.manifest import Manifest, digest_of, read_json, write_json
from pyrnnsim.study.schema import CALLER

_ABOUT, _LOCK = "study.json", ".lock"
REPAIR = "add --repair to compute it again"


class DamagedError(ValueError):
    """A result of a finished stage is missing, cut or changed."""


class StudyFolder:
    """A directory that belongs to one configuration and one version.

    Attributes:
        path: Where it is.
        configuration: What it is for.
    """

    def __init__(self, path: Path, configuration: Configuration) -> None:
        self.path, self.configuration = path, configuration

    @classmethod
    def create(cls, path: Path, configuration: Configuration, version: str) -> StudyFolder:
        """Take an empty directory for a configuration, or take up the study that is there.

        Raises:
            ValueError: If it belongs to another configuration or version, or holds something else.
            OSError: If it cannot be written.
        """
        about = path / _ABOUT
        if about.exists():
            found = cls.open(path, version)
            old, new = found.configuration.values, configuration.values
            changed = own_tasks.changes(old["tasks"], new["tasks"], configuration.modules) or differences(old, new)
            if changed:
                raise ValueError(
                    f"{CALLER}: {path} belongs to another configuration: {'; '.join(changed[:4])}"
                    f"{' and more' if len(changed) > 4 else ''}; choose another --out"
                )
            if found.configuration.modules != configuration.modules:
                found.configuration = replace(found.configuration, modules=configuration.modules)
                cls._write(path, found.configuration, version)
            return found
        foreign = [one for one in path.iterdir() if one.name != _LOCK and one.suffix != TEMPORARY_SUFFIX]
        if foreign:
            raise ValueError(f"{CALLER}: {path} holds other files ({foreign[0].name}); choose another --out")
        cls._write(path, configuration, version)
        return cls(path, configuration)

    @staticmethod
    def _write(path: Path, configuration: Configuration, version: str) -> None:
        values = {"name": configuration.name, **configuration.values}
        about = {"version": version, "hash": configuration.hash, "configuration": values}
        places = own_tasks.to_record(configuration.modules, path)
        write_json(path / _ABOUT, {**about, "modules": places} if places else about)

    @classmethod
    def open(cls, path: Path, version: str) -> StudyFolder:
        """The study in a directory.

        Raises:
            ValueError: If there is none, it is damaged, or another version made it.
        """
        about = path / _ABOUT
        if not about.is_file():
            raise ValueError(f"{CALLER}: {path} holds no study; begin one by 'pyrnnsim study quick --out {path}'")
        record = read_json(about)
        if record["version"] != version:
            raise ValueError(
                f"{CALLER}: {path} was made by pyrnnsim {record['version']}, this is {version}; choose another --out"
            )
        modules = own_tasks.from_record(record.get("modules", {}), path)
        return cls(path, parse_configuration(record["configuration"], modules=modules))

    def clean(self) -> None:
        """Delete the unfinished files of a process that was killed; only for the holder of the lock."""
        for unfinished in self.path.rglob(f".*{TEMPORARY_SUFFIX}"):
            if unfinished.is_file():
                unfinished.unlink()

    def stage(self, task: str, name: str) -> StageFolder:
        """The files of one stage of a task; of the whole study for an empty name of a task."""
        return StageFolder(self.path / task / name)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep other processes from writing in a directory, which is made if it is missing.

    Raises:
        BlockingIOError: If one does.
        OSError: If it cannot be written.
    """
    lock = ProcessLock(path / _LOCK)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except RuntimeError as error:
        raise BlockingIOError(f"{CALLER}: {error}") from error
    except OSError as error:
        raise os_error("cannot write", path, error) from error
    try:
        yield
    finally:
        lock.release()


class StageFolder:
    """The files of one stage, and what is known of them.

    Attributes:
        path: The directory.
        name: As the user knows it, such as ``"flip_flop/geometry"``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._record, self._begun = path.with_name(f"{path.name}.json"), path.with_name(f".{path.name}.begun")
        self._start, self._before = time.monotonic(), 0.0

    def manifest(self) -> Manifest | None:
        """Of the finished stage; None if it is not finished.

        Raises:
            DamagedError: If the record cannot be read, or a file of it is missing or has another size.
        """
        if not self._record.exists():
            return None
        try:
            content = read_json(self._record)
        except ValueError as error:
            raise DamagedError(f"{CALLER}: {error}; {REPAIR}") from error
        outputs = {name: (int(size), str(value)) for name, (size, value) in content["outputs"].items()}
        for name, (size, _) in outputs.items():
            path = self.path / name
            if not path.is_file():
                raise DamagedError(f"{CALLER}: {path} is missing; {REPAIR}")
            if path.stat().st_size != size:
                raise DamagedError(f"{CALLER}: {path} has {path.stat().st_size} bytes instead of {size}; {REPAIR}")
        return Manifest(content["key"], outputs, float(content["seconds"]))

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

    def begin(self, key: str) -> None:
        """Make the directory ready; what an interrupted run with the same key left stays, all else goes."""
        begun = self._note()
        if begun.get("key") != key or self._record.exists():
            self.forget()
            begun = {}
        self.path.mkdir(parents=True, exist_ok=True)
        self._start, self._before = time.monotonic(), float(begun.get("seconds", 0.0)) + self._unrecorded()
        self.note(key)

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
        return self._begun.exists()

    def finish(self, key: str) -> Manifest:
        """Record all files there are; hidden ones, which are for resuming only, go."""
        for path in sorted(self.path.iterdir()):
            if path.name.startswith("."):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        outputs = {
            str(path.relative_to(self.path)): (path.stat().st_size, digest_of(path))
            for path in sorted(self.path.rglob("*"))
            if path.is_file()
        }
        manifest = Manifest(key, outputs, self.seconds)
        content: dict[str, Any] = {"key": key, "outputs": outputs, "seconds": manifest.seconds}
        write_json(self._record, content)
        self._begun.unlink(missing_ok=True)
        return manifest

    def forget(self) -> None:
        """Delete the results of the stage; the record goes first, so that a kill leaves no claim without its files."""
        self._record.unlink(missing_ok=True)
        self._begun.unlink(missing_ok=True)
        if self.path.is_dir():
            shutil.rmtree(self.path)

    def _note(self) -> dict[str, Any]:
        try:
            return read_json(self._begun) if self._begun.exists() else {}
        except ValueError:
            return {}
