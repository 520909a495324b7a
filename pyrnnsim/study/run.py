"""A study from nothing to its report, or from wherever it was interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyrnnsim
from pyrnnsim._options import parse_jobs, parse_progress
from pyrnnsim._progress import ProgressMode
from pyrnnsim.populations.table import Row
from pyrnnsim.report.about import installation
from pyrnnsim.report.results import TaskResults
from pyrnnsim.study.assembly import fingerprint, results_of
from pyrnnsim.study.configuration import Configuration, load_configuration, parse_configuration
from pyrnnsim.study.folder import StudyFolder, held
from pyrnnsim.study.publication import Publication
from pyrnnsim.study.publish import publish
from pyrnnsim.study.schema import CALLER, nearest
from pyrnnsim.study.stage_folder import DamagedError
from pyrnnsim.study.stages import check, key_of, repair, run_stage, stages_of


@dataclass(frozen=True, eq=False)
class StudyRun:
    """A study that is complete.

    Attributes:
        folder: Where it is.
        configuration: What was done.
        results: One per task.
        fingerprint: Digest of configuration and results; equal for all complete runs of a configuration.
        files: What is published: claims, figures, report.
    """

    folder: Path
    configuration: Configuration
    results: list[TaskResults]
    fingerprint: str
    files: list[Path]


def _silent(line: str) -> None:
    """Progress that nobody wants to read."""


def run_study(
    configuration: str | Mapping[str, Any] | Configuration = "quick",
    folder: str | Path = "pyrnnsim-study-quick",
    *,
    n_jobs: int | None = None,
    progress: ProgressMode = "auto",
    rebuild: bool = False,
    report: bool = True,
    say: Callable[[str], None] = _silent,
) -> StudyRun:
    """Train a population on several tasks, compare it in geometry and in dynamics, and report on it.

    Every result is written to a file as it is found: a killed run goes on where it was when this is called again, and
    ends with the same bits.

    Args:
        configuration: Name of a preset, or sections as in the TOML of the presets. A task with a key ``module`` is one
            of your own, whose path is relative to the working directory; that file is run.
        folder: Directory of the study; made if it is missing. It must be empty or of the same configuration.
        n_jobs: Threads; None is every core. No result depends on it.
        progress: Show progress and the time left of each stage.
        rebuild: Compute again what was damaged since it was written; otherwise that is an error.
        report: Whether to write claims, figures and the report in the end; those of the same results stay.
        say: Receives lines about the progress.
    Returns:
        The results, loaded.
    Raises:
        TypeError, ValueError: For a bad configuration, a directory of another one or of another version, or damaged
            results.
        OSError: If a file cannot be written, or another process works in the directory.
    Source: Maheswaranathan et al. 2019.
    """
    if isinstance(configuration, str):
        configuration = load_configuration(configuration)
    elif not isinstance(configuration, Configuration):
        configuration = parse_configuration(configuration)
    parse_jobs("run_study", n_jobs)
    parse_progress("run_study", progress)
    path, version = Path(folder), pyrnnsim.__version__
    with held(path):
        study = StudyFolder.create(path, configuration, version, copy=rebuild)
        study.clean()
        _compute(study, n_jobs=n_jobs, progress=progress, rebuild=rebuild, say=say)
        if not report:
            return _gathered(study)
        publication = Publication(path)
        sound = publication.state(fingerprint(study)) == "done" and not publication.problems(None)
        return _gathered(study, publication.files()) if sound else _published(study, say)


def open_study(folder: str | Path, *, copy: bool = False) -> StudyFolder:
    """The study in a directory.

    Args:
        folder: The directory.
        copy: Whether to read the copy of the configuration where the configuration is missing or damaged.
    Raises:
        ValueError: If there is none, or it is of another version or damaged.
    """
    return StudyFolder.open(Path(folder), pyrnnsim.__version__, copy=copy)


def report_study(folder: str | Path, *, say: Callable[[str], None] = _silent) -> StudyRun:
    """Write claims, figures and report of a complete study again.

    Raises:
        ValueError: If it is not complete, or a file is damaged.
    """
    study = open_study(folder)
    with held(study.path):
        return _published(study, say)


def forget_stage(folder: str | Path, name: str) -> None:
    """Delete the results of one stage of every task, so that the next run computes them again.

    Raises:
        ValueError: If there is no such stage, or it could not be computed for want of a module of the user's.
    """
    study = open_study(folder)
    known = [stage.name for stage in stages_of(study.configuration)]
    if name not in known:
        raise ValueError(f"{CALLER}: there is no stage {name!r}; known are {', '.join(known)}{nearest(name, known)}")
    study.configuration.load_modules()
    with held(study.path):
        for task in study.configuration.tasks:
            study.stage(task, name).forget()


def status_rows(study: StudyFolder) -> list[Row]:
    """One row per task and stage: whether it is done, and how long it took."""
    rows: list[Row] = []
    for task in study.configuration.tasks:
        for stage in stages_of(study.configuration):
            folder = study.stage(task, stage.name)
            row: Row = {"task": task, "stage": stage.name, "state": "to do", "files": None, "MB": None, "seconds": None}
            try:
                manifest = folder.manifest()
                if manifest is not None:
                    current = manifest.key == key_of(study, task, stage, pyrnnsim.__version__)
                    row["state"] = "done" if current else "out of date"
                    row |= {"files": len(manifest.outputs), "seconds": round(manifest.seconds, 1)}
                    row["MB"] = round(sum(size for size, _ in manifest.outputs.values()) / 1e6, 2)
                elif folder.is_begun:
                    row["state"] = "begun"
            except DamagedError:
                row["state"] = "damaged"
            rows.append(row)
    return rows


def publication_row(study: StudyFolder) -> Row:
    """As the rows of :func:`status_rows`, for claims, figures and report together."""
    publication = Publication(study.path)
    row: Row = {"task": "all", "stage": "report", "state": publication.state(_complete(study))}
    manifest = publication.manifest()
    if manifest is None:
        return {**row, "files": None, "MB": None, "seconds": None}
    size = sum(size for size, _ in manifest.outputs.values())
    return {**row, "files": len(manifest.outputs), "MB": round(size / 1e6, 2), "seconds": round(manifest.seconds, 1)}


def verify_study(folder: str | Path) -> list[str]:
    """What is wrong with the files of a study, after a look at every byte; empty if nothing is.

    Covers the configuration, the results, what an interrupted run left for the next one, and what is published.

    Raises:
        ValueError: If there is no study of this version.
    """
    study = open_study(folder, copy=True)
    return [*study.problems(), *check(study), *Publication(study.path).problems(_complete(study))]


def _complete(study: StudyFolder) -> str | None:
    """The fingerprint of a study; None if it is not complete."""
    try:
        return fingerprint(study)
    except ValueError:
        return None


def _compute(
    study: StudyFolder, *, n_jobs: int | None, progress: ProgressMode, rebuild: bool, say: Callable[[str], None]
) -> None:
    study.configuration.load_modules()
    if rebuild:
        repair(study, say)
    for task in study.configuration.tasks:
        for stage in stages_of(study.configuration):
            run_stage(study, task, stage, pyrnnsim.__version__, n_jobs=n_jobs, progress=progress, say=say)


def _gathered(study: StudyFolder, files: Sequence[Path] = ()) -> StudyRun:
    return StudyRun(study.path, study.configuration, results_of(study), fingerprint(study), list(files))


def _published(study: StudyFolder, say: Callable[[str], None]) -> StudyRun:
    """Write claims, figures and report, and record of which results they are."""
    run, start = _gathered(study), time.monotonic()
    about = {
        "configuration": {"name": study.configuration.name, **study.configuration.values},
        "modules": study.configuration.module_names,
        "hash": study.configuration.hash,
        "results": run.fingerprint,
        **installation(),
        "seconds": {one.task: dict(one.seconds) for one in run.results},
    }
    publication = Publication(study.path)
    publication.begin()
    files = publish(study.path, run.results, about, seed=study.configuration.seed, say=say)
    publication.finish(run.fingerprint, files, time.monotonic() - start)
    return replace(run, files=files)
