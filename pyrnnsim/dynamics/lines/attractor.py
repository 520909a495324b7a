"""From points to a line and the dynamics along it."""

from __future__ import annotations

from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.linearization import Linearization, linearize
from pyrnnsim.dynamics.lines.chains import chain, largest_cluster, tangents
from pyrnnsim.dynamics.lines.result import ALIGNED, LineAttractor, LineAttractors
from pyrnnsim.dynamics.lines.subspaces import alike, projection, real_span
from pyrnnsim.dynamics.pairing import pair
from pyrnnsim.dynamics.points.merging import canonical_order
from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
from pyrnnsim.dynamics.principal import upright
from pyrnnsim.dynamics.subjects import Subject, parse_subjects
from pyrnnsim.dynamics.workload import for_each
from pyrnnsim.tasks.checks import real_number, whole_number

Floats = NDArray[np.float64]

_FAR = 1e-6  # smallest correlation that is not rounding error


@overload
def line_attractor(
    population: Subject,
    fixed_points: FixedPointSet,
    *,
    neighbours: int = ...,
    tolerance: float = ...,
    max_speed: float = ...,
    output_range: tuple[float, float] | None = ...,
    max_gap: float | None = ...,
    n_jobs: int | None = ...,
) -> LineAttractor: ...
@overload
def line_attractor(
    population: Subject,
    fixed_points: FixedPoints,
    *,
    neighbours: int = ...,
    tolerance: float = ...,
    max_speed: float = ...,
    output_range: tuple[float, float] | None = ...,
    max_gap: float | None = ...,
    n_jobs: int | None = ...,
) -> LineAttractors: ...
def line_attractor(
    population: Subject,
    fixed_points: FixedPoints | FixedPointSet,
    *,
    neighbours: int = 1,
    tolerance: float = 0.05,
    max_speed: float = 0.01,
    output_range: tuple[float, float] | None = None,
    max_gap: float | None = None,
    n_jobs: int | None = None,
) -> LineAttractor | LineAttractors:
    """Fixed and slow points put in order along a line, with spectra and selection vectors along it.

    Points are ordered by the longest path through their minimum spanning tree; at each the mode that moves the
    network along the line is the leading one whose right vector is within 45 degrees of the tangent, and its left
    vector tells how much of an input or of a change of state is kept. The result does not depend on the order of the
    points, nor on other networks in the call.

    A trained network has few exact fixed points on its line, often one; ``add_slow_points`` adds the states where it
    lingers.

    Args:
        population: The networks, or the function, whose points these are.
        fixed_points: What :func:`pyrnnsim.find_fixed_points` returned, or ``[k, c]`` of it with one network.
        neighbours: How many nearest neighbours each point is joined to in ``adjacency``; the tree is always in.
        tolerance: |lambda - 1| up to which a mode is slow; 0.05 is a time constant of 20 steps.
        max_speed: Points whose |F(h) - h| exceeds this times 1 + max|h| are no points of a line and are left out.
        output_range: (low, high); points with a readout outside are left out too.
        max_gap: Longest edge of the tree, in units of the state; it is cut at longer ones and the part with most points
            is kept: gates, once saturated, hold relu networks at states far from all that a task leads to.
        n_jobs: Threads; None is every core. No result depends on it.
    Returns:
        A :class:`LineAttractor` for one set, else ``result[k, c]`` is the one of network k at input c. Without points
        its arrays are empty; one point has no tangent.
    Raises:
        TypeError, ValueError: If population and points do not belong together, or an option is out of range.
    Cost: modes of n Jacobians, 25 S^3 flops each, and n^2 S for the tree.
    Source: Maheswaranathan et al. 2019, 3.3 and figure 3; Mante et al. 2013 for line attractor and selection vector;
        equation 5 of the former for left and right vectors.
    """
    caller = "line_attractor"
    pairing = pair(caller, parse_subjects(caller, population), fixed_points)
    settings: dict[str, Any] = {
        "neighbours": whole_number(caller, "neighbours", neighbours, 1, 2**24),
        "tolerance": real_number(caller, "tolerance", tolerance, 0.0),
        "max_speed": real_number(caller, "max_speed", max_speed, 0.0),
        "output_range": _range(caller, output_range),
        "max_gap": None if max_gap is None else real_number(caller, "max_gap", max_gap, 0.0),
    }
    jobs = parse_jobs(caller, n_jobs)

    def line(k: int, c: int) -> LineAttractor:
        return _line(pairing.subjects[k], pairing.sets[k][c], pairing.systems[k].threads, **settings)

    with thread_limit():
        made = for_each(pairing.systems, len(pairing.inputs), jobs, line)
    return made[0][0] if pairing.single else LineAttractors(made, pairing.inputs, settings)


def _range(caller: str, value: object) -> list[float] | None:
    if value is None:
        return None
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{caller}: output_range must be (low, high) or None, got {value!r}")
    low, high = (real_number(caller, f"output_range[{i}]", bound, -np.inf) for i, bound in enumerate(value))
    if low > high:
        raise ValueError(f"{caller}: output_range must be (low, high) with low <= high, got ({low}, {high})")
    return [low, high]


def _line(
    subject: Any,
    points: FixedPointSet,
    jobs: int,
    *,
    neighbours: int,
    tolerance: float,
    max_speed: float,
    output_range: list[float] | None,
    max_gap: float | None,
) -> LineAttractor:
    kept = points.speed <= max_speed * (1 + np.abs(points.states).max(axis=1, initial=0.0))
    if output_range is not None:
        kept &= ((points.outputs >= output_range[0]) & (points.outputs <= output_range[1])).all(axis=1)
    chosen = np.flatnonzero(kept)
    chosen = chosen[canonical_order(points.states[chosen])]
    if max_gap is not None:
        chosen = chosen[largest_cluster(points.states[chosen], max_gap)]
    placed = _placed(points.states[chosen], points.outputs[chosen], neighbours)
    chosen, states = chosen[placed.order], points.states[chosen][placed.order]
    modes = _modes(subject, states, points.input, placed.tangent, jobs)
    return LineAttractor(
        name=points.name,
        input=points.input,
        tolerance=tolerance,
        dropped=len(points) - len(chosen),
        order=chosen.astype(np.int64),
        on_path=placed.on_path,
        fixed=points.fixed[chosen],
        states=states,
        outputs=points.outputs[chosen],
        speed=points.speed[chosen],
        arc_length=placed.arc_length,
        adjacency=placed.adjacency,
        tangent=placed.tangent,
        **modes._asdict(),
    )


class _Placed(NamedTuple):
    """Points in their order along the line; all arrays are in this order."""

    order: NDArray[np.intp]
    on_path: NDArray[np.bool_]
    arc_length: Floats
    adjacency: NDArray[np.bool_]
    tangent: Floats


def _placed(states: Floats, outputs: Floats, neighbours: int) -> _Placed:
    made = chain(states, neighbours)
    path, along, owner = made.path, made.arc_length, made.owner
    if len(path) and _falls(along, outputs[path], states[path]):
        path, along, owner = path[::-1], along[-1] - along[::-1], len(path) - 1 - owner
    aside = np.linalg.norm(states - states[path[owner]], axis=1)
    order = np.lexsort((np.arange(len(states)), aside, owner))
    owner = owner[order]
    on_path = np.isin(order, path)
    return _Placed(
        order, on_path, along[owner], made.adjacency[np.ix_(order, order)], tangents(states[path], along)[owner]
    )


def _falls(along: Floats, outputs: Floats, states: Floats) -> bool:
    """Whether the readout, or else the state, decreases along the path."""
    columns = np.concatenate([outputs, states], axis=1)
    spread = columns.std(axis=0) * along.std()
    covariance = ((columns - columns.mean(axis=0)) * (along - along.mean())[:, None]).mean(axis=0)
    real = np.flatnonzero(np.abs(covariance) > _FAR * spread)
    return bool(len(real) and covariance[real[0]] < 0)


class _Modes(NamedTuple):
    """See :class:`LineAttractor`."""

    eigenvalues: NDArray[np.complex128]
    line_modes: NDArray[np.int64]
    right: Floats
    selection: Floats
    alignment: Floats
    input_projection: Floats


def _modes(subject: Any, states: Floats, x: Floats, tangent: Floats, jobs: int) -> _Modes:
    count, size = states.shape
    made = _Modes(
        np.zeros((count, size), np.complex128),
        np.zeros(count, np.int64),
        np.zeros((count, size)),
        np.zeros((count, size)),
        np.full(count, np.nan),
        np.zeros((count, len(x))),
    )
    if not count:
        return made
    near = linearize(subject, states, x, n_jobs=jobs)
    for i, direction in enumerate(tangent):
        mode, alignment = _along(near, i, direction) if np.isfinite(direction).all() else _slowest(near, i)
        group = alike(near.eigenvalues[i], mode)
        right = _nearest(real_span(near.right[i][:, group]), direction, alignment)
        made.line_modes[i], made.alignment[i], made.right[i] = mode, alignment, right
        factors = projection(near.right[i], near.left[i], group)
        made.selection[i] = np.nan if factors is None else ((right @ factors[0]) @ factors[1]).real
    made.eigenvalues[:] = near.eigenvalues
    made.input_projection[:] = np.einsum("ns,nsm->nm", made.selection, near.input_jacobian)
    return made


def _nearest(span: Floats, direction: Floats, alignment: float) -> Floats:
    """The unit vector of a span nearest to a direction; without one, a vector whose largest entry is positive."""
    if alignment > 0:
        vector = span @ (span.T @ direction)
        return np.asarray(vector / np.linalg.norm(vector))
    return np.asarray(upright(span[:, :1].T)[0])


def _along(near: Linearization, i: int, direction: Floats) -> tuple[int, float]:
    """The leading mode within 45 degrees of a direction, else the best aligned one; and its |cos|."""
    best, reached = 0, -1.0
    seen: set[int] = set()
    for mode in range(near.eigenvalues.shape[1]):
        if mode in seen:
            continue
        group = alike(near.eigenvalues[i], mode)
        seen.update(group.tolist())
        alignment = min(1.0, float(np.linalg.norm(real_span(near.right[i][:, group]).T @ direction)))
        if alignment >= ALIGNED:
            return mode, alignment
        if alignment > reached:
            best, reached = mode, alignment
    return best, reached


def _slowest(near: Linearization, i: int) -> tuple[int, float]:
    return int(np.argmin(np.abs(near.eigenvalues[i] - 1))), np.nan
