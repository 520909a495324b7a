"""What a configuration may hold: every key with its kind, its range and its default."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from typing import Any

from pyrnnsim.populations.cell import ACTIVATIONS, GATES
from pyrnnsim.populations.initialisation import INITIALISATIONS
from pyrnnsim.tasks import BUILT_IN

CALLER = "study"
Check = Callable[[str, Any], Any]


def whole(least: int, most: int = 2**31) -> Check:
    """Whole numbers from least to most."""

    def check(key: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{CALLER}: {key} must be a whole number from {least} to {most}, got {value!r}")
        if not least <= value <= most:
            raise ValueError(f"{CALLER}: {key} must be from {least} to {most}, got {value}")
        return value

    return check


def real(least: float, most: float, *, open_below: bool = False) -> Check:
    """Numbers from least to most."""

    def check(key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{CALLER}: {key} must be a number from {least:g} to {most:g}, got {value!r}")
        number = float(value)
        if not (math.isfinite(number) and least <= number <= most) or (open_below and number == least):
            above = "above" if open_below else "from"
            raise ValueError(f"{CALLER}: {key} must be {above} {least:g} to {most:g}, got {value}")
        return number

    return check


def word(*known: str) -> Check:
    """One of some words."""

    def check(key: str, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{CALLER}: {key} must be one of {', '.join(known)}, got {value!r}")
        if value not in known:
            raise ValueError(f"{CALLER}: {key} must be one of {', '.join(known)}, got {value!r}{nearest(value, known)}")
        return value

    return check


def flag(key: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError(f"{CALLER}: {key} must be true or false, got {value!r}")
    return value


def several(one: Check) -> Check:
    """A list of at least one value, none of them twice."""

    def check(key: str, value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise TypeError(f"{CALLER}: {key} must be a list, got {value!r}; write [{value!r}]")
        made = [one(f"{key}[{i}]", each) for i, each in enumerate(value)]
        if not made:
            raise ValueError(f"{CALLER}: {key} is empty; give at least one")
        if len(set(made)) != len(made):
            raise ValueError(f"{CALLER}: {key} has an entry twice, got {made}; networks would be equal")
        return made

    return check


#: Section -> key -> (check, default). A default of None is a key that may be left out.
SECTIONS: dict[str, dict[str, tuple[Check, Any]]] = {
    "networks": {
        "cells": (several(word(*GATES)), list(GATES)),
        "activations": (several(word(*ACTIVATIONS)), list(ACTIVATIONS)),
        "units": (several(whole(1, 2**16)), [64]),
        "l2": (several(real(0.0, 10.0)), [1e-5]),
        "seeds": (whole(1, 10**5), 2),
        "first_seed": (whole(0), 0),
        "initialisation": (word("auto", *INITIALISATIONS), "auto"),
        "gain": (real(0.0, 100.0), None),
        "dtype": (word("float32", "float64"), "float32"),
    },
    "train": {
        "settings": (word("recipes", "search", "given"), "recipes"),
        "iterations": (whole(1, 10**9), 2000),
        "batch": (whole(1, 2**20), 64),
        "optimizer": (word("adam", "sgd"), None),
        "learning_rate": (real(0.0, 10.0, open_below=True), None),
        "decay": (real(0.0, 1.0, open_below=True), None),
        "momentum": (real(0.0, 0.999999), None),
        "clip": (real(0.0, 1e9, open_below=True), None),
        "candidates": (whole(1, 2**16), None),
        "repeats": (whole(1, 2**16), None),
        "learned": (real(0.0, 1e6, open_below=True), 0.5),
        "trials": (whole(1, 2**20), 512),
    },
    "geometry": {
        "variance": (real(0.0, 1.0, open_below=True), 0.95),
        "probe_trials": (whole(1, 2**20), None),
        "untrained": (flag, True),
    },
    "dynamics": {
        "starts": (whole(1, 2**24), 256),
        "perturbations": (whole(1, 10**6), 100),
        "slow_starts": (whole(1, 2**24), 256),
        "pulse_steps": (whole(1, 10**6), 30),
        "leading": (whole(1, 10**6), 20),
    },
}
TASK_KEYS: dict[str, tuple[Check, Any]] = {
    "iterations": (whole(1, 10**9), None),
    "batch": (whole(1, 2**20), None),
}
TOP = ("name", "seed", "tasks", *SECTIONS)


def nearest(name: str, known: Any) -> str:
    """What a wrong name may have meant, as the end of a sentence."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def check_section(name: str, given: Any) -> dict[str, Any]:
    """The values of a section, checked, with the defaults of those left out.

    Raises:
        TypeError, ValueError: For an unknown key, naming the nearest known one, or a value out of range.
    """
    keys = SECTIONS[name]
    table = check_table(name, given)
    refuse_unknown(f"{name}.", table, keys)
    return {
        key: default if table.get(key) is None else check(f"{name}.{key}", table[key])
        for key, (check, default) in keys.items()
    }


def check_table(name: str, given: Any) -> Mapping[str, Any]:
    """The value, if it is a table."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{CALLER}: {name} must be a table, got {given!r}; write [{name}] and its keys below")
    return given


def refuse_unknown(prefix: str, given: Mapping[str, Any], known: Any) -> None:
    """Refuse keys that nobody reads."""
    for key in given:
        if key not in known:
            hint = nearest(key, known) or f"; known are {', '.join(known)}"
            raise ValueError(f"{CALLER}: unknown key {prefix}{key}{hint}")


def check_task(name: str, given: Any) -> dict[str, Any]:
    """The entry of a task: its arguments, and what is trained otherwise than the rest.

    Raises:
        TypeError, ValueError: For a task that is not known, or arguments that it does not take.
    """
    if name not in BUILT_IN:
        hint = nearest(name, BUILT_IN) or "; a task of your own has a key module, such as module = 'my_tasks.py'"
        raise ValueError(f"{CALLER}: unknown task {name!r}; known are {', '.join(BUILT_IN)}{hint}")
    table = check_table(f"tasks.{name}", given)
    if "module" in table:
        raise ValueError(f"{CALLER}: tasks.{name} is a built-in task; give that of your module another name")
    refuse_unknown(f"tasks.{name}.", table, ("arguments", *TASK_KEYS))
    arguments = dict(check_table(f"tasks.{name}.arguments", table.get("arguments", {})))
    spec = BUILT_IN[name].from_spec({"task": name, **arguments}).spec()
    del spec["task"]
    return {"arguments": spec, **check_training(name, table)}


def check_training(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """How a task is trained otherwise than the rest; None where it is not."""
    return {
        key: check(f"tasks.{name}.{key}", table[key]) if table.get(key) is not None else None
        for key, (check, _) in TASK_KEYS.items()
    }
