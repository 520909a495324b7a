"""All figures of the papers that a study has data for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from pyrnnsim.figures.analog_memory import plot_analog_memory
from pyrnnsim.figures.clusters import plot_clusters
from pyrnnsim.figures.discrete_memory import plot_discrete_memory
from pyrnnsim.figures.losses import plot_losses
from pyrnnsim.figures.own_task import plot_own_task
from pyrnnsim.figures.pattern_generation import plot_pattern_generation
from pyrnnsim.figures.signal_and_noise import plot_signal_and_noise
from pyrnnsim.figures.two_measures import plot_two_measures
from pyrnnsim.figures.untrained import plot_untrained

if TYPE_CHECKING:
    from pyrnnsim.report.results import TaskResults

# Task -> its own figure, and the number of that which compares measures on it.
_TASKS: Mapping[str, tuple[str, Callable[[TaskResults], Figure], str]] = {
    "flip_flop": ("U1", plot_discrete_memory, "U6"),
    "sine_wave": ("U2", plot_pattern_generation, "U7"),
    "context_integration": ("U3", plot_analog_memory, "U8"),
}


def paper_figures(results: Sequence[TaskResults]) -> dict[str, Figure]:
    """Draw every figure for which there are results. Panels whose data are missing say so.

    Args:
        results: One per task, in any order; tasks of your own have the figures that fit any task.
    Returns:
        Name -> figure in the order of the papers: ``U1_flip_flop``, ``U2_sine_wave``, ``U3_context_integration``,
        ``U4_untrained``, ``U5_losses``, ``U6_flip_flop_measures`` and so on of Maheswaranathan et al. 2019, then
        ``P2_signal_and_noise`` and ``P5_clusters_<task>`` of Morcos et al. 2018. Other tasks: ``<task>_overview`` and
        ``<task>_measures``.
    Raises:
        ValueError: If two results are of the same task.
    """
    by_task = {one.task: one for one in results}
    if len(by_task) < len(results):
        raise ValueError(f"paper_figures: one result per task expected, got {', '.join(one.task for one in results)}")
    drawn: dict[str, Figure] = {}
    for task, (number, draw, _) in _TASKS.items():
        if task in by_task:
            drawn[f"{number}_{task}"] = draw(by_task[task])
    if "context_integration" in by_task:
        drawn["U4_untrained"] = plot_untrained(by_task["context_integration"])
    if results:
        drawn["U5_losses"] = plot_losses(results)
    drawn |= {f"{task}_overview": plot_own_task(one) for task, one in by_task.items() if task not in _TASKS}
    for task in [*(task for task in _TASKS if task in by_task), *(task for task in by_task if task not in _TASKS)]:
        number = f"{_TASKS[task][2]}_" if task in _TASKS else ""
        drawn[f"{number}{task}_measures"] = plot_two_measures(by_task[task])
    drawn["P2_signal_and_noise"] = plot_signal_and_noise()
    for task, one in by_task.items():
        drawn[f"P5_clusters_{task}"] = plot_clusters(one)
    return drawn
