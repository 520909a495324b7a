"""Linear frequency against commanded frequency."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyrnnsim.dynamics.cycles.oscillation_result import Oscillations
from pyrnnsim.figures._style import COLUMN, GREY, SMALL, axes_for, group_styles, tidy


def plot_oscillations(result: Oscillations, *, ax: Axes | None = None) -> Figure:
    """Draw, for each network, the frequency of the oscillatory mode over the commanded one, and the identity.

    Args:
        result: What :func:`pyrnnsim.oscillations` returned. A colour for each cell; relu networks are dashed. Filled
            markers: the only fixed point, with nothing but one pair unstable; open ones: anything else.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figure 2f.
    """
    figure, axes = axes_for(ax, COLUMN, 2.9)
    commanded, frequency = result.commanded, result.frequency
    axes.plot([commanded.min(), commanded.max()], [commanded.min(), commanded.max()], color="0.6", linewidth=0.8)
    styles = group_styles(result.cells)
    several = len(set(result.activations)) > 1
    labelled: set[str] = set()
    for k, (cell, activation) in enumerate(zip(result.cells, result.activations, strict=True)):
        style, clean = styles[cell], result.single_pair[k]
        label = f"{cell} {activation}" if several else cell
        label += ": no mode" if np.isnan(frequency[k]).all() else ""
        known = "_nolegend_" if label in labelled else label
        labelled.add(label)
        order = np.argsort(commanded, kind="stable")
        line = "--" if activation == "relu" else "-"
        axes.plot(commanded[order], frequency[k, order], color=style.color, linestyle=line, linewidth=0.7, label=known)
        for chosen, face in ((clean, style.color), (~clean, "white")):
            axes.plot(
                commanded[chosen],
                frequency[k, chosen],
                linestyle="",
                marker=style.marker,
                markersize=3,
                markeredgewidth=0.6,
                markerfacecolor=face,
                markeredgecolor=style.color,
            )
    tidy(axes, title="oscillatory mode, cycles per step", x="commanded frequency", y="linear frequency")
    if np.isnan(frequency).all():
        axes.text(0.5, 0.5, "no oscillatory mode", transform=axes.transAxes, ha="center", fontsize=SMALL, color=GREY)
    else:
        axes.legend(fontsize=SMALL, frameon=False, loc="upper left")
    return figure
