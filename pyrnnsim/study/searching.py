"""The stage before training where settings are searched: one random search for each kind of network."""

from __future__ import annotations

from typing import Any

from pyrnnsim.populations.population import Population
from pyrnnsim.populations.search import random_search
from pyrnnsim.study.manifest import read_json, write_json
from pyrnnsim.study.stage_folder import StageFolder
from pyrnnsim.study.work import Work
from pyrnnsim.tasks import Task

_SETTINGS = ("learning_rate", "decay", "momentum", "clip")


def search(work: Work) -> None:
    """Find settings for every cell, activation, width and penalty, and write each down as it is found.

    Kinds are independent of each other, so that each can be a job of its own.
    """
    configuration = work.configuration
    options, networks = configuration.training(work.task_name), configuration.values["networks"]
    kinds = [
        {"cells": [cell], "activations": [activation], "units": [units], "l2": [l2]}
        for cell in networks["cells"]
        for activation in networks["activations"]
        for units in networks["units"]
        for l2 in networks["l2"]
    ]
    fixed = {name: networks[name] for name in ("initialisation", "gain", "dtype")}
    with work.items(len(kinds), 1, "searches") as items:
        for number, _ in items:
            name = f"settings-{number:04d}.json"
            if work.done(name, read_json):
                continue
            found = random_search(
                work.task,
                [{**kinds[number], **fixed}],
                trials=options["candidates"] or 16,
                repeats=options["repeats"] or 1,
                iterations=options["iterations"],
                batch=options["batch"],
                seed=configuration.seed,
                checkpoint=work.path(f".checkpoint-{number:04d}.pyrnnsim"),
                n_jobs=work.n_jobs,
                progress=work.progress,
            )
            best = {key: float(found.best[0][key]) for key in _SETTINGS}
            kind = {key: values[0] for key, values in kinds[number].items()}
            write_json(work.path(name), {"kind": kind, "settings": best})
            work.path(f".checkpoint-{number:04d}.pyrnnsim").unlink(missing_ok=True)


def searched_settings(stage: StageFolder, part: Population, task: Task) -> dict[str, Any]:
    """The optimizer, and the settings found for the kind of each network."""
    import numpy as np

    del task
    found = [read_json(path) for path in stage.files().values()]
    table = {_kind(one["kind"]): one["settings"] for one in found}
    chosen = [
        table[_kind({"cells": n.cell.cell, "activations": n.cell.activation, "units": n.units, "l2": n.l2})]
        for n in part
    ]
    return {"optimizer": "sgd", **{key: np.array([one[key] for one in chosen]) for key in _SETTINGS}}


def _kind(one: dict[str, Any]) -> tuple[str, str, int, float]:
    return str(one["cells"]), str(one["activations"]), int(one["units"]), float(one["l2"])
