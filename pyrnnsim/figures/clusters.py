"""A distance matrix sorted by cluster, and what the clusters are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from pyrnnsim.embedding import distance_table
from pyrnnsim.figures._style import PAGE, group_styles, measure_text, new_figure, tidy
from pyrnnsim.figures.composed import empty, letter
from pyrnnsim.figures.kinds import kind_styles
from pyrnnsim.figures.legend import legend_below
from pyrnnsim.figures.matrix import plot_matrix
from pyrnnsim.separation import separation

if TYPE_CHECKING:
    from pyrnnsim.report.results import TaskResults

_MOST = 8
_PREFERRED = ("pwcca", "svcca", "cka", "procrustes")


def plot_clusters(results: TaskResults, measure: str | None = None) -> Figure:
    """Draw the distances of one measure cluster by cluster, and of which cells each cluster consists. 7 in wide.

    Args:
        results: Of any task.
        measure: Which distances; by default PWCCA, or what there is.
    Source: Morcos et al. 2018, figure 5a.
    """
    chosen = measure or next((name for name in _PREFERRED if name in results.distances), _PREFERRED[0])
    figure = new_figure(PAGE, 3.0)
    left, right = figure.subplots(1, 2)
    name = measure_text(chosen)[0]
    table = results.distances.get(chosen)
    found = np.zeros(0, np.intp) if table is None or not len(table) else find_clusters(np.asarray(table))
    if not len(found):
        empty(left, "a", f"{name} by cluster", f"no {name} distances")
        empty(right, "b", "cells in each cluster", f"no {name} distances")
        return figure
    labels = [f"cluster {c + 1}" if c >= 0 else "left out" for c in found]
    order = sorted(range(len(found)), key=lambda k: (found[k] < 0, found[k]))
    ordered = np.asarray(table)[np.ix_(order, order)]
    # Clusters are no cells: their colours are the last ones, which cells do not have.
    styles = group_styles([*("" + "x" * n for n in range(1, 5)), *(labels[k] for k in order)])
    plot_matrix(ordered, groups=[labels[k] for k in order], metric=chosen, styles=styles, ax=left)
    letter(left, "a", f"{name} by cluster", pad=13)
    places = np.arange(found.max() + 1)
    below = np.zeros(len(places))
    cells = kind_styles(results.labels("cell"))
    for cell, style in cells.items():
        own = found[[other == cell for other in results.labels("cell")]]
        height = np.bincount(own[own >= 0], minlength=len(places))
        right.bar(places, height, bottom=below, color=style.color, width=0.7, label=cell)
        below = below + height
    right.set_xticks(places, labels=[str(c + 1) for c in places])
    tidy(right, x="cluster", y="networks")
    colors = [styles[f"cluster {place + 1}"].color for place in places]
    right.scatter(places, np.full(len(places), -0.03), color=colors, marker="s", s=30, clip_on=False,
                  transform=right.get_xaxis_transform())  # fmt: skip
    right.tick_params(axis="x", pad=10, length=0)
    right.yaxis.set_major_locator(MaxNLocator(integer=True))
    letter(right, "b", "cells in each cluster")
    legend_below(figure, cells, marker="s")
    return figure


def find_clusters(distances: NDArray[np.float64]) -> NDArray[np.intp]:
    """Cut the average-linkage tree where the mean silhouette is largest, into 2 to 8 clusters.

    Args:
        distances: (K, K) symmetric.
    Returns:
        (K,) clusters, the largest first; -1 for skipped networks. Fewer than three networks, or none that differ, are
        one cluster.
    """
    table, kept = distance_table(distances, caller="find_clusters")
    best = np.zeros(len(table), np.intp)
    if len(table) >= 3 and table.max() > 0:
        from scipy.cluster.hierarchy import fcluster, linkage
        from scipy.spatial.distance import squareform

        tree, highest = linkage(squareform(table, checks=False), method="average"), -np.inf
        for count in range(2, min(_MOST, len(table) - 1) + 1):
            cut = fcluster(tree, count, criterion="maxclust")
            score = separation(table, [str(c) for c in cut]).silhouette
            if score > highest:
                best, highest = cut, score
    _, codes, sizes = np.unique(best, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), np.intp)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    made = np.full(len(distances), -1, np.intp)
    made[kept] = rank[codes]
    return made
