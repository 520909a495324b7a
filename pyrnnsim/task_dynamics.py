"""What the dynamics of trained networks hold that their task asks about: points, and graphs, oscillations or lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pyrnnsim
from pyrnnsim.tasks import ContextIntegration, Task

_OUTPUTS = (-1.5, 1.5)  # readouts of a line attractor; beyond, well outside the targets, lie other continua
_GAP = 4.0  # longest step between neighbours on a line, in units of the state

#: Trials whose states the search for fixed points begins from.
STARTS = 32
#: Name -> class of the result.
RESULTS: dict[str, Any] = {
    "points": pyrnnsim.FixedPoints,
    "graphs": pyrnnsim.TopologyGraphs,
    "oscillations": pyrnnsim.Oscillations,
    "lines": pyrnnsim.LineAttractors,
    "modes": pyrnnsim.ModeTruncations,
}

Timed = Callable[[str, Callable[[], Any]], Any]


@dataclass(frozen=True)
class Effort:
    """How thoroughly to look.

    Attributes:
        starts: Of the search for fixed points.
        perturbations: Kicks from each point, for transition graphs.
        slow_starts: Of the search for slow points, for lines.
        pulse_steps: Steps after a pulse at which its response is read out.
        seed: Of all of these.
    """

    starts: int = 1024
    perturbations: int = 100
    slow_starts: int = 256
    pulse_steps: int = 30
    seed: int = 0


def kinds_of(task: Task) -> tuple[str, ...]:
    """Names of the results that a task asks for, ``"points"`` first."""
    if callable(getattr(task, "frequency", None)):
        return ("points", "oscillations")
    if isinstance(task, ContextIntegration):
        return ("points", "lines", "modes")
    return ("points", "graphs") if len(task.condition_inputs()) == 1 else ("points",)


def looked_at(task: Task, probes: NDArray[np.float64], *, seed: int) -> list[NDArray[np.float64]]:
    """Inputs (B, T, M) on which states are looked at: probes, and the trials at whose states the search begins."""
    return [probes, task.trials(STARTS, seed=seed, dtype=np.float64).inputs]


def overflows(network: pyrnnsim.Network, inputs: Sequence[NDArray[np.float64]]) -> bool:
    """Whether the states of a network overflow on any of some inputs, which fit it and are finite."""
    alone = pyrnnsim.Population([network])
    for one in inputs:
        try:
            alone.states(one, n_jobs=1)
        except ValueError:  # the inputs are fine, so the states are not
            return True
    return False


def _untimed(what: str, compute: Callable[[], Any]) -> Any:
    del what
    return compute()


def task_dynamics(
    networks: pyrnnsim.Population, task: Task, effort: Effort, *, n_jobs: int | None, timed: Timed = _untimed
) -> dict[str, Any]:
    """The results named by :func:`kinds_of`.

    Args:
        networks: Of one task.
        task: What they do.
        effort: How thoroughly to look.
        n_jobs: Threads; None is every core. No result depends on it.
        timed: Called with the name of each piece of work and the work, whose result it gives back.
    """
    seed, wanted = effort.seed, kinds_of(task)
    points = timed(
        "fixed points",
        lambda: pyrnnsim.find_fixed_points(networks, task=task, n_starts=effort.starts, seed=seed, n_jobs=n_jobs),
    )
    if "oscillations" in wanted:
        found = timed("oscillations", lambda: pyrnnsim.oscillations(networks, task, fixed_points=points, n_jobs=n_jobs))
        return {"points": points, "oscillations": found}
    if "graphs" in wanted:
        options: dict[str, Any] = {"perturbations": effort.perturbations, "seed": seed, "n_jobs": n_jobs}
        graphs = timed("graphs", lambda: pyrnnsim.transition_graph(networks, points, **options))
        return {"points": points, "graphs": graphs}
    if "lines" not in wanted:
        return {"points": points}
    options = {"n_starts": effort.slow_starts, "seed": seed, "n_jobs": n_jobs}
    slow = timed("slow points", lambda: pyrnnsim.add_slow_points(networks, points, task=task, **options))
    lines = timed(
        "lines", lambda: pyrnnsim.line_attractor(networks, slow, output_range=_OUTPUTS, max_gap=_GAP, n_jobs=n_jobs)
    )
    inputs = task.condition_inputs()
    pulses = np.eye(len(inputs), inputs.shape[1], k=len(inputs))  # in the stream that each context attends to
    modes = timed(
        "modes",
        lambda: pyrnnsim.mode_truncation(networks, slow, pulses, steps=effort.pulse_steps, points=lines, n_jobs=n_jobs),
    )
    return {"points": slow, "lines": lines, "modes": modes}


def joined(results: Sequence[Any]) -> Any:
    """The result of all networks from those of some at a time.

    Args:
        results: At least one, of one class.
    """
    first = results[0]
    if isinstance(first, pyrnnsim.Oscillations):
        return _joined_oscillations(results)
    return replace(first, parts=tuple(row for one in results for row in one.parts))


def _joined_oscillations(results: Sequence[Any]) -> Any:
    """Every field but the commands has one entry per network."""
    common = {"inputs": results[0].inputs, "commanded": results[0].commanded}
    own: dict[str, Any] = {}
    for field in fields(results[0]):
        if field.name not in common:
            values = [getattr(one, field.name) for one in results]
            tuples = isinstance(values[0], tuple)
            own[field.name] = tuple(name for one in values for name in one) if tuples else np.concatenate(values)
    return pyrnnsim.Oscillations(**common, **own)
