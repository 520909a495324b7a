"""What networks do on trials, seen along the principal axes of their states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.cycles.trajectory_result import Trajectories, TrajectorySet
from pyrnnsim.dynamics.pairing import pair
from pyrnnsim.dynamics.points.result import FixedPoints
from pyrnnsim.dynamics.principal import principal_axes
from pyrnnsim.dynamics.starts import given_starts
from pyrnnsim.dynamics.subjects import parse_subjects
from pyrnnsim.populations.activity import states as visited_states
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.record import TrainingRecord
from pyrnnsim.tasks import Task
from pyrnnsim.tasks.checks import whole_number

Floats = NDArray[np.float64]


def pca_trajectories(
    population: Population | Network | TrainingRecord,
    inputs: Task | ArrayLike,
    *,
    dimensions: int = 3,
    fixed_points: FixedPoints | None = None,
    states: ArrayLike | Sequence[ArrayLike] | None = None,
    n_jobs: int | None = None,
) -> Trajectories:
    """Trials of every network, and its fixed points, on the leading principal axes of the states it visits.

    Args:
        population: Networks of any cell and width.
        inputs: (B, T, M), the same trials for all networks, or (K, B, T, M) with one entry per network; or a task,
            whose probe inputs are used.
        dimensions: D, axes to keep; a network with fewer entries in its state keeps as many as these.
        fixed_points: What :func:`pyrnnsim.find_fixed_points` found for these networks; they are projected too.
        states: (n, S) for all networks, or one such array per network: the states whose axes are taken, such as those
            of another task. By default the states visited on ``inputs``.
        n_jobs: Threads; None is every core.
    Returns:
        ``result[k]`` is the :class:`TrajectorySet` of network k.
    Raises:
        TypeError, ValueError: For inputs or states of wrong shape or not finite, fixed points of other networks, or a
            network whose states overflow.
    Cost: one QR-factorisation of (B T, S) per network.
    Source: Maheswaranathan et al. 2019, figures 1c, 2b, 2d and 3b.
    """
    caller = "pca_trajectories"
    jobs = parse_jobs(caller, n_jobs)
    kept = whole_number(caller, "dimensions", dimensions, 1, 10**6)
    subjects = parse_subjects(caller, population)
    if subjects.population is None:
        raise TypeError(f"{caller}: expected a Population, a Network or a TrainingRecord, got a function")
    points = None if fixed_points is None else pair(caller, subjects, fixed_points, one_set=False).points
    basis = None if states is None else given_starts(caller, states, subjects.systems, "states")
    given: Any = inputs.probe_inputs() if isinstance(inputs, Task) else inputs
    trials: list[Any] = [None] * len(subjects.population)
    made = visited_states(subjects.population, given, jobs, caller)
    for group, stack in zip(subjects.population.groups, made, strict=True):
        for k, position in enumerate(group.members):
            trials[position] = stack[k]
    if trials[0].shape[0] * trials[0].shape[1] == 0:
        raise ValueError(f"{caller}: inputs hold no step, got shape {np.shape(given)}; give at least one trial")
    with thread_limit():
        sets = tuple(
            _projected(system.name, trials[k], None if basis is None else basis[k], kept)
            for k, system in enumerate(subjects.systems)
        )
        if points is not None:
            sets = tuple(one.with_points(row) for one, row in zip(sets, points, strict=True))
    return Trajectories(sets)


def _projected(name: str, visited: NDArray[Any], basis: Floats | None, dimensions: int) -> TrajectorySet:
    trials, steps, size = visited.shape
    flat = visited.reshape(-1, size).astype(np.float64)
    made = principal_axes(flat if basis is None else basis, dimensions)
    empty = np.zeros(0, np.int64)
    return TrajectorySet(
        name=name,
        mean=made.mean,
        axes=made.axes,
        explained=made.shares,
        trials=made.project(flat).reshape(trials, steps, -1),
        points=np.zeros((0, len(made.axes))),
        condition=empty,
        unstable_modes=empty,
    )
