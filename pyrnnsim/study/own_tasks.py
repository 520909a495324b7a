"""Tasks of the user's modules in a study: what of them decides results, and where they are found again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from pyrnnsim.study.schema import CALLER, TASK_KEYS, check_table, check_training, refuse_unknown
from pyrnnsim.tasks import Task
from pyrnnsim.tasks.user_module import (
    ChangedError,
    MissingError,
    UserModule,
    is_file_name,
    load_module,
    locate,
    source_digest,
    user_code,
)
from pyrnnsim.tasks.user_task import make_task, task_class

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # of a directory, on any system
_TAKEN = ("figures",)  # by the study's own directory


def check_name(name: str, others: Iterable[str]) -> None:
    """Refuse a name that cannot be that of a directory of its own."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{CALLER}: a task's name must be of letters, digits, _ and -, at most 64, got {name!r}")
    for other in (*_TAKEN, *others):
        if name.lower() == other.lower():
            raise ValueError(f"{CALLER}: tasks.{name} would share the directory of {other!r}; give it another name")


def read_entry(name: str, given: Any, folder: Path) -> tuple[dict[str, Any], str]:
    """The entry of a task as the user writes it: what decides results, and where its module is. Runs the module.

    Raises:
        TypeError, ValueError: If there is no such module or class, it is no task, or does not take the arguments.
        OSError: If the module cannot be read.
    """
    caller = f"{CALLER}: tasks.{name}"
    table = check_table(f"tasks.{name}", given)
    refuse_unknown(f"tasks.{name}.", table, ("module", "class", "arguments", *TASK_KEYS))
    chosen = table.get("class")
    if not (chosen is None or isinstance(chosen, str)):
        raise TypeError(f"{caller}.class must be the name of a class, got {chosen!r}")
    arguments = dict(check_table(f"tasks.{name}.arguments", table.get("arguments", {})))
    training = check_training(name, table)
    location = locate(caller, table["module"], folder)
    module = load_module(caller, location)
    kind = task_class(caller, module, chosen)
    spec = make_task(caller, module, kind, arguments).spec()
    del spec["task"]
    return {"class": kind.__name__, "digest": module.digest, "arguments": spec, **training}, location


def recorded_entry(name: str, given: Any) -> dict[str, Any]:
    """The entry of a task as a study wrote it down. Nothing is run."""
    table = check_table(f"tasks.{name}", given)
    made = {"class": table["class"], "digest": table["digest"], "arguments": dict(table["arguments"])}
    return {**made, **check_training(name, table)}


def task_of(name: str, entry: Mapping[str, Any], location: str) -> Task:
    """The task of an entry; its module is run unless this process has done so.

    Raises:
        ValueError: If the module is missing or has changed.
    """
    caller, module = f"{CALLER}: tasks.{name}", _module(name, entry, location)
    kind = task_class(caller, module, entry["class"])
    with user_code(caller, module.path):
        return kind.from_spec({"task": kind.name, **entry["arguments"]})


def explained(name: str, entry: Mapping[str, Any], location: str | None) -> AbstractContextManager[None]:
    """Say of exceptions of a user's task where in its module they arose."""
    if location is None:
        return nullcontext()
    return user_code(f"{CALLER}: tasks.{name}", _module(name, entry, location).path)


def changes(old: Mapping[str, Any], new: Mapping[str, Any], modules: Mapping[str, str]) -> list[str]:
    """Which modules have changed between two configurations, and whose they are."""
    found: dict[str, list[str]] = {}
    for name, location in modules.items():
        if name in old and old[name].get("digest") not in (None, new[name]["digest"]):
            found.setdefault(location, []).append(f"tasks.{name}")
    return [f"{location} ({', '.join(names)}) has changed" for location, names in found.items()]


def notes(tasks: Mapping[str, Any], modules: Mapping[str, str]) -> list[str]:
    """Which files are missing or have changed. Nothing is run."""
    found = []
    for name, location in modules.items():
        if not is_file_name(location):
            continue
        if not Path(location).is_file():
            found.append(f"tasks.{name}: {location} is missing; without it the study cannot go on")
        elif source_digest(Path(location).read_bytes()) != tasks[name]["digest"]:
            found.append(f"tasks.{name}: {location} has changed since this study began; it cannot go on with it")
    return found


def _module(name: str, entry: Mapping[str, Any], location: str) -> UserModule:
    try:
        return load_module(f"{CALLER}: tasks.{name}", location, entry["digest"])
    except ChangedError as error:
        raise ValueError(
            f"{error} since this study began, so that its results are of another configuration; put back what it was, "
            "or choose another --out"
        ) from error
    except MissingError as error:
        raise ValueError(
            f"{error}; put it back, or name its new place by 'pyrnnsim study --config FILE --out DIR'"
        ) from error


def to_record(modules: Mapping[str, str], folder: Path) -> dict[str, list[str]]:
    """Where modules are, for a file in a directory: as they are, and files also relative to it, as both may move."""
    return {
        name: [location, os.path.relpath(location, folder.resolve())] if is_file_name(location) else [location]
        for name, location in modules.items()
    }


def from_record(record: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """The places of :func:`to_record`, each the first at which there is a file."""
    made = {}
    for name, (location, *beside) in record.items():
        places = [Path(location), *((folder.resolve() / one).resolve() for one in beside)]
        made[name] = str(next((one for one in places if one.is_file()), location)) if beside else location
    return made
