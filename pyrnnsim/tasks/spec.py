"""The settings of a task as JSON, and back."""

from __future__ import annotations

import difflib
import inspect
import json
from collections.abc import Mapping
from typing import Any


def setting_names(kind: type) -> list[str]:
    """Names of the arguments that a task's class takes."""
    if kind.__init__ is object.__init__:  # type: ignore[misc]
        return []
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]  # type: ignore[misc]
    return [parameter.name for parameter in parameters if parameter.kind not in variadic]


def settings_of(task: object) -> dict[str, Any]:
    """The arguments a task was made with, read from its attributes of the same names.

    Raises:
        TypeError: If there is no such attribute.
    """
    settings = {}
    for name in setting_names(type(task)):
        if not hasattr(task, name):
            kind = type(task).__name__
            raise TypeError(
                f"{kind}.spec: {kind}(...) takes {name!r}, but there is no attribute {name!r}; store it as "
                f"self.{name}, or define settings()"
            )
        settings[name] = getattr(task, name)
    return settings


def as_json(owner: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping as a JSON file would give it back.

    Raises:
        TypeError: If a value is neither a number, a text, a list nor an array of numbers.
        ValueError: If a number is not finite.
    """
    try:
        text = json.dumps(spec, default=_plain, allow_nan=False)
    except TypeError as error:
        raise TypeError(f"{owner}.spec: settings must be numbers, texts or lists of them: {error}") from None
    except ValueError as error:
        raise ValueError(f"{owner}.spec: settings must be finite: {error}") from None
    result: dict[str, Any] = json.loads(text)
    return result


def checked_settings(kind: type, name: str, spec: object) -> dict[str, Any]:
    """The settings in a spec, all of them known to the class.

    Raises:
        TypeError: If the spec is no dict or has an unknown setting.
        ValueError: If it is of another task.
    """
    caller = f"{kind.__name__}.from_spec"
    if not isinstance(spec, Mapping):
        raise TypeError(f"{caller}: spec must be a dict as from task.spec(), got {type(spec).__name__}")
    if spec.get("task") != name:
        raise ValueError(f"{caller}: spec['task'] must be {name!r}, got {spec.get('task')!r}")
    settings = {key: value for key, value in spec.items() if key != "task"}
    known = setting_names(kind)
    for key in settings:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected some of {', '.join(known) or 'none'}"
            raise TypeError(f"{caller}: unknown setting {key!r}; {hint}")
    return settings


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # NumPy scalars and arrays
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is none of these")
