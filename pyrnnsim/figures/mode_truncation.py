"""How much of a pulse reaches the readout when only the leading linear modes are kept."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyrnnsim.dynamics.lines.truncation_result import ModeTruncation, ModeTruncations
from pyrnnsim.figures._style import COLUMN, GREY, SMALL, TEXT, axes_for, group_styles, tidy

_LEGENDS = 12  # networks a legend has room for


def plot_mode_truncation(made: ModeTruncation, *, ax: Axes | None = None) -> Figure:
    """Draw the readout after the last step against the number of modes kept: each point, their mean, and all modes.

    Args:
        made: What ``mode_truncation(...)[k, c]`` is. The first readout is drawn, without ill-conditioned points. The
            axis covers 90 % of the points: with an unstable mode, some may be far out.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figure 3f.
    """
    figure, axes = axes_for(ax, COLUMN, 2.6)
    sound = ~made.ill_conditioned
    steps = int(made.times[-1])
    tidy(axes, title=made.name, x="linear modes kept", y=f"readout {steps} steps after the pulse")
    if not sound.any():
        axes.text(0.5, 0.5, "no sound points", color=GREY, ha="center", fontsize=TEXT, transform=axes.transAxes)
        return figure
    style = group_styles(["linear"])["linear"]
    for curve in made.response[sound, :, -1, 0]:
        axes.step(made.kept, curve, where="post", color="0.85", linewidth=0.5)
    mean = made.average[:, -1, 0]
    axes.step(made.kept, mean, where="post", color=style.color, linewidth=1.5, label="linear, mean of the points")
    nonlinear = float(made.nonlinear[sound, -1, 0].mean())
    axes.axhline(nonlinear, color="black", linewidth=0.8, linestyle=(0, (4, 2)), label="the network itself")
    axes.set_xlim(0, len(mean) - 1)
    _limit(
        axes, np.append(np.quantile(made.response[sound, :, -1, 0], (0.05, 0.95), axis=0), [mean], axis=0), nonlinear
    )
    axes.legend(fontsize=SMALL, framealpha=0.85, edgecolor="none")
    return figure


def plot_mode_truncations(made: ModeTruncations, *, ax: Axes | None = None) -> Figure:
    """Draw the median readout after the last step against the number of modes kept, one line for each network.

    Args:
        made: What ``mode_truncation`` returned. Bands hold the middle half of the points of all inputs (at a saddle the
            linear response grows without bound); dotted lines are what the networks themselves do. The first readout
            is drawn.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figure 3f.
    """
    figure, axes = axes_for(ax, COLUMN, 2.6)
    styles = group_styles(str(k) for k in range(len(made)))
    steps = 0
    for k, row in enumerate(made):
        curves = np.concatenate([one.response[~one.ill_conditioned, :, -1, 0] for one in row])
        if not len(curves):
            continue
        steps = int(row[0].times[-1])
        low, middle, high = np.quantile(curves, (0.25, 0.5, 0.75), axis=0)
        color, kept = styles[str(k)].color, row[0].kept
        axes.fill_between(kept, low, high, step="post", color=color, alpha=0.2, linewidth=0)
        axes.step(kept, middle, where="post", color=color, linewidth=1.2, label=row[0].name)
        own = np.median(np.concatenate([one.nonlinear[~one.ill_conditioned, -1, 0] for one in row]))
        axes.axhline(float(own), color=color, linewidth=0.7, linestyle=":")
    tidy(axes, title="response by linear modes", x="linear modes kept", y=f"readout {steps} steps after the pulse")
    if steps and len(made) <= _LEGENDS:
        axes.legend(fontsize=SMALL, framealpha=0.85, edgecolor="none")
    elif not steps:
        axes.text(0.5, 0.5, "no sound points", color=GREY, ha="center", fontsize=TEXT, transform=axes.transAxes)
    return figure


def _limit(axes: Axes, curves: np.ndarray, own: float) -> None:
    """Show all of some curves, and a little more."""
    low, high = min(0.0, own, float(curves.min())), max(0.0, own, float(curves.max()))
    if high > low:
        axes.set_ylim(low - 0.05 * (high - low), high + 0.15 * (high - low))
