"""Find what trained networks compute, and write it down: what ``pyrnnsim dissect`` does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pyrnnsim
from pyrnnsim._files import write_atomic
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.table import Row, to_csv, to_text
from pyrnnsim.populations.trials import check_task
from pyrnnsim.task_distances import LEADING, frequency_distances, leading_magnitudes, spectrum_distances
from pyrnnsim.task_dynamics import Effort, task_dynamics
from pyrnnsim.tasks import Task
from pyrnnsim.trained_task import parse_task, task_of
from pyrnnsim.training_run import NETWORKS


@dataclass(frozen=True, eq=False)
class Dissection:
    """Networks of one task, and what was found in them; None where the task does not ask for it.

    Attributes:
        population: The networks.
        task: What they do.
        points: Fixed points at the task's condition inputs.
        graphs: Transition graphs, for tasks with one condition.
        distances: (K, K) between the graphs, by the best matching of their nodes.
        oscillations: Linear frequencies against commanded ones, for tasks that command one.
        lines: Line attractors, for context integration; ``modes``: readouts of a pulse there by modes kept.
        seconds: Piece of work -> wall time.
        drawn: Networks that stand for all in pictures; empty for the first of each family.
    """

    population: Population
    task: Task
    points: pyrnnsim.FixedPoints
    graphs: pyrnnsim.TopologyGraphs | None = None
    distances: pyrnnsim.DistanceMatrix | None = None
    oscillations: pyrnnsim.Oscillations | None = None
    lines: pyrnnsim.LineAttractors | None = None
    modes: pyrnnsim.ModeTruncations | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    drawn: tuple[int, ...] = ()

    @property
    def families(self) -> list[str]:
        """Cell, activation and width of each network."""
        return [f"{n.cell.cell} {n.cell.activation} {n.units}" for n in self.population]

    @property
    def examples(self) -> list[int]:
        """Those of ``drawn``, or the first network of each family."""
        return list(self.drawn) or [self.families.index(family) for family in dict.fromkeys(self.families)]

    @property
    def topology(self) -> NDArray[np.float64] | None:
        """(K, K) distances between the dynamics, NaN for networks without any; None for tasks that have none.

        Between transition graphs by the best matching of their nodes, between linear frequencies
        (:func:`pyrnnsim.task_distances.frequency_distances`), or between the modes of line attractors
        (:func:`pyrnnsim.task_distances.spectrum_distances`).
        """
        if self.distances is not None:
            return np.asarray(self.distances, dtype=np.float64)
        if self.oscillations is not None:
            return frequency_distances(self.oscillations.frequency)
        return None if self.modes is None else spectrum_distances(leading_magnitudes(self.modes, LEADING))

    @property
    def rows(self) -> list[Row]:
        """One row per network: its fixed points, the evidence, and what the task asks for.

        ``by_unstable_modes`` counts the fixed points with 0, 1, 2, .. unstable modes, over all conditions.
        """
        counts = self.points.counts.sum(axis=1)
        rows: list[Row] = []
        for k, name in enumerate(self.points.names):
            kinds = " ".join(str(int(number)) for number in np.trim_zeros(counts[k], "b"))
            row: Row = {
                "name": name,
                "fixed": int(counts[k].sum()),
                "by_unstable_modes": kinds,
                "slow": sum(len(one) - int(one.fixed.sum()) for one in self.points[k]),
                "degree": " ".join(str(one.degree) for one in self.points[k][:4]) + " .." * (len(self.points[k]) > 4),
                "complete": f"{int(self.points.complete[k].sum())}/{len(self.points[k])}",
            }
            if self.graphs is not None:
                row["nowhere"] = float(self.graphs[k, 0].nowhere.mean()) if len(self.graphs[k, 0]) else float("nan")
            if self.oscillations is not None:
                row |= {n: self.oscillations.rows[k][n] for n in ("one_point", "single_pair", "slope", "correlation")}
            if self.lines is not None and self.modes is not None:
                row["is_line"] = f"{sum(line.is_line for line in self.lines[k])}/{len(self.lines[k])}"
            rows.append(row)
        return rows


def _silent(line: str) -> None:
    """Progress that nobody wants to read."""


def dissect_networks(
    source: Path, folder: Path, *, task: str | None, n_jobs: int | None, say: Callable[[str], None]
) -> tuple[Dissection, list[Path]]:
    """Dissect the networks of a file or a directory, and write tables, results and pictures.

    Args:
        source: What :meth:`pyrnnsim.Population.save` wrote, or a directory of ``pyrnnsim train``.
        folder: Where results go; created if missing.
        task: Name of a built-in task, or ``FILE.py:Class`` for one of your own, which runs that file; None for the
            built-in one on which the networks were trained.
        n_jobs: Threads; None is every core. No result depends on it.
        say: Receives lines about the progress.
    Returns:
        What was found, and the files written.
    Raises:
        ValueError: If there are no networks, or it is not known what they do.
        OSError: If a file cannot be read or written.
    """
    population = _networks(source)
    chosen = task_of(population, source, "dissect") if task is None else parse_task(task, "dissect")
    made = dissect(population, chosen, n_jobs=n_jobs, say=say)
    folder.mkdir(parents=True, exist_ok=True)
    return made, write_dissection(made, folder)


def dissect(
    population: Population, task: Task, *, n_jobs: int | None = None, say: Callable[[str], None] = _silent
) -> Dissection:
    """Fixed points of every network, and what the task asks for beyond: graphs, oscillations or lines.

    Args:
        population: Networks of one task.
        task: What they do.
        n_jobs: Threads; None is every core.
        say: Receives lines about the progress.
    Raises:
        TypeError, ValueError: If the networks do not fit the task.
    """
    seconds: dict[str, float] = {}

    def timed(what: str, compute: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = compute()
        seconds[what] = time.perf_counter() - start
        say(f"{what}: {seconds[what]:.1f} s")
        return result

    check_task("dissect", task, population)
    inputs = task.condition_inputs()
    say(f"{len(population)} networks on {task.name}, {len(inputs)} constant input{'s'[: len(inputs) > 1]}")
    found = task_dynamics(population, task, Effort(), n_jobs=n_jobs, timed=timed)
    if "graphs" in found:
        found["distances"] = timed(
            "graph distances",
            lambda: pyrnnsim.pairwise_graph_distances(found["graphs"], method="matching", n_jobs=n_jobs),
        )
    return Dissection(population, task, **found, seconds=seconds)


def text_report(made: Dissection, files: list[Path]) -> str:
    """The table, and where everything is."""
    incomplete = int((~made.points.complete).sum())
    lines = [to_text(made.rows), ""]
    if incomplete:
        lines += [f"{incomplete} of {made.points.complete.size} searches cannot be called complete; see points.csv", ""]
    return "\n".join([*lines, *(f"wrote {file}" for file in files)])


def _networks(source: Path) -> Population:
    path = source / NETWORKS if source.is_dir() else source
    if not path.exists():
        missing = f"the directory {str(source)!r} holds no {NETWORKS}" if source.is_dir() else f"there is no {source}"
        raise ValueError(f"dissect: {missing}; give a directory of 'pyrnnsim train', or a file of Population.save")
    population = Population.load(path)
    if not len(population):
        raise ValueError(f"dissect: {path} holds no network")
    return population


def write_dissection(made: Dissection, folder: Path) -> list[Path]:
    """Write tables, results and pictures into an existing directory.

    Raises:
        OSError: If a file cannot be written.
    """
    from pyrnnsim.figures.dissection import dissection_figures

    files = [folder / "networks.csv", folder / "points.csv", folder / "points.pyrnnsim"]
    write_atomic(files[0], to_csv(made.rows).encode())
    rows = [{"condition": c, **row} for sets in made.points for c, one in enumerate(sets) for row in one.rows]
    write_atomic(files[1], to_csv(rows).encode())
    made.points.save(files[2])
    for name in ("graphs", "oscillations", "lines", "modes"):
        result = getattr(made, name)
        if result is not None:
            files.append(folder / f"{name}.pyrnnsim")
            result.save(files[-1])
    if made.distances is not None:
        files.append(folder / "graph-distances.npy")
        write_atomic(files[-1], lambda file: np.save(file, np.asarray(made.distances), allow_pickle=False))
    for name, figure in dissection_figures(made).items():
        files.append(folder / f"{name}.png")
        write_atomic(files[-1], lambda file, figure=figure: figure.savefig(file, format="png", dpi=200))  # type: ignore[misc]
    return files
