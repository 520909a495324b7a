"""Frequency-cued networks: does the linearised network oscillate as fast as it is told to?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.cycles.oscillation_result import Oscillations
from pyrnnsim.dynamics.following import follow
from pyrnnsim.dynamics.pairing import pair
from pyrnnsim.dynamics.points.finder import find_fixed_points
from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
from pyrnnsim.dynamics.subjects import Subjects, parse_subjects
from pyrnnsim.dynamics.systems import System
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.record import TrainingRecord
from pyrnnsim.tasks import Task

Floats = NDArray[np.float64]

_TURNING = 1e-6  # least |angle| of an eigenvalue, and distance from pi, that rounding does not explain


def oscillations(
    population: Population | Network | TrainingRecord,
    task: Task | None = None,
    *,
    fixed_points: FixedPoints | None = None,
    n_starts: int = 256,
    seed: int = 0,
    n_jobs: int | None = None,
) -> Oscillations:
    """The oscillatory mode of every network at every command, against the frequency that is asked for.

    At each command the network has a fixed point in the middle of its oscillation. The mode in question is the complex
    pair of eigenvalues of largest magnitude there: the unstable one, or that which decays most slowly. Where there are
    several fixed points, the one nearest to the mean of the trajectory at that command is taken (where that
    overflows, the one with the largest complex eigenvalue), and ``points`` tells how many there were.

    Args:
        population: Networks of any cell and width, or what :meth:`Population.train` returned, which brings its task.
        task: What they do: :class:`pyrnnsim.tasks.SineWave`, or a task of your own with a method ``frequency(command)``
            in cycles per step.
        fixed_points: What :func:`pyrnnsim.find_fixed_points` found for these networks; its inputs are the commands.
            By default the points at the task's condition inputs are looked for.
        n_starts: Of that search.
        seed: Of that search.
        n_jobs: Threads; None is every core.
    Returns:
        (K, C) modes, and slope, intercept and correlation for each network.
    Raises:
        TypeError, ValueError: If there is no task or it commands no frequency, or the fixed points are of other
            networks.
    Cost: that of the search, and ``task.steps`` steps of each network.
    Source: Maheswaranathan et al. 2019, 3.2 and figure 2d, 2f.
    """
    caller = "oscillations"
    jobs = parse_jobs(caller, n_jobs)
    subjects = parse_subjects(caller, population, task)
    if subjects.population is None:
        raise TypeError(f"{caller}: expected a Population, a Network or a TrainingRecord, got a function")
    if subjects.task is None:
        raise TypeError(f"{caller}: task is missing; pass pyrnnsim.tasks.SineWave(), or what Population.train returned")
    if fixed_points is None:
        _commanded(caller, subjects.task, subjects.task.condition_inputs())  # before the work
        points = find_fixed_points(subjects.population, task=subjects.task, n_starts=n_starts, seed=seed, n_jobs=jobs)
    else:
        points = pair(caller, subjects, fixed_points, one_set=False).points
    commanded = _commanded(caller, subjects.task, points.inputs)
    with thread_limit():
        chosen = _chosen(subjects, points, int(subjects.task.steps))
    shape = chosen.shape
    values, unstable = np.full(shape, np.nan, np.complex128), np.zeros(shape, np.int64)
    for at in np.ndindex(shape):
        if chosen[at] >= 0:
            values[at] = oscillatory_mode(points[at].eigenvalues[chosen[at]])
            unstable[at] = points[at].unstable_modes[chosen[at]]
    return Oscillations(
        names=points.names,
        cells=tuple(network.cell.cell for network in subjects.population),
        activations=tuple(network.cell.activation for network in subjects.population),
        inputs=points.inputs,
        commanded=commanded,
        points=np.array([[int(one.fixed.sum()) for one in row] for row in points], np.int64),
        complete=points.complete,
        chosen=chosen,
        eigenvalue=values,
        unstable_modes=unstable,
    )


def oscillatory_mode(values: NDArray[np.complex128]) -> complex:
    """Of eigenvalues (S,) the complex one of largest magnitude, positive imaginary part; NaN where all are real."""
    angle = np.angle(values)
    turning = values[(angle > _TURNING) & (angle < np.pi - _TURNING)]
    return complex(turning[np.abs(turning).argmax()]) if len(turning) else complex(np.nan, np.nan)


def _commanded(caller: str, task: Task, inputs: Floats) -> Floats:
    frequency = getattr(task, "frequency", None)
    if not callable(frequency):
        raise TypeError(
            f"{caller}: task {task.name!r} commands no frequency; use pyrnnsim.tasks.SineWave, or give your task a "
            "method frequency(command) in cycles per step"
        )
    made = np.asarray(frequency(inputs), dtype=np.float64)
    if made.size != len(inputs) or not np.isfinite(made).all():
        raise ValueError(
            f"{caller}: {task.name}.frequency must give one finite number for each of the {len(inputs)} inputs, got "
            f"shape {made.shape}"
        )
    return made.reshape(-1)


def _chosen(subjects: Subjects, points: FixedPoints, steps: int) -> NDArray[np.int64]:
    """(K, C) position of the fixed point in the middle of the oscillation; -1 where there is none."""
    made = np.full((len(points), len(points.inputs)), -1, np.int64)
    assert subjects.population is not None
    for k, (system, network, row) in enumerate(zip(subjects.systems, subjects.population, points, strict=True)):
        initial = np.asarray(network.parameters["h0"], dtype=np.float64)
        for c, one in enumerate(row):
            fixed = np.flatnonzero(one.fixed)
            if len(fixed) == 1:
                made[k, c] = fixed[0]
            elif len(fixed):
                made[k, c] = fixed[_middle(system, one, fixed, initial, steps)]
    return made


def _middle(system: System, one: FixedPointSet, fixed: NDArray[np.intp], initial: Floats, steps: int) -> int:
    visited = follow(system, initial[None], one.input, max(2, steps))[0]
    with np.errstate(over="ignore", invalid="ignore"):
        mean: Any = visited[len(visited) // 2 :].mean(axis=0)
        away = np.linalg.norm(one.states[fixed] - mean, axis=1)
    if np.isfinite(away).all():
        return int(away.argmin())
    magnitude = np.array([np.abs(oscillatory_mode(one.eigenvalues[i])) for i in fixed])
    return int(np.where(np.isnan(magnitude), -1.0, magnitude).argmax())
