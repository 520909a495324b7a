"""The grid of a study: every combination of cell, activation, width, penalty and seed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from numpy.typing import DTypeLike

from pyrnnsim.populations.arrays import parse_dtype
from pyrnnsim.populations.cell import ACTIVATIONS, Cell, parse_cell, parse_cell_name, parse_choice
from pyrnnsim.populations.initialisation import INITIALISATIONS, initialise
from pyrnnsim.populations.network import Network
from pyrnnsim.tasks.checks import whole_number

_CALLER = "Population.create"

_SAFE_GAIN = 0.3  # of a relu lstm, whose c can grow by a factor in every step


def grid_networks(
    *,
    cells: object,
    activations: object,
    units: object,
    seeds: object,
    l2: object,
    sizes: tuple[int, int],
    initialisation: str,
    gain: float | None,
    cell_options: dict[str, Any],
    dtype: DTypeLike,
) -> list[Network]:
    """The networks of :meth:`Population.create`; ``sizes`` is (M, O)."""
    kinds = [parse_cell_name(_CALLER, one) for one in _listed("cells", cells)]
    forms = [parse_choice(_CALLER, "activations", one, ACTIVATIONS) for one in _listed("activations", activations)]
    widths = [whole_number(_CALLER, "units", one, 1, 2**16) for one in _listed("units", units)]
    chosen_seeds = [whole_number(_CALLER, "seeds", one, 0, 2**63 - 1) for one in _listed("seeds", seeds)]
    penalties = [_penalty(one) for one in _listed("l2", l2)]
    given = parse_choice(_CALLER, "initialisation", initialisation, ("auto", *INITIALISATIONS))
    if gain is not None and not math.isfinite(gain):
        raise ValueError(f"{_CALLER}: gain must be a finite number, got {gain!r}")
    number = parse_dtype(_CALLER, dtype)
    networks = []
    for kind in kinds:
        for form in forms:
            cell = _cell(kind, form, cell_options)
            way, scale = start_of(cell, given, gain)
            for width in widths:
                for penalty in penalties:
                    for seed in chosen_seeds:
                        weights = initialise(cell, width, *sizes, seed=seed, kind=way, gain=scale, dtype=number)
                        name = f"{kind}_{form}_{width}_l2-{penalty:g}_s{seed}"
                        networks.append(Network(name, cell, weights, seed, penalty, f"{way} initialisation"))
    return networks


def start_of(cell: Cell, initialisation: str, gain: float | None) -> tuple[str, float]:
    """Kind and scale of the recurrent weights; ``"auto"`` and None stand for what suits the cell."""
    if initialisation == "auto":
        safe = cell.cell == "lstm" and cell.activation == "relu" and gain is None
        initialisation, gain = ("orthogonal", _SAFE_GAIN) if safe else ("normal", gain)
    return initialisation, 1.0 if gain is None else gain


def sizes_of(task: Any, inputs: int | None, outputs: int | None) -> tuple[int, int]:
    """(M, O) from a task or from the two numbers, never from both."""
    if task is not None:
        if inputs is not None or outputs is not None:
            raise TypeError(f"{_CALLER}: give either task or inputs and outputs, got both")
        return int(task.inputs), int(task.outputs)
    if inputs is None or outputs is None:
        raise TypeError(f"{_CALLER}: task is missing; pass task=, or inputs= and outputs=")
    return whole_number(_CALLER, "inputs", inputs, 0, 2**16), whole_number(_CALLER, "outputs", outputs, 0, 2**16)


def _cell(kind: str, form: str, options: dict[str, Any]) -> Cell:
    """An option reaches the cells that have it: a grid mixes kinds."""
    own = {
        "keep_bias": options["keep_bias"] if kind != "vanilla" else None,
        "reset_after": options["reset_after"] if kind == "gru" else False,
        "candidate": options["candidate"] if kind == "lstm" else "activation",
    }
    return parse_cell(_CALLER, kind, form, **own)


def _listed(name: str, value: object) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{_CALLER}: {name} must be a list, got {value!r}; write {name}=({value!r},)")
    values = list(value)
    if not values:
        raise ValueError(f"{_CALLER}: {name} is empty; give at least one")
    if len(set(values)) != len(values):
        raise ValueError(f"{_CALLER}: {name} has an entry twice, got {values}; networks would be equal")
    return values


def _penalty(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{_CALLER}: l2 must hold numbers, got {value!r}")
    if not 0 <= value <= 10:
        raise ValueError(f"{_CALLER}: l2 must be from 0 to 10, got {value}")
    return float(value)
