"""The stage of embeddings: every matrix of distances as points in the plane."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.embedding import Embedding, embed
from pyrnnsim.populations.store import read_tensors, write_tensors
from pyrnnsim.report.results import TOPOLOGY
from pyrnnsim.study import geometry, topology
from pyrnnsim.study.stage_folder import StageFolder
from pyrnnsim.study.work import Work

_FORMAT = "pyrnnsim study embedding 1"


def place(work: Work) -> None:
    """Embed the distances of every measure."""
    for measure, values in distances_of(work.earlier("geometry"), work.earlier("topology")).items():
        if np.isfinite(values).any():
            made = embed(values)
            arrays = {one.name: getattr(made, one.name) for one in fields(made)}
            tensors = {name: value for name, value in arrays.items() if isinstance(value, np.ndarray)}
            plain = {name: value for name, value in arrays.items() if name not in tensors}
            write_tensors(work.path(f"{measure}.pyrnnsim"), _FORMAT, {"plain": plain}, tensors)


def distances_of(geometric: StageFolder, topological: StageFolder) -> dict[str, NDArray[np.float64]]:
    """The matrices of all measures."""
    found = geometry.distances_of(geometric)
    manifest = topological.manifest()
    assert manifest is not None
    if topology.DISTANCES in manifest.outputs:
        found[TOPOLOGY] = np.load(topological.file(topology.DISTANCES), allow_pickle=False)
    return found


def load(stage: StageFolder) -> dict[str, Embedding]:
    """The embeddings by measure."""
    found: dict[str, Embedding] = {}
    for name, path in stage.files().items():
        about, tensors = read_tensors(path, _FORMAT, "embedding")
        values: dict[str, Any] = {**about["plain"], **tensors}
        found[name.removesuffix(".pyrnnsim")] = Embedding(**values)
    return found
