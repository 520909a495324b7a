"""Fixed points: where they lie, and how many of which kind there are."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
from pyrnnsim.figures._plane import principal_plane
from pyrnnsim.figures._style import COLUMN, SMALL, axes_for, group_styles, tidy


def plot_fixed_points(points: FixedPointSet, *, ax: Axes | None = None) -> Figure:
    """Draw the points of one network on their first two principal axes, coloured by number of unstable modes.

    Args:
        points: What ``find_fixed_points(...)[k, c]`` is. Slow points are small and grey.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figure 3.
    """
    figure, axes = axes_for(ax, COLUMN, 2.6)
    basis = points.states[points.fixed] if points.fixed.any() else points.states
    plane, _ = principal_plane(points.states, basis)
    slow = ~points.fixed
    if slow.any():
        axes.scatter(plane[slow, 0], plane[slow, 1], s=4, color="0.7", linewidths=0, label="slow")
    kinds = np.unique(points.unstable_modes[points.fixed])
    styles = group_styles(str(kind) for kind in range(int(kinds.max(initial=0)) + 1))
    for kind in kinds:
        chosen = points.fixed & (points.unstable_modes == kind)
        style = styles[str(kind)]
        axes.scatter(
            plane[chosen, 0],
            plane[chosen, 1],
            s=20,
            color=style.color,
            marker=style.marker,
            linewidths=0,
            label=f"{kind} unstable",
        )
    axes.margins(0.08)
    tidy(axes, title=f"{points.name}: {int(points.fixed.sum())} fixed points", x="PC 1", y="PC 2")
    if len(points):
        axes.legend(fontsize=SMALL, frameon=False)
    return figure


def plot_point_counts(result: FixedPoints, *, ax: Axes | None = None) -> Figure:
    """Draw stacked bars: for each network and input, the fixed points by number of unstable modes.

    Args:
        result: What ``find_fixed_points`` returned. A set whose evidence is incomplete is hatched.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    """
    figure, axes = axes_for(ax, COLUMN, 2.6)
    counts = result.counts.reshape(-1, result.counts.shape[-1])
    complete = result.complete.ravel()
    place, below = np.arange(len(counts)), np.zeros(len(counts))
    styles = group_styles(str(kind) for kind in range(counts.shape[1]))
    for kind, height in enumerate(counts.T):
        bars: Any = axes.bar(place, height, bottom=below, color=styles[str(kind)].color, label=f"{kind} unstable")
        for bar, whole in zip(bars, complete, strict=True):
            bar.set_hatch("" if whole else "///")
        below = below + height
    tidy(axes, title="fixed points", x="network and input", y="number")
    if len(counts):
        axes.legend(fontsize=SMALL, frameon=False)
    return figure
