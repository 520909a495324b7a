"""Transition graphs: which fixed points lead to which stable ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from numpy.typing import NDArray

from pyrnnsim.dynamics.graphs.result import TopologyGraph
from pyrnnsim.figures._plane import principal_plane
from pyrnnsim.figures._style import GREY, SMALL, GroupStyle, axes_for, tidy
from pyrnnsim.figures.legend import legend_below
from pyrnnsim.figures.stability import kind, stability_styles

_WIDTH, _HEIGHT = 4.2, 3.9
_FAINTEST = 0.02  # edges of lower probability are left out
_VIEW = np.array([[0.86, -0.20], [0.10, 0.90], [0.42, 0.34]])  # of three readouts: no two corners of a cube coincide
_MARGIN = 0.06  # of the extent of the points
_LARGE, _SMALL = 62.0, 26.0  # areas of stable points and of saddles, points^2


class _Plane(NamedTuple):
    """Where nodes are drawn."""

    at: NDArray[np.float64]  # (n, 2)
    x: str
    y: str


def plot_topology(graph: TopologyGraph, *, ax: Axes | None = None) -> Figure:
    """Draw fixed points where their readout is, and arrows from each to the stable points that small kicks lead to.

    Two readouts are the axes; three are seen at an angle, with an arrow for the direction of each; of more, the first
    two principal axes are taken, and of the states where there is no readout. Colour and marker tell the number of
    unstable modes; arrows are as wide and as opaque as they are probable. Points from which trials arrive nowhere are
    ringed. That stable points return to themselves is not drawn, nor are edges of a probability below 0.02.

    Args:
        graph: What :func:`pyrnnsim.transition_graph` returned for one network and input.
        ax: Axes to draw into, without a legend; by default a new figure.
    Returns:
        The figure that holds the axes.
    Source: Maheswaranathan et al. 2019, figure 1e.
    """
    figure, axes = axes_for(ax, _WIDTH, _HEIGHT)
    plane = _placed(graph)
    styles = stability_styles(graph.unstable_modes)
    _fit(axes, plane.at, square=graph.outputs.shape[1] == 3)
    _draw_edges(axes, graph, plane.at, styles)
    for modes in np.unique(graph.unstable_modes)[::-1]:
        chosen = graph.unstable_modes == modes
        style = styles[kind(modes)]
        axes.scatter(
            plane.at[chosen, 0],
            plane.at[chosen, 1],
            s=_SMALL if modes else _LARGE,
            color=style.color,
            marker=style.marker,
            edgecolors="white",
            linewidths=0.7,
            zorder=4 if modes else 5,
        )
    lost = graph.nowhere > _FAINTEST
    if lost.any():
        rings: Any = {"s": 2.6 * _LARGE, "facecolors": "none", "edgecolors": GREY, "linewidths": 0.8, "zorder": 3}
        axes.scatter(plane.at[lost, 0], plane.at[lost, 1], **rings)
    tidy(axes, title=f"{graph.name}: {len(graph)} fixed points", x=plane.x, y=plane.y)
    if graph.outputs.shape[1] == 3:
        _draw_directions(axes)
    if ax is None and len(graph):
        topology_legend(figure, [graph])
    return figure


def topology_legend(figure: Figure, graphs: Sequence[TopologyGraph]) -> None:
    """What colours, markers, widths and rings mean in graphs drawn by :func:`plot_topology`, below everything else."""
    lost = any((graph.nowhere > _FAINTEST).any() for graph in graphs)
    styles = stability_styles(modes for graph in graphs for modes in graph.unstable_modes)
    legend_below(figure, styles, others=_strokes(lost))


def _placed(graph: TopologyGraph) -> _Plane:
    count, width = graph.outputs.shape
    if width == 3:
        return _Plane(graph.outputs @ _VIEW, "", "")
    if width == 2:
        return _Plane(graph.outputs, "readout 1", "readout 2")
    if width == 1:
        states = principal_plane(graph.states, dimensions=1)[0]
        return _Plane(np.column_stack([graph.outputs, states]), "readout", "PC 1 of the states")
    values, what = (graph.outputs, "readout") if width else (graph.states, "states")
    return (
        _Plane(principal_plane(values)[0], f"PC 1 of the {what}", f"PC 2 of the {what}")
        if count
        else _Plane(np.zeros((0, 2)), "", "")
    )


def _fit(axes: Axes, at: NDArray[np.float64], *, square: bool) -> None:
    """Limits around all points, because arrows set none; one scale for both axes where the view is a projection."""
    if not len(at):
        return
    low, high = at.min(axis=0), at.max(axis=0)
    extent = np.maximum(high - low, 1e-3 * (1 + np.abs(high)))
    if square:
        extent = np.full(2, extent.max())
        axes.set_aspect("equal")
    middle, reach = (low + high) / 2, (0.5 + _MARGIN) * extent
    axes.set(xlim=(middle[0] - reach[0], middle[0] + reach[0]), ylim=(middle[1] - reach[1], middle[1] + reach[1]))


def _draw_edges(axes: Axes, graph: TopologyGraph, at: NDArray[np.float64], styles: dict[str, GroupStyle]) -> None:
    """Arrows between different nodes, the faintest first."""
    edges = [(graph.adjacency[i, j], i, j) for i, j in np.argwhere(graph.adjacency > _FAINTEST) if i != j]
    for probability, i, j in sorted(edges):
        axes.add_patch(
            FancyArrowPatch(
                (at[i, 0], at[i, 1]),
                (at[j, 0], at[j, 1]),
                arrowstyle="-|>",
                mutation_scale=6 + 3 * probability,
                shrinkA=3,
                shrinkB=5,
                color=styles[kind(graph.unstable_modes[i])].color,
                **_stroke(probability),
                zorder=2,
            )
        )


def _stroke(probability: float) -> dict[str, Any]:
    return {"linewidth": 0.4 + 1.8 * probability, "alpha": min(1.0, 0.2 + 0.9 * probability)}


def _strokes(lost: bool) -> list[Line2D]:
    """Legend entries of three probabilities, and of the ring around points from which trials arrive nowhere."""
    handles = [Line2D([], [], color="black", **_stroke(p), label=f"probability {p:g}") for p in (0.1, 0.25, 0.5)]
    ring = Line2D([], [], linestyle="", marker="o", markersize=6, color=GREY, fillstyle="none", label="some go nowhere")
    return [*handles, ring] if lost else handles


def _draw_directions(axes: Axes) -> None:
    """In a corner, the directions in which three readouts grow; the scales of the axes mean nothing."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    inset = axes.inset_axes((0.0, 0.0, 0.17, 0.17))
    inset.set_aspect("equal")
    inset.set(xlim=(-0.1, 1.3), ylim=(-0.3, 1.1))
    inset.set_axis_off()
    for which, (x, y) in enumerate(_VIEW.tolist(), 1):
        inset.annotate(
            "", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 0.7, "shrinkB": 0}
        )
        inset.text(1.18 * x, 1.18 * y, f"$y_{which}$", fontsize=SMALL, color=GREY, ha="center", va="center")
