"""What a study does: presets, files and single values, checked and put together."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import Any

from pyrnnsim.populations.population import Population
from pyrnnsim.study import own_tasks
from pyrnnsim.study.schema import (
    CALLER,
    SECTIONS,
    TASK_KEYS,
    TOP,
    check_section,
    check_table,
    check_task,
    nearest,
    refuse_unknown,
    whole,
)
from pyrnnsim.tasks import BUILT_IN, Task, from_spec

PRESETS = ("quick", "standard", "paper")
_GIVEN = ("optimizer", "learning_rate", "decay", "momentum", "clip")
_SEARCHED = ("candidates", "repeats")


@dataclass(frozen=True)
class Configuration:
    """A whole study in numbers and words; equal configurations give equal results.

    Attributes:
        name: Of the preset or file it began with.
        values: Section -> key -> value, complete: what was left out holds its default. The entry of a task of your own
            holds the digest of its module.
        modules: Task of your own -> where its module is: the path of a file, or a name to import. It does not count.
    """

    name: str
    values: Mapping[str, Any]
    modules: Mapping[str, str] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """32 hexadecimal digits of the values; the name does not count."""
        return digest(self.values)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks."""
        return tuple(self.values["tasks"])

    @property
    def seed(self) -> int:
        """Of trials, starts and kicks."""
        return int(self.values["seed"])

    def task(self, name: str) -> Task:
        """A task with its arguments.

        Raises:
            ValueError: If the module of a task of your own is missing or has changed.
        """
        if name in self.modules:
            return own_tasks.task_of(name, self.values["tasks"][name], self.modules[name])
        return from_spec({"task": name, **self.values["tasks"][name]["arguments"]})

    def load_modules(self) -> None:
        """Run the modules of tasks of your own that this process has not run, so that they may change from here on.

        Raises:
            ValueError: If one is missing, has changed since the study began, or raises.
        """
        for name in self.modules:
            self.task(name)

    def training(self, name: str) -> dict[str, Any]:
        """How networks are trained on a task: the section ``train`` with what the task has of its own."""
        own = {key: self.values["tasks"][name][key] for key in TASK_KEYS}
        return {**self.values["train"], **{key: value for key, value in own.items() if value is not None}}

    @property
    def module_names(self) -> dict[str, str]:
        """Task of your own -> its module, a file without its folder."""
        return {name: Path(one).name if one.endswith(".py") else one for name, one in self.modules.items()}

    def notes(self) -> list[str]:
        """What is wrong with the files of tasks of your own: missing, or changed since the study began."""
        return own_tasks.notes(self.values["tasks"], self.modules)

    def explained(self, name: str) -> AbstractContextManager[None]:
        """Say of exceptions that arise in the module of a task of your own in which line."""
        return own_tasks.explained(name, self.values["tasks"][name], self.modules.get(name))

    def population(self, name: str) -> Population:
        """The untrained networks of a task."""
        grid = dict(self.values["networks"])
        first = grid.pop("first_seed")
        grid["seeds"] = range(first, first + grid["seeds"])
        return Population.create(**grid, task=self.task(name))

    def text(self) -> str:
        """The configuration as JSON, for files and people."""
        return json.dumps({"name": self.name, **self.values}, indent=1)


def digest(value: object) -> str:
    """32 hexadecimal digits of anything that JSON holds; the order of keys does not count."""
    return blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=16).hexdigest()


def load_configuration(
    preset: str | None = None, config: Path | None = None, changes: Sequence[str] = ()
) -> Configuration:
    """A preset, changed by a file, changed by single values.

    Args:
        preset: ``"quick"`` (also if None), ``"standard"`` or ``"paper"``.
        config: TOML file whose keys replace those of the preset; its ``tasks`` replace all tasks.
        changes: Such as ``"train.iterations=5000"``, which then holds for all tasks: TOML values, or bare words.
            ``tasks.sine_wave=false`` leaves a task out.
    A task with a key ``module`` is one of your own: that Python file is run, which is running your code.

    Raises:
        TypeError, ValueError: For an unknown preset, text that is no TOML, an unknown key (naming the nearest), a value
            out of range, or a combination that makes no sense.
        OSError: If the file cannot be read.
    """
    name = preset or "quick"
    if name not in PRESETS:
        raise ValueError(f"{CALLER}: unknown preset {name!r}; known are {', '.join(PRESETS)}{nearest(name, PRESETS)}")
    text = resources.files("pyrnnsim.study").joinpath("presets", f"{name}.toml").read_text(encoding="utf-8")
    values: dict[str, Any] = tomllib.loads(text)
    if config is not None:
        given = _parsed(config)
        if "tasks" in given:
            values.pop("tasks")
        values = _merged(values, given)
        name = config.stem
    for change in changes:
        made = _change(change)
        if isinstance(made.get("train"), Mapping) and "iterations" in made["train"]:
            values["tasks"] = {task: _without_iterations(entry) for task, entry in values.get("tasks", {}).items()}
        values = _merged(values, made)
    return parse_configuration({"name": name, **values}, folder=config.parent if config is not None else None)


def parse_configuration(
    given: Mapping[str, Any], *, folder: Path | None = None, modules: Mapping[str, str] | None = None
) -> Configuration:
    """The configuration that a dict of sections stands for; see the presets for its keys.

    Args:
        given: The sections. A task with a key ``module`` is one of your own, and its module is run.
        folder: That paths of modules are relative to; None is the working directory.
        modules: For a configuration that a study wrote down: as :attr:`Configuration.modules`. Nothing is run.
    Raises:
        TypeError, ValueError: As :func:`load_configuration`.
    """
    table = check_table("the configuration", given)
    refuse_unknown("", table, TOP)
    name = table.get("name", "own")
    if not isinstance(name, str):
        raise TypeError(f"{CALLER}: name must be text, got {name!r}")
    tasks: dict[str, Any] = {}
    found = dict(modules or {})
    for task, entry in check_table("tasks", table.get("tasks", {})).items():
        if entry is False:
            continue
        if modules is not None and task in modules:
            tasks[task] = own_tasks.recorded_entry(task, entry)
        elif task not in BUILT_IN and isinstance(entry, Mapping) and "module" in entry:
            own_tasks.check_name(task, [*BUILT_IN, *tasks])
            tasks[task], found[task] = own_tasks.read_entry(task, entry, folder or Path.cwd())
        else:
            tasks[task] = check_task(task, entry)
    if not tasks:
        raise ValueError(f"{CALLER}: there is no task; add a table such as [tasks.flip_flop]")
    values: dict[str, Any] = {"seed": whole(0)("seed", table.get("seed", 0)), "tasks": tasks}
    values |= {section: check_section(section, table.get(section, {})) for section in SECTIONS}
    _check_combinations(values)
    return Configuration(name, values, found)


def _check_combinations(values: Mapping[str, Any]) -> None:
    train = values["train"]
    way = train["settings"]
    for keys, own in ((_GIVEN, "given"), (_SEARCHED, "search")):
        wrong = [key for key in keys if train[key] is not None and way != own]
        if wrong:
            raise ValueError(
                f"{CALLER}: train.{wrong[0]} is read only with train.settings = {own!r}, which is {way!r}; change one"
            )
    networks = values["networks"]
    if networks["initialisation"] != "normal" and networks["gain"] == 0.0:
        raise ValueError(f"{CALLER}: networks.gain = 0 leaves nothing of initialisation {networks['initialisation']!r}")


def _without_iterations(entry: Any) -> Any:
    """A task that trains as long as ``train.iterations`` says."""
    if not isinstance(entry, Mapping):
        return entry
    return {key: value for key, value in entry.items() if key != "iterations"}


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{CALLER}: {path} is no TOML: {error}") from error
    except OSError as error:
        raise OSError(
            error.errno, f"{CALLER}: cannot read {path}: {error.strerror}; give the name of a file"
        ) from error


def _change(text: str) -> dict[str, Any]:
    """``a.b=value`` as nested tables."""
    key, equals, value = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts):
        raise ValueError(f"{CALLER}: --set must be KEY=VALUE such as train.iterations=5000, got {text!r}")
    try:
        made: Any = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        made = value.strip()
    for part in reversed(parts):
        made = {part: made}
    return dict(made)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merged key by key; any other value replaces."""
    made = dict(old)
    for key, value in new.items():
        before = made.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        made[key] = _merged(before, value) if both else value  # type: ignore[arg-type]
    return made
