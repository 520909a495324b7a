"""Line attractors: where their points lie, and the eigenvalues along them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from pyrnnsim.dynamics.lines.result import LineAttractor, LineAttractors
from pyrnnsim.figures._plane import principal_plane
from pyrnnsim.figures._style import COLUMN, GREY, SMALL, TEXT, axes_for, group_styles, tidy

Floats = NDArray[np.float64]

_SHOWN = 20  # eigenvalues
_LEGENDS = 12  # networks a legend has room for


def plot_line(line: LineAttractor, *, ax: Axes | None = None) -> Figure:
    """Draw the points on their first two principal axes, coloured by the readout, and the line through them.

    Args:
        line: What ``line_attractor(...)[k, c]`` is. Fixed points have a black edge; points on branches are small.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figure 3b.
    """
    figure, axes = axes_for(ax, COLUMN, 2.7)
    plane, shares = _placed(line)
    path = plane[line.on_path]
    axes.plot(path[:, 0], path[:, 1], color="0.75", linewidth=1.2, zorder=1)
    if line.outputs.shape[1]:
        colors, label = line.outputs[:, 0], "readout"
    else:
        colors, label = line.arc_length, "arc length"
    shown: Any = None
    for chosen, size, edge, name in (
        (~line.on_path & ~line.fixed, 5, "none", "on a branch"),
        (line.on_path & ~line.fixed, 16, "none", "slow"),
        (line.fixed, 24, "black", "fixed"),
    ):
        if chosen.any():
            shown = axes.scatter(
                plane[chosen, 0],
                plane[chosen, 1],
                s=size,
                c=colors[chosen],
                cmap="viridis",
                edgecolors=edge,
                linewidths=0.8,
                label=name,
                zorder=2,
                vmin=float(colors.min()),
                vmax=float(colors.max()),
            )
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.08)
    verdict = "a line" if line.is_line else "no line"
    x, y = (f"PC {i + 1} ({share:.0%})" for i, share in enumerate(shares))
    tidy(axes, title=f"{line.name}: {len(line)} points, {verdict}", x=x, y=y)
    if shown is not None:
        bar = figure.colorbar(shown, ax=axes, pad=0.02, aspect=30)
        bar.set_label(label, fontsize=TEXT)
        bar.ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
        axes.legend(fontsize=SMALL, frameon=False)
    return figure


def plot_line_spectrum(line: LineAttractor, *, ax: Axes | None = None) -> Figure:
    """Draw the magnitudes of the eigenvalues against arc length; those of the line's mode in colour.

    Args:
        line: What ``line_attractor(...)[k, c]`` is.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    """
    figure, axes = axes_for(ax, COLUMN, 2.6)
    magnitude = np.abs(line.eigenvalues)
    along = np.broadcast_to(line.arc_length[:, None], magnitude.shape)
    others = np.ones(magnitude.shape, bool)
    others[np.arange(len(line)), line.line_modes] = False
    color = group_styles(["line"])["line"].color
    axes.axhline(1, color="0.6", linewidth=0.6)
    axes.scatter(along[others], magnitude[others], s=3, color="0.7", linewidths=0, label="other modes")
    axes.scatter(
        line.arc_length, np.abs(line.line_eigenvalues), s=10, color=color, linewidths=0, label="along the line"
    )
    axes.set_ylim(0, max(1.15, float(magnitude.max(initial=0.0)) * 1.05))
    tidy(axes, title=f"{line.name}: modes along the line", x="arc length", y="|λ|")
    if len(line):
        axes.legend(fontsize=SMALL, framealpha=0.85, edgecolor="none", loc="lower right")
    return figure


def plot_sorted_eigenvalues(lines: LineAttractors, *, ax: Axes | None = None) -> Figure:
    """Draw the largest eigenvalues in descending magnitude: for each network the mean over all points and inputs.

    Args:
        lines: What ``line_attractor`` returned. Bands are one standard deviation over the points.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figure 3e.
    """
    figure, axes = axes_for(ax, COLUMN, 2.6)
    styles = group_styles(str(k) for k in range(len(lines)))
    axes.axhline(1, color="0.6", linewidth=0.6)
    drawn = False
    for k, row in enumerate(lines):
        values = [np.abs(line.eigenvalues) for line in row if len(line)]
        if not values:
            continue
        shown = np.concatenate(values)[:, :_SHOWN]
        mean, spread, place = shown.mean(axis=0), shown.std(axis=0), np.arange(1, shown.shape[1] + 1)
        style = styles[str(k)]
        axes.fill_between(place, mean - spread, mean + spread, color=style.color, alpha=0.15, linewidth=0)
        axes.plot(place, mean, color=style.color, marker=style.marker, markersize=3, linewidth=1, label=row[0].name)
        drawn = True
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(axes, title="eigenvalues on the line", x="mode, by magnitude", y="|λ|")
    if drawn and len(lines) <= _LEGENDS:
        axes.legend(fontsize=SMALL, frameon=False)
    elif not drawn:
        axes.text(0.5, 0.5, "no points", color=GREY, ha="center", fontsize=TEXT, transform=axes.transAxes)
    return figure


def _placed(line: LineAttractor) -> tuple[Floats, Floats]:
    """(n, 2) coordinates, the first rising along the line, and (2,) shares of the variance."""
    plane, shares = principal_plane(line.states)
    if len(plane):
        plane[:, 0] *= 1 if plane[-1, 0] >= plane[0, 0] else -1
        plane[:, 1] *= 1 if plane[np.abs(plane[:, 1]).argmax(), 1] >= 0 else -1
    return plane, shares
