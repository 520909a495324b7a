"""What a study does: presets, files and single values, checked and put together."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import Any

from pyrnnsim.populations.population import Population
from pyrnnsim.study.schema import (
    CALLER,
    SECTIONS,
    TOP,
    check_section,
    check_table,
    check_task,
    nearest,
    refuse_unknown,
    whole,
)
from pyrnnsim.tasks import Task, from_spec

PRESETS = ("quick", "standard", "paper")
_GIVEN = ("optimizer", "learning_rate", "decay", "momentum", "clip")
_SEARCHED = ("candidates", "repeats")


@dataclass(frozen=True)
class Configuration:
    """A whole study in numbers and words; equal configurations give equal results.

    Attributes:
        name: Of the preset or file it began with.
        values: Section -> key -> value, complete: what was left out holds its default.
    """

    name: str
    values: Mapping[str, Any]

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
        """A task with its arguments."""
        return from_spec({"task": name, **self.values["tasks"][name]["arguments"]})

    def training(self, name: str) -> dict[str, Any]:
        """How networks are trained on a task: the section ``train`` with what the task has of its own."""
        own = {key: value for key, value in self.values["tasks"][name].items() if key != "arguments"}
        return {**self.values["train"], **{key: value for key, value in own.items() if value is not None}}

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
    return parse_configuration({"name": name, **values})


def parse_configuration(given: Mapping[str, Any]) -> Configuration:
    """The configuration that a dict of sections stands for; see the presets for its keys.

    Raises:
        TypeError, ValueError: As :func:`load_configuration`.
    """
    table = check_table("the configuration", given)
    refuse_unknown("", table, TOP)
    name = table.get("name", "own")
    if not isinstance(name, str):
        raise TypeError(f"{CALLER}: name must be text, got {name!r}")
    tasks = {
        task: check_task(task, entry)
        for task, entry in check_table("tasks", table.get("tasks", {})).items()
        if entry is not False
    }
    if not tasks:
        raise ValueError(f"{CALLER}: there is no task; add a table such as [tasks.flip_flop]")
    values: dict[str, Any] = {"seed": whole(0)("seed", table.get("seed", 0)), "tasks": tasks}
    values |= {section: check_section(section, table.get(section, {})) for section in SECTIONS}
    _check_combinations(values)
    return Configuration(name, values)


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
