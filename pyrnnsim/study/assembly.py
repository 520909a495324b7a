"""From the files of a study to the data that claims, figures and the report are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyrnnsim.report.results import Example, TaskResults
from pyrnnsim.study import dynamics, embeddings, geometry, topology
from pyrnnsim.study.configuration import digest
from pyrnnsim.study.examples import examples_of
from pyrnnsim.study.folder import StudyFolder
from pyrnnsim.study.schema import CALLER
from pyrnnsim.study.stages import finished, stages_of
from pyrnnsim.study.training import learned, rows_of
from pyrnnsim.task_dynamics import kinds_of


def results_of(study: StudyFolder) -> list[TaskResults]:
    """The results of each task, every file checked.

    Raises:
        ValueError: If a stage has not been run, or a file is damaged.
    """
    made = []
    for task in study.configuration.tasks:
        with study.configuration.explained(task):
            made.append(_task_results(study, task))
    return made


def fingerprint(study: StudyFolder) -> str:
    """Digest of configuration and results; the same for every complete run of a configuration on one kind of machine.

    Raises:
        ValueError: If a stage has not been run.
    """
    found = {}
    for task in study.configuration.tasks:
        for stage in stages_of(study.configuration):
            found[f"{task}/{stage.name}"] = _manifest(study, task, stage).fingerprint
    return digest({"configuration": study.configuration.hash, "results": found})


def _task_results(study: StudyFolder, task: str) -> TaskResults:
    seconds = {stage.name: _manifest(study, task, stage).seconds for stage in stages_of(study.configuration)}
    folder = {name: study.stage(task, name) for name in seconds}
    networks, failed = rows_of(folder["training"])
    kinds = kinds_of(study.configuration.task(task))
    found = {kind: dynamics.load(folder["dynamics"], kind) for kind in kinds if kind != "oscillations"}
    manifest = folder["topology"].manifest()
    assert manifest is not None
    curves = {
        name: np.load(folder["topology"].file(name), allow_pickle=False)
        for name in (topology.FREQUENCIES, topology.COMMANDED)
        if name in manifest.outputs
    }
    population = learned(folder["training"])
    examples: list[Example] = []
    if population is not None and "points" in found:
        fresh, seed = study.configuration.population(task), study.configuration.seed
        examples = examples_of(population, fresh, study.configuration.task(task), found["points"], seed=seed)
    return TaskResults(
        task=task,
        networks=networks,
        failed=failed,
        distances=embeddings.distances_of(folder["geometry"], folder["topology"]),
        embeddings=embeddings.load(folder["embeddings"]),
        untrained=geometry.untrained_of(folder["geometry"]),
        dynamics={kind: result for kind, result in found.items() if result is not None},
        frequencies=curves.get(topology.FREQUENCIES),
        commanded=curves.get(topology.COMMANDED),
        seconds=seconds,
        examples=examples,
    )


def _manifest(study: StudyFolder, task: str, stage: Any) -> Any:
    manifest = finished(study, task, stage)
    if manifest is None:
        raise ValueError(
            f"{CALLER}: {study.path} is not complete: {task}/{stage.name} is missing; "
            f"continue by 'pyrnnsim resume {study.path}'"
        )
    return manifest
