"""Colours, markers and words for fixed points by their number of unstable modes, the same in every picture."""

from __future__ import annotations

from collections.abc import Iterable

from pyrnnsim.figures._style import GroupStyle, group_styles


def kind(modes: int) -> str:
    """What points with so many unstable modes are called."""
    return "stable" if modes == 0 else f"{modes} unstable mode" + ("s" if modes > 1 else "")


def stability_styles(modes: Iterable[int]) -> dict[str, GroupStyle]:
    """Name -> style of the kinds that occur, in ascending order."""
    present = sorted({int(one) for one in modes})
    styles = group_styles(kind(one) for one in range(max(present, default=0) + 1))
    return {kind(one): styles[kind(one)] for one in present}
