"""The tasks in a user's module: which class is meant, and whether it keeps what a task promises."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyrnnsim.tasks import BUILT_IN, Task, from_spec
from pyrnnsim.tasks.user_module import UserModule, is_file_name, line_of, load_module, locate, user_code

_TRIALS = "trial(self, rng), which returns inputs (steps, inputs) and targets (steps, outputs)"
#: Methods that a class may have -> how they are called.
_CALLS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "trial": ("trial(self, rng)", ("rng",), ()),
    "batch": ("batch(self, n, *, seed, iteration, first)", ("n",), ("seed", "iteration", "first")),
    "condition_inputs": ("condition_inputs(self)", (), ()),
    "probe_inputs": ("probe_inputs(self, n=None)", ("n",), ()),
    "accuracy": ("accuracy(self, outputs, trials)", ("outputs", "trials"), ()),
    "baseline_error": ("baseline_error(self)", (), ()),
    "frequency": ("frequency(self, command)", ("command",), ()),
    "settings": ("settings(self)", (), ()),
}


def task_class(caller: str, module: UserModule, name: str | None = None) -> type[Task]:
    """The class of a task in a module.

    Args:
        caller: For the errors.
        module: Which was run.
        name: Of the class; None if the module defines a single one.
    Raises:
        TypeError: If it is no class, no subclass of :class:`Task`, or has no trials.
        ValueError: If there is none, or several and no name; or its ``name`` is that of a built-in task.
    """
    chosen = _only(caller, module) if name is None else vars(module.contents).get(name)
    if chosen is None:
        known = sorted(key for key, one in vars(module.contents).items() if isinstance(one, type) and one is not Task)
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
        raise ValueError(f"{caller}: {module.path} has no class {name!r}; {hint}")
    if not isinstance(chosen, type):
        raise TypeError(f"{caller}: {name} in {module.path} is no class but a {type(chosen).__name__}; name a class")
    title = chosen.__name__
    if not issubclass(chosen, Task):
        raise TypeError(
            f"{caller}: class {title} in {module.path} is no task; write class {title}(pyrnnsim.tasks.Task)"
        )
    if not _has_trials(chosen):
        raise TypeError(f"{caller}: class {title} in {module.path} has no trials; write its method {_TRIALS}")
    if chosen.name in BUILT_IN:
        raise ValueError(
            f"{caller}: class {title} in {module.path} has the name {chosen.name!r} of a built-in task; set another one"
        )
    return chosen


def make_task(caller: str, module: UserModule, kind: type[Task], arguments: Mapping[str, Any]) -> Task:
    """A task, looked at in every respect that can be known before work.

    Args:
        caller: For the errors.
        module: That the class is from.
        kind: The class.
        arguments: Of its constructor, in types that JSON knows.
    Raises:
        TypeError, ValueError: If the class does not take these arguments, or does not keep what :class:`Task` promises:
            which method, its signature, and what it should give. Exceptions of its code with file and line.
    """
    with user_code(caller, module.path):
        task = _constructed(caller, module, kind, arguments)
        _check_signatures(caller, task)
        again = _constructed(caller, module, kind, {key: one for key, one in task.spec().items() if key != "task"})
        if again.spec() != task.spec():
            raise ValueError(
                f"{caller}: {kind.__name__} changes the arguments that it keeps, from {task.spec()} to {again.spec()}; "
                "store them as they are given, or define settings(self)"
            )
        try:
            _check_trials(caller, task)
            _check_inputs(caller, task)
        except (TypeError, ValueError) as error:
            if line_of(error, module.path) is not None or str(error).startswith(caller):
                raise
            kept = TypeError if isinstance(error, TypeError) else ValueError
            raise kept(f"{caller}: {error}") from error
    return task


def task_named(caller: str, text: str) -> Task:
    """A built-in task by name, or that of a module, with all defaults.

    Args:
        caller: For the errors.
        text: ``"flip_flop"``, or ``FILE.py``, ``FILE.py:Class`` or ``package.module:Class``, which runs the module.
    Raises:
        TypeError, ValueError: As :func:`pyrnnsim.tasks.from_spec`, :func:`task_class` and :func:`make_task`.
    """
    module, _, name = text.rpartition(":") if ":" in text else (text, "", "")
    if not (name or is_file_name(text)):
        return from_spec(text)
    loaded = load_module(caller, locate(caller, module, Path.cwd()))
    return make_task(caller, loaded, task_class(caller, loaded, name or None), {})


def _only(caller: str, module: UserModule) -> type[Any]:
    """The only class with trials that is defined in the module itself, not imported."""
    found = [
        one
        for one in vars(module.contents).values()
        if isinstance(one, type) and issubclass(one, Task) and one.__module__ == module.contents.__name__
    ]
    able = [one for one in dict.fromkeys(found) if _has_trials(one) and not one.__name__.startswith("_")]
    if len(able) == 1:
        return able[0]
    if able:
        names = [one.__name__ for one in able]
        raise ValueError(
            f"{caller}: {module.path} has several tasks, {', '.join(names)}; name one, class = {names[0]!r}"
        )
    alike = [one for one in vars(module.contents).values() if isinstance(one, type) and hasattr(one, "trial")]
    alike = [one for one in alike if one.__module__ == module.contents.__name__]
    if found or alike:
        return (found or alike)[0]  # which lacks trials or is no subclass, as is said of it next
    raise ValueError(
        f"{caller}: {module.path} has no task; write a class NAME(pyrnnsim.tasks.Task) with the method {_TRIALS}"
    )


def _has_trials(kind: type[Task]) -> bool:
    methods = ("trial", "batch", "trials", "_generate")
    return any(getattr(kind, method) is not getattr(Task, method) for method in methods)


def _constructed(caller: str, module: UserModule, kind: type[Task], arguments: Mapping[str, Any]) -> Task:
    try:
        made = kind.from_spec({"task": kind.name, **arguments})
        made.spec()
    except TypeError as error:
        if line_of(error, module.path) is not None:
            raise
        raise TypeError(f"{caller}: arguments {dict(arguments)}: {error}") from error
    if not isinstance(made, kind):
        raise TypeError(f"{caller}: {kind.__name__}.from_spec must give a {kind.__name__}, got {made!r}")
    return made


def _check_signatures(caller: str, task: Task) -> None:
    for name, (written, positional, keywords) in _CALLS.items():
        method = getattr(task, name, None)
        if method is None or (name == "frequency" and not callable(method)):
            continue
        if not callable(method) or not _takes(method, positional, keywords):
            raise TypeError(f"{caller}: {type(task).__name__}.{name} cannot be called as a task is; write {written}")


def _takes(method: Callable[..., Any], positional: tuple[str, ...], keywords: tuple[str, ...]) -> bool:
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):  # compiled functions may have none
        return True
    try:
        signature.bind(*positional, **dict.fromkeys(keywords))
    except TypeError:
        return False
    return True


def _check_trials(caller: str, task: Task) -> None:
    three, one = task.trials(3, seed=1), task.trials(1, seed=1, first=1)
    for name in ("inputs", "targets", "mask"):
        whole, alone = getattr(three, name), getattr(one, name)
        if whole is not None and not np.array_equal(whole[1:2], np.ones_like(whole[1:2]) if alone is None else alone):
            raise ValueError(
                f"{caller}: {type(task).__name__} gives other {name} when it is asked for the same trial again; take "
                "all randomness from rng (of batch: from seed, iteration and index), and keep nothing between trials"
            )


def _check_inputs(caller: str, task: Task) -> None:
    kind, width = type(task).__name__, task.inputs
    commands = np.asarray(task.condition_inputs(), dtype=np.float64)
    if commands.ndim != 2 or not len(commands) or commands.shape[1] != width or not np.isfinite(commands).all():
        raise ValueError(
            f"{caller}: {kind}.condition_inputs(self) must give finite (conditions, {width}), at least one, got shape "
            f"{commands.shape}"
        )
    probes = np.asarray(task.probe_inputs(2), dtype=np.float64)
    if probes.ndim != 3 or not probes.size or probes.shape[2] != width or not np.isfinite(probes).all():
        raise ValueError(
            f"{caller}: {kind}.probe_inputs(self, n) must give finite (n, steps, {width}), got shape {probes.shape}"
        )
    frequency = getattr(task, "frequency", None)
    if not callable(frequency):
        return
    cycles = np.asarray(frequency(commands), dtype=np.float64)
    if cycles.size != len(commands) or not np.isfinite(cycles).all():
        raise ValueError(
            f"{caller}: {kind}.frequency(self, command) must give one finite number for each of the {len(commands)} "
            f"condition inputs, in cycles per step, got shape {cycles.shape}"
        )
