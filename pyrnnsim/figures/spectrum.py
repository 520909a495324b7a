"""Eigenvalues in the complex plane."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pyrnnsim.dynamics.linearization import Linearization
from pyrnnsim.eigen import EigenDecomposition
from pyrnnsim.figures._style import COLUMN, axes_for, tidy


def plot_spectrum(
    modes: Linearization | EigenDecomposition | NDArray[np.complex128], *, ax: Axes | None = None
) -> Figure:
    """Draw the eigenvalues of all states, or matrices, and the unit circle; those inside it are open, others filled.

    Args:
        modes: What :func:`pyrnnsim.linearize` or :func:`pyrnnsim.eig` returned, or eigenvalues alone, of any shape.
        ax: Axes to draw into; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figures 3 and 4.
    """
    figure, axes = axes_for(ax, COLUMN, 2.9)
    values = (modes if isinstance(modes, np.ndarray) else modes.eigenvalues).reshape(-1)
    turn = np.linspace(0, 2 * np.pi, 257)
    axes.plot(np.cos(turn), np.sin(turn), color="0.6", linewidth=0.6)
    unstable = np.abs(values) > 1
    inside, outside = values[~unstable], values[unstable]
    axes.scatter(inside.real, inside.imag, s=8, facecolors="none", edgecolors="C0", linewidths=0.5)
    axes.scatter(outside.real, outside.imag, s=8, color="C3", linewidths=0)
    axes.set_aspect("equal", adjustable="datalim")
    title = "eigenvalues of the Jacobian" if isinstance(modes, Linearization) else "eigenvalues"
    tidy(axes, title=title, x="real part", y="imaginary part")
    return figure
