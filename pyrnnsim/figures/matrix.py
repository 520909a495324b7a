"""Heat map of a distance matrix, ordered and marked by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from pyrnnsim.embedding import distance_table
from pyrnnsim.figures._style import (
    COLUMN,
    GREY,
    SMALL,
    TEXT,
    GroupStyle,
    axes_for,
    check_groups,
    group_styles,
    measure_text,
    metric_of,
    tidy,
)
from pyrnnsim.figures.dendrogram import leaf_order
from pyrnnsim.figures.legend import legend_below

_BAR = 0.035  # thickness of a group bar, as a share of the axes


def plot_matrix(
    distances: ArrayLike,
    *,
    groups: Sequence[str] | None = None,
    order: str | Sequence[int] | None = None,
    metric: str | None = None,
    title: str | None = None,
    styles: Mapping[str, GroupStyle] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw a distance matrix as a heat map.

    Args:
        distances: ``(K, K)``, or ``(K1, K2)`` from ``cross_distances`` (then without groups and order). NaN is grey.
        groups: K labels; drawn as coloured bars along the left and upper edge.
        order: ``"groups"`` (group by group, inside a group by average linkage; the default when groups are given),
            ``"clusters"`` (average linkage alone), K indices, or None for the order given.
        metric: Name of the measure, for title and colour bar; by default what the matrix reports about itself.
        title: Replaces the name of the measure.
        styles: How each group looks; by default colours in order of first appearance.
        ax: Axes to draw into, without a legend; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Raises:
        ValueError: If the shapes do not fit together, or ``order`` is unknown or not a permutation.
    Source: Maheswaranathan et al. (2019), figures 1c and 6-8; bars as in Morcos et al. (2018), figure 5a.
    """
    values = np.asarray(distances, dtype=np.float64)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"plot_matrix: distances must be a matrix with at least one entry, got shape {values.shape}")
    labels = check_groups(groups, len(values), "plot_matrix")
    if (labels is not None or order is not None) and values.shape[0] != values.shape[1]:
        raise ValueError(f"plot_matrix: groups and order need a square matrix, got shape {values.shape}")
    permutation = _permutation(distances, labels, "groups" if order is None and labels is not None else order)
    if permutation is not None:
        values = values[np.ix_(permutation, permutation)]
    figure, axes = axes_for(ax, COLUMN, 2.8)
    name, unit = measure_text(metric_of(distances, metric))
    _draw(figure, axes, values, unit)
    tidy(axes, title=name if title is None else title, x="network", y="network")
    if labels is not None and permutation is not None:
        looks = {label: styles[label] for label in dict.fromkeys(labels)} if styles else group_styles(labels)
        _bars(axes, [list(looks).index(labels[i]) for i in permutation], [s.color for s in looks.values()])
        if ax is None:
            legend_below(figure, looks, marker="s")
    return figure


def _permutation(
    distances: ArrayLike, labels: list[str] | None, order: str | Sequence[int] | None
) -> NDArray[np.intp] | None:
    if order is None:
        return None
    if isinstance(order, str):
        if order not in ("groups", "clusters"):
            raise ValueError(f"plot_matrix: order must be 'groups', 'clusters', indices or None, got {order!r}")
        if order == "groups" and labels is None:
            raise ValueError("plot_matrix: order='groups' needs groups")
        return _clustered(distances, labels if order == "groups" else None)
    permutation = np.asarray(order, dtype=np.intp)
    count = np.asarray(distances).shape[0]
    if permutation.shape != (count,) or (np.sort(permutation) != np.arange(count)).any():
        raise ValueError(f"plot_matrix: order must hold each of the indices 0..{count - 1} once")
    return permutation


def _clustered(distances: ArrayLike, labels: list[str] | None) -> NDArray[np.intp]:
    """Leaves of the average-linkage tree, group by group if there are groups; skipped networks come last."""
    table, kept = distance_table(distances, caller="plot_matrix")
    count = np.asarray(distances).shape[0]
    group = np.zeros(count, dtype=np.intp)
    if labels is not None:
        position = {label: i for i, label in enumerate(dict.fromkeys(labels))}
        group[:] = [position[label] for label in labels]
    parts = []
    for wanted in range(int(group.max()) + 1):
        members = np.flatnonzero(group[kept] == wanted)
        parts.append(kept[members[leaf_order(table[np.ix_(members, members)])]])
        parts.append(np.setdiff1d(np.flatnonzero(group == wanted), kept))
    return np.concatenate(parts)


def _draw(figure: Figure, axes: Axes, values: NDArray[np.float64], unit: str) -> None:
    rows, columns = values.shape
    finite = values[np.isfinite(values)]
    highest = float(finite.max()) if finite.size else 0.0
    image = axes.imshow(
        np.ma.masked_invalid(values), cmap="viridis", vmin=0.0, vmax=highest or 1.0, extent=(0, columns, rows, 0)
    )
    axes.set_facecolor(GREY)
    bar = figure.colorbar(image, cax=axes.inset_axes((1.04, 0.0, 0.05, 1.0)))
    bar.set_label(unit, fontsize=TEXT)
    bar.ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
    bar.outline.set_linewidth(0.6)
    axes.set_xticks(_ends(columns))
    axes.set_yticks(_ends(rows))


def _ends(count: int) -> list[int]:
    return [0, count] if count > 1 else [0, 1]


def _bars(axes: Axes, codes: list[int], colors: list[str]) -> None:
    cmap = ListedColormap(colors)
    strip = np.asarray(codes)
    left = axes.inset_axes((-1.6 * _BAR, 0.0, _BAR, 1.0))
    top = axes.inset_axes((0.0, 1.0 + 0.6 * _BAR, 1.0, _BAR))
    for inset, picture in ((left, strip[:, None]), (top, strip[None, :])):
        inset.imshow(picture, cmap=cmap, vmin=-0.5, vmax=len(colors) - 0.5, aspect="auto", interpolation="nearest")
        inset.set_axis_off()
    axes.tick_params(axis="y", pad=9)
    axes.set_title(axes.get_title(), fontsize=axes.title.get_fontsize(), pad=11)
