"""The stages of a study in their order, what each needs, and when its results are up to date."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyrnnsim._progress import ProgressMode
from pyrnnsim.study import dynamics, embeddings, geometry, leftovers, searching, topology, training
from pyrnnsim.study.configuration import Configuration, digest
from pyrnnsim.study.folder import StudyFolder
from pyrnnsim.study.manifest import Manifest
from pyrnnsim.study.schema import CALLER
from pyrnnsim.study.stage_folder import REPAIR, DamagedError, StageFolder
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
        DamagedError: If results of it, or of a stage it needs, are not what was written, or what an interrupted run
            left cannot be used and is dear; the cheap is computed again.
    """
    folder, key = study.stage(task, stage.name), key_of(study, task, stage, version)
    manifest = folder.manifest()
    if manifest is not None and manifest.key == key:
        folder.settle()
        return False
    resumed = folder.is_begun
    if folder.holds(key):
        _drop_damaged(folder, say, dear=False)
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
    """Look at every byte of all results and forget what is damaged, so that it is computed again.

    Of an unfinished stage the sound files stay, and so do later stages: what is computed again has the same bits.
    """
    for folder in _folders(study):
        if folder.is_begun and not folder.is_recorded:
            _drop_damaged(folder, say, dear=True)
        elif folder.faults():
            for fault in folder.faults():
                say(f"{fault}; it is computed again")
            folder.forget()


def check(study: StudyFolder) -> list[str]:
    """What is wrong with the files of all stages."""
    found = []
    for folder in _folders(study):
        faults = folder.faults()
        if not folder.is_recorded:
            faults += [one.fault for one in leftovers.damaged(folder.path)]
        found += [f"{CALLER}: {fault}; {REPAIR}" for fault in faults]
    return found


def _folders(study: StudyFolder) -> list[StageFolder]:
    return [study.stage(task, one.name) for task in study.configuration.tasks for one in stages_of(study.configuration)]


def _drop_damaged(folder: StageFolder, say: Callable[[str], None], *, dear: bool) -> None:
    """Delete the damaged files of an unfinished stage.

    Raises:
        DamagedError: If one of them is dear and these are not asked for; nothing is deleted then.
    """
    found = leftovers.damaged(folder.path)
    for one in found:
        if one.is_dear and not dear:
            raise DamagedError(f"{CALLER}: {one.fault}; {REPAIR}")
    for one in found:
        say(f"{one.fault}; it is computed again")
        if one.path.is_dir():
            shutil.rmtree(one.path)
        else:
            one.path.unlink(missing_ok=True)


def finished(study: StudyFolder, task: str, stage: Stage) -> Manifest | None:
    """The record of a stage that is done."""
    return study.stage(task, stage.name).manifest()
