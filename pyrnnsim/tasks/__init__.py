"""Tasks: where trials come from, and how answers are judged; :class:`Task` says how to write your own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pyrnnsim.tasks.base import PROBE_ITERATION, NativeTask, Task
from pyrnnsim.tasks.built_in import BuiltInTask
from pyrnnsim.tasks.context_integration import ContextIntegration
from pyrnnsim.tasks.flip_flop import FlipFlop
from pyrnnsim.tasks.ready_set_go import ReadySetGo
from pyrnnsim.tasks.sine_wave import SineWave
from pyrnnsim.tasks.trials import Trials

__all__ = [
    "BUILT_IN",
    "PROBE_ITERATION",
    "ContextIntegration",
    "FlipFlop",
    "NativeTask",
    "ReadySetGo",
    "SineWave",
    "Task",
    "Trials",
    "from_spec",
]

#: The built-in tasks by name.
BUILT_IN: dict[str, type[BuiltInTask]] = {
    kind.name: kind for kind in (FlipFlop, SineWave, ContextIntegration, ReadySetGo)
}


def from_spec(spec: Mapping[str, Any] | str) -> BuiltInTask:
    """The built-in task of a spec, as :meth:`Task.spec` gives it, or of a bare name with all defaults.

    No code is looked up by name: a task of your own is made by its class, ``MyTask.from_spec(spec)``.

    Raises:
        TypeError: If the spec is neither a dict nor a name, or has a setting that is unknown or of a wrong type.
        ValueError: If no built-in task has that name, or a setting is out of range.
    """
    spec = {"task": spec} if isinstance(spec, str) else spec
    if not isinstance(spec, Mapping):
        raise TypeError(f"from_spec: spec must be a dict as from task.spec(), or a name, got {type(spec).__name__}")
    name = spec.get("task")
    if name not in BUILT_IN:
        near = difflib.get_close_matches(str(name), BUILT_IN, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "a task of your own is made by MyTask.from_spec(spec)"
        raise ValueError(f"from_spec: the task must be one of {', '.join(BUILT_IN)}, got {name!r}; {hint}")
    return BUILT_IN[name].from_spec(spec)
