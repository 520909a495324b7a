"""Eigenvalues in the complex plane."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyrnnsim.dynamics.linearization import Linearization
from pyrnnsim.figures._style import COLUMN, axes_for, tidy


def plot_spectrum(linearization: Linearization, *, ax: Axes | None = None) -> Figure:
    """Draw the eigenvalues of all states and the unit circle; stable ones are open, unstable ones filled.

    Args:
        linearization: What :func:`pyrnnsim.linearize` returned.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figures 3 and 4.
    """
    figure, axes = axes_for(ax, COLUMN, 2.9)
    values = linearization.eigenvalues.reshape(-1)
    turn = np.linspace(0, 2 * np.pi, 257)
    axes.plot(np.cos(turn), np.sin(turn), color="0.6", linewidth=0.6)
    unstable = np.abs(values) > 1
    inside, outside = values[~unstable], values[unstable]
    axes.scatter(inside.real, inside.imag, s=8, facecolors="none", edgecolors="C0", linewidths=0.5)
    axes.scatter(outside.real, outside.imag, s=8, color="C3", linewidths=0)
    axes.set_aspect("equal", adjustable="datalim")
    tidy(axes, title="eigenvalues of the Jacobian", x="real part", y="imaginary part")
    return figure
