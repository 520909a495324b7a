"""Fixed points: where they lie, and how many of which kind there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
from pyrnnsim.figures._plane import principal_plane
from pyrnnsim.figures._style import COLUMN, GroupStyle, axes_for, tidy
from pyrnnsim.figures.legend import legend_below
from pyrnnsim.figures.stability import kind, stability_styles

_SLOW = "0.7"
_LEAST = 3  # fixed points that span a plane


def plot_fixed_points(points: FixedPointSet, *, ax: Axes | None = None) -> Figure:
    """Draw the points of one network on two principal axes, coloured by number of unstable modes.

    The axes are those of the fixed points; of all points where there are fewer than three fixed ones.

    Args:
        points: What ``find_fixed_points(...)[k, c]`` is. Slow points are small and grey.
        ax: Axes to draw into, without a legend; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figure 3.
    """
    figure, axes = axes_for(ax, COLUMN, 2.6)
    basis = points.states[points.fixed] if points.fixed.sum() >= _LEAST else points.states
    plane, _ = principal_plane(points.states, basis)
    slow = ~points.fixed
    axes.scatter(plane[slow, 0], plane[slow, 1], s=4, color=_SLOW, linewidths=0)
    styles = stability_styles(points.unstable_modes[points.fixed])
    for modes in np.unique(points.unstable_modes[points.fixed]):
        chosen = points.fixed & (points.unstable_modes == modes)
        style = styles[kind(modes)]
        axes.scatter(plane[chosen, 0], plane[chosen, 1], s=20, color=style.color, marker=style.marker, linewidths=0)
    axes.margins(0.08)
    tidy(axes, title=f"{points.name}: {int(points.fixed.sum())} fixed points", x="PC 1", y="PC 2")
    if ax is None and len(points):
        point_legend(figure, [points])
    return figure


def point_legend(figure: Figure, sets: Sequence[FixedPointSet]) -> None:
    """What colours and markers mean in sets drawn by :func:`plot_fixed_points`, below everything else."""
    slow = Line2D([], [], linestyle="", marker="o", markersize=2.5, color=_SLOW, label="slow")
    others = [slow] if any(not one.fixed.all() for one in sets) else []
    legend_below(figure, _styles(sets), others=others)


def plot_point_counts(result: FixedPoints, *, ax: Axes | None = None) -> Figure:
    """Draw stacked bars: for each network and input, the fixed points by number of unstable modes.

    Args:
        result: What ``find_fixed_points`` returned. A set whose evidence is incomplete is hatched.
        ax: Axes to draw into, without a legend; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    """
    figure, axes = axes_for(ax, COLUMN, 2.6)
    counts = result.counts.reshape(-1, result.counts.shape[-1])
    complete = result.complete.ravel()
    place, below = np.arange(len(counts)), np.zeros(len(counts))
    styles = _styles([one for row in result for one in row])
    for modes, height in enumerate(counts.T):
        if not height.any():
            continue
        bars: Any = axes.bar(place, height, bottom=below, color=styles[kind(modes)].color)
        for bar, whole in zip(bars, complete, strict=True):
            bar.set_hatch("" if whole else "///")
        below = below + height
    tidy(axes, title="fixed points", x="network and input", y="number")
    if ax is None and styles:
        legend_below(figure, styles, marker="s")
    return figure


def _styles(sets: Sequence[FixedPointSet]) -> dict[str, GroupStyle]:
    return stability_styles(modes for one in sets for modes in one.unstable_modes[one.fixed])
