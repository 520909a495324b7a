"""Trained against untrained networks, and against trained ones of another activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pyrnnsim.embedding import embed
from pyrnnsim.figures._style import GREY, PAGE, SMALL, new_figure, tidy
from pyrnnsim.figures.composed import empty, letter
from pyrnnsim.figures.examples import trajectory
from pyrnnsim.figures.kinds import ACTIVATIONS, CELLS, kind_styles
from pyrnnsim.figures.legend import legend_below

if TYPE_CHECKING:
    from pyrnnsim.report.results import TaskResults


def plot_untrained(results: TaskResults) -> Figure:
    """Draw networks of one cell after and before training, 7 in wide. Panels whose data are missing say so.

    a: states of one network of each activation, trained and untrained. b: embedding of the SVCCA distances of all.

    Args:
        results: Of any task. The cell is vanilla where there are such networks.
    Source: Maheswaranathan et al. 2019, figure 4.
    """
    figure = new_figure(PAGE, 3.4)
    halves = figure.add_gridspec(1, 2, width_ratios=(1.1, 1))
    found = set(results.labels("cell"))
    cell = next((one for one in CELLS if one in found), min(found, default=""))
    inner = halves[0].subgridspec(2, 2)
    examples = {(one.activation, one.trained): one for one in reversed(results.examples) if one.cell == cell}
    for row, trained in enumerate((True, False)):
        for column, activation in enumerate(ACTIVATIONS):
            space: Any = {"projection": "3d"}
            ax: Any = figure.add_subplot(inner[row, column], **space)
            name = f"{'trained' if trained else 'untrained'} {activation}"
            trajectory(ax, "a" if row == column == 0 else "", name, examples.get((activation, trained)))
            ax.set(xlabel="", ylabel="", zlabel="")
    styles = kind_styles(results.labels("activation"))
    _embedded(figure.add_subplot(halves[1]), results, cell)
    states = [
        Line2D([], [], linestyle="", marker="o", markersize=4.5, color=GREY, markerfacecolor=face, label=name)
        for face, name in ((GREY, "trained"), ("none", "untrained"))
    ]
    legend_below(figure, styles, others=states)
    return figure


def _embedded(ax: Axes, results: TaskResults, cell: str) -> None:
    title = f"SVCCA, {cell} networks" if cell else "SVCCA"
    count = len(results.networks)
    own = np.array([k for k, other in enumerate(results.labels("cell")) if other == cell], dtype=np.intp)
    if results.untrained is None or len(own) < 2:
        empty(ax, "b", title, "no untrained networks")
        return
    both = np.concatenate([own, own + count])
    embedding = embed(np.asarray(results.untrained)[np.ix_(both, both)])
    activations = np.array([results.labels("activation")[k] for k in own] * 2)
    trained = np.arange(len(both)) < len(own)
    for activation, style in kind_styles(activations.tolist()).items():
        for state in (True, False):
            members = embedding.coordinates[(activations == activation) & (trained == state)]
            face = style.color if state else "none"
            look: Any = {"s": 18, "marker": style.marker, "linewidths": 0.8}
            ax.scatter(members[:, 0], members[:, 1], facecolors=face, edgecolors=style.color, **look)
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.1)
    tidy(ax, x="MDS 1 (1 − mean ρ)", y="MDS 2 (1 − mean ρ)")
    ax.text(0.98, 0.02, f"stress {embedding.stress:.2f}", fontsize=SMALL, color=GREY, ha="right",
            transform=ax.transAxes)  # fmt: skip
    letter(ax, "b", title)
