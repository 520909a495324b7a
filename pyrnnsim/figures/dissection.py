"""The pictures of a dissection: one panel for the first network of every family."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyrnnsim.embedding import embed
from pyrnnsim.figures import panels
from pyrnnsim.figures._style import SMALL
from pyrnnsim.figures.embedding import plot_embedding
from pyrnnsim.figures.fixed_points import plot_fixed_points, plot_point_counts, point_legend
from pyrnnsim.figures.line_attractor import plot_line, plot_sorted_eigenvalues
from pyrnnsim.figures.matrix import plot_matrix
from pyrnnsim.figures.mode_truncation import plot_mode_truncations
from pyrnnsim.figures.oscillations import plot_oscillations
from pyrnnsim.figures.spectrum import plot_spectrum

if TYPE_CHECKING:
    from pyrnnsim.dissection import Dissection

_LEAST = 3  # networks that an embedding in the plane needs


def dissection_figures(made: Dissection) -> Mapping[str, Figure]:
    """File name without ending -> figure.

    Args:
        made: What :func:`pyrnnsim.dissection.dissect` found.
    """
    chosen = made.examples
    drawn: dict[str, Figure] = {
        "counts": plot_point_counts(made.points),
        "points": _each(chosen, lambda k, ax: plot_fixed_points(made.points[k, 0], ax=ax), made),
        "spectra": _each(chosen, lambda k, ax: _spectrum(made, k, ax), made),
    }
    point_legend(drawn["points"], [made.points[k, 0] for k in chosen])
    if made.graphs is not None:
        drawn["graphs"] = panels.topology_panels([made.graphs[k, 0] for k in chosen])
    if made.distances is not None:
        drawn["graph-matrix"] = plot_matrix(made.distances, groups=made.families, metric="graph distance")
        if len(made.distances) >= _LEAST:
            embedding = embed(made.distances)
            drawn["graph-embedding"] = plot_embedding(embedding, groups=made.families, metric="graph distance")
    if made.oscillations is not None:
        drawn["oscillations"] = plot_oscillations(made.oscillations)
    if made.lines is not None and made.modes is not None:
        lines, modes = made.lines, made.modes
        drawn["lines"] = _each(chosen, lambda k, ax: plot_line(lines[k, 0], ax=ax), made)
        drawn["eigenvalues"] = plot_sorted_eigenvalues(lines)
        drawn["modes"] = plot_mode_truncations(modes)
    return drawn


def _each(chosen: Sequence[int], draw: Callable[[int, Axes], Any], made: Dissection) -> Figure:
    figure, axes = panels.grid(len(chosen), 2.3, "dissection_figures", "network")
    for k, ax in zip(chosen, axes, strict=True):
        draw(k, ax)
        ax.set_title(panels.short(made.points.names[k]), fontsize=SMALL)
    return figure


def _spectrum(made: Dissection, k: int, ax: Axes) -> None:
    """Modes at the fixed points of a network, slow points included where it has none."""
    one = made.points[k, 0]
    if len(one):
        plot_spectrum(one.eigenvalues[one.fixed] if one.fixed.any() else one.eigenvalues, ax=ax)
    else:
        ax.set_axis_off()
