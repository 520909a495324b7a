"""The directory of a study: whose it is, who writes in it, and the files of each stage."""

from __future__ import annotations

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
from pyrnnsim.study.manifest import read_json, write_json
from pyrnnsim.study.schema import CALLER
from pyrnnsim.study.stage_folder import StageFolder

_ABOUT, _COPY, _LOCK = "study.json", ".study.json", ".lock"


class StudyFolder:
    """A directory that belongs to one configuration and one version.

    Attributes:
        path: Where it is.
        configuration: What it is for.
    """

    def __init__(self, path: Path, configuration: Configuration) -> None:
        self.path, self.configuration = path, configuration

    @classmethod
    def create(cls, path: Path, configuration: Configuration, version: str, *, copy: bool = False) -> StudyFolder:
        """Take an empty directory for a configuration, or take up the study that is there; needs the lock.

        Args:
            path: The directory.
            configuration: What is to be done.
            version: Of this package.
            copy: As for :meth:`open`; what is damaged is written again.
        Raises:
            ValueError: If it belongs to another configuration or version, or holds something else.
            OSError: If it cannot be written.
        """
        places = [path / _ABOUT, path / _COPY]
        moved = False
        if any(place.exists() for place in places):
            study = cls.open(path, version, copy=copy)
            old, new = study.configuration.values, configuration.values
            changed = own_tasks.changes(old["tasks"], new["tasks"], configuration.modules) or differences(old, new)
            if changed:
                raise ValueError(
                    f"{CALLER}: {path} belongs to another configuration: {'; '.join(changed[:4])}"
                    f"{' and more' if len(changed) > 4 else ''}; choose another --out"
                )
            moved = study.configuration.modules != configuration.modules
            if moved:
                study.configuration = replace(study.configuration, modules=configuration.modules)
        else:
            foreign = [one for one in path.iterdir() if one.name != _LOCK and one.suffix != TEMPORARY_SUFFIX]
            if foreign:
                raise ValueError(f"{CALLER}: {path} holds other files ({foreign[0].name}); choose another --out")
            study = cls(path, configuration)
        for place in places:
            if moved or _fault(place) is not None:
                study._write(place, version)
        return study

    def _write(self, place: Path, version: str) -> None:
        values = {"name": self.configuration.name, **self.configuration.values}
        about = {"version": version, "hash": self.configuration.hash, "configuration": values}
        modules = own_tasks.to_record(self.configuration.modules, self.path)
        write_json(place, {**about, "modules": modules} if modules else about)

    @classmethod
    def open(cls, path: Path, version: str, *, copy: bool = False) -> StudyFolder:
        """The study in a directory.

        Args:
            path: The directory.
            version: Of this package.
            copy: Whether to read the copy of the configuration where the configuration is missing or damaged.
        Raises:
            ValueError: If there is none, it is damaged, or another version made it.
        """
        about, spare = path / _ABOUT, path / _COPY
        if not about.is_file() and not spare.is_file():
            raise ValueError(f"{CALLER}: {path} holds no study; begin one by 'pyrnnsim study quick --out {path}'")
        fault = _fault(about)
        if fault is not None and not (copy and _fault(spare) is None):
            remedy = "add --repair to write it again" if _fault(spare) is None else "and there is no sound copy of it"
            raise ValueError(f"{CALLER}: {fault}; {remedy}")
        record = read_json(about if fault is None else spare)
        if record["version"] != version:
            raise ValueError(
                f"{CALLER}: {path} was made by pyrnnsim {record['version']}, this is {version}; choose another --out"
            )
        modules = own_tasks.from_record(record.get("modules", {}), path)
        return cls(path, parse_configuration(record["configuration"], modules=modules))

    def problems(self) -> list[str]:
        """What is wrong with the configuration and its copy."""
        found = [_fault(self.path / name) for name in (_ABOUT, _COPY)]
        return [f"{CALLER}: {fault}; add --repair to write it again" for fault in found if fault is not None]

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


def _fault(place: Path) -> str | None:
    """What is wrong with a file that says what the study is."""
    try:
        record: dict[str, Any] = read_json(place)
    except FileNotFoundError:
        return f"{place} is missing"
    except ValueError as error:
        return str(error)
    return None if {"version", "configuration"} <= record.keys() else f"{place} is something else"
