"""The stage of dynamics: fixed points and what a task asks for beyond, a few networks at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np

import pyrnnsim
from pyrnnsim.study.folder import StageFolder
from pyrnnsim.study.training import learned
from pyrnnsim.study.work import Work, parts
from pyrnnsim.tasks import ContextIntegration, Task

_AT_ONCE = 4  # networks; a kill loses at most so many
_OUTPUTS, _GAP = 1.5, 4.0  # of a line: readouts beyond the targets, and longest steps between neighbours


def dissect(work: Work) -> None:
    """Write the results of each few networks to files of their own; no result depends on the other networks."""
    population = learned(work.earlier("training"))
    if population is None:
        return
    wanted = kinds_of(work.task)
    with work.items(len(population), _AT_ONCE, "networks") as items:
        for number, part in items:
            names = {kind: f"{kind}-{number:04d}.pyrnnsim" for kind in wanted}
            if all(work.done(name, _KINDS[kind].load) for kind, name in names.items()):
                continue
            for kind, result in _dissected(work, population[part]).items():
                result.save(work.path(names[kind]))


def kinds_of(task: Task) -> tuple[str, ...]:
    """Names of the results that a task asks for."""
    if callable(getattr(task, "frequency", None)):
        return ("points", "oscillations")
    if isinstance(task, ContextIntegration):
        return ("points", "lines", "modes")
    return ("points", "graphs") if len(task.condition_inputs()) == 1 else ("points",)


def load(stage: StageFolder, kind: str) -> Any:
    """The results of one kind of all networks; None where there is none."""
    manifest = stage.manifest()
    assert manifest is not None
    loaded = [_KINDS[kind].load(stage.file(name)) for name in parts(list(manifest.outputs), kind)]
    if not loaded:
        return None
    if kind == "oscillations":
        return _joined_oscillations(loaded)
    return replace(loaded[0], parts=tuple(row for one in loaded for row in one.parts))


_KINDS: dict[str, Any] = {
    "points": pyrnnsim.FixedPoints,
    "graphs": pyrnnsim.TopologyGraphs,
    "oscillations": pyrnnsim.Oscillations,
    "lines": pyrnnsim.LineAttractors,
    "modes": pyrnnsim.ModeTruncations,
}


def _dissected(work: Work, networks: pyrnnsim.Population) -> dict[str, Any]:
    task, seed, jobs = work.task, work.configuration.seed, work.n_jobs
    options = work.configuration.values["dynamics"]
    points = pyrnnsim.find_fixed_points(networks, task=task, n_starts=options["starts"], seed=seed, n_jobs=jobs)
    made: dict[str, Any] = {"points": points}
    make: dict[str, Callable[[], Any]] = {
        "oscillations": lambda: pyrnnsim.oscillations(networks, task, fixed_points=points, n_jobs=jobs),
        "graphs": lambda: pyrnnsim.transition_graph(
            networks, points, perturbations=options["perturbations"], seed=seed, n_jobs=jobs
        ),
    }
    wanted = kinds_of(task)
    if "lines" in wanted:
        return _integration(networks, points, task, options, seed, jobs)
    made |= {kind: make[kind]() for kind in wanted if kind != "points"}
    return made


def _integration(
    networks: pyrnnsim.Population, points: Any, task: Task, options: dict[str, Any], seed: int, jobs: int | None
) -> dict[str, Any]:
    points = pyrnnsim.add_slow_points(
        networks, points, task=task, n_starts=options["slow_starts"], seed=seed, n_jobs=jobs
    )
    lines = pyrnnsim.line_attractor(networks, points, output_range=(-_OUTPUTS, _OUTPUTS), max_gap=_GAP)
    inputs = task.condition_inputs()
    pulses = np.eye(len(inputs), inputs.shape[1], k=len(inputs))  # in the stream that each context attends to
    modes = pyrnnsim.mode_truncation(networks, points, pulses, steps=options["pulse_steps"], points=lines)
    return {"points": points, "lines": lines, "modes": modes}


def _joined_oscillations(loaded: list[Any]) -> Any:
    """Every field but the commands has one entry per network."""
    common = {"inputs": loaded[0].inputs, "commanded": loaded[0].commanded}
    own: dict[str, Any] = {}
    for field in fields(loaded[0]):
        if field.name not in common:
            values = [getattr(one, field.name) for one in loaded]
            tuples = isinstance(values[0], tuple)
            own[field.name] = tuple(name for one in values for name in one) if tuples else np.concatenate(values)
    return pyrnnsim.Oscillations(**common, **own)
