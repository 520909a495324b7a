"""One picture with a panel per measure and a common legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from pyrnnsim.dynamics.graphs.result import TopologyGraph
from pyrnnsim.embedding import Embedding
from pyrnnsim.figures._style import PAGE, SMALL, group_styles, new_figure
from pyrnnsim.figures.dendrogram import plot_dendrogram
from pyrnnsim.figures.embedding import plot_embedding
from pyrnnsim.figures.legend import legend_below
from pyrnnsim.figures.matrix import plot_matrix
from pyrnnsim.figures.topology import plot_topology, topology_legend

_LETTERS = 36  # over a panel
_COLUMNS = 3  # on a page 7 in wide; four would push the text below 6 points


def matrix_panels(distances: Mapping[str, ArrayLike], *, groups: Sequence[str] | None = None) -> Figure:
    """A heat map per measure (see :func:`plot_matrix`), 7 in wide.

    Args:
        distances: Measure -> ``(K, K)`` matrix.
        groups: K labels common to all panels.
    """
    figure, axes = grid(len(distances), 2.05, "matrix_panels")
    for ax, (measure, values) in zip(axes, distances.items(), strict=True):
        plot_matrix(values, groups=groups, metric=measure, ax=ax)
    return _finish(figure, groups, marker="s")


def embedding_panels(embeddings: Mapping[str, Embedding], *, groups: Sequence[str] | None = None) -> Figure:
    """A scatter plot per measure (see :func:`plot_embedding`), 7 in wide.

    Args:
        embeddings: Measure -> embedding of the K networks.
        groups: K labels common to all panels.
    """
    figure, axes = grid(len(embeddings), 2.25, "embedding_panels")
    for ax, (measure, embedding) in zip(axes, embeddings.items(), strict=True):
        plot_embedding(embedding, groups=groups, metric=measure, ax=ax)
    return _finish(figure, groups)


def dendrogram_panels(
    distances: Mapping[str, ArrayLike], *, names: Sequence[str] | None = None, groups: Sequence[str] | None = None
) -> Figure:
    """A tree per measure (see :func:`plot_dendrogram`), 7 in wide.

    Args:
        distances: Measure -> ``(K, K)`` symmetric matrix.
        names: K names, written at the leaves where they fit.
        groups: K labels common to all panels.
    """
    figure, axes = grid(len(distances), 2.4, "dendrogram_panels")
    for ax, (measure, values) in zip(axes, distances.items(), strict=True):
        plot_dendrogram(values, names=names, groups=groups, metric=measure, ax=ax)
    return _finish(figure, groups)


def topology_panels(graphs: Sequence[TopologyGraph]) -> Figure:
    """A transition graph per panel (see :func:`plot_topology`), 7 in wide.

    Args:
        graphs: One per panel.
    """
    figure, axes = grid(len(graphs), 2.3, "topology_panels", "graph")
    for ax, graph in zip(axes, graphs, strict=True):
        plot_topology(graph, ax=ax)
        ax.set_title(short(graph.name), fontsize=SMALL)  # the full title is wider than a panel
    topology_legend(figure, graphs)
    return figure


def short(name: str) -> str:
    """A name that fits over a panel; of a long one the beginning and the end, which tell kinds and seeds apart."""
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS // 3]}\u2026{name[-(_LETTERS - _LETTERS // 3 - 1) :]}"


def grid(count: int, height: float, caller: str, noun: str = "measure") -> tuple[Figure, list[Axes]]:
    """A figure 7 in wide, or less for fewer than three panels, and the axes of its panels, row by row.

    Args:
        count: Panels.
        height: Of each, in inches.
        caller: For errors.
        noun: What a panel shows.
    Raises:
        ValueError: If there is none.
    """
    if count == 0:
        raise ValueError(f"{caller}: at least one {noun} is needed, got none")
    columns = 2 if count == 4 else min(_COLUMNS, count)
    rows = ceil(count / columns)
    figure = new_figure(PAGE * columns / _COLUMNS, height * rows + 0.1)
    return figure, [figure.add_subplot(rows, columns, i + 1) for i in range(count)]


def _finish(figure: Figure, groups: Sequence[str] | None, marker: str | None = None) -> Figure:
    if groups is not None:
        legend_below(figure, group_styles(str(group) for group in groups), marker=marker)
    return figure
