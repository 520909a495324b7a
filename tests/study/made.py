"""Results of a study that nobody ran: what is in them is planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from pyrnnsim import (
    FixedPoints,
    FixedPointSet,
    LineAttractor,
    LineAttractors,
    ModeTruncation,
    ModeTruncations,
    TopologyGraph,
    TopologyGraphs,
    TrajectorySet,
    embed,
)
from pyrnnsim.report.results import Example, TaskResults

CELLS, ACTIVATIONS = ("vanilla", "ugrnn", "gru", "lstm"), ("tanh", "relu")
CORNERS = np.array([[x, y, z] for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0) for z in (-1.0, 0.0, 1.0)])


def networks(seeds: int = 3, cells=CELLS, activations=ACTIVATIONS) -> list[dict]:
    return [
        {"name": f"{c}_{a}_{s}", "cell": c, "activation": a, "units": 8, "l2": 1e-5, "seed": s,
         "loss": 10.0 ** (-4 + s), "accuracy": 0.99}
        for c in cells for a in activations for s in range(seeds)
    ]  # fmt: skip


def results(task: str = "flip_flop", rows: list[dict] | None = None, **parts) -> TaskResults:
    rows = networks() if rows is None else rows
    nothing = {"failed": [], "distances": {}, "embeddings": {}, "untrained": None, "dynamics": {}, "frequencies": None}
    made = TaskResults(task=task, networks=rows, **nothing, commanded=None, seconds={})
    made = replace(made, **parts)
    return replace(made, embeddings=made.embeddings or {name: embed(d) for name, d in made.distances.items()})


def clusters(labels: list[str], spread: float = 0.1, apart: float = 5.0, seed: int = 0) -> NDArray[np.float64]:
    """Distances of points around one far-off place per label."""
    generator = np.random.default_rng(seed)
    places = apart * np.eye(len(set(labels)))
    at = np.array([places[sorted(set(labels)).index(label)] for label in labels])
    return squareform(pdist(at + spread * generator.normal(size=at.shape)))


def points(name: str, outputs, modes, *, values=None, complete: bool = True, x=(0.0,)) -> FixedPointSet:
    outputs, modes = np.asarray(outputs, float), np.asarray(modes, np.int64)
    count = len(outputs)
    if values is None:
        values = np.where(np.arange(3) < modes[:, None], 1.5, 0.5) + 0j
    return FixedPointSet(
        name=name, input=np.asarray(x, float), states=outputs @ np.eye(outputs.shape[1], 4), outputs=outputs,
        status=np.full(count, "fixed"), residual=np.zeros(count), error_estimate=np.zeros(count),
        speed=np.zeros(count), unstable_modes=modes, eigenvalues=np.asarray(values), basin=np.ones(count, np.int64),
        starts=count, degree=1, must_be_one=True, closed=complete, listed=False,
    )  # fmt: skip


def cube(name: str, *, stable: int = 8, complete: bool = True) -> FixedPointSet:
    """27 points of a 3-bit memory, or fewer stable ones."""
    modes = (CORNERS == 0).sum(axis=1)
    kept = np.concatenate([np.flatnonzero(modes == 0)[:stable], np.flatnonzero(modes > 0)])
    return points(name, CORNERS[kept], modes[kept], complete=complete)


def graph_of(one: FixedPointSet) -> TopologyGraph:
    """Kicks from each point lead to the nearest stable ones alike."""
    stable = one.unstable_modes == 0
    away = ((one.outputs[:, None] - one.outputs) ** 2).sum(axis=-1)
    away[:, ~stable] = np.inf
    nearest = (away <= away.min(axis=1, keepdims=True)).astype(float)
    count = len(one)
    return TopologyGraph(
        name=one.name, input=one.input, nodes=np.arange(count), states=one.states, outputs=one.outputs,
        unstable_modes=one.unstable_modes, basin=one.basin, adjacency=nearest / nearest.sum(axis=1, keepdims=True),
        nowhere=np.zeros(count), sizes=np.ones(count), perturbations=100, steps=10, seed=0, quantum=1.0,
    )  # fmt: skip


def grid(kind, sets, inputs=1):
    return kind(tuple((one,) for one in sets), np.zeros((inputs, 1)))


def line(name: str, near_one: int, count: int = 9) -> LineAttractor:
    """A straight line with some eigenvalues of 0.99 and others of 0.3."""
    along = np.linspace(-1.0, 1.0, count)
    states = np.column_stack([along, 0.1 * along**2, np.zeros((count, 6))])
    values = np.where(np.arange(8) < near_one, 0.99, 0.3) * np.ones((count, 8)) + 0j
    unit = np.eye(8)[:1].repeat(count, axis=0)
    return LineAttractor(
        name=name, input=np.zeros(1), tolerance=0.05, dropped=0, order=np.arange(count),
        on_path=np.ones(count, bool), fixed=np.arange(count) % 3 == 0, states=states, outputs=along[:, None],
        speed=np.zeros(count), arc_length=along + 1, adjacency=np.eye(count, dtype=bool), tangent=unit,
        eigenvalues=values, line_modes=np.zeros(count, np.int64), right=unit, selection=unit,
        alignment=np.ones(count), input_projection=np.ones((count, 1)),
    )  # fmt: skip


def pulse(name: str, needed: int, count: int = 5) -> ModeTruncation:
    """A response of 1 made of equal shares of some modes."""
    kept = np.arange(9)
    curve = np.minimum(kept / needed, 1.0)
    response = np.broadcast_to(curve[None, :, None, None], (count, 9, 2, 1)).copy()
    whole = np.ones((count, 2, 1))
    return ModeTruncation(
        name=name, input=np.zeros(1), pulse=np.ones(1), points=np.arange(count), fixed=np.ones(count, bool),
        times=np.array([1, 30]), eigenvalues=np.full((count, 8), 0.9 + 0j), kept=kept, response=response, full=whole,
        nonlinear=0.8 * whole, ill_conditioned=np.zeros(count, bool),
    )  # fmt: skip


def example(cell: str, activation: str, task: str, *, trained: bool = True) -> Example:
    """Circles, one for each trial, and a point in the middle of each."""
    trials, steps, wide = 4, 40, {"flip_flop": 3, "sine_wave": 1, "context_integration": 4}[task]
    out = 3 if task == "flip_flop" else 1
    generator = np.random.default_rng(1)
    inputs = np.sign(generator.normal(size=(trials, steps, wide))) * (generator.random((trials, steps, wide)) < 0.1)
    if task == "context_integration":
        inputs = np.concatenate([np.tile([0.0, 1.0], (trials, steps, 1)), generator.normal(size=(trials, steps, 2))], 2)
    elif task == "sine_wave":
        inputs = np.tile(np.linspace(0, 1, trials)[:, None, None], (1, steps, 1))
    targets = np.cumsum(generator.normal(size=(trials, steps, out)), axis=1) / 10
    turn = np.linspace(0, 4 * np.pi, steps)
    circles = np.stack([np.column_stack([np.cos(turn), np.sin(turn), np.full(steps, b)]) for b in range(trials)])
    trajectory = TrajectorySet(
        name=f"{cell} {activation}", mean=np.zeros(4), axes=np.eye(3, 4), explained=np.array([0.6, 0.3, 0.1]),
        trials=circles, points=np.column_stack([np.zeros((trials, 2)), np.arange(trials)]),
        condition=np.arange(trials), unstable_modes=np.array([0, 1, 2, 2]),
    )  # fmt: skip
    return Example(cell, activation, inputs, targets, targets + 0.05, trajectory, trained)


def flip_flop(seeds: int = 3) -> TaskResults:
    rows = networks(seeds)
    both = [f"{row['cell']} {row['activation']}" for row in rows]
    sets = [cube(row["name"]) for row in rows]
    shuffled = clusters(list(np.random.default_rng(2).permutation(both)), 1.0, 0.1)
    return results(
        "flip_flop", rows,
        distances={"svcca": clusters(both), "pwcca": clusters(both, 0.2), "cka": clusters(both, 0.3),
                   "topology": shuffled},
        dynamics={"points": grid(FixedPoints, sets), "graphs": grid(TopologyGraphs, [graph_of(s) for s in sets])},
        examples=[example(c, a, "flip_flop") for c in CELLS for a in ACTIVATIONS],
    )  # fmt: skip


def sine_wave(seeds: int = 3, slope: float = 0.9) -> TaskResults:
    rows = networks(seeds)
    both = [f"{row['cell']} {row['activation']}" for row in rows]
    commanded = np.linspace(0.01, 0.05, 5)
    frequencies = np.array([slope * commanded + 1e-4 * row["seed"] for row in rows])
    values = 1.02 * np.exp(2j * np.pi * frequencies)
    sets = [
        tuple(
            points(row["name"], [[0.1 * c]], [2], values=np.array([[v, v.conjugate(), 0.3]]), x=(c / 4,))
            for c, v in enumerate(values[k])
        )
        for k, row in enumerate(rows)
    ]
    return results(
        "sine_wave", rows, frequencies=frequencies, commanded=commanded,
        distances={"svcca": clusters(both), "cka": clusters(both, 0.3), "topology": clusters(both, 1.0, 0.1)},
        dynamics={"points": FixedPoints(tuple(sets), np.linspace(0, 1, 5)[:, None])},
        examples=[example(c, a, "sine_wave") for c in CELLS for a in ACTIVATIONS],
    )  # fmt: skip


def integration(seeds: int = 3) -> TaskResults:
    rows = networks(seeds)
    both = [f"{row['cell']} {row['activation']}" for row in rows]
    counts = [1 if row["cell"] == "vanilla" else 3 + row["seed"] % 2 for row in rows]
    names = [row["name"] for row in rows]
    kinds = [f"{label} {state}" for state in ("trained", "untrained") for label in both]
    lines = grid(LineAttractors, [line(n, c) for n, c in zip(names, counts, strict=True)])
    modes = grid(ModeTruncations, [pulse(n, c) for n, c in zip(names, counts, strict=True)])
    untrained = [example(c, a, "context_integration", trained=False) for c in CELLS[:1] for a in ACTIVATIONS]
    return results(
        "context_integration", rows, untrained=clusters(kinds),
        distances={"svcca": clusters(both), "cka": clusters(both, 0.3), "topology": clusters(both, 1.0, 0.1)},
        dynamics={"points": grid(FixedPoints, [cube(n) for n in names]), "lines": lines, "modes": modes},
        examples=[*(example(c, a, "context_integration") for c in CELLS for a in ACTIVATIONS), *untrained],
    )  # fmt: skip
