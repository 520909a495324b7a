"""Which task networks are meant for: as the user says, or as the networks know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pyrnnsim.populations.network import Network
from pyrnnsim.tasks import BUILT_IN, Task, from_spec
from pyrnnsim.tasks.user_task import task_named

_ORIGIN = "trained on "


def parse_task(text: str | Mapping[str, Any] | Task, caller: str) -> Task:
    """The task that is meant.

    Args:
        text: A task; the name of a built-in one, or ``FILE.py:Class``, which runs that file; or the spec of a built-in
            one, which may be JSON as ``json.dumps(task.spec())`` writes it.
        caller: Function or command named in the error.
    Raises:
        TypeError, ValueError: If there is no such task, or a setting of it is wrong.
    """
    if isinstance(text, Task):
        return text
    if isinstance(text, str) and text.lstrip().startswith("{"):
        try:
            return from_spec(json.loads(text))
        except json.JSONDecodeError as error:
            raise ValueError(
                f"{caller}: task {text!r} is no JSON ({error}); write it as json.dumps(task.spec()) does"
            ) from None
    return task_named(caller, text) if isinstance(text, str) else from_spec(text)


def task_of(networks: Iterable[Network], source: object, caller: str) -> Task:
    """The one built-in task that all networks were trained on.

    Args:
        networks: Of one population.
        source: Where they come from, for the error.
        caller: Function or command named in the error.
    Raises:
        ValueError: If they do not say it, or name several.
    """
    names = {network.origin.removeprefix(_ORIGIN) for network in networks}
    if len(names) != 1 or not names <= set(BUILT_IN):
        raise ValueError(
            f"{caller}: the networks in {source} do not say which one built-in task they were trained on; "
            f"add --task with one of {', '.join(BUILT_IN)}, or FILE.py:Class"
        )
    return from_spec(names.pop())
