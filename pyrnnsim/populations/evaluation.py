"""How well networks do a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._frame import as_frame
from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.populations.loss import mean_squared_error, outputs_of
from pyrnnsim.populations.table import Row, to_text
from pyrnnsim.populations.trials import check_task, checked_trials
from pyrnnsim.populations.workers import workers
from pyrnnsim.tasks.checks import whole_number

if TYPE_CHECKING:
    from pyrnnsim.populations.population import Population
    from pyrnnsim.tasks import Task


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Loss and accuracy of K networks on the same trials.

    Attributes:
        task: Name of the task.
        accuracy_name: What ``accuracy`` is, such as ``"share of steps with the right sign"``.
        higher_is_better: Whether a larger accuracy is the better one.
        baseline: Loss of the best output that ignores the inputs.
        loss: (K,) mean squared error; infinite for a network that explodes.
        accuracy: (K,) in the task's own terms; NaN for a network that explodes.
        rows: One row per network.
    """

    task: str
    accuracy_name: str
    higher_is_better: bool
    baseline: float
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    rows: list[Row]

    @property
    def frame(self) -> Any:
        """The rows as a pandas table."""
        return as_frame(self.rows, "Evaluation.frame")

    def __str__(self) -> str:
        return to_text(self.rows)


def evaluate(population: Population, task: Task, *, trials: int, seed: int, n_jobs: int | None) -> Evaluation:
    """See :meth:`Population.evaluate`."""
    caller = "Population.evaluate"
    check_task(caller, task, population)
    count = whole_number(caller, "trials", trials, 1, 2**20)
    chosen_seed, jobs = whole_number(caller, "seed", seed, 0, 2**63 - 1), parse_jobs(caller, n_jobs)
    exact = task.trials(count, seed=chosen_seed, dtype=np.float64)
    given = {
        dtype: checked_trials(task, count, chosen_seed, 0, np.dtype(dtype))
        for dtype in sorted({network.dtype.name for network in population})
    }
    loss, accuracy = np.full(len(population), np.nan), np.full(len(population), np.nan)

    def measure(position: int) -> None:
        network = population[position]
        inputs, targets, mask = given[network.dtype.name]
        own = {name: array[None] for name, array in network.parameters.items()}
        outputs = outputs_of(network.cell, own, inputs)
        error = mean_squared_error(outputs, targets, mask)
        loss[position] = error if np.isfinite(error) else np.inf
        if np.isfinite(outputs).all():
            accuracy[position] = task.accuracy(outputs, exact)

    with thread_limit(), workers(min(jobs, len(population))) as work:
        work(measure, range(len(population)))
    baseline = task.baseline_error()
    rows = [_row(network, float(loss[k]), float(accuracy[k]), baseline) for k, network in enumerate(population)]
    return Evaluation(task.name, task.accuracy_name, task.higher_is_better, baseline, loss, accuracy, rows)


def _row(network: Any, loss: float, accuracy: float, baseline: float) -> Row:
    return {
        "name": network.name,
        "cell": network.cell.cell,
        "activation": network.cell.activation,
        "units": network.units,
        "l2": network.l2,
        "seed": network.seed,
        "loss": loss,
        "accuracy": accuracy,
        "baseline": baseline,
    }
