"""SVCCA beside CKA: distances and embeddings of the same networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from pyrnnsim.figures._style import new_figure
from pyrnnsim.figures.composed import by_activation, by_cell, distance_panel, finish

if TYPE_CHECKING:
    from pyrnnsim.report.results import TaskResults

_WIDTH, _HEIGHT = 5.0, 6.6


def plot_two_measures(results: TaskResults, measures: tuple[str, str] = ("svcca", "cka")) -> Figure:
    """Draw two measures side by side: distance matrix, embedding by cell, embedding by activation. 5 in wide.

    Args:
        results: Of any task. Panels whose data are missing say so.
        measures: Left and right.
    Source: Maheswaranathan et al. 2019, figures 6 to 8.
    """
    figure = new_figure(_WIDTH, _HEIGHT)
    cells = figure.add_gridspec(3, 2)
    for column, measure in enumerate(measures):
        distance_panel(figure.add_subplot(cells[0, column]), "ad"[column], results, measure)
        by_cell(figure.add_subplot(cells[1, column]), "be"[column], results, measure)
        by_activation(figure.add_subplot(cells[2, column]), "cf"[column], results, measure)
    return finish(figure, results)
