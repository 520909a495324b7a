"""What the built-in tasks share: settings that stay, and trials from the native generators."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from pyrnnsim import _core
from pyrnnsim.tasks.base import NativeTask, Task
from pyrnnsim.tasks.trials import Trials


class BuiltInTask(Task):
    """A task whose trials are generated natively, from its kind and :meth:`numbers`.

    Settings are fixed once it exists, so that it can be a key. A subclass with a ``trial``, ``batch`` or ``trials`` of
    its own is treated as a task of your own.

    Attributes:
        kind: Name of the native generator.
    """

    kind: ClassVar[str]

    def numbers(self) -> tuple[float, ...]:
        """The settings as the native generator takes them (csrc/tasks/task.hpp)."""
        raise NotImplementedError

    def native(self) -> NativeTask | None:
        """Kind, steps and numbers for the native training loop; None if a subclass makes trials of its own."""
        if any(getattr(type(self), method) is not getattr(Task, method) for method in ("trial", "batch", "trials")):
            return None
        return {"kind": self.kind, "steps": self.steps, "numbers": self.numbers()}

    def __setattr__(self, attribute: str, value: object) -> None:
        if attribute in vars(self):
            kind = type(self).__name__
            raise AttributeError(f"{kind}.{attribute} is fixed; make another task, {kind}({attribute}=...)")
        super().__setattr__(attribute, value)

    def _generate(self, n: int, seed: int, iteration: int, first: int, dtype: np.dtype[Any]) -> Trials:
        native = self.native()
        if native is None:
            return super()._generate(n, seed, iteration, first, dtype)
        made = _core.task_trials(native["kind"], native["steps"], native["numbers"], seed, iteration, first, n, dtype)
        return Trials(*made)
