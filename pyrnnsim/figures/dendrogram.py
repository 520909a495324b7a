"""Average-linkage tree of a distance matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from pyrnnsim.embedding import distance_table
from pyrnnsim.figures._style import (
    COLUMN,
    GREY,
    SMALL,
    GroupStyle,
    axes_for,
    check_groups,
    group_styles,
    measure_text,
    metric_of,
    tidy,
)
from pyrnnsim.figures.legend import legend_below

_LEAF = 1.15 * SMALL / 72  # inches of height that a leaf's name needs
_LETTER = 0.6 * SMALL / 72  # inches of width of a letter, about


def plot_dendrogram(
    distances: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    metric: str | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the tree that average linkage (UPGMA) makes of a distance matrix, root left, leaves right.

    Args:
        distances: ``(K, K)`` symmetric; skipped networks (rows of NaN) are left out.
        names: K names, written at the leaves where they fit; by default what the matrix reports about itself.
        groups: K labels; a leaf and a branch whose leaves all belong to one group have its colour.
        metric: Name of the measure; by default what the matrix reports about itself.
        title: Replaces the name of the measure.
        ax: Axes to draw into, without a legend; by default a new figure of column width that grows with K to 9 in.
    Returns:
        The figure that holds the axes.
    Raises:
        ValueError: If ``distances`` is not a symmetric distance matrix or the labels do not fit.
    """
    table, kept = distance_table(distances, caller="plot_dendrogram")
    count = np.asarray(distances).shape[0]
    labels = check_groups(groups, count, "plot_dendrogram")
    leaves = _leaf_names(distances, names, count)
    figure, axes = axes_for(ax, COLUMN, min(9.0, max(2.4, 0.8 + _LEAF * len(kept))))
    styles = group_styles(labels or [])
    looks = [styles[labels[i]] for i in kept] if labels else [GroupStyle(GREY, "o")] * len(kept)
    order = _draw(axes, table, looks)
    name, unit = measure_text(metric_of(distances, metric))
    tidy(axes, title=name if title is None else title, x=unit)
    _write_leaves(figure, axes, [leaves[kept[i]] for i in order] if leaves else [], [looks[i].color for i in order])
    if labels and ax is None:
        legend_below(figure, styles)
    return figure


def leaf_order(table: NDArray[np.float64]) -> NDArray[np.intp]:
    """Order of the leaves in the average-linkage tree of a checked ``(n, n)`` distance matrix."""
    if len(table) < 3:
        return np.arange(len(table))
    from scipy.cluster.hierarchy import leaves_list

    return np.asarray(leaves_list(_linkage(table)), dtype=np.intp)


def _linkage(table: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    return np.asarray(linkage(squareform(table, checks=False), method="average"))


def _draw(axes: Axes, table: NDArray[np.float64], looks: list[GroupStyle]) -> NDArray[np.intp]:
    """Draw branches and leaf marks; returns the order of the leaves from the top down."""
    count = len(table)
    order = leaf_order(table)
    position = np.empty(2 * count - 1)
    position[order] = np.arange(count)
    height = np.zeros(2 * count - 1)
    branch_colors = [*(look.color for look in looks), *[GREY] * (count - 1)]
    lines, line_colors = [], []
    # SciPy draws trees by recursion and gives up on the deep ones of a few thousand networks.
    for node, (first, second, top, _) in enumerate(_linkage(table) if count > 1 else [], start=count):
        a, b = int(first), int(second)
        position[node], height[node] = (position[a] + position[b]) / 2, top
        branch_colors[node] = branch_colors[a] if branch_colors[a] == branch_colors[b] else GREY
        lines.append([(height[a], position[a]), (top, position[a]), (top, position[b]), (height[b], position[b])])
        line_colors.append(branch_colors[node])
    axes.add_collection(LineCollection(lines, colors=line_colors, linewidths=0.8 if count <= 200 else 0.3))
    axes.set_ylim(1.015 * count - 0.3, -0.5)  # room between the last leaf and the axis
    highest = float(height.max()) or 1.0
    axes.set_xlim(1.05 * highest, -0.04 * highest)
    size = float(np.clip(500 / count, 1.0, 16.0))
    for look in dict.fromkeys(looks):
        rows = [row for row, leaf in enumerate(order) if looks[leaf] == look]
        axes.scatter([0.0] * len(rows), rows, color=look.color, marker=look.marker, s=size, zorder=3, linewidths=0)
    return order


def _leaf_names(distances: ArrayLike, names: Sequence[str] | None, count: int) -> list[str]:
    if names is None:
        names = getattr(getattr(distances, "report", None), "names", ())
    if len(names) not in (0, count):
        raise ValueError(f"plot_dendrogram: names has {len(names)} entries, expected one for each of {count} networks")
    return [str(name) for name in names]


def _write_leaves(figure: Figure, axes: Axes, names: list[str], colors: list[str]) -> None:
    axes.yaxis.tick_right()
    for side in ("left", "top", "right"):
        axes.spines[side].set_visible(False)
    place = axes.get_position()
    height, width = place.height * figure.get_figheight(), place.width * figure.get_figwidth()
    longest = max((len(name) for name in names), default=0)
    if not names or _LEAF * len(names) > 1.15 * height or _LETTER * longest > 0.5 * width:
        axes.set_yticks([])
        return
    axes.set_yticks(range(len(names)), labels=names, fontsize=SMALL)
    axes.tick_params(axis="y", length=0, pad=2)
    for label, color in zip(axes.get_yticklabels(), colors, strict=True):
        label.set_color(color)
