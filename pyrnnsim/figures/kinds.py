"""Cells and activations as they look in every figure of a study, and curves of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from pyrnnsim.figures._style import GroupStyle, group_styles

CELLS = ("vanilla", "ugrnn", "gru", "lstm")
ACTIVATIONS = ("tanh", "relu")


def kind_styles(labels: Iterable[str]) -> dict[str, GroupStyle]:
    """The styles of the labels that occur: the cells and activations of the paper first, always in the same colours."""
    wanted = dict.fromkeys(labels)
    styles = group_styles([*CELLS, *ACTIVATIONS, *wanted])
    return {label: style for label, style in styles.items() if label in wanted}


def draw_curves(
    ax: Axes,
    x: NDArray[np.float64],
    curves: NDArray[np.float64],
    labels: Sequence[str],
    *,
    steps: bool = False,
) -> None:
    """Draw the mean curve of each label, and a band of one standard error over its networks.

    Args:
        ax: Axes to draw into.
        x: (n,).
        curves: (K, n), NaN where a network has no value.
        labels: K.
        steps: Whether values hold from one x to the next.
    """
    for label, style in kind_styles(labels).items():
        own = curves[[other == label for other in labels]]
        count = np.isfinite(own).sum(axis=0)
        if not count.any():
            continue
        mean = np.nansum(own, axis=0) / np.where(count, count, np.nan)
        spread = np.sqrt(np.nansum((own - mean) ** 2, axis=0) / np.where(count > 1, count - 1, np.nan))
        error = np.nan_to_num(spread / np.sqrt(np.maximum(count, 1)))
        step = {"step": "post"} if steps else {}
        ax.fill_between(x, mean - error, mean + error, color=style.color, alpha=0.2, linewidth=0, **step)  # type: ignore[arg-type]
        every = max(1, len(x) // 8)
        shape = "steps-post" if steps else "default"
        ax.plot(x, mean, color=style.color, linewidth=1.2, drawstyle=shape, marker=style.marker,
                markersize=3, markevery=every, label=label)  # fmt: skip


def network_curves(values: Mapping[int, Sequence[NDArray[np.float64]]], count: int) -> NDArray[np.float64]:
    """(count, n) mean of the rows of each network's arrays, cut to the shortest; NaN for networks without rows."""
    joined = {k: [part for part in parts if len(part)] for k, parts in values.items()}
    joined = {k: parts for k, parts in joined.items() if parts}
    width = min((part.shape[1] for parts in joined.values() for part in parts), default=0)
    made = np.full((count, width), np.nan)
    for k, parts in joined.items():
        made[k] = np.concatenate([part[:, :width] for part in parts]).mean(axis=0)
    return made
