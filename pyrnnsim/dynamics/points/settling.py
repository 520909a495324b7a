"""Where networks linger: states they visit, after their fast modes have died out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.following import advance
from pyrnnsim.dynamics.pairing import pair
from pyrnnsim.dynamics.points.assessment import assess
from pyrnnsim.dynamics.points.merging import cover
from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
from pyrnnsim.dynamics.spectra import eigenvalues
from pyrnnsim.dynamics.starts import parse_starts
from pyrnnsim.dynamics.subjects import Subject, parse_subjects
from pyrnnsim.dynamics.systems import System
from pyrnnsim.dynamics.workload import for_each
from pyrnnsim.tasks import Task
from pyrnnsim.tasks.checks import real_number, whole_number

Floats = NDArray[np.float64]

_TOLERANCE = 1e-8  # of fixed points in a set that does not tell


@overload
def add_slow_points(
    population: Subject,
    fixed_points: FixedPointSet,
    *,
    task: Task | None = ...,
    starts: ArrayLike | Sequence[ArrayLike] | None = ...,
    n_starts: int = ...,
    steps: int = ...,
    max_speed: float = ...,
    spacing: float = ...,
    seed: int = ...,
    n_jobs: int | None = ...,
) -> FixedPointSet: ...
@overload
def add_slow_points(
    population: Subject,
    fixed_points: FixedPoints,
    *,
    task: Task | None = ...,
    starts: ArrayLike | Sequence[ArrayLike] | None = ...,
    n_starts: int = ...,
    steps: int = ...,
    max_speed: float = ...,
    spacing: float = ...,
    seed: int = ...,
    n_jobs: int | None = ...,
) -> FixedPoints: ...
def add_slow_points(
    population: Subject,
    fixed_points: FixedPoints | FixedPointSet,
    *,
    task: Task | None = None,
    starts: ArrayLike | Sequence[ArrayLike] | None = None,
    n_starts: int = 256,
    steps: int = 60,
    max_speed: float = 0.01,
    spacing: float = 0.05,
    seed: int = 0,
    n_jobs: int | None = None,
) -> FixedPoints | FixedPointSet:
    """The same points and, as slow ones, the states at which networks linger.

    From states visited on trials the network runs at the constant input; fast modes die out, and what still moves
    slowly lies on its slow manifold, such as an approximate line attractor, which may hold a single exact fixed point
    and no other local minimum of the speed. Evidence on fixed points (``degree``, ``closed``, ``complete``) stays as it
    is; an added point counts in ``basin`` the starts it stands for.

    Args:
        population: The networks, or the function, whose points these are.
        fixed_points: What :func:`pyrnnsim.find_fixed_points` returned, or ``[k, c]`` of it with one network.
        task: Whose trials are run; a TrainingRecord brings its own, and without one inputs are noise.
        starts: States to start from, (n, S), or one such array per network, in place of those.
        n_starts: Number of default starts.
        steps: How long a network runs; 60 steps leave 5 % of a mode with a time constant of 20.
        max_speed: Largest |F(h) - h| of a point that is added, relative to 1 + max|h|.
        spacing: Distance below which points are one, relative to the root mean square distance of the settled states
            from their mean.
        seed: Of the default starts.
        n_jobs: Threads; None is every core. No result depends on it.
    Returns:
        FixedPoints, or a FixedPointSet where one was given: the points there were, then the new ones.
    Raises:
        TypeError, ValueError: If population and points do not belong together, or an option is out of range.
    Cost: ``steps`` steps of the network from all starts; eigenvalues at the points that are added.
    Source: the approximate fixed points of Maheswaranathan et al. 2019, figure 3b, are states of small speed; Sussillo
        and Barak 2013 call them slow points.
    """
    caller = "add_slow_points"
    subjects = parse_subjects(caller, population, task)
    pairing = pair(caller, subjects, fixed_points)
    jobs = parse_jobs(caller, n_jobs)
    options: dict[str, Any] = {
        "steps": whole_number(caller, "steps", steps, 0, 10**6),
        "max_speed": real_number(caller, "max_speed", max_speed, 0.0),
        "spacing": real_number(caller, "spacing", spacing, 0.0),
    }
    count, seed = whole_number(caller, "n_starts", n_starts, 1, 2**24), whole_number(caller, "seed", seed, 0, 2**63 - 1)
    with thread_limit():
        channels = pairing.inputs.shape[1]
        begin = parse_starts(caller, subjects, starts, channels, count=count, noise=0.0, seed=seed, jobs=jobs)

        def extend(k: int, c: int) -> FixedPointSet:
            return _extended(pairing.systems[k], pairing.sets[k][c], begin[k], **options)

        made = for_each(pairing.systems, len(pairing.inputs), jobs, extend)
    if isinstance(fixed_points, FixedPointSet):
        return made[0][0]
    settings = {**fixed_points.settings, "slow_points": {**options, "n_starts": count, "seed": seed}}
    return FixedPoints(made, fixed_points.inputs, settings)


def _extended(
    system: System, one: FixedPointSet, states: Floats, *, steps: int, max_speed: float, spacing: float
) -> FixedPointSet:
    starts = len(states)
    with np.errstate(over="ignore", invalid="ignore"):
        states = advance(system, states, one.input, steps)
        speed = np.linalg.norm(system.step(states, one.input) - states, axis=1)
        slow = speed <= max_speed * (1 + np.abs(states).max(axis=1))
    states = states[slow & np.isfinite(states).all(axis=1)]
    radius = spacing * np.sqrt(states.var(axis=0).sum()) if len(states) else 0.0
    far = [len(one) == 0 or ((one.states - state) ** 2).sum(axis=1).min() > radius**2 for state in states]
    states = states[np.array(far, dtype=bool)]
    thin = cover(states, radius)
    found = assess(system, one.input, states[thin.kept], _TOLERANCE)
    slow_ones = np.flatnonzero(~found.fixed)  # a fixed one would make the evidence false
    found = found.at(slow_ones)
    values = eigenvalues("add_slow_points", system.name, found.by_states, system.threads)
    basin = np.bincount(thin.owner, minlength=len(thin.kept))[slow_ones]
    return replace(
        one,
        states=np.concatenate([one.states, found.states]),
        status=np.concatenate([one.status, np.full(len(found), "slow")]),
        residual=np.concatenate([one.residual, found.residual]),
        error_estimate=np.concatenate([one.error_estimate, found.error]),
        speed=np.concatenate([one.speed, found.speed]),
        unstable_modes=np.concatenate([one.unstable_modes, (np.abs(values) > 1).sum(axis=1)]),
        eigenvalues=np.concatenate([one.eigenvalues, values]),
        basin=np.concatenate([one.basin, basin.astype(np.int64)]),
        outputs=np.concatenate([one.outputs, system.outputs(found.states)]),
        starts=one.starts + starts,
    )
