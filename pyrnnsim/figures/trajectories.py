"""Trajectories and fixed points along principal axes."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pyrnnsim.dynamics.cycles.trajectory_result import Trajectories, TrajectorySet
from pyrnnsim.figures._style import COLUMN, PAGE, SMALL, TEXT, axes_for, new_figure, tidy

_COLUMNS = 4
_ROUNDED = 0.92  # of the colour map: its last, palest yellow is faint on white


def plot_trajectories(result: TrajectorySet, *, ax: Axes | None = None) -> Figure:
    """Draw each trial as a line, coloured in the order of the trials, and the fixed points as dots.

    Where there are as many inputs with fixed points as trials, points have the colour of their trial. Stable points are
    filled, others open.

    Args:
        result: What ``pca_trajectories(...)[k]`` is.
        ax: Axes to draw into; axes of projection "3d" get three dimensions. By default a new figure of column width,
            with three dimensions where the result has them.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figures 2b, 2d and 3b.
    """
    if ax is None and result.trials.shape[-1] >= 3:
        figure = new_figure(COLUMN, 3.0)
        ax = figure.add_subplot(projection="3d")
    figure, axes = axes_for(ax, COLUMN, 2.9)
    drawn = 3 if axes.name == "3d" else 2
    trials, points = _filled(result.trials, drawn), _filled(result.points, drawn)
    colors = _colors(len(trials))
    for line, color in zip(trials, colors, strict=True):
        axes.plot(*line.T, color=color, linewidth=0.6)
    matched = result.condition.max(initial=-1) < len(trials) and len(set(result.condition)) > 1
    for i, point in enumerate(points):
        color = colors[result.condition[i]] if matched else "black"
        face = color if result.unstable_modes[i] == 0 else "white"
        axes.plot(*point[:, None], marker="o", markersize=3.2, markeredgewidth=0.7, markeredgecolor=color,
                  markerfacecolor=face, linestyle="", zorder=5)  # fmt: skip
    shares = [f"PC {d + 1} ({result.explained[d]:.0%})" if d < len(result.explained) else "" for d in range(drawn)]
    tidy(axes, title=result.name, x=shares[0], y=shares[1])
    if drawn == 3:
        _tidy_space(axes, shares[2])
    return figure


def trajectory_panels(result: Trajectories) -> Figure:
    """A panel per network (see :func:`plot_trajectories`), 7 in wide.

    Args:
        result: What :func:`pyrnnsim.pca_trajectories` returned.
    """
    if len(result) == 1:
        return plot_trajectories(result[0])
    columns = min(_COLUMNS, len(result))
    rows = ceil(len(result) / columns)
    figure = new_figure(PAGE * columns / _COLUMNS, 1.8 * rows)
    for k, one in enumerate(result):
        space = {"projection": "3d"} if one.trials.shape[-1] >= 3 else {}
        axes: Any = figure.add_subplot(rows, columns, k + 1, **space)
        plot_trajectories(one, ax=axes)
        axes.set_title(one.name, fontsize=SMALL)
    return figure


def _tidy_space(axes: Any, label: str) -> None:
    """Axes of three dimensions: names without numbers, which would cover each other at this size."""
    axes.set_zlabel(label, fontsize=TEXT, labelpad=-12)
    axes.set_xlabel(axes.get_xlabel(), fontsize=TEXT, labelpad=-12)
    axes.set_ylabel(axes.get_ylabel(), fontsize=TEXT, labelpad=-12)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_ticklabels([])
        axis.pane.set_facecolor("white")
        axis.pane.set_edgecolor("0.85")
    axes.grid(visible=False)
    axes.set_box_aspect(None, zoom=1.1)  # the default leaves wide margins


def _colors(count: int) -> NDArray[Any]:
    return np.asarray(colormaps["viridis"](np.linspace(0, _ROUNDED, max(count, 1))))


def _filled(coordinates: NDArray[np.float64], drawn: int) -> NDArray[np.float64]:
    """The first coordinates (..., drawn), zeros where there are fewer."""
    missing = max(0, drawn - coordinates.shape[-1])
    widths = [(0, 0)] * (coordinates.ndim - 1) + [(0, missing)]
    return np.pad(coordinates, widths)[..., :drawn]
