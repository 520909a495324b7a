"""The sine-wave task: trials, geometry against topology, and linear against commanded frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pyrnnsim.figures._style import GREY, PAGE, new_figure, tidy
from pyrnnsim.figures.composed import by_activation, by_cell, empty, finish, letter
from pyrnnsim.figures.examples import every_kind, near, place, representative, sine_traces
from pyrnnsim.figures.kinds import draw_curves
from pyrnnsim.figures.trajectories import plot_trajectories

if TYPE_CHECKING:
    from pyrnnsim.report.results import Example, TaskResults


def plot_pattern_generation(results: TaskResults) -> Figure:
    """Draw what networks do on the sine-wave task, 7 in wide. Panels whose data are missing say so.

    a: command, target and output. b: states of each cell and activation, a colour per command. c, e: embeddings of
    SVCCA and of graph distances. d: fixed points of one network, and the eigenvalues there. f: frequency of the
    oscillatory mode over the commanded one, means and standard errors by cell and by activation.

    Args:
        results: Of the sine-wave task.
    Source: Maheswaranathan et al. 2019, figure 2.
    """
    figure = new_figure(PAGE, 8.6)
    cells = figure.add_gridspec(4, 6, height_ratios=(1.15, 1, 1, 1))
    one = representative(results)
    sine_traces(figure.add_subplot(cells[0, :2]), "a", one)
    every_kind(figure, cells[0, 2:], "b", "trajectories, a colour per command", results.examples)
    for row, (which, measure) in enumerate((("c", "svcca"), ("e", "topology")), 1):
        by_cell(figure.add_subplot(cells[row, :2]), which, results, measure)
        by_activation(figure.add_subplot(cells[row, 2:4]), "", results, measure)
    space: Any = {"projection": "3d"}
    _points(figure.add_subplot(cells[1, 4:], **space), one)
    _spectrum(figure.add_subplot(cells[2, 4:]), results, one)
    for columns, which, column in ((slice(0, 3), "f", "cell"), (slice(3, 6), "", "activation")):
        frequency_panel(figure.add_subplot(cells[3, columns]), which, results, column)
    return finish(figure, results)


def _points(ax: Any, one: Example | None) -> None:
    if one is None or not len(one.trajectory.points):
        empty(ax, "d", "fixed points", "no fixed points")
        return
    plot_trajectories(near(one), ax=ax)
    letter(ax, "d", "a point in each orbit")


def _spectrum(ax: Axes, results: TaskResults, one: Example | None) -> None:
    """Draw the eigenvalues at the first fixed point of every command, the oscillatory pair in its colour."""
    points = results.dynamics.get("points")
    title = "eigenvalues there"
    k = None if one is None else place(results, one)
    row = () if points is None or not len(points) else points[k or 0]
    found = [(c, part.eigenvalues[part.fixed][0]) for c, part in enumerate(row) if part.fixed.any()]
    if not found:
        empty(ax, "", title, "no fixed points")
        return
    turn = np.linspace(0, 2 * np.pi, 257)
    ax.plot(np.cos(turn), np.sin(turn), color="0.6", linewidth=0.6)
    colors = colormaps["viridis"](np.linspace(0, 0.92, len(row)))
    for c, values in found:
        ax.scatter(values.real, values.imag, s=4, color="0.75", linewidths=0)
        complex_ones = values[values.imag > 1e-12]
        if len(complex_ones):
            top = complex_ones[np.abs(complex_ones).argmax()]
            ax.scatter([top.real] * 2, [top.imag, -top.imag], s=14, color=colors[c], linewidths=0, zorder=3)
    ax.set_aspect("equal", adjustable="datalim")
    tidy(ax, x="real part", y="imaginary part")
    letter(ax, "", title)


def frequency_panel(ax: Axes, which: str, results: TaskResults, column: str) -> None:
    """Draw linear over commanded frequencies, mean and spread of each kind of network."""
    title = f"linear frequency by {column}"
    if results.frequencies is None or results.commanded is None or not np.isfinite(results.frequencies).any():
        empty(ax, which, title, "no oscillatory modes")
        return
    commanded = np.asarray(results.commanded, dtype=np.float64)
    order = np.argsort(commanded, kind="stable")
    ends = [commanded.min(), commanded.max()]
    ax.plot(ends, ends, color=GREY, linewidth=0.8, linestyle=":")
    curves = np.asarray(results.frequencies, dtype=np.float64)[:, order]
    draw_curves(ax, commanded[order], curves, results.labels(column))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    tidy(ax, x="commanded frequency, cycles/step", y="linear, cycles/step")
    letter(ax, which, title)
