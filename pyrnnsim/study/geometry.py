"""The stages of geometry: representations on the probe inputs, and distances between them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._files import write_atomic
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.population import Population
from pyrnnsim.report.results import GEOMETRY
from pyrnnsim.similarity.measures import pairwise, pairwise_svcca
from pyrnnsim.study.stage_folder import StageFolder
from pyrnnsim.study.training import learned
from pyrnnsim.study.work import Work

UNTRAINED = "untrained.npy"
_AT_ONCE = 16


def represent(work: Work) -> None:
    """One (P, S) file per network that learned, and one of the same network before training.

    The file of an untrained network whose states overflow on the probe inputs holds NaN.
    """
    options = work.configuration.values["geometry"]
    inputs = work.task.probe_inputs(options["probe_trials"])
    trained = learned(work.earlier("training"))
    if trained is None:
        return
    sets = {"trained": list(trained)}
    if options["untrained"]:
        fresh = {network.name: network for network in work.configuration.population(work.task_name)}
        sets["untrained"] = [fresh[name] for name in trained.names]
    for folder in sets:
        work.path(folder).mkdir(exist_ok=True)
    networks = [(folder, network) for folder, members in sets.items() for network in members]
    with work.items(len(networks), _AT_ONCE, "networks") as items:
        for number, part in items:
            work.once(f"{number:04d}", partial(_represent, work, inputs, networks[part]))


def _represent(work: Work, inputs: NDArray[np.generic], networks: Sequence[tuple[str, Network]]) -> list[Path]:
    """Write the files of some networks, each into its folder."""
    made = []
    for folder, network in networks:
        try:
            activity = Population([network]).representations(inputs, n_jobs=work.n_jobs)[0]
        except ValueError:  # it was made from checked parts: only its states can be wrong
            if folder == "trained":
                raise
            activity = np.full((inputs.shape[0] * inputs.shape[1], 1), np.nan, network.dtype)
        made.append(work.path(f"{folder}/{network.name}.npy"))
        _save(made[-1], activity)
    return made


def compare(work: Work) -> None:
    """All measures of geometry in one pass, and SVCCA of trained and untrained networks together."""
    files = work.earlier("representations").files()
    trained = {Path(name).stem: path for name, path in files.items() if name.startswith("trained/")}
    untrained = {Path(name).stem: path for name, path in files.items() if name.startswith("untrained/")}
    names = [name for name in _names(work) if name in trained]
    options: dict[str, Any] = {"variance": work.configuration.values["geometry"]["variance"]}
    options |= {"n_jobs": work.n_jobs, "progress": work.progress}

    def measured() -> list[Path]:
        made = [work.path(f"distances-{measure}.npy") for measure in GEOMETRY]
        if len(names) < 2:
            for path in made:
                _save(path, np.zeros((len(names), len(names))))
        else:
            chosen = [trained[name] for name in names]
            pairwise(chosen, measures=GEOMETRY, names=names, out=work.path("distances.npy"), **options)
        return made

    def before_and_after() -> list[Path]:
        both = [*(trained[name] for name in names), *(untrained[name] for name in names)]
        labels = [*names, *(f"{name} untrained" for name in names)]
        pairwise_svcca(both, names=labels, nan_policy="skip", out=work.path(UNTRAINED), **options)
        return [work.path(UNTRAINED)]

    work.once("distances", measured)
    if untrained and names:
        work.once("untrained", before_and_after)


def distances_of(stage: StageFolder) -> dict[str, NDArray[np.float64]]:
    """The matrices of the measures of geometry."""
    return {measure: np.load(stage.file(f"distances-{measure}.npy"), allow_pickle=False) for measure in GEOMETRY}


def untrained_of(stage: StageFolder) -> NDArray[np.float64] | None:
    """The matrix of trained and untrained networks; None if there is none."""
    manifest = stage.manifest()
    assert manifest is not None
    return np.load(stage.file(UNTRAINED), allow_pickle=False) if UNTRAINED in manifest.outputs else None


def _names(work: Work) -> list[str]:
    from pyrnnsim.study.training import rows_of

    return [row["name"] for row in rows_of(work.earlier("training"))[0]]


def _save(path: Path, array: NDArray[np.generic]) -> None:
    write_atomic(path, lambda file: np.save(file, array, allow_pickle=False))
