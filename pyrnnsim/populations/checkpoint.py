"""The file from which a killed training continues."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyrnnsim._files import TEMPORARY_SUFFIX, os_error
from pyrnnsim._lock import ProcessLock
from pyrnnsim.populations.state import TrainingState
from pyrnnsim.populations.store import describe, read_tensors, write_tensors
from pyrnnsim.tasks.user_module import digest_of

if TYPE_CHECKING:
    from pyrnnsim.populations.population import Population
    from pyrnnsim.tasks import Task

FORMAT = "pyrnnsim checkpoint 1"
_SHARE = 20  # writing may take one part in so many of the time


class Checkpoint:
    """One file, replaced as a whole from time to time.

    Args:
        caller: Name of the public function, for the errors.
        path: The file.
        identity: What the training is: task, settings, networks. JSON.
        seconds: Least time between two writes.
    """

    def __init__(self, caller: str, path: str | os.PathLike[str], identity: Mapping[str, Any], seconds: float) -> None:
        self._caller, self._path = caller, Path(os.path.realpath(path))
        self._work = self._path.with_name(f".{self._path.name}.work")
        self._identity = json.loads(json.dumps(identity))
        self._seconds, self._cost, self._written = seconds, 0.0, time.monotonic()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from writing the same file.

        Raises:
            ValueError: If the path cannot be a file.
            BlockingIOError: If another process is writing it.
        """
        if self._path.is_dir():
            raise ValueError(f"{self._caller}: checkpoint={str(self._path)!r} is a directory; name a file in it")
        if not self._path.parent.is_dir():
            raise ValueError(
                f"{self._caller}: the directory of checkpoint={str(self._path)!r} does not exist; create it first"
            )
        try:
            self._work.mkdir(exist_ok=True)
        except OSError as error:
            raise os_error("cannot write", self._path, error) from error
        lock = ProcessLock(self._work / "lock")
        try:
            lock.acquire()
        except RuntimeError as error:
            raise BlockingIOError(
                f"{self._caller}: checkpoint={str(self._path)!r} is in use: {error}; wait, or choose another path"
            ) from error
        try:
            for unfinished in self._work.glob(f"*{TEMPORARY_SUFFIX}"):  # of a process that was killed
                unfinished.unlink()
            yield
        finally:
            lock.release()
            with suppress(OSError):  # somebody else is about to use it
                self._work.rmdir()

    def resume(self, state: TrainingState) -> bool:
        """Fill ``state`` from the file; False if there is none.

        Raises:
            ValueError: If the file is damaged, of another version, or belongs to another training.
        """
        if not self._path.exists():
            return False
        about, tensors = read_checkpoint(self._caller, self._path)
        found = differences(about["identity"], self._identity)
        if found:
            raise ValueError(
                f"{self._caller}: checkpoint={str(self._path)!r} belongs to another training: {'; '.join(found)}; "
                "choose another path, or delete it"
            )
        try:
            state.restore(tensors, about["iteration"], about["seconds"])
        except ValueError as error:
            raise ValueError(f"{self._caller}: checkpoint={str(self._path)!r} is damaged: {error}") from error
        return True

    def is_due(self) -> bool:
        """Whether it is time to write again."""
        return time.monotonic() - self._written >= max(self._seconds, _SHARE * self._cost)

    def write(self, state: TrainingState) -> None:
        """Replace the file.

        Raises:
            OSError: If it cannot be written; the earlier one is intact.
        """
        start = time.monotonic()
        about = {"identity": self._identity, "iteration": state.iteration, "seconds": state.seconds}
        write_tensors(self._path, FORMAT, about, state.tensors(), scratch=self._work)
        self._written = time.monotonic()
        self._cost = self._written - start


def read_checkpoint(caller: str, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a checkpoint says and holds.

    Raises:
        ValueError: If the file is damaged, of another version, or something else.
    """
    try:
        about, tensors = read_tensors(path, FORMAT, "checkpoint")
        return {key: about[key] for key in ("identity", "iteration", "seconds")}, tensors
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{caller}: checkpoint={str(path)!r} cannot be continued: {error}; choose another path, or delete it if "
            "you can do without"
        ) from error


def identity_of(population: Population, task: Task, settings: Mapping[str, Any], plan: object) -> dict[str, Any]:
    """What decides the outcome of a training, for JSON: networks and a fingerprint of them, task, settings."""
    state, source = blake2b(digest_size=16), digest_of(task)
    for network in population:
        for name, array in network.parameters.items():
            state.update(name.encode())
            state.update(array.tobytes())
    return {
        "networks": [{**describe(network), "dtype": network.dtype.name} for network in population],
        "weights": state.hexdigest(),
        "task": task.spec(),
        "settings": dict(settings),
        "plan": plan,
        **({} if source is None else {"source": source}),
    }


def differences(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Say briefly what differs between two identities; empty if nothing does."""
    if len(stored.get("networks", ())) != len(wanted["networks"]):
        return [f"it has {len(stored.get('networks', ()))} networks, now {len(wanted['networks'])}"]
    found = []
    if stored.get("source") != wanted.get("source"):
        found.append("the module of its task had another source")
    for key in ("task", "settings"):
        old, new = stored.get(key) or {}, wanted[key]
        prefix = "" if key == "settings" else f"{key} "
        for name in sorted(old.keys() | new.keys()):
            found += _change(prefix + name, old.get(name), new.get(name))
    names = [(old.get("name"), new["name"]) for old, new in zip(stored["networks"], wanted["networks"], strict=True)]
    found += [f"network {k} was {old!r}, now {new!r}" for k, (old, new) in enumerate(names) if old != new][:3]
    if not found and any(_text(stored.get(key)) != _text(wanted[key]) for key in ("networks", "weights", "plan")):
        found.append("its networks had other weights or options before training")
    return found


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)  # NaN and infinity equal themselves


def _change(name: str, old: object, new: object) -> list[str]:
    if _text(old) == _text(new):
        return []
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        k = next(k for k in range(len(old)) if _text(old[k]) != _text(new[k]))
        return [f"{name} of network {k} was {_text(old[k])}, now {_text(new[k])}"]
    return [f"{name} was {_text(old)}, now {_text(new)}"]
