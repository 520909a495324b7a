"""Saved networks: who they are, how well they do their task, and their states on its probe inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._machine import available_memory
from pyrnnsim.comparison.sources import CALLER, POPULATION, File
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.table import Row
from pyrnnsim.task_dynamics import Effort, looked_at, overflows
from pyrnnsim.tasks import Task

LEARNED = 0.5  # largest loss of a network that does its task, in units of that of an answer that ignores the inputs
_OF_MEMORY = 0.25  # of what is free, for all states at once


@dataclass(frozen=True, eq=False)
class Judged:
    """Networks and how well they do a task.

    Attributes:
        population: K networks with distinct names.
        task: What they are meant to do.
        rows: One row per network: kind, width, loss, accuracy, and whether it does the task.
        finite: (K,) whether its states stay finite on probe inputs and trials.
    """

    population: Population
    task: Task
    rows: list[Row]
    finite: NDArray[np.bool_]


def load_networks(
    files: Sequence[File], *, activation: Literal["tanh", "relu"] | None, readout: str | None
) -> Population:
    """All networks in the files, under distinct names.

    Args:
        files: Of networks.
        activation: Of vanilla networks in files of torch, which do not say it; None is tanh.
        readout: As for :meth:`pyrnnsim.Population.from_torch`.
    Raises:
        TypeError, ValueError: If a file holds no network, naming it; no code in a file is run.
        OSError: If a file cannot be read.
    """
    networks: list[Network] = []
    places: list[File] = []
    for file in files:
        found = list(Population.load(file.path)) if file.kind == POPULATION else [_torch(file, activation, readout)]
        networks += found
        places += [file] * len(found)
    count = Counter(network.name for network in networks)
    named = [
        one if count[one.name] == 1 else replace(one, name=_long_name(one, file))
        for one, file in zip(networks, places, strict=True)
    ]
    twice = next((name for name, many in Counter(one.name for one in named).items() if many > 1), None)
    if twice is not None:
        raise ValueError(f"{CALLER}: two networks are called {twice!r}; give each file once")
    return Population(named)


def _long_name(network: Network, file: File) -> str:
    """With the path of the file, whose stem is the name of a network of torch already."""
    path = file.path.with_suffix("").as_posix()
    return f"{path}/{network.name}" if file.kind == POPULATION else path


def _torch(file: File, activation: Literal["tanh", "relu"] | None, readout: str | None) -> Network:
    try:
        found = Population.from_torch(str(file.path), readout=readout)[0]
        if activation is not None and found.cell.cell == "vanilla":
            return Population.from_torch(str(file.path), readout=readout, activation=activation)[0]
    except (TypeError, ValueError) as error:
        text = str(error).removeprefix("Population.from_torch: networks[0]").lstrip(": ").removeprefix(f"{file.path} ")
        raise type(error)(f"{CALLER}: {file.path}: {text}") from error
    return found


def check_fit(population: Population, task: Task) -> None:
    """Refuse networks that cannot do a task, naming the first one.

    Raises:
        ValueError: With its sizes and those of the task.
    """
    for network in population:
        if network.outputs == 0:
            raise ValueError(
                f"{CALLER}: {network.name!r} has no readout, so nobody can tell whether it does {task.name!r}; save it "
                "with its Linear, or save its states and compare these"
            )
        if (network.inputs, network.outputs) != (task.inputs, task.outputs):
            raise ValueError(
                f"{CALLER}: {network.name!r} has {network.inputs} inputs and {network.outputs} outputs, task "
                f"{task.name!r} has {task.inputs} and {task.outputs}; name the task that it does by --task"
            )


def judge(population: Population, task: Task, *, n_jobs: int | None) -> Judged:
    """Evaluate networks on 512 fresh trials; those that do not do the task are kept, and said to.

    Args:
        population: Networks that fit the task.
        task: What they are meant to do.
        n_jobs: Threads; no result depends on it.
    """
    evaluation = population.evaluate(task, n_jobs=n_jobs)
    inputs = looked_at(task, task.probe_inputs(), seed=Effort.seed)
    finite = np.array([not overflows(network, inputs) for network in population])
    rows: list[Row] = []
    for k, network in enumerate(population):
        loss = float(evaluation.loss[k])
        does = "overflows" if not finite[k] or not np.isfinite(loss) else "yes"
        if does == "yes" and loss > LEARNED * evaluation.baseline:
            does = "no"
        row: Row = {"name": network.name, "cell": network.cell.cell, "activation": network.cell.activation}
        row |= {"units": network.units}
        row |= {"seed": network.seed} if network.seed is not None else {}
        row |= {"loss": loss, "accuracy": float(evaluation.accuracy[k]), "does task": does}
        rows.append(row)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return Judged(population, task, [{name: row.get(name) for name in columns} for row in rows], finite)


class _States:
    """Representations that are computed when they are asked for."""

    def __init__(self, judged: Judged) -> None:
        self._judged, self._inputs = judged, judged.task.probe_inputs()

    def __len__(self) -> int:
        return len(self._judged.population)

    def __getitem__(self, k: int) -> NDArray[Any]:
        network = self._judged.population[k]
        if not self._judged.finite[k]:
            return np.full((self._inputs.shape[0] * self._inputs.shape[1], 1), np.nan, network.dtype)
        return Population([network]).representations(self._inputs, n_jobs=1)[0]

    def bytes(self) -> int:
        samples = self._inputs.shape[0] * self._inputs.shape[1]
        return sum(samples * network.state_size * network.dtype.itemsize for network in self._judged.population)


def representations(judged: Judged) -> Any:
    """One (P, S) array per network on the probe inputs, NaN for one whose states overflow.

    Returns:
        A list; where memory is short, a sequence that computes each array when it is asked for.
    """
    states = _States(judged)
    return [states[k] for k in range(len(states))] if states.bytes() < _OF_MEMORY * available_memory() else states
