"""Whose dynamics: networks, a trained population, or a function of the caller's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.systems import NetworkSystem, System
from pyrnnsim.dynamics.torch_system import TorchSystem
from pyrnnsim.populations.arrays import as_numbers
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.record import TrainingRecord
from pyrnnsim.populations.trials import check_task
from pyrnnsim.tasks import BUILT_IN, Task, from_spec
from pyrnnsim.tasks.checks import real_number

Floats = NDArray[np.float64]
#: Whose dynamics an argument may ask for.
Subject = Population | Network | TrainingRecord | Callable[[Any, Any], Any]


@dataclass(frozen=True, eq=False)
class Subjects:
    """K systems and what is known of them.

    Attributes:
        systems: One per network, or the function.
        population: The networks; None for a function.
        task: What they do, if that is known.
    """

    systems: Sequence[System]
    population: Population | None
    task: Task | None

    @property
    def given(self) -> tuple[Any, ...]:
        """(K) what :func:`pyrnnsim.linearize` takes: the networks, or the function."""
        if self.population is not None:
            return tuple(self.population)
        return tuple(system.function for system in self.systems if isinstance(system, TorchSystem))


def parse_subjects(caller: str, subject: object, task: object = None) -> Subjects:
    """The systems that an argument stands for.

    Raises:
        TypeError, ValueError: If it is none of them, its weights are not finite, or the task does not fit.
    """
    if isinstance(subject, TrainingRecord):
        if task is None and subject.task.get("task") in BUILT_IN:
            task = from_spec(subject.task)
        subject = subject.population
    if isinstance(subject, Network):
        subject = Population([subject])
    if not isinstance(subject, Population):
        if isinstance(subject, type) or not callable(subject):
            raise TypeError(
                f"{caller}: expected a Population, a Network, a TrainingRecord or a function F(h, x) of torch tensors, "
                f"got {subject!r}; use Population.from_torch for modules of torch.nn"
            )
        if task is not None:
            raise TypeError(f"{caller}: task is for populations; give inputs and starts to a function")
        return Subjects([TorchSystem(subject)], None, None)
    if task is not None:
        check_task(caller, task, subject)
    _check_weights(caller, subject)
    systems = [NetworkSystem(network) for network in subject]
    assert task is None or isinstance(task, Task)
    return Subjects(systems, subject, task)


def _check_weights(caller: str, population: Population) -> None:
    for position, network in enumerate(population):
        for name, array in network.parameters.items():
            if not np.isfinite(array).all():
                raise ValueError(
                    f"{caller}: {name} of network {position} ({network.name!r}) has entries that are NaN or infinite; "
                    "leave this network out"
                )


def parse_inputs(caller: str, inputs: Any, subjects: Subjects) -> Floats:
    """The constant inputs (C, M).

    Raises:
        TypeError, ValueError: If they do not fit the networks or are not finite.
    """
    if inputs is None:
        if subjects.population is None:
            raise TypeError(f"{caller}: a function needs inputs: the constant x, (M,) or (C, M); np.zeros(0) for none")
        inputs = subjects.task.condition_inputs() if subjects.task else np.zeros(subjects.systems[0].inputs)
    array = as_numbers(caller, "inputs", inputs).astype(np.float64)
    if array.ndim not in (1, 2):
        raise ValueError(f"{caller}: inputs must be (M,) or (C, M), constant over time, got shape {array.shape}")
    array = np.atleast_2d(array)
    if not len(array):
        raise ValueError(f"{caller}: inputs hold no condition, got shape {array.shape}; give at least one x")
    for k, system in enumerate(subjects.systems):
        if subjects.population is not None and system.inputs != array.shape[1]:
            raise ValueError(
                f"{caller}: network {k} ({system.name!r}) takes M = {system.inputs} inputs, got inputs of shape "
                f"{array.shape}" + ("; pass networks of one M at a time" if inputs is None else "")
            )
    if not np.isfinite(array).all():
        raise ValueError(f"{caller}: inputs hold NaN or infinity; drop these conditions")
    return array


def parse_tolerance(caller: str, value: object, subjects: Subjects) -> float:
    """The largest error estimate, relative to 1 + max|h|, of what counts as found.

    Raises:
        TypeError, ValueError: If it is no number above 0.
    """
    if value is not None:
        return real_number(caller, "tolerance", value, 0.0, open_below=True)
    return 1e-8 if max(system.epsilon for system in subjects.systems) < 1e-12 else 1e-3
