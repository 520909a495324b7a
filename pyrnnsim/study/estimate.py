"""What a study will cost on this machine, from a few updates and pairs that are measured."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import pyrnnsim
from pyrnnsim._options import parse_jobs
from pyrnnsim.dynamics.graphs.matching import Matcher
from pyrnnsim.populations.table import Row
from pyrnnsim.report.results import GEOMETRY
from pyrnnsim.study.configuration import Configuration
from pyrnnsim.study.made_graphs import made_graph
from pyrnnsim.task_dynamics import kinds_of

_UPDATES = 2
_PASSES = (4, 16)  # networks: what a network costs and what a pair costs are told apart by two passes
_STARTS = 16
_GRAPHS = 6  # of each activation


def estimate(configuration: Configuration, *, n_jobs: int | None = None) -> list[Row]:
    """One row per task: networks, pairs, and hours of each of the dear stages on so many threads, and their sum.

    One network of each kind is trained for two updates, sixteen are compared, and one of each cell is searched from 16
    starts, all on one thread; the rest is arithmetic, with threads counted as fully used. ``dynamics_at_least`` is
    measured on untrained networks, which have few fixed points: trained ones cost more. ``topology_h`` is measured on
    made-up graphs of the size that trained flip-flop networks have (:func:`pyrnnsim.study.made_graphs.made_graph`),
    which is too much for a task whose networks have fewer fixed points. ``training_pflop`` counts the operations of
    training and search, 1e15 each, for whoever knows the rate of another machine: forward, backward and gradient,
    6 B T (G N (N + M) + N O) per update of a network with G gates.

    Args:
        configuration: Of the study.
        n_jobs: Threads that the study will have; None is every core.
    """
    jobs = parse_jobs("estimate", n_jobs)
    rows: list[Row] = []
    for name in configuration.tasks:
        seconds = {
            "search": _training(configuration, name, searching=True),
            "training": _training(configuration, name, searching=False),
            "geometry": _geometry(configuration, name),
            "dynamics_at_least": _dynamics(configuration, name),
            "topology": _topology(configuration, name),
        }
        count, hours = _count(configuration), {f"{stage}_h": one / 3600 / jobs for stage, one in seconds.items()}
        row: Row = {"task": name, "networks": count, "pairs": count * (count - 1) // 2, **hours}
        rows.append({**row, "total_h": sum(hours.values()), "training_pflop": _operations(configuration, name) / 1e15})
    return rows


def _count(configuration: Configuration) -> int:
    networks = configuration.values["networks"]
    return int(networks["seeds"] * math.prod(len(networks[key]) for key in ("cells", "activations", "units", "l2")))


def _kinds(configuration: Configuration, name: str) -> pyrnnsim.Population:
    """One network of each cell, activation and width."""
    networks = configuration.values["networks"]
    few = {**configuration.values, "networks": {**networks, "seeds": 1, "l2": networks["l2"][:1]}}
    return replace(configuration, values=few).population(name)


def _updates(configuration: Configuration, name: str, *, searching: bool) -> float:
    """Of all networks of a cell, an activation and a width together."""
    options, networks = configuration.training(name), configuration.values["networks"]
    copies = len(networks["l2"]) * networks["seeds"]
    if searching:  # the worse half is given up at each of the rungs, which lie at 1/2, 1/4, ... of all iterations
        candidates = options["candidates"] or 16
        copies = len(networks["l2"]) * (options["repeats"] or 1) * (1 + math.log2(candidates) / 2)
        copies *= options["settings"] == "search"
    return float(options["iterations"] * copies)


def _operations(configuration: Configuration, name: str) -> float:
    """Floating-point operations of search and training."""
    task = configuration.task(name)
    values = configuration.training(name)["batch"] * task.trials(1).inputs.shape[1]
    update = 0.0
    for network in _kinds(configuration, name):
        n, gates = network.units, len(network.cell.gates)
        update += 6 * values * (gates * n * (n + task.inputs) + n * task.outputs)
    return update * sum(_updates(configuration, name, searching=searching) for searching in (True, False))


def _training(configuration: Configuration, name: str, *, searching: bool) -> float:
    """Seconds on one thread."""
    updates = _updates(configuration, name, searching=searching)
    if not updates:
        return 0.0
    options, task = configuration.training(name), configuration.task(name)
    update = 0.0
    for network in _kinds(configuration, name):
        one = pyrnnsim.Population([network])

        def short(count: int, one: pyrnnsim.Population = one) -> Callable[[], Any]:
            settings: dict[str, Any] = {"iterations": count, "batch": options["batch"], "validation_trials": 1}
            return lambda: one.train(task, **settings, n_jobs=1, progress=False)

        update += max(_seconds(short(1 + _UPDATES)) - _seconds(short(1)), 1e-6) / _UPDATES
    return update * updates


def _geometry(configuration: Configuration, name: str) -> float:
    """Seconds on one thread of the pass over all pairs by all measures."""
    options, count = configuration.values["geometry"], _count(configuration)
    task = configuration.task(name)
    samples = int(np.prod(task.probe_inputs(options["probe_trials"]).shape[:2]))
    one_network = one_pair = 0.0
    widths = configuration.values["networks"]["units"]
    for width in widths:
        few, many = (_pass(samples, min(width, samples - 1), networks) for networks in _PASSES)
        a, b = _PASSES
        pair = max(0.0, (many - few * b / a) / (b * (b - 1) / 2 - b * (a - 1) / 2))
        one_pair += pair / len(widths)
        one_network += max(0.0, few / a - pair * (a - 1) / 2) / len(widths)
    return one_network * count + one_pair * count * (count - 1) / 2


def _pass(samples: int, units: int, networks: int) -> float:
    """Seconds of one pass over all pairs of some networks."""
    rng = np.random.default_rng(0)
    activity = [rng.normal(size=(samples, units)).astype(np.float32) for _ in range(networks)]

    def compare() -> None:
        pyrnnsim.pairwise(activity, measures=GEOMETRY, n_jobs=1, progress=False)

    compare()  # the first call loads libraries
    return _seconds(compare)


def _dynamics(configuration: Configuration, name: str) -> float:
    """Seconds on one thread of the search for fixed points."""
    options, networks = configuration.values["dynamics"], configuration.values["networks"]
    task = configuration.task(name)
    kinds = [one for one in _kinds(configuration, name) if one.cell.activation == networks["activations"][0]]

    def search() -> None:
        pyrnnsim.find_fixed_points(pyrnnsim.Population(kinds), task=task, n_starts=_STARTS, n_jobs=1)

    return float(_seconds(search) / len(kinds) * options["starts"] / _STARTS * _count(configuration))


def _topology(configuration: Configuration, name: str) -> float:
    """Seconds on one thread of the matching of all pairs of transition graphs."""
    task = configuration.task(name)
    if "graphs" not in kinds_of(task):
        return 0.0
    bits = int(getattr(task, "bits", 3))
    digits = {"tanh": (2,) * bits, "relu": (3,) + (2,) * (bits - 1)}
    rng = np.random.default_rng(0)
    kinds = [digits[one] for one in configuration.values["networks"]["activations"] for _ in range(_GRAPHS)]
    matcher = Matcher([made_graph(kind, rng) for kind in kinds])
    first, second = np.triu_indices(len(kinds), 1)
    count = _count(configuration)
    return _seconds(lambda: matcher.distances(first, second, 1, lambda _: None)) / len(first) * count * (count - 1) / 2


def _seconds(compute: Callable[[], Any]) -> float:
    """Processor time: on one thread it is what the work takes, whatever else the machine does."""
    start = time.process_time()
    compute()
    return time.process_time() - start
