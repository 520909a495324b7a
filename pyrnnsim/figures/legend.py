"""The legend of groups, below everything else."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pyrnnsim.figures._style import SMALL, GroupStyle

_MOST = 24  # entries; a longer legend would be taller than the figure
_ROW = 0.15  # inches


def group_handles(styles: dict[str, GroupStyle], marker: str | None = None) -> list[Line2D]:
    """One legend entry per group, with its own marker or a common one; past 24 groups the last counts the others."""
    shown = list(styles.items())[: _MOST if len(styles) <= _MOST else _MOST - 1]
    handles = [
        Line2D([], [], linestyle="", color=s.color, marker=marker or s.marker, markersize=4.5, label=group)
        for group, s in shown
    ]
    if len(shown) < len(styles):
        handles.append(Line2D([], [], linestyle="", label=f"and {len(styles) - len(shown)} more"))
    return handles


def legend_below(
    figure: Figure, styles: dict[str, GroupStyle], *, marker: str | None = None, others: Sequence[Line2D] = ()
) -> None:
    """Under all axes of a figure, in as many columns as the longest name allows; makes the figure higher by as much.

    ``others`` follow the groups. Without any, there is no legend.
    """
    handles = [*group_handles(styles, marker), *others]
    if not handles:
        return
    longest = max(len(str(handle.get_label())) for handle in handles)
    # A character is about 0.06 in wide at this size; marker and gap take 0.35 in.
    most = max(1, int(figure.get_figwidth() / (0.06 * longest + 0.35)))
    rows = ceil(len(handles) / most)
    figure.set_figheight(figure.get_figheight() + _ROW * rows + 0.1)
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=ceil(len(handles) / rows),  # rows of equal length
        frameon=False,
        fontsize=SMALL,
        handletextpad=0.3,
    )
