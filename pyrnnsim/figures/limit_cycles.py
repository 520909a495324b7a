"""Limit cycles: their shape, and how many starts lead to one."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pyrnnsim.dynamics.cycles.result import LimitCycles, LimitCycleSet
from pyrnnsim.figures._plane import principal_plane
from pyrnnsim.figures._style import COLUMN, GREY, SMALL, axes_for, group_styles, tidy

_INSIDE = 2  # orbits whose legend finds room beside them
_LINKED = 24  # a periodic orbit of more states is drawn without lines from each to the next


def plot_limit_cycles(orbits: LimitCycleSet, *, ax: Axes | None = None) -> Figure:
    """Draw the orbits of one network on their first two principal axes.

    Args:
        orbits: What ``find_limit_cycles(...)[k, c]`` is. Closed curves are lines; periodic orbits are points, joined
            in the order of time where they are few. Unstable ones are dashed and open.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    """
    figure, axes = axes_for(ax, COLUMN, 2.9)
    styles = group_styles(str(i) for i in range(len(orbits)))
    for i, (plane, style) in enumerate(zip(_planes(orbits), styles.values(), strict=True)):
        periodic, stable = bool(orbits.periodic[i]), bool(orbits.stable[i])
        closed = np.vstack([plane, plane[:1]])
        name = f"period {orbits.periods[i]}" if periodic else f"{orbits.return_time[i]:.2f} steps a turn"
        label = name if stable else f"{name}, unstable"
        line = "-" if stable else "--"
        if not periodic:
            axes.plot(*closed.T, color=style.color, linewidth=1.2, linestyle=line, label=label)
            continue
        few = len(plane) <= _LINKED
        axes.plot(
            *(closed if few else plane).T,
            color=style.color,
            linewidth=0.4,
            linestyle=line if few else "",
            marker=style.marker,
            markersize=3.5 if few else 2.5,
            markeredgewidth=0.6,
            markerfacecolor=style.color if stable else "white",
            label=label,
        )
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.08)
    tidy(axes, title=orbits.name, x="PC 1", y="PC 2")
    if len(orbits):
        beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if len(orbits) > _INSIDE else {"loc": "best"}
        axes.legend(fontsize=SMALL, frameon=False, **beside)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no limit cycle", transform=axes.transAxes, ha="center", fontsize=SMALL, color=GREY)
    return figure


def plot_cycle_shares(result: LimitCycles, *, ax: Axes | None = None) -> Figure:
    """Draw a bar for each network, over all inputs: which share of the starts ended where.

    Args:
        result: What :func:`pyrnnsim.find_limit_cycles` returned.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    """
    figure, axes = axes_for(ax, COLUMN, 0.9 + 0.22 * len(result))
    ends = list(result[0, 0].shares)
    colors = dict(zip(ends, ("#0072B2", "#E69F00", "#000000", "#BBBBBB"), strict=True))
    shares = np.array([np.mean([list(one.shares.values()) for one in row], axis=0) for row in result])
    place, left = np.arange(len(result)), np.zeros(len(result))
    for end, width in zip(ends, shares.T, strict=True):
        axes.barh(place, width, left=left, height=0.7, color=colors[end], label=end)
        left = left + width
    axes.set_yticks(place, result.names)
    axes.set_ylim(len(result) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    tidy(axes, x="share of the starts")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles, labels, fontsize=SMALL, frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0),
                columnspacing=0.8, handlelength=1.0)  # fmt: skip
    return figure


def _planes(orbits: LimitCycleSet) -> list[NDArray[np.float64]]:
    """(T, 2) coordinates of each orbit on common axes."""
    if not len(orbits):
        return []
    plane, _ = principal_plane(np.concatenate(orbits.orbits))
    return np.split(plane, np.cumsum([len(states) for states in orbits.orbits])[:-1])
