"""Networks as points in the plane: the first two coordinates of an embedding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyrnnsim.embedding import Embedding
from pyrnnsim.figures._style import COLUMN, axes_for, check_groups, group_styles, measure_text, tidy
from pyrnnsim.figures.legend import legend_below


def plot_embedding(
    embedding: Embedding,
    *,
    groups: Sequence[str] | None = None,
    metric: str | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw an embedding as a scatter plot with equal scales; the stress stands in the title.

    Args:
        embedding: What :func:`pyrnnsim.embed` returned. One dimension is drawn along the first axis; of more than
            two, the first two are drawn. Skipped networks (NaN) are left out.
        groups: K labels; each group has its own colour and marker.
        metric: Name of the measure, for title and units.
        title: Replaces the name of the measure; the stress is added in any case.
        ax: Axes to draw into, without a legend; by default a new figure of column width.
    Returns:
        The figure that holds the axes.
    Raises:
        ValueError: If ``groups`` does not have one label per network.
    Source: Maheswaranathan et al. (2019), figures 1d, 4b and 6-8.
    """
    points = embedding.coordinates[:, :2]
    points = np.column_stack([points, np.zeros((len(points), 2 - points.shape[1]))])
    labels = check_groups(groups, len(points), "plot_embedding") or [""] * len(points)
    styles = group_styles(labels)
    figure, axes = axes_for(ax, COLUMN, 2.6)
    size = float(np.clip(1200 / len(points), 3.0, 22.0))
    for group, style in styles.items():
        members = points[[label == group for label in labels] & ~np.isnan(points[:, 0])]
        axes.scatter(
            members[:, 0],
            members[:, 1],
            s=size,
            color=style.color,
            marker=style.marker,
            alpha=0.85,
            linewidths=0,
            label=group,
        )
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.08)
    name, unit = measure_text(metric)
    head = name if title is None else title
    tidy(axes, title=f"{head}  (stress {embedding.stress:.2f})".strip(), x=f"MDS 1 ({unit})", y=f"MDS 2 ({unit})")
    if groups is not None and ax is None:
        legend_below(figure, styles)
    return figure
