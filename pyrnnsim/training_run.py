"""Train a grid of networks into a directory, and say how it went: what ``pyrnnsim train`` does."""

from __future__ import annotations

import io
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pyrnnsim._files import write_atomic
from pyrnnsim.populations.evaluation import Evaluation
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.recipes import load_recipes
from pyrnnsim.populations.record import TrainingRecord
from pyrnnsim.populations.table import Row, to_csv, to_text
from pyrnnsim.tasks import Task
from pyrnnsim.tasks.user_task import task_named

NETWORKS, CHECKPOINT, TABLE, CURVES = "networks.pyrnnsim", "checkpoint.pyrnnsim", "networks.csv", "loss.npy"
_SETTINGS = ("learning_rate", "decay", "momentum", "clip")


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A finished run.

    Attributes:
        task: What was learned.
        record: The training; ``record.population`` are the networks.
        evaluation: On fresh trials.
        recipes: Whether settings came from the shipped table.
        defaults: Kinds of networks, such as ``"lstm relu"``, that the table does not cover and that were trained with
            the defaults of :meth:`Population.train`; empty where the options said how to train.
        files: What was written.
    """

    task: Task
    record: TrainingRecord
    evaluation: Evaluation
    recipes: bool
    defaults: tuple[str, ...]
    files: list[Path]


def train_grid(
    folder: Path, task: str, grid: Mapping[str, Any], options: Mapping[str, Any], *, say: Callable[[str], None]
) -> TrainingRun:
    """Train every combination and write the networks, a table and the loss curves; continues a run that was killed.

    Args:
        folder: Where files go; created if missing.
        task: Name of a built-in task, or ``FILE.py:Class`` for one of your own, which runs that file.
        grid: Arguments of :meth:`Population.create` but ``task``.
        options: Arguments of :meth:`Population.train`; without any of rate, decay, momentum, clip and optimizer, each
            network is trained by its recipe, where there is one, and by the defaults where there is none.
        say: Receives lines about the progress.
    Raises:
        TypeError, ValueError: For bad arguments, or a directory that holds another run; nothing is overwritten.
        OSError: If a file cannot be written.
    """
    made = task_named("train", task)
    population = Population.create(**grid, task=made)
    if "checkpoint" in options:
        raise TypeError("train_grid: the checkpoint lies in the folder; choose another folder")
    by_recipe = not {*_SETTINGS, "optimizer"} & options.keys()
    chosen = {**options, **load_recipes().settings(population, made, missing="default")} if by_recipe else dict(options)
    defaults = load_recipes().uncovered(population, made) if by_recipe else ()
    recipes = by_recipe and any(load_recipes().covers(network, made) for network in population)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"{len(population)} networks on {made.name}, settings from {_source(by_recipe, recipes, defaults)}")
    record = population.train(made, checkpoint=folder / CHECKPOINT, **chosen)
    evaluation = record.population.evaluate(made, n_jobs=chosen.get("n_jobs"))
    files = _write(folder, record, evaluation)
    return TrainingRun(made, record, evaluation, recipes, defaults, files)


def text_report(run: TrainingRun) -> str:
    """The run as a table with one row per configuration, and what its columns mean."""
    record, evaluation = run.record, run.evaluation
    updates = int(record.updates.sum())
    lines = [
        to_text(_summary(record, evaluation)),
        "",
        f"loss: mean squared error on 512 fresh trials (an answer that ignores the inputs: {evaluation.baseline:.3g})",
        f"accuracy: {evaluation.accuracy_name}",
        f"{updates:,} updates of batches of {record.settings['batch']} in {record.seconds:.1f} s"
        + (f", {1e3 * record.seconds / updates:.2f} ms each" if updates else ""),
        *([f"trained with the defaults, for want of a recipe: {', '.join(run.defaults)}"] if run.defaults else []),
        *_exploded(record),
        *(f"wrote {os.fspath(file)}" for file in run.files),
    ]
    return "\n".join(lines)


def _exploded(record: TrainingRecord) -> list[str]:
    """What to do about networks that overflow as they are made, which no rate and no clipping mends."""
    kinds = [record.population[int(k)].cell for k in np.flatnonzero(record.diverged == 0)]
    if not kinds:
        return []
    named = ", ".join(dict.fromkeys(f"{cell.cell} {cell.activation}" for cell in kinds))
    networks = f"{len(kinds)} network{'s' * (len(kinds) > 1)} ({named})"
    return [f"{networks} overflowed before the first update; try --initialisation orthogonal --gain 0.3"]


def _source(by_recipe: bool, recipes: bool, defaults: Sequence[str]) -> str:
    if not by_recipe:
        return "options"
    if not defaults:
        return "the recipes"
    kinds = f"the defaults for {', '.join(defaults)} (no recipe)"
    return f"the recipes, and {kinds}" if recipes else kinds


def _write(folder: Path, record: TrainingRecord, evaluation: Evaluation) -> list[Path]:
    rows = [
        {**row, "test_loss": float(evaluation.loss[k]), "accuracy": float(evaluation.accuracy[k])}
        for k, row in enumerate(record.rows)
    ]
    curves = io.BytesIO()
    np.save(curves, record.loss, allow_pickle=False)
    record.population.save(folder / NETWORKS)
    write_atomic(folder / TABLE, to_csv(rows).encode())
    write_atomic(folder / CURVES, curves.getvalue())
    return [folder / NETWORKS, folder / TABLE, folder / CURVES]


def _summary(record: TrainingRecord, evaluation: Evaluation) -> list[Row]:
    """One row per cell, activation, width and penalty, over its seeds."""
    families: dict[tuple[Any, ...], list[int]] = {}
    for k, network in enumerate(record.population):
        key = network.cell.cell, network.cell.activation, network.units, network.l2
        families.setdefault(key, []).append(k)
    rows = []
    for (cell, activation, units, l2), members in families.items():
        row: Row = {"cell": cell, "activation": activation, "units": units, "l2": l2, "networks": len(members)}
        loss = [float(evaluation.loss[k]) for k in members]
        accuracy = [float(evaluation.accuracy[k]) for k in members]
        row |= {"loss median": statistics.median(loss), "loss worst": max(loss)}
        row |= {"accuracy median": _median(accuracy), "accuracy worst": _worst(accuracy, evaluation)}
        row |= {"updates": int(statistics.median(int(record.updates[k]) for k in members))}
        row |= {"diverged": sum(bool(record.diverged[k] >= 0) for k in members)}
        rows.append(row)
    return rows


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return statistics.median(known) if known else float("nan")


def _worst(values: Sequence[float], evaluation: Evaluation) -> float:
    known = [value for value in values if not np.isnan(value)]
    if not known:
        return float("nan")
    return min(known) if evaluation.higher_is_better else max(known)
