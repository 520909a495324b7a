"""A task of your own: trials, geometry against topology, and fixed points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyrnnsim.figures._style import PAGE, SMALL, new_figure, tidy
from pyrnnsim.figures.composed import by_activation, by_cell, distance_panel, empty, finish, letter
from pyrnnsim.figures.discrete_memory import graph_panel, points_panel
from pyrnnsim.figures.examples import MISSING, OUTPUT, legend_below_traces, representative, trajectory
from pyrnnsim.figures.legend import group_handles
from pyrnnsim.figures.pattern_generation import frequency_panel
from pyrnnsim.figures.stability import stability_styles

if TYPE_CHECKING:
    from pyrnnsim.report.results import Example, TaskResults

_NARROW = 0.1  # of the axes of a graph
_CHANNELS = 4  # of inputs, and of outputs
_APART = 1.3  # between the middles of traces, in units of their heights


def plot_own_task(results: TaskResults) -> Figure:
    """Draw what networks do on any task, 7 in wide. Panels whose data are missing say so.

    a: inputs, targets and outputs of a trial. b: its states on principal axes. c: SVCCA distances. d: embedding of
    SVCCA by cell for one activation and by activation for one cell. e: fixed points. f: as d, of the topology, or of
    CKA where the task has none. Last: where kicks from the fixed points lead, or linear against commanded frequency.

    Args:
        results: Of any task.
    """
    figure = new_figure(PAGE, 6.6)
    cells = figure.add_gridspec(3, 3)
    one = representative(results)
    _traces(figure.add_subplot(cells[0, 0]), one)
    space: Any = {"projection": "3d"}
    trajectory(figure.add_subplot(cells[0, 1], **space), "b", "trajectories", one)
    distance_panel(figure.add_subplot(cells[0, 2]), "c", results, "svcca")
    second = "topology" if "topology" in results.distances else "cka"
    for row, (which, measure) in enumerate((("d", "svcca"), ("f", second)), 1):
        by_cell(figure.add_subplot(cells[row, 0]), which, results, measure)
        by_activation(figure.add_subplot(cells[row, 1]), "", results, measure)
    points = figure.add_subplot(cells[1, 2], **space)
    kinds, last = points_panel(points, one), figure.add_subplot(cells[2, 2])
    if results.frequencies is not None:
        frequency_panel(last, "", results, "cell")
    elif "graphs" in results.dynamics:
        kinds |= graph_panel(last, results, one)
        _widened(last)
    else:
        last.set_axis_off()
    if kinds:
        handles = group_handles(stability_styles(kinds))
        points.legend(handles=handles, fontsize=SMALL, frameon=False, ncols=1, handletextpad=0.2,
                      loc="upper left", bbox_to_anchor=(-0.12, 1.0))  # fmt: skip
    return finish(figure, results)


def _widened(ax: Axes) -> None:
    """Make room around a graph of a single node, whose axes would show its last digits."""
    for low, high, widen in ((*ax.get_xlim(), ax.set_xlim), (*ax.get_ylim(), ax.set_ylim)):
        if high - low < _NARROW:
            middle = (low + high) / 2
            widen(middle - _NARROW, middle + _NARROW)


def _traces(ax: Axes, one: Example | None) -> None:
    """Draw inputs, and below them targets and outputs, of the first trial; each channel in units of its largest."""
    title = "a trial"
    if one is None:
        empty(ax, "a", title, MISSING)
        return
    inputs, outputs = one.inputs.shape[2], one.outputs.shape[2]
    time = np.arange(one.outputs.shape[1])
    places: list[tuple[float, str]] = []
    for channel in range(min(inputs, _CHANNELS)):
        places.append((-_APART * len(places), "input" if inputs == 1 else f"input {channel + 1}"))
        trace, _ = _scaled(one.inputs[0, :, channel])
        ax.step(time, places[-1][0] + trace, where="mid", color="0.45", linewidth=0.8)
    for channel in range(min(outputs, _CHANNELS)):
        places.append((-_APART * len(places), "output" if outputs == 1 else f"output {channel + 1}"))
        target, answer = _scaled(one.targets[0, :, channel], one.outputs[0, :, channel])
        ax.plot(time, places[-1][0] + target, color="black", linewidth=0.8, label="target")
        ax.plot(time, places[-1][0] + answer, color=OUTPUT, linestyle="--", linewidth=1, label="output")
    tidy(ax, x="time, steps")
    ax.set_yticks([place for place, _ in places], labels=[name for _, name in places])
    legend_below_traces(ax)
    letter(ax, "a", title)


def _scaled(values: Any, others: Any = None) -> tuple[Any, Any]:
    """Traces of a common scale, half a unit up and down; gaps where nothing is asked for."""
    both = np.concatenate([values, values if others is None else others])
    size = 2 * max(1e-12, float(np.nanmax(np.abs(both), initial=0.0)))
    return values / size, None if others is None else others / size
