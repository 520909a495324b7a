"""The public search for limit cycles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.cycles.attractors import Attractors, CycleAim, find_attractors
from pyrnnsim.dynamics.cycles.orbits import Orbit
from pyrnnsim.dynamics.cycles.periodic import PeriodicOrbit
from pyrnnsim.dynamics.cycles.result import LimitCycles, LimitCycleSet, kinds
from pyrnnsim.dynamics.cycles.rotation import turns_per_period
from pyrnnsim.dynamics.starts import parse_starts
from pyrnnsim.dynamics.subjects import Subject, parse_inputs, parse_subjects, parse_tolerance
from pyrnnsim.dynamics.systems import System
from pyrnnsim.dynamics.workload import for_each
from pyrnnsim.tasks import Task
from pyrnnsim.tasks.checks import real_number, whole_number

Floats = NDArray[np.float64]


def find_limit_cycles(
    population: Subject,
    inputs: ArrayLike | None = None,
    *,
    task: Task | None = None,
    starts: ArrayLike | Sequence[ArrayLike] | None = None,
    n_starts: int = 32,
    noise: float = 0.5,
    transient: int = 1000,
    longest: int = 128,
    tolerance: float | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
) -> LimitCycles:
    """The orbits on which every network oscillates at every constant input x.

    Each start is followed until it has settled. A trajectory that comes back to where it was is taken to a periodic
    orbit by Newton's method on all its states at once, and that orbit is accepted by an estimate of its error. One
    that does not, but whose state is a continuous function of a phase that grows steadily, lies on an invariant curve:
    its frequency comes from weighted averages, which converge faster than any power of the number of steps, and its
    stability from Lyapunov exponents. What ends in a fixed point, overflows, or does nothing of this within 31
    transients is counted as such. Unstable orbits are found only where an unsettled trajectory comes near them, and
    not all of them. A result depends on its own network, input and starts: not on the order of the starts, on the
    other networks, or on the number of threads.

    Args:
        population: Networks of any cell and width; what :meth:`Population.train` returned, which brings its task; or a
            function F(h, x) of torch tensors, which needs ``starts`` and ``inputs``. See
            :func:`pyrnnsim.find_fixed_points`.
        inputs: x, (M,) or (C, M), the same for all networks. By default the task's condition inputs; without a task,
            zeros.
        task: What the networks do; gives default inputs and starts.
        starts: States (n, S) to start from; (K, n, S), or a list of K arrays, for one set per network. By default
            states visited on 32 trials of the task (without one, under standard normal inputs) plus ``noise``.
        n_starts: Number of default starts.
        noise: Standard deviation of the noise added to each unit of default starts.
        transient: Steps before the first look. What has not settled goes on, twice as far each time, four times.
        longest: Steps of the longest turn around an orbit that is looked for. Orbits that close after several turns may
            have a period 8 times as long. A look takes 40 times as many steps, late ones up to 320 times.
        tolerance: Largest error estimate of a periodic orbit, relative to 1 + max|h|; by default 1e-8, and 1e-3 for a
            function that computes in float32.
        seed: Of the default starts.
        n_jobs: Threads; None is every core.
    Returns:
        ``result[k, c]`` is the :class:`LimitCycleSet` of network k at input c.
    Raises:
        TypeError, ValueError: For arguments of wrong shape, type or range, weights that are not finite, or a network
            whose states overflow on the trials.
    Cost: per start ``transient`` steps of F if it settles at once, some 100 times as many if never; per distinct curve
        20 ``longest`` Jacobians or more; per periodic orbit and iteration as many Jacobians, and products of (S, S)
        matrices, as it has states.
    Source: Turner, Dabholkar & Barak 2021 (limit cycles of trained networks); Das, Sander, Sander & Yorke 2017
        (weighted Birkhoff averages); Benettin et al. 1980 (Lyapunov exponents).
    """
    caller = "find_limit_cycles"
    subjects = parse_subjects(caller, population, task)
    jobs = parse_jobs(caller, n_jobs)
    settings: dict[str, Any] = {
        "n_starts": whole_number(caller, "n_starts", n_starts, 1, 2**24),
        "noise": real_number(caller, "noise", noise, 0.0),
        "transient": whole_number(caller, "transient", transient, 1, 10**8),
        "longest": whole_number(caller, "longest", longest, 2, 10**5),
        "tolerance": parse_tolerance(caller, tolerance, subjects),
        "seed": whole_number(caller, "seed", seed, 0, 2**63 - 1),
    }
    given = parse_inputs(caller, inputs, subjects)
    aim = CycleAim(settings["transient"], settings["longest"], settings["tolerance"])
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

    def solve(k: int, c: int) -> LimitCycleSet:
        system, x = subjects.systems[k], given[c]
        inside = system.box(x).clip(begin[k])
        return _set(system, x, len(inside), find_attractors(system, x, inside, aim))

    with thread_limit():
        return LimitCycles(for_each(subjects.systems, len(given), jobs, solve), given, settings)


def _set(system: System, x: Floats, starts: int, found: Attractors) -> LimitCycleSet:
    order = sorted(range(len(found.orbits)), key=lambda i: _rank(found.orbits[i]))
    orbits = [found.orbits[i] for i in order]
    periods = np.array([one.period if isinstance(one, PeriodicOrbit) else 0 for one in orbits], np.int64)
    error = [one.error if isinstance(one, PeriodicOrbit) else one.error / one.frequency**2 for one in orbits]
    multipliers = np.full((len(orbits), system.size), np.nan, np.complex128)
    for row, one in zip(multipliers, orbits, strict=True):
        row[: len(one.multipliers)] = one.multipliers
    return LimitCycleSet(
        name=system.name,
        input=x,
        kind=kinds(periods > 0),
        orbits=tuple(one.states for one in orbits),
        periods=periods,
        frequency=np.array([_frequency(one) for one in orbits], np.float64),
        multipliers=multipliers,
        stable=np.array([one.stable for one in orbits], bool),
        residual=np.array([one.residual for one in orbits], np.float64),
        error_estimate=np.array(error, np.float64),
        basin=np.array([found.basin[i] for i in order], np.int64),
        outputs=tuple(system.outputs(one.states) for one in orbits),
        starts=starts,
        at_rest=found.at_rest,
        diverged=found.diverged,
        unsettled=found.unsettled,
    )


def _frequency(orbit: Orbit) -> float:
    if isinstance(orbit, PeriodicOrbit):
        return turns_per_period(orbit.states) / orbit.period
    return orbit.frequency


def _rank(orbit: Orbit) -> tuple[Any, ...]:
    """Periodic ones by period, then curves by return time; then by coordinates up to rounding."""
    if isinstance(orbit, PeriodicOrbit):
        return 0, orbit.period, *np.round(orbit.states[0], 6)
    return 1, round(orbit.return_time, 6), *np.round(orbit.states.mean(axis=0), 6)
