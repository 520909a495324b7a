"""The first stage: networks that are trained, and which of them learned their task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.populations.evaluation import Evaluation
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.recipes import load_recipes
from pyrnnsim.populations.record import TrainingRecord
from pyrnnsim.populations.store import read_tensors, write_tensors
from pyrnnsim.populations.table import Row
from pyrnnsim.study.manifest import read_json, write_json
from pyrnnsim.study.searching import searched_settings
from pyrnnsim.study.stage_folder import StageFolder
from pyrnnsim.study.work import Work, parts
from pyrnnsim.task_dynamics import looked_at, overflows
from pyrnnsim.tasks import Task

TABLE = "networks.json"
_AT_ONCE = 96  # networks in memory; one checkpoint covers them
_CURVES = "pyrnnsim study curves 1"
_GIVEN = ("optimizer", "learning_rate", "decay", "momentum", "clip")


def train(work: Work) -> None:
    """Train the grid, a part at a time, and say of each network whether it learned."""
    configuration, task = work.configuration, work.task
    population = configuration.population(work.task_name)
    options = configuration.training(work.task_name)
    if options["settings"] == "recipes" and (defaults := load_recipes().uncovered(population, task)):
        work.say(f"{work.task_name}: no recipe for {', '.join(defaults)}; these are trained with the defaults")
    for number, start in enumerate(range(0, len(population), _AT_ONCE)):
        part = population[start : start + _AT_ONCE]
        networks, curves = f"networks-{number:04d}.pyrnnsim", f"curves-{number:04d}.pyrnnsim"
        if work.done(networks, Population.load) and work.done(curves, _load_curves):
            continue
        record = part.train(
            task,
            iterations=options["iterations"],
            batch=options["batch"],
            checkpoint=work.path(f".checkpoint-{number:04d}.pyrnnsim"),
            n_jobs=work.n_jobs,
            seed=configuration.seed,
            progress=work.progress,
            **_settings(work, part, task, options),
        )
        evaluation = record.population.evaluate(task, trials=options["trials"], n_jobs=work.n_jobs)
        probes = task.probe_inputs(configuration.values["geometry"]["probe_trials"])
        inputs = looked_at(task, probes, seed=configuration.seed)
        rows = _rows(record, evaluation, options["learned"], inputs)
        record.population.save(work.path(networks))
        tensors = {"loss": record.loss, "validation": record.validation}
        write_tensors(work.path(curves), _CURVES, {"rows": rows}, tensors)
        work.stage.note(work.key)
    rows = [row for curves in sorted(work.stage.path.glob("curves-*")) for row in _load_curves(curves)]
    write_json(work.path(TABLE), {"rows": rows})
    failed = [row for row in rows if row["reason"]]
    work.say(f"{work.task_name}: {len(rows) - len(failed)} of {len(rows)} networks learned the task")
    for row in failed[:8]:
        work.say(f"  left out: {row['name']}: {row['reason']}")
    if len(failed) > 8:
        work.say(f"  and {len(failed) - 8} more; see {work.path(TABLE)}")


def rows_of(stage: StageFolder) -> tuple[list[Row], list[Row]]:
    """Rows of the networks that learned, without a reason, and of those that did not."""
    rows: list[Row] = read_json(stage.file(TABLE))["rows"]
    for row in rows:
        row["accuracy"] = float("nan") if row["accuracy"] is None else row["accuracy"]
        row["loss"] = float("inf") if row["loss"] is None else row["loss"]
    good = [{key: value for key, value in row.items() if key != "reason"} for row in rows if not row["reason"]]
    return good, [row for row in rows if row["reason"]]


def learned(stage: StageFolder) -> Population | None:
    """The networks that learned, in the order of their rows; None if there is none."""
    names = {row["name"] for row in rows_of(stage)[0]}
    manifest = stage.manifest()
    assert manifest is not None
    loaded = (Population.load(stage.file(name)) for name in parts(list(manifest.outputs), "networks"))
    networks = [network for one in loaded for network in one if network.name in names]
    return Population(networks) if networks else None


def _settings(work: Work, part: Population, task: Task, options: dict[str, Any]) -> dict[str, Any]:
    if options["settings"] == "given":
        return {key: options[key] for key in _GIVEN if options[key] is not None}
    if options["settings"] == "search":
        return searched_settings(work.earlier("search"), part, task)
    return load_recipes().settings(part, task, missing="default")


def _rows(
    record: TrainingRecord, evaluation: Evaluation, most: float, inputs: Sequence[NDArray[np.float64]]
) -> list[Row]:
    """One row per network; JSON holds None where a number is not finite. ``inputs`` are those of later stages."""
    rows = []
    for k, network in enumerate(record.population):
        loss, accuracy = float(evaluation.loss[k]), float(evaluation.accuracy[k])
        reason = ""
        if record.diverged[k] >= 0:
            reason = f"diverged at update {int(record.diverged[k])}"
        elif not np.isfinite(loss) or overflows(network, inputs):
            reason = "its states overflow"
        elif loss > most * evaluation.baseline:
            reason = (
                f"its loss {loss:.3g} is above {most:.0%} of {evaluation.baseline:.3g}, that of an answer that ignores "
                "the inputs"
            )
        rows.append(
            {
                "name": network.name,
                "cell": network.cell.cell,
                "activation": network.cell.activation,
                "units": network.units,
                "l2": network.l2,
                "seed": network.seed,
                "loss": loss if np.isfinite(loss) else None,
                "accuracy": accuracy if np.isfinite(accuracy) else None,
                "reason": reason,
            }
        )
    return rows


def _load_curves(path: Path) -> list[Row]:
    about, _ = read_tensors(path, _CURVES, "set of loss curves")
    rows: list[Row] = about["rows"]
    return rows
