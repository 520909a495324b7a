"""Histograms of the final losses of all networks, task by task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pyrnnsim.figures._style import GREY, SMALL, tidy
from pyrnnsim.figures.composed import empty, letter
from pyrnnsim.figures.kinds import kind_styles
from pyrnnsim.figures.legend import legend_below
from pyrnnsim.figures.panels import grid
from pyrnnsim.populations.table import Row

if TYPE_CHECKING:
    from pyrnnsim.report.results import TaskResults

_BINS = 20
_LEFT_OUT = "0.8"
_FAR = 100.0  # times the largest loss of the networks that learned the task


def plot_losses(results: Sequence[TaskResults]) -> Figure:
    """Draw how many networks end with which loss, a panel per task, cells stacked; networks left out are grey.

    Args:
        results: Of one task or more. Losses that are not positive and finite, or more than 100 times the largest of the
            networks that learned the task, are not drawn but counted.
    Raises:
        ValueError: If there is none.
    Source: Maheswaranathan et al. 2019, figure 5.
    """
    figure, axes = grid(len(results), 2.2, "plot_losses", "task")
    for which, ax, one in zip("abcdefghijklmnopqrstuvwxyz"[: len(results)], axes, results, strict=True):
        _histogram(ax, which, one)
    legend_below(figure, kind_styles(cell for one in results for cell in one.labels("cell")), marker="s")
    return figure


def _histogram(ax: Axes, which: str, results: TaskResults) -> None:
    title = results.task.replace("_", " ")
    styles = kind_styles(results.labels("cell"))
    groups = {cell: _losses([row for row in results.networks if row["cell"] == cell]) for cell in styles}
    failed = _losses(results.failed)
    learned = np.concatenate([np.zeros(0), *groups.values()])
    if len(learned):  # one that diverged would squeeze all others into a line
        failed = failed[failed <= _FAR * learned.max()]
    every = np.concatenate([learned, failed])
    if not len(every):
        empty(ax, which, title, "no losses")
        return
    low, high = np.log10(every.min()), np.log10(every.max())
    middle, reach = (low + high) / 2, max((high - low) / 2, 0.5) * 1.02
    edges = np.logspace(middle - reach, middle + reach, _BINS + 1)
    ax.hist([*groups.values(), failed], bins=list(edges), stacked=True,
            color=[*(style.color for style in styles.values()), _LEFT_OUT])  # fmt: skip
    ax.set_xscale("log")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    lost = len(results.networks) + len(results.failed) - len(every)
    tidy(ax, x="final mean squared error", y="networks")
    if lost:
        ax.text(0.97, 0.95, f"{lost} not drawn", fontsize=SMALL, color=GREY, ha="right", va="top",
                transform=ax.transAxes)  # fmt: skip
    letter(ax, which, title)


def _losses(rows: Sequence[Row]) -> np.ndarray:
    values = np.array([np.nan if row.get("loss") is None else row["loss"] for row in rows], dtype=np.float64)
    return values[np.isfinite(values) & (values > 0)]
