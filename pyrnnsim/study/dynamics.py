"""The stage of dynamics: fixed points and what a task asks for beyond, a few networks at a time."""

from __future__ import annotations

from typing import Any

from pyrnnsim.study.stage_folder import StageFolder
from pyrnnsim.study.training import learned
from pyrnnsim.study.work import Work, parts
from pyrnnsim.task_dynamics import RESULTS, Effort, joined, kinds_of, task_dynamics

_AT_ONCE = 8  # networks; a kill loses at most so many


def dissect(work: Work) -> None:
    """Write the results of each few networks to files of their own; no result depends on the other networks."""
    population = learned(work.earlier("training"))
    if population is None:
        return
    wanted, effort = kinds_of(work.task), _effort(work)
    with work.items(len(population), _AT_ONCE, "networks") as items:
        for number, part in items:
            names = {kind: f"{kind}-{number:04d}.pyrnnsim" for kind in wanted}
            if all(work.done(name, RESULTS[kind].load) for kind, name in names.items()):
                continue
            found = task_dynamics(population[part], work.task, effort, n_jobs=work.n_jobs)
            for kind, result in found.items():
                result.save(work.path(names[kind]))


def load(stage: StageFolder, kind: str) -> Any:
    """The results of one kind of all networks; None where there is none."""
    manifest = stage.manifest()
    assert manifest is not None
    loaded = [RESULTS[kind].load(stage.file(name)) for name in parts(list(manifest.outputs), kind)]
    return joined(loaded) if loaded else None


def _effort(work: Work) -> Effort:
    options = work.configuration.values["dynamics"]
    given = {name: options[name] for name in ("starts", "perturbations", "slow_starts", "pulse_steps")}
    return Effort(**given, seed=work.configuration.seed)
