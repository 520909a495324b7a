"""The same work for every network at every input, on threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pyrnnsim.dynamics.systems import System
from pyrnnsim.populations.workers import workers

T = TypeVar("T")


def for_each(
    systems: Sequence[System], conditions: int, jobs: int, work: Callable[[int, int], T]
) -> tuple[tuple[T, ...], ...]:
    """work(k, c) of K systems at C inputs, as K tuples of C.

    Threads are shared out among them; where there are more, each call of a system may use several.
    """
    total = len(systems) * conditions
    made: list[Any] = [None] * total
    for system in systems:
        system.threads = max(1, jobs // max(1, total))

    def run(index: int) -> None:
        made[index] = work(*divmod(index, conditions))

    with workers(max(1, min(jobs, total))) as at_once:
        at_once(run, range(total))
    return tuple(tuple(made[i : i + conditions]) for i in range(0, total, conditions))
