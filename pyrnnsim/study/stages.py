"""The stages of a study in their order, what each needs, and when its results are up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyrnnsim._progress import ProgressMode
from pyrnnsim.study import dynamics, embeddings, geometry, searching, topology, training
from pyrnnsim.study.configuration import Configuration, digest
from pyrnnsim.study.folder import DamagedError, StageFolder, StudyFolder
from pyrnnsim.study.manifest import Manifest
from pyrnnsim.study.work import Work


@dataclass(frozen=True)
class Stage:
    """One step of the work on one task.

    Attributes:
        name: Also that of its directory.
        needs: Earlier stages whose results it reads.
        run: Does the work; may be called again after a kill.
        sections: Sections of the configuration that decide its results, besides seed and task.
    """

    name: str
    needs: tuple[str, ...]
    run: Callable[[Work], None]
    sections: tuple[str, ...]


_ALL = (
    Stage("search", (), searching.search, ("networks", "train")),
    Stage("training", ("search",), training.train, ("networks", "train", "geometry")),
    Stage("representations", ("training",), geometry.represent, ("networks", "geometry")),
    Stage("geometry", ("training", "representations"), geometry.compare, ("geometry",)),
    Stage("dynamics", ("training",), dynamics.dissect, ("dynamics",)),
    Stage("topology", ("training", "dynamics"), topology.compare, ("dynamics",)),
    Stage("embeddings", ("geometry", "topology"), embeddings.place, ()),
)


def stages_of(configuration: Configuration) -> tuple[Stage, ...]:
    """The stages of each task; settings are searched only where they are asked for."""
    searched = configuration.values["train"]["settings"] == "search"
    return _ALL if searched else tuple(stage for stage in _ALL if stage.name != "search")


def run_stage(
    study: StudyFolder,
    task: str,
    stage: Stage,
    version: str,
    *,
    n_jobs: int | None,
    progress: ProgressMode,
    say: Callable[[str], None],
) -> bool:
    """Bring the results of one stage up to date; False if they were.

    Raises:
        DamagedError: If results of it, or of a stage it needs, are not what was written.
    """
    folder, key = study.stage(task, stage.name), key_of(study, task, stage, version)
    manifest = folder.manifest()
    if manifest is not None and manifest.key == key:
        return False
    resumed = folder.is_begun
    folder.begin(key)
    say(f"{task}: {stage.name}{' (continued)' if resumed else ''}")
    with study.configuration.explained(task):
        stage.run(Work(study, task, folder, key, n_jobs, progress, say))
    say(f"{task}: {stage.name} done, {folder.finish(key).seconds:.1f} s")
    return True


def key_of(study: StudyFolder, task: str, stage: Stage, version: str) -> str:
    """Digest of all that decides the results of a stage.

    Raises:
        DamagedError: If the record of an earlier stage is not readable.
    """
    values = study.configuration.values
    inputs: dict[str, Any] = {}
    for name in stage.needs:
        manifest = study.stage(task, name).manifest()
        inputs[name] = None if manifest is None else manifest.fingerprint
    own: Mapping[str, Any] = {section: values[section] for section in stage.sections}
    about = {"stage": stage.name, "version": version, "seed": values["seed"], "task": {task: values["tasks"][task]}}
    return digest({**about, "sections": own, "inputs": inputs})


def repair(study: StudyFolder, say: Callable[[str], None]) -> None:
    """Look at every byte of all results and forget the stages that are damaged, so that they run again.

    Later stages stay: what is computed again has the same bits.
    """
    for name, problems in check(study).items():
        for problem in problems:
            say(problem)
        task, _, stage = name.partition("/")
        study.stage(task, stage).forget()


def check(study: StudyFolder) -> dict[str, list[str]]:
    """Stage -> what is wrong with its files; stages without fault are left out."""
    found: dict[str, list[str]] = {}
    for task in study.configuration.tasks:
        for stage in stages_of(study.configuration):
            problems = _problems(study.stage(task, stage.name))
            if problems:
                found[f"{task}/{stage.name}"] = problems
    return found


def _problems(folder: StageFolder) -> list[str]:
    try:
        manifest = folder.manifest()
    except DamagedError as error:
        return [str(error)]
    problems = []
    for name in manifest.outputs if manifest is not None else ():
        try:
            folder.file(name)
        except DamagedError as error:
            problems.append(str(error))
    return problems


def finished(study: StudyFolder, task: str, stage: Stage) -> Manifest | None:
    """The record of a stage that is done."""
    return study.stage(task, stage.name).manifest()
