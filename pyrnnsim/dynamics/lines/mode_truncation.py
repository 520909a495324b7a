"""How many linear modes carry a pulse to the readout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.following import advance
from pyrnnsim.dynamics.linearization import Linearization, linearize
from pyrnnsim.dynamics.lines.result import LineAttractor, LineAttractors
from pyrnnsim.dynamics.lines.subspaces import by_magnitude, is_null, is_pair, projection
from pyrnnsim.dynamics.lines.truncation_result import ModeTruncation, ModeTruncations
from pyrnnsim.dynamics.pairing import Pairing, pair
from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
from pyrnnsim.dynamics.subjects import Subject, parse_subjects
from pyrnnsim.dynamics.systems import System
from pyrnnsim.dynamics.workload import for_each
from pyrnnsim.eigen import CONDITION_LIMIT
from pyrnnsim.populations.arrays import as_numbers
from pyrnnsim.populations.network import Network
from pyrnnsim.tasks.checks import whole_number

Floats = NDArray[np.float64]

_MISSING = 1e-6  # share of the pulse that all modes together may miss


@overload
def mode_truncation(
    population: Subject,
    fixed_points: FixedPointSet,
    pulse: int | ArrayLike,
    *,
    steps: int | Sequence[int] = ...,
    points: str | LineAttractor = ...,
    readout: ArrayLike | None = ...,
    n_jobs: int | None = ...,
) -> ModeTruncation: ...
@overload
def mode_truncation(
    population: Subject,
    fixed_points: FixedPoints,
    pulse: int | ArrayLike,
    *,
    steps: int | Sequence[int] = ...,
    points: str | LineAttractors = ...,
    readout: ArrayLike | None = ...,
    n_jobs: int | None = ...,
) -> ModeTruncations: ...
def mode_truncation(
    population: Subject,
    fixed_points: FixedPoints | FixedPointSet,
    pulse: int | ArrayLike,
    *,
    steps: int | Sequence[int] = 30,
    points: str | LineAttractor | LineAttractors = "all",
    readout: ArrayLike | None = None,
    n_jobs: int | None = None,
) -> ModeTruncation | ModeTruncations:
    """Readout some steps after a pulse of the input, by the linearised network with 0, 1, .., S modes kept.

    At every point the pulse moves the state by b = dF/dx pulse at the first step; what J^(t-1) makes of the part of b
    in the k leading modes is read out. Few modes are enough where a network integrates along one direction, and many
    where a population of slow modes does it together. The same pulse is also given to the network itself.

    Args:
        population: The networks, or the function, whose points these are.
        fixed_points: What :func:`pyrnnsim.find_fixed_points` returned, or ``[k, c]`` of it with one network.
        pulse: (M,) in units of the input; a channel, for a pulse of 1 in it; or (C, M), one for each input.
        steps: t after which the readout is taken, 1 or more: one number, or several in ascending order.
        points: ``"all"`` points, ``"fixed"`` ones, or the one nearest to the initial state of the network: ``"start"``;
            or what :func:`pyrnnsim.line_attractor` made of them, for the points on its lines in their order.
        readout: w_out (O, S) for networks, or a function, without one of their own; default: that of each network.
        n_jobs: Threads; None is every core. No result depends on it.
    Returns:
        A :class:`ModeTruncation` for one set, else ``result[k, c]`` is that of network k at input c.
    Raises:
        TypeError, ValueError: If population and points do not belong together, the pulse does not fit, or there is no
            readout.
    Cost: modes of n Jacobians, 25 S^3 flops each; 2 n t steps of the network.
    Source: Maheswaranathan et al. 2019, 3.3, figure 3f and equation 5.
    """
    caller = "mode_truncation"
    pairing = pair(caller, parse_subjects(caller, population), fixed_points)
    pulses = _pulses(caller, pulse, *pairing.inputs.shape)
    times = _times(caller, steps)
    choose = _choice(caller, points, pairing)
    readouts = _readouts(caller, pairing, readout)
    jobs = parse_jobs(caller, n_jobs)

    def truncated(k: int, c: int) -> ModeTruncation:
        one, subject = pairing.sets[k][c], pairing.subjects[k]
        return _truncated(subject, pairing.systems[k], one, choose(k, c), pulses[c], times, readouts[k])

    with thread_limit():
        made = for_each(pairing.systems, len(pulses), jobs, truncated)
    settings = {"steps": times.tolist(), "points": points if isinstance(points, str) else "line"}
    return made[0][0] if pairing.single else ModeTruncations(made, pairing.inputs, settings)


def _pulses(caller: str, pulse: object, conditions: int, channels: int) -> Floats:
    """(C, M)."""
    if hasattr(pulse, "__index__") and not isinstance(pulse, bool | np.bool_) and np.ndim(pulse) == 0:  # type: ignore[arg-type]
        if not channels:
            raise ValueError(f"{caller}: pulse is a channel of the input, and these networks have none")
        return np.tile(np.eye(channels)[whole_number(caller, "pulse", pulse, 0, channels - 1)], (conditions, 1))
    array = as_numbers(caller, "pulse", pulse).astype(np.float64)
    if array.shape not in ((channels,), (conditions, channels)):
        raise ValueError(
            f"{caller}: pulse must be a channel, (M,) = ({channels},) or (C, M) = ({conditions}, {channels}), got "
            f"shape {array.shape}"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{caller}: pulse holds NaN or infinity")
    return np.array(np.broadcast_to(array, (conditions, channels)))


def _times(caller: str, steps: object) -> NDArray[np.int64]:
    if isinstance(steps, str) or not (hasattr(steps, "__index__") or isinstance(steps, Sequence | np.ndarray)):
        raise TypeError(f"{caller}: steps must be an int or several of them, got {steps!r}")
    given = [steps] if hasattr(steps, "__index__") and np.ndim(steps) == 0 else list(steps)  # type: ignore[arg-type,call-overload]
    if not given:
        raise ValueError(f"{caller}: steps are empty; give at least one")
    times = np.array([whole_number(caller, "steps", one, 1, 10**6) for one in given], dtype=np.int64)
    if (np.diff(times) <= 0).any():
        raise ValueError(f"{caller}: steps must ascend, got {times.tolist()}")
    return times


def _readouts(caller: str, pairing: Pairing, readout: object) -> list[Floats]:
    """(O, S) for each network."""
    given = None if readout is None else as_numbers(caller, "readout", readout).astype(np.float64)
    made = []
    for k, (subject, system, row) in enumerate(zip(pairing.subjects, pairing.systems, pairing.sets, strict=True)):
        size = row[0].states.shape[1]
        own = subject.parameters["w_out"].astype(np.float64) if isinstance(subject, Network) else np.zeros((0, size))
        matrix = own if given is None else given
        label = f"network {k} ({system.name!r})"
        if matrix.ndim != 2 or matrix.shape[1] != size:
            raise ValueError(f"{caller}: readout must be (O, S) with S = {size} for {label}, got shape {matrix.shape}")
        if not len(matrix):
            raise ValueError(f"{caller}: {label} has no readout; pass readout, (O, S) with S = {size}")
        if not np.isfinite(matrix).all():
            raise ValueError(f"{caller}: readout holds NaN or infinity")
        made.append(matrix)
    return made


def _choice(caller: str, points: object, pairing: Pairing) -> Callable[[int, int], NDArray[np.intp]]:
    """The positions of the points to take, for network k at input c."""
    if isinstance(points, LineAttractor | LineAttractors):
        return _on_lines(caller, points, pairing)
    expected = "'all', 'fixed', 'start' or what line_attractor returned"
    if not isinstance(points, str):
        raise TypeError(f"{caller}: points must be {expected}, got {type(points).__name__}")
    if points not in {"all", "fixed", "start"}:
        raise ValueError(f"{caller}: points must be {expected}, got {points!r}")
    if points == "start" and not all(isinstance(one, Network) for one in pairing.subjects):
        raise TypeError(f"{caller}: points='start' is for networks, a function has no initial state; use 'all'")

    def chosen(k: int, c: int) -> NDArray[np.intp]:
        one = pairing.sets[k][c]
        if points == "all" or not len(one):
            return np.arange(len(one))
        if points == "fixed":
            return np.flatnonzero(one.fixed)
        start = pairing.subjects[k].parameters["h0"].astype(np.float64)
        return np.array([int(np.argmin(np.linalg.norm(one.states - start, axis=1)))])

    return chosen


def _on_lines(
    caller: str, lines: LineAttractor | LineAttractors, pairing: Pairing
) -> Callable[[int, int], NDArray[np.intp]]:
    grid = ((lines,),) if isinstance(lines, LineAttractor) else lines.parts
    same = [len(row) for row in grid] == [len(row) for row in pairing.sets] and all(
        line.order.max(initial=-1) < len(one) and np.array_equal(line.states, one.states[line.order])
        for row, ones in zip(grid, pairing.sets, strict=True)
        for line, one in zip(row, ones, strict=True)
    )
    if not same:
        raise ValueError(f"{caller}: points are lines of other fixed points; pass what line_attractor made of these")
    return lambda k, c: grid[k][c].order[grid[k][c].on_path]


def _truncated(
    subject: Any,
    system: System,
    one: FixedPointSet,
    chosen: NDArray[np.intp],
    pulse: Floats,
    times: NDArray[np.int64],
    readout: Floats,
) -> ModeTruncation:
    states, size = one.states[chosen], one.states.shape[1]
    count, shape = len(states), (len(states), len(times), len(readout))
    response = np.zeros((count, size + 1, *shape[1:]))
    full, nonlinear, ill = np.zeros(shape), np.zeros(shape), np.zeros(count, bool)
    values = np.zeros((count, size), np.complex128)
    if count:
        near = linearize(subject, states, one.input, n_jobs=system.threads)
        values = near.eigenvalues
        moved = near.input_jacobian @ pulse
        nonlinear = _rolled(system, states, one.input, pulse, times, readout)
        for i in range(count):
            full[i], rows = _powers(near.jacobian[i], moved[i], times, readout)
            parts, ill[i] = _parts(near, i, moved[i])
            response[i] = np.nan if ill[i] else (parts @ rows.reshape(-1, size).T).reshape(response[i].shape)
    return ModeTruncation(
        name=one.name,
        input=one.input,
        pulse=pulse,
        points=chosen.astype(np.int64),
        fixed=one.fixed[chosen],
        times=times,
        eigenvalues=values,
        kept=np.arange(size + 1),
        response=response,
        full=full,
        nonlinear=nonlinear,
        ill_conditioned=ill,
    )


def _powers(jacobian: Floats, moved: Floats, times: NDArray[np.int64], readout: Floats) -> tuple[Floats, Floats]:
    """(T, O) readout of J^(t-1) b, from the right; (T, O, S) readout times J^(t-1), from the left."""
    full, rows, wanted = [], [], set(times.tolist())
    state, row = moved, readout
    for t in range(1, int(times[-1]) + 1):
        if t > 1:
            state, row = jacobian @ state, row @ jacobian
        if t in wanted:
            full.append(readout @ state)
            rows.append(row)
    return np.array(full), np.array(rows)


def _parts(near: Linearization, i: int, moved: Floats) -> tuple[Floats, bool]:
    """(S + 1, S) the part of a vector in the leading 0, 1, .., S modes, and whether it cannot be told."""
    values, right, left = near.eigenvalues[i], near.right[i], near.left[i]
    count, groups = len(values), by_magnitude(values)
    null = is_null(values, groups[-1])
    plain = np.array([len(group) == 1 or is_pair(values, group) for group in groups])
    plain[-1] &= not null
    alone = np.repeat(plain, [len(group) for group in groups])
    sums, ends = np.zeros((count + 1, len(moved))), np.zeros(count + 1, np.intp)
    if not near.condition[i, alone].max(initial=0.0) <= CONDITION_LIMIT:
        return sums, True
    sums[1:][alone] = (right[:, alone] * (left[alone] @ moved)).real.T
    for group in compress(groups, ~plain):
        if null and group[-1] == count - 1:
            continue
        factors = projection(right, left, group)
        if factors is None or np.linalg.norm(factors[0], 2) * np.linalg.norm(factors[1], 2) > CONDITION_LIMIT:
            return sums, True
        sums[group[-1] + 1] = (factors[0] @ (factors[1] @ moved)).real
    for group in groups:
        ends[group[-1] + 1] = group[-1] + 1
    parts = np.cumsum(sums, axis=0)[np.maximum.accumulate(ends)]  # a group counts from its last mode on
    if null:  # what is left: single vectors of a null space may be anything
        parts[-1] = moved
    missing = np.linalg.norm(parts[-1] - moved)
    return parts, bool(missing > _MISSING * np.linalg.norm(moved))


def _rolled(
    system: System, states: Floats, x: Floats, pulse: Floats, times: NDArray[np.int64], readout: Floats
) -> Floats:
    """(n, T, O) readout of the network with the pulse minus that without."""
    made = []
    with np.errstate(over="ignore", invalid="ignore"):
        kicked, calm = system.step(states, x + pulse), system.step(states, x)
        for steps in np.diff(times, prepend=1):
            kicked, calm = (advance(system, here, x, int(steps)) for here in (kicked, calm))
            made.append((kicked - calm) @ readout.T)
    return np.stack(made, axis=1)
