"""Where the search begins: states that a network visits on trials, and noise around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.subjects import Subjects
from pyrnnsim.dynamics.systems import System
from pyrnnsim.populations.activity import states as visited_states
from pyrnnsim.populations.arrays import as_numbers
from pyrnnsim.populations.population import Population
from pyrnnsim.tasks import Task

Floats = NDArray[np.float64]

_TRIALS, _STEPS = 32, 64


def parse_starts(
    caller: str,
    subjects: Subjects,
    starts: object,
    channels: int,
    *,
    count: int,
    noise: float,
    seed: int,
    jobs: int,
) -> list[Floats]:
    """(n, S) for each network: the caller's, or by default states that it visits; see :func:`default_starts`.

    Raises:
        TypeError, ValueError: If those given do not fit, or there are none for a function.
    """
    if starts is not None:
        return given_starts(caller, starts, subjects.systems)
    if subjects.population is None:
        raise TypeError(f"{caller}: a function needs starts: states (n, S) from which to go, such as states it visits")
    task = subjects.task
    return default_starts(caller, subjects.population, task, channels, count=count, noise=noise, seed=seed, jobs=jobs)


def default_starts(
    caller: str,
    population: Population,
    task: Task | None,
    channels: int,
    *,
    count: int,
    noise: float,
    seed: int,
    jobs: int,
) -> list[Floats]:
    """(n, S) for each network; a network's own do not depend on the others.

    Args:
        caller: For errors.
        population: The networks.
        task: Whose trials are run; None takes standard normal noise as inputs.
        channels: M.
        count: n.
        noise: Standard deviation of what is added to each entry of a state.
        seed: Of trials, choice and noise.
        jobs: Threads.
    """
    if task is None:
        given = np.random.default_rng([seed, 2]).normal(size=(_TRIALS, _STEPS, channels))
    else:
        given = task.trials(_TRIALS, seed=seed, dtype=np.float64).inputs
    chosen = np.random.default_rng([seed, 0]).integers(given.shape[0] * given.shape[1], size=count)
    made: list[Any] = [None] * len(population)
    for group, stack in zip(population.groups, visited_states(population, given, jobs, caller), strict=True):
        spread = np.random.default_rng([seed, 1]).normal(size=(count, group.state_size)) * noise
        flat = stack.reshape(len(group.members), -1, group.state_size)
        for k, position in enumerate(group.members):
            made[position] = flat[k, chosen].astype(np.float64) + spread
    return made


def given_starts(caller: str, starts: object, systems: Sequence[System], name: str = "starts") -> list[Floats]:
    """The caller's starts as one (n, S) for each network; errors call them by the name of the argument.

    Raises:
        TypeError, ValueError: If they are no numbers, not finite, none, or of the wrong size.
    """
    if isinstance(starts, list | tuple) and starts and np.ndim(starts[0]) == 2:
        parts = [as_numbers(caller, f"{name}[{k}]", one) for k, one in enumerate(starts)]
    else:
        array = as_numbers(caller, name, starts)
        parts = list(array) if array.ndim == 3 else [array] * len(systems)
    if len(parts) != len(systems):
        raise ValueError(
            f"{caller}: {name} must be (n, S) for all networks, or one such array for each of the {len(systems)} "
            f"networks, got {len(parts)}"
        )
    for system, part in zip(systems, parts, strict=True):
        if system.size < 0 and part.ndim == 2:  # a function: its states are what they are
            system.size = part.shape[1]
        if part.ndim != 2 or part.shape[1] != system.size:
            raise ValueError(
                f"{caller}: {name} of network {system.name!r} must be (n, S) with S = {system.size} (for an lstm, "
                f"2 N), got shape {part.shape}" + (f"; use {name}[None] for one" if part.ndim == 1 else "")
            )
        if not len(part):
            raise ValueError(f"{caller}: {name} of network {system.name!r} are empty; give at least one state")
        if not np.isfinite(part).all():
            raise ValueError(f"{caller}: {name} of network {system.name!r} hold NaN or infinity; drop these states")
    return [np.ascontiguousarray(part, dtype=np.float64) for part in parts]
