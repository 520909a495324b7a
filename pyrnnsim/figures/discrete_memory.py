"""The flip-flop task: trials, geometry against topology, and the cube of fixed points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from pyrnnsim.figures._style import GREY, PAGE, SMALL, new_figure
from pyrnnsim.figures.composed import by_activation, by_cell, distance_panel, empty, finish, letter
from pyrnnsim.figures.examples import memory_traces, near, place, representative, trajectory
from pyrnnsim.figures.legend import group_handles
from pyrnnsim.figures.stability import kind, stability_styles
from pyrnnsim.figures.topology import plot_topology

if TYPE_CHECKING:
    from pyrnnsim.report.results import Example, TaskResults


def plot_discrete_memory(results: TaskResults) -> Figure:
    """Draw what networks do on the flip-flop task, 7 in wide. Panels whose data are missing say so.

    a: inputs and outputs of a trial. b: its states on principal axes. c: SVCCA distances. d, f: embeddings of SVCCA and
    of graph distances, by cell for one activation and by activation for one cell. e: fixed points, and their graph.

    Args:
        results: Of the flip-flop task.
    Source: Maheswaranathan et al. 2019, figure 1.
    """
    figure = new_figure(PAGE, 6.6)
    cells = figure.add_gridspec(3, 3)
    one = representative(results)
    memory_traces(figure.add_subplot(cells[0, 0]), "a", one)
    space: Any = {"projection": "3d"}
    trajectory(figure.add_subplot(cells[0, 1], **space), "b", "trajectories", one)
    distance_panel(figure.add_subplot(cells[0, 2]), "c", results, "svcca")
    for row, (which, measure) in enumerate((("d", "svcca"), ("f", "topology")), 1):
        by_cell(figure.add_subplot(cells[row, 0]), which, results, measure)
        by_activation(figure.add_subplot(cells[row, 1]), "", results, measure)
    kinds = points_panel(figure.add_subplot(cells[1, 2], **space), one)
    graph = figure.add_subplot(cells[2, 2])
    kinds |= graph_panel(graph, results, one)
    if kinds:  # beside the panels it is for: colours mean cells elsewhere
        handles = group_handles(stability_styles(kinds))
        graph.legend(handles=handles, fontsize=SMALL, frameon=False, ncols=2, handletextpad=0.2,
                     loc="upper center", bbox_to_anchor=(0.5, 0.02), columnspacing=1.0)  # fmt: skip
    return finish(figure, results)


def points_panel(ax: Any, one: Example | None) -> set[int]:
    """Draw fixed points by stability over the trials; returns the numbers of unstable modes that occur."""
    made = None if one is None else near(one)
    if made is None or not len(made.points):
        empty(ax, "e", "fixed points", "no fixed points")
        return set()
    trajectory(ax, "e", f"{len(made.points)} fixed point{'s' * (len(made.points) != 1)}", one)
    for line in list(ax.lines):
        if line.get_marker() == "o":
            line.remove()
        else:
            line.set(color=GREY, alpha=0.25)
    modes, points = made.unstable_modes, made.points
    styles = stability_styles(modes)
    points = np.pad(points, ((0, 0), (0, max(0, 3 - points.shape[1]))))[:, :3]
    for some in np.unique(modes):
        style = styles[kind(some)]
        ax.scatter(*points[modes == some].T, color=style.color, marker=style.marker, s=16, depthshade=False)
    return set(modes.tolist())


def graph_panel(ax: Any, results: TaskResults, one: Example | None) -> set[int]:
    """Draw the graph of the same network, or of the first."""
    graphs = results.dynamics.get("graphs")
    k = None if one is None else place(results, one)
    if graphs is None or not len(graphs) or not len(graphs[k or 0, 0]):
        empty(ax, "", "transition graph", "no transition graphs")
        return set()
    graph = graphs[k or 0, 0]
    plot_topology(graph, ax=ax)
    letter(ax, "", "where small kicks lead")
    return set(graph.unstable_modes.tolist())
