"""The stage of topology: distances between the dynamics of networks, of a kind that suits their task."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import pyrnnsim
from pyrnnsim._files import read_checked, write_atomic, write_checked
from pyrnnsim._options import parse_jobs
from pyrnnsim.dynamics.graphs.distances import MatchedRows
from pyrnnsim.study import dynamics
from pyrnnsim.study.training import rows_of
from pyrnnsim.study.work import Work
from pyrnnsim.task_distances import frequency_distances, leading_magnitudes, spectrum_distances
from pyrnnsim.task_dynamics import kinds_of

DISTANCES, FREQUENCIES, COMMANDED = "distances.npy", "frequencies.npy", "commanded.npy"
Floats = NDArray[np.float64]


def compare(work: Work) -> None:
    """Write the (K, K) distances between dynamics, for tasks that have one; see :mod:`pyrnnsim.task_distances`."""
    kinds = kinds_of(work.task)
    stage = work.earlier("dynamics")
    count = len(rows_of(work.earlier("training"))[0])
    if not count:
        return
    if "graphs" in kinds:
        _save(work, DISTANCES, _graph_distances(work, dynamics.load(stage, "graphs")))
    elif "oscillations" in kinds:
        found = dynamics.load(stage, "oscillations")
        _save(work, FREQUENCIES, found.frequency)
        _save(work, COMMANDED, found.commanded)
        _save(work, DISTANCES, frequency_distances(found.frequency))
    elif "modes" in kinds:
        leading = work.configuration.values["dynamics"]["leading"]
        _save(work, DISTANCES, spectrum_distances(leading_magnitudes(dynamics.load(stage, "modes"), leading)))


def _graph_distances(work: Work, graphs: pyrnnsim.TopologyGraphs) -> Floats:
    """Row by row, each in a hidden file of its own: an interrupted run has lost one of them."""
    count, jobs = len(graphs), parse_jobs("run_study", work.n_jobs)
    made = np.zeros((count, count))
    matched = MatchedRows(tuple(graphs))
    with work.items(count, 1, "networks") as items:
        for i, _ in items:
            path = work.path(f".row-{i:05d}")
            if not work.done(path.name, read_checked):
                others = np.arange(i + 1, count)
                row, _ = matched.distances(np.full_like(others, i), others, jobs, lambda _: None)
                write_checked(path, row.tobytes())
            made[i, i + 1 :] = np.frombuffer(read_checked(path))
    return made + made.T


def _save(work: Work, name: str, array: Floats) -> None:
    write_atomic(work.path(name), lambda file: np.save(file, array, allow_pickle=False))
