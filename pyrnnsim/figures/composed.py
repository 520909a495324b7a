"""What figures of many lettered panels share: letters, panels without data, and networks in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyrnnsim.figures._style import GREY, SMALL, TEXT, TITLE, measure_text, tidy
from pyrnnsim.figures.kinds import ACTIVATIONS, CELLS, kind_styles
from pyrnnsim.figures.legend import legend_below
from pyrnnsim.figures.matrix import plot_matrix

if TYPE_CHECKING:
    from pyrnnsim.report.results import TaskResults

_LARGEST = 22.0  # area of a marker, points^2
_FEWEST = 2  # points of which an embedding is a picture


def letter(ax: Axes, which: str, title: str, *, pad: float | None = None) -> None:
    """Replace the title of a panel by a bold letter and a title at its left."""
    ax.set_title("")
    text = f"$\\mathbf{{{which}}}$  {title}" if which else title
    # A fixed height: matplotlib's own choice depends on where insets were before the layout.
    ax.set_title(text, loc="left", fontsize=TITLE, pad=pad, y=1.0)


def empty(ax: Axes, which: str, title: str, missing: str) -> None:
    """Leave a panel empty and say what is missing."""
    ax.set_axis_off()
    letter(ax, which, title)
    if ax.name == "3d":
        ax.text2D(0.5, 0.5, missing, color=GREY, fontsize=TEXT, ha="center", transform=ax.transAxes)  # type: ignore[attr-defined]
    else:
        ax.text(0.5, 0.5, missing, color=GREY, fontsize=TEXT, ha="center", transform=ax.transAxes, wrap=True)


def by_cell(ax: Axes, which: str, results: TaskResults, measure: str) -> None:
    """Draw the embedding of a measure, networks of one activation coloured by cell, the others grey."""
    kept = _common(results.labels("activation"), ACTIVATIONS)
    _embedded(ax, which, results, measure, "cell", "activation", kept)


def by_activation(ax: Axes, which: str, results: TaskResults, measure: str) -> None:
    """Draw the embedding of a measure, networks of one cell coloured by activation, the others grey."""
    _embedded(ax, which, results, measure, "activation", "cell", _common(results.labels("cell"), CELLS))


def distance_panel(ax: Axes, which: str, results: TaskResults, measure: str) -> None:
    """Draw the distance matrix of a measure, ordered and marked by cell."""
    name, _ = measure_text(measure)
    table = results.distances.get(measure)
    if table is None or not len(results.networks):
        empty(ax, which, f"{name} distances", f"no {name} distances")
        return
    order = _order(results)
    cells = [results.labels("cell")[k] for k in order]
    ordered = np.asarray(table)[np.ix_(order, order)]
    plot_matrix(ordered, groups=cells, order=range(len(order)), metric=measure, styles=kind_styles(cells), ax=ax)
    letter(ax, which, f"{name} distances", pad=11)


def finish(figure: Figure, results: TaskResults) -> Figure:
    """Add the legend of the cells and activations that occur."""
    legend_below(figure, kind_styles([*results.labels("cell"), *results.labels("activation")]))
    return figure


def _embedded(ax: Axes, which: str, results: TaskResults, measure: str, column: str, fixed: str, value: str) -> None:
    name, unit = measure_text(measure)
    if measure == "topology":
        unit = _topology_unit(results)
    title = f"{name}, {value} networks" if value else name
    embedding = results.embeddings.get(measure)
    points = None if embedding is None else embedding.coordinates[:, :2]
    if embedding is None or points is None or np.isfinite(points).all(axis=1).sum() < _FEWEST:
        empty(ax, which, title, f"no embedding of {name}")
        return
    points = np.column_stack([points, np.zeros((len(points), 2 - points.shape[1]))])
    labels = results.labels(column)
    chosen = np.array([label == value for label in results.labels(fixed)])
    size = float(np.clip(1200 / len(points), 3.0, _LARGEST))
    ax.scatter(points[~chosen, 0], points[~chosen, 1], s=0.6 * size, color="0.85", linewidths=0)
    for label, style in kind_styles(labels).items():
        members = points[chosen & [other == label for other in labels]]
        look: Any = {"color": style.color, "marker": style.marker, "alpha": 0.85, "linewidths": 0}
        ax.scatter(members[:, 0], members[:, 1], s=size, label=label, **look)
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.1)
    tidy(ax, x=f"MDS 1 ({unit})", y=f"MDS 2 ({unit})")
    ax.text(0.98, 0.02, f"stress {embedding.stress:.2f}", fontsize=SMALL, color=GREY, ha="right",
            transform=ax.transAxes)  # fmt: skip
    letter(ax, which, title)


def _topology_unit(results: TaskResults) -> str:
    """What distances between dynamics are differences of; see ``pyrnnsim.study.topology``."""
    if results.frequencies is not None:
        return "frequency, cycles/step"
    return "eigenvalue magnitude" if "modes" in results.dynamics else "graph distance"


def _common(labels: list[str], preferred: tuple[str, ...]) -> str:
    """The first of the preferred labels that occurs, else the first one there is."""
    return next((label for label in preferred if label in labels), labels[0] if labels else "")


def _order(results: TaskResults) -> list[int]:
    """Networks by cell and activation, in the order of the paper."""
    cells, activations = list(kind_styles(results.labels("cell"))), list(kind_styles(results.labels("activation")))

    def place(k: int) -> tuple[int, int]:
        row = results.networks[k]
        return cells.index(str(row["cell"])), activations.index(str(row["activation"]))

    return sorted(range(len(results.networks)), key=place)
