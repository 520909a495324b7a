"""The public search for fixed points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
from pyrnnsim.dynamics.points.search import Aim, Found, search
from pyrnnsim.dynamics.starts import parse_starts
from pyrnnsim.dynamics.subjects import Subject, parse_inputs, parse_subjects, parse_tolerance
from pyrnnsim.dynamics.systems import System
from pyrnnsim.dynamics.workload import for_each
from pyrnnsim.populations.cell import parse_choice
from pyrnnsim.tasks import Task
from pyrnnsim.tasks.checks import real_number, whole_number

Floats = NDArray[np.float64]


def find_fixed_points(
    population: Subject,
    inputs: ArrayLike | None = None,
    *,
    task: Task | None = None,
    starts: ArrayLike | Sequence[ArrayLike] | None = None,
    n_starts: int = 1024,
    noise: float = 0.5,
    tolerance: float | None = None,
    closure: bool = True,
    seed: int = 0,
    n_jobs: int | None = None,
    device: str = "cpu",
) -> FixedPoints:
    """All states h with F(h, x) = h of every network at every input x, with evidence that none is missing.

    From each start three steps of F, then Newton's method with Jacobians in closed form, cut to a trust radius and to
    the box that F maps into itself; what is found is polished in float64, and the search goes on from the midpoints of
    all pairs of points, and their mirror images, until nothing new turns up (of more than 90 points, of the nearest
    pairs, three times at most). A point counts as fixed by an estimate of its error, |(I - J)^-1| |F(h) - h|, never by
    a small speed alone, which in gated networks means little. What is left goes on to a local minimum of the speed, and
    is reported as slow. A result depends on its own network, input and starts: not on the order of the starts, on the
    other networks, or on the number of threads.

    Args:
        population: Networks of any cell and width; what :meth:`Population.train` returned, which brings its task; or a
            function F(h, x) of torch tensors (n, S) and (n, M) that gives (n, S), row by row, such as a module of your
            own. A function needs ``starts`` and ``inputs``.
        inputs: x, (M,) or (C, M), the same for all networks. By default the task's condition inputs; without a task,
            zeros.
        task: What the networks do; gives default inputs and starts.
        starts: States (n, S) to start from; (K, n, S), or a list of K arrays, for one set per network. By default
            states visited on 32 trials of the task (without one, under standard normal inputs) plus ``noise``.
        n_starts: Number of default starts.
        noise: Standard deviation of the noise added to each unit of default starts.
        tolerance: Largest error estimate of a fixed point, relative to 1 + max|h|; by default 1e-8, and 1e-3 for a
            function that computes in float32.
        closure: Whether to go on from midpoints. Without it no set is called complete.
        seed: Of the default starts.
        n_jobs: Threads; None is every core.
        device: ``"cpu"``.
    Returns:
        ``result[k, c]`` is the :class:`FixedPointSet` of network k at input c.
    Raises:
        TypeError, ValueError: For arguments of wrong shape, type or range, weights that are not finite, or a network
            whose states overflow on the trials.
    Cost: per start about five Jacobians and as many systems of S linear equations, S = 2 N for an lstm.
    Source: Maheswaranathan et al. 2019, 2.3 and 3.1; the index theorem is Brouwer's.
    """
    caller = "find_fixed_points"
    subjects = parse_subjects(caller, population, task)
    jobs = parse_jobs(caller, n_jobs)
    parse_choice(caller, "device", device, ("cpu",))
    if not isinstance(closure, bool | np.bool_):
        raise TypeError(f"{caller}: closure must be True or False, got {closure!r}")
    settings: dict[str, Any] = {
        "n_starts": whole_number(caller, "n_starts", n_starts, 1, 2**24),
        "noise": real_number(caller, "noise", noise, 0.0),
        "tolerance": parse_tolerance(caller, tolerance, subjects),
        "closure": bool(closure),
        "seed": whole_number(caller, "seed", seed, 0, 2**63 - 1),
    }
    given = parse_inputs(caller, inputs, subjects)
    aim = Aim(settings["tolerance"], settings["closure"])
    with thread_limit():
        begin = parse_starts(
            caller,
            subjects,
            starts,
            given.shape[1],
            count=settings["n_starts"],
            noise=settings["noise"],
            seed=settings["seed"],
            jobs=jobs,
        )

    def solve(k: int, c: int) -> FixedPointSet:
        system, x = subjects.systems[k], given[c]
        return _set(system, x, len(begin[k]), search(system, x, begin[k], aim))

    with thread_limit():
        return FixedPoints(for_each(subjects.systems, len(given), jobs, solve), given, settings)


def _set(system: System, x: Floats, starts: int, found: Found) -> FixedPointSet:
    points = found.points
    return FixedPointSet(
        name=system.name,
        input=x,
        states=points.states,
        status=np.where(points.fixed, "fixed", "slow"),
        residual=points.residual,
        error_estimate=points.error,
        speed=points.speed,
        unstable_modes=(np.abs(found.eigenvalues) > 1).sum(axis=1),
        eigenvalues=found.eigenvalues,
        basin=found.basin,
        outputs=system.outputs(points.states),
        starts=starts,
        degree=found.degree,
        must_be_one=found.must_be_one,
        closed=found.closed,
        listed=found.listed,
    )
