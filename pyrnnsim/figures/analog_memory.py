"""Context-dependent integration: trials, geometry against topology, and the modes that integrate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from pyrnnsim.figures._style import PAGE, new_figure, tidy
from pyrnnsim.figures.composed import by_activation, by_cell, empty, finish, letter
from pyrnnsim.figures.examples import every_kind, integration_traces, representative
from pyrnnsim.figures.kinds import draw_curves, network_curves

if TYPE_CHECKING:
    from pyrnnsim.report.results import TaskResults

_SHOWN = 20  # modes


def plot_analog_memory(results: TaskResults) -> Figure:
    """Draw what networks do on context-dependent integration, 7 in wide. Panels whose data are missing say so.

    a: inputs, target and output of a trial. b: states of each cell and activation with fixed points. c, d: embeddings
    of SVCCA and of distances between line attractors. e: eigenvalues on the line by falling magnitude. f: readout after
    a pulse by linear modes kept. Both are means over the points of each network, then means and standard errors over
    networks.

    Args:
        results: Of context-dependent integration.
    Source: Maheswaranathan et al. 2019, figure 3.
    """
    figure = new_figure(PAGE, 6.8)
    cells = figure.add_gridspec(3, 3, height_ratios=(1.15, 1, 1))
    integration_traces(figure.add_subplot(cells[0, 0]), "a", representative(results))
    every_kind(figure, cells[0, 1:], "b", "trajectories of probes, fixed points black", results.examples)
    for row, (which, measure) in enumerate((("c", "svcca"), ("d", "topology")), 1):
        by_cell(figure.add_subplot(cells[row, 0]), which, results, measure)
        by_activation(figure.add_subplot(cells[row, 1]), "", results, measure)
    _eigenvalues(figure.add_subplot(cells[1, 2]), results)
    _responses(figure.add_subplot(cells[2, 2]), results)
    return finish(figure, results)


def _eigenvalues(ax: Axes, results: TaskResults) -> None:
    lines, count = results.dynamics.get("lines"), len(results.networks)
    title = "eigenvalues by cell"
    parts = {} if lines is None else {k: [np.abs(one.eigenvalues) for one in lines[k]] for k in range(count)}
    curves = network_curves(parts, count)[:, :_SHOWN]
    if not np.isfinite(curves).any():
        empty(ax, "e", title, "no line attractors")
        return
    ax.axhline(1, color="0.6", linewidth=0.6)
    draw_curves(ax, np.arange(1.0, curves.shape[1] + 1), curves, results.labels("cell"))
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(ax, x="mode, by magnitude", y="|λ|")
    letter(ax, "e", title)


def _responses(ax: Axes, results: TaskResults) -> None:
    modes, count = results.dynamics.get("modes"), len(results.networks)
    title = "pulse response by cell"
    parts: dict[int, list[NDArray[np.float64]]] = {}
    steps = 0
    for k in range(count if modes is not None else 0):
        row = modes[k]  # type: ignore[index]
        parts[k] = [one.response[~one.ill_conditioned, :, -1, 0] for one in row]
        steps = int(row[0].times[-1])
    curves = network_curves(parts, count)[:, : _SHOWN + 1]
    if not np.isfinite(curves).any():
        empty(ax, "f", title, "no pulse responses")
        return
    draw_curves(ax, np.arange(float(curves.shape[1])), curves, results.labels("cell"), steps=True)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(ax, x="linear modes kept", y=f"readout after {steps} steps")
    letter(ax, "f", title)
