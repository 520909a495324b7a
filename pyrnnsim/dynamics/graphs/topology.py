"""The public construction of transition graphs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics.graphs.node_order import readout_order, readout_quantum
from pyrnnsim.dynamics.graphs.result import TopologyGraph, TopologyGraphs
from pyrnnsim.dynamics.graphs.transitions import Targets, destinations
from pyrnnsim.dynamics.pairing import pair
from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
from pyrnnsim.dynamics.subjects import Subject, parse_subjects
from pyrnnsim.dynamics.systems import System
from pyrnnsim.dynamics.workload import for_each
from pyrnnsim.tasks.checks import real_number, whole_number

Floats = NDArray[np.float64]

_SHARE = 1e-2  # default length of a kick, of the distance to the nearest other fixed point
_AT_ONCE = 2**22  # numbers in the states of the trials that are rolled at once
_LEAST, _MOST = 2000, 100_000  # default steps of a trial


@overload
def transition_graph(
    population: Subject,
    fixed_points: FixedPointSet,
    *,
    perturbations: int = ...,
    size: float | None = ...,
    steps: int | None = ...,
    quantum: float | None = ...,
    seed: int = ...,
    n_jobs: int | None = ...,
) -> TopologyGraph: ...
@overload
def transition_graph(
    population: Subject,
    fixed_points: FixedPoints,
    *,
    perturbations: int = ...,
    size: float | None = ...,
    steps: int | None = ...,
    quantum: float | None = ...,
    seed: int = ...,
    n_jobs: int | None = ...,
) -> TopologyGraphs: ...


def transition_graph(
    population: Subject,
    fixed_points: FixedPointSet | FixedPoints,
    *,
    perturbations: int = 100,
    size: float | None = None,
    steps: int | None = None,
    quantum: float | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
) -> TopologyGraph | TopologyGraphs:
    """What leads where: from every fixed point, the probability to end at each stable one after a small kick.

    Kicks are isotropic: random directions, all of one length. Trials run in float64 at the constant input of the points
    until they arrive at a stable point: they come within 0.2 of its distance to the nearest other fixed point, and a
    norm in which the linearised dynamics contract at every step then falls as these say, give or take a quarter, for
    48 steps. Trials that arrive nowhere within ``steps`` are counted apart, never assigned to a point. A result
    depends on its own network and points alone: not on other networks or the number of threads.

    Args:
        population: Networks, what :meth:`Population.train` returned, or a function F(h, x) of torch tensors; see
            :func:`pyrnnsim.find_fixed_points`.
        fixed_points: What ``find_fixed_points`` found for them, or one :class:`FixedPointSet` of one network. Points
            that are ``"fixed"`` are the nodes, slow ones are left out.
        perturbations: Kicks from every point.
        size: Euclidean length of the kicks. By default 1e-2 of the distance of each point to the nearest other fixed
            one, and 1e-2 (1 + max|h|) for a single point.
        steps: Most steps of a trial. By default 2000, or more where a network is slow: 4 m of the slowest stable point,
            whose linearised dynamics halve every distance in m steps, and 10 times as long as the fastest mode of a
            saddle takes to grow by a factor of e; 100,000 at most.
        quantum: Readouts are rounded to multiples of it before they give the order of the nodes. By default the largest
            |readout| of the stable points, which tells -1, 0 and 1 apart at -1/2 and 1/2.
        seed: Of the kicks, which are the same, up to their length, for all networks of one state size.
        n_jobs: Threads; None is every core.
    Returns:
        A :class:`TopologyGraph` for one set, and for several :class:`TopologyGraphs`, of which ``[k, c]`` is the graph
        of network k at input c. A set without fixed points has a graph without nodes.
    Raises:
        TypeError, ValueError: For arguments of wrong type or range, or points that are not those of the networks.
    Cost: a step of F for each trial and step; those that have arrived cost nothing more.
    Source: Maheswaranathan et al. 2019, 3.1 and footnote 5.
    """
    caller = "transition_graph"
    subjects = parse_subjects(caller, population)
    jobs = parse_jobs(caller, n_jobs)
    pairing = pair(caller, subjects, fixed_points)
    probe = Probe(
        whole_number(caller, "perturbations", perturbations, 1, 10**6),
        None if size is None else real_number(caller, "size", size, 0.0, open_below=True),
        None if steps is None else whole_number(caller, "steps", steps, 1, 10**9),
        None if quantum is None else real_number(caller, "quantum", quantum, 0.0, open_below=True),
        whole_number(caller, "seed", seed, 0, 2**63 - 1),
    )

    def build(k: int, c: int) -> TopologyGraph:
        return _graph(pairing.systems[k], pairing.sets[k][c], probe)

    with thread_limit():
        rows = for_each(pairing.systems, len(pairing.inputs), jobs, build)
    return rows[0][0] if pairing.single else TopologyGraphs(rows, pairing.inputs, asdict(probe))


@dataclass(frozen=True)
class Probe:
    """How transitions are sampled; see :func:`transition_graph`."""

    perturbations: int
    size: float | None
    steps: int | None
    quantum: float | None
    seed: int


def _graph(system: System, points: FixedPointSet, probe: Probe) -> TopologyGraph:
    """The graph of one network at one input."""
    nodes = np.flatnonzero(points.fixed)
    states, unstable = points.states[nodes], points.unstable_modes[nodes]
    stable = np.flatnonzero(unstable == 0)
    spacing = _spacing(states)
    sizes = np.full(len(nodes), probe.size) if probe.size is not None else _SHARE * spacing
    error = points.error_estimate[nodes]
    targets = Targets.of(system, points.input, states[stable], spacing[stable], error[stable], probe.steps or _MOST)
    steps = probe.steps or _enough(targets, np.abs(points.eigenvalues[nodes][unstable > 0]))
    counts = np.zeros((len(nodes), len(nodes)), dtype=np.int64)
    random = np.random.default_rng([probe.seed, 3])
    block = max(1, _AT_ONCE // (probe.perturbations * max(1, system.size)))
    for first in range(0, len(nodes), block):
        some = slice(first, first + block)
        starts = _kicked(random, states[some], sizes[some], probe.perturbations)
        ends = destinations(system, points.input, targets, starts, steps).reshape(-1, probe.perturbations)
        for node, row in enumerate(ends, first):
            counts[node, stable] = np.bincount(row[row >= 0], minlength=len(stable))
    quantum = probe.quantum or readout_quantum(points.outputs[nodes], unstable == 0)
    order = readout_order(points.outputs[nodes], states, quantum)
    nodes = nodes[order]
    return TopologyGraph(
        name=points.name,
        input=points.input,
        nodes=nodes.astype(np.int64),
        states=points.states[nodes],
        outputs=points.outputs[nodes],
        unstable_modes=points.unstable_modes[nodes],
        basin=points.basin[nodes],
        adjacency=counts[np.ix_(order, order)] / probe.perturbations,
        nowhere=1 - counts[order].sum(axis=1) / probe.perturbations,
        sizes=sizes[order],
        perturbations=probe.perturbations,
        steps=steps,
        seed=probe.seed,
        quantum=quantum,
    )


def _enough(targets: Targets, magnitudes: Floats) -> int:
    """Steps in which trials should arrive, given the magnitudes (n, S) of the eigenvalues at unstable points."""
    with np.errstate(divide="ignore"):
        growth = 1 / np.log(magnitudes.max(axis=1, initial=1.0))
    slowest = max(4.0 * targets.patience.max(initial=0), 10.0 * growth.max(initial=0.0))
    return int(min(max(_LEAST, slowest), _MOST))


def _spacing(states: Floats) -> Floats:
    """(n,) distance to the nearest other point; 1 + max|h| for a single one."""
    if len(states) == 1:
        return np.asarray(1 + np.abs(states).max(axis=1, initial=0.0))
    made = np.zeros(len(states))
    for i, state in enumerate(states):
        distance = np.linalg.norm(states - state, axis=1)
        distance[i] = np.inf
        made[i] = distance.min()
    return made


def _kicked(random: np.random.Generator, states: Floats, sizes: Floats, count: int) -> Floats:
    """(n * count, S): every state, displaced in random directions."""
    kicks = random.normal(size=(len(states), count, states.shape[1]))
    kicks *= sizes[:, None, None] / np.linalg.norm(kicks, axis=2, keepdims=True)
    kicks += states[:, None]
    return kicks.reshape(-1, states.shape[1])
