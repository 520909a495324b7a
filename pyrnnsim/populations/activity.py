"""What networks do with given inputs: states, outputs, representations; and the table of who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._frame import as_frame
from pyrnnsim._machine import available_memory
from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.populations import kernels
from pyrnnsim.populations.arrays import as_numbers
from pyrnnsim.tasks import Task

_LARGE = 2**28  # bytes; below, nobody asks whether they are free

if TYPE_CHECKING:
    from pyrnnsim.populations.group import Group
    from pyrnnsim.populations.population import Population


def states(population: Population, inputs: object, n_jobs: int | None, caller: str) -> list[NDArray[Any]]:
    """(K, B, T, S) for each group."""
    jobs = parse_jobs(caller, n_jobs)
    given = _checked(population, inputs, caller)
    _check_memory(population, given, caller)
    made = [kernels.rollout(group.cell, group.parameters, _part(given, group), jobs) for group in population.groups]
    for group, stack in zip(population.groups, made, strict=True):
        for k, position in enumerate(group.members):
            if not np.isfinite(stack[k]).all():
                raise ValueError(
                    f"{caller}: the states of network {position} ({population[position].name!r}) overflow on these "
                    "inputs: it diverges; leave it out, or use shorter or smaller inputs"
                )
    return made


def outputs(population: Population, inputs: object, n_jobs: int | None) -> list[NDArray[Any]]:
    """(K, B, T, O) for each group."""
    caller = "Population.outputs"
    for position, network in enumerate(population):
        if network.outputs == 0:
            raise ValueError(
                f"{caller}: network {position} ({network.name!r}) has no readout; pass w_out when it is made, or use "
                "states"
            )
    made = states(population, inputs, n_jobs, caller)
    with thread_limit():
        return [kernels.readout(group.parameters, stack) for group, stack in zip(population.groups, made, strict=True)]


def representations(population: Population, source: Any, n_jobs: int | None) -> list[NDArray[Any]]:
    """(B T, S) for each network, in the order of the population."""
    caller = "Population.representations"
    inputs = source.probe_inputs() if isinstance(source, Task) else source
    made: list[Any] = [None] * len(population)
    for group, stack in zip(population.groups, states(population, inputs, n_jobs, caller), strict=True):
        for k, position in enumerate(group.members):
            made[position] = stack[k].reshape(-1, group.state_size)
    return made


def frame(population: Population) -> Any:
    """See :attr:`Population.frame`."""
    rows = [
        {
            "name": network.name,
            "cell": network.cell.cell,
            "activation": network.cell.activation,
            "units": network.units,
            "inputs": network.inputs,
            "outputs": network.outputs,
            "l2": network.l2,
            "seed": network.seed,
            "parameters": network.parameter_count,
            "keep_bias": network.cell.keep_bias,
            "reset_after": network.cell.reset_after,
            "candidate": network.cell.candidate,
            "dtype": network.dtype.name,
            "origin": network.origin,
        }
        for network in population
    ]
    return as_frame(rows, "Population.frame")


def _checked(population: Population, inputs: object, caller: str) -> NDArray[Any]:
    """The inputs as an array (1 or K, B, T, M)."""
    array = as_numbers(caller, "inputs", inputs)
    if array.ndim == 3:
        array = array[None]
    elif array.ndim != 4 or len(array) != len(population):
        raise ValueError(
            f"{caller}: inputs must be (B, T, M), or ({len(population)}, B, T, M) with one entry per network, got "
            f"shape {array.shape}; use inputs[None] for one trial"
        )
    for position, network in enumerate(population):
        if network.inputs != array.shape[-1]:
            raise ValueError(
                f"{caller}: network {position} ({network.name!r}) takes M = {network.inputs} inputs, got inputs of "
                f"shape {array.shape if len(array) > 1 else array.shape[1:]}"
            )
    if not np.isfinite(array).all():
        raise ValueError(f"{caller}: inputs hold NaN or infinity; replace or drop these trials")
    return array


def _check_memory(population: Population, inputs: NDArray[Any], caller: str) -> None:
    numbers = inputs.shape[1] * inputs.shape[2]
    needed = sum(numbers * network.state_size * network.dtype.itemsize for network in population)
    if needed > _LARGE and needed > (free := available_memory()):
        raise ValueError(
            f"{caller}: the states take {needed / 1e9:.3g} GB and {free / 1e9:.3g} GB are free; use fewer trials, or "
            "some of the networks at a time"
        )


def _part(inputs: NDArray[Any], group: Group) -> NDArray[Any]:
    own = inputs if len(inputs) == 1 else inputs[list(group.members)]
    return np.ascontiguousarray(own, dtype=group.dtype)
