"""What every figure shares: sizes, colours, names of measures, and axes that never touch pyplot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

COLUMN, PAGE = 3.4, 7.0  # inches: one column and the full width of a printed page
SMALL, TEXT, TITLE = 6.5, 7.5, 8.5  # points
GREY = "#777777"

# Okabe & Ito (2008): told apart with any common colour blindness. Yellow comes last: it is faint on white.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
_MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">", "*", "p")

# Measure -> how it is called, and what the numbers are.
_MEASURES = {
    "cca": ("mean CCA", "1 − mean ρ"),
    "svcca": ("SVCCA", "1 − mean ρ"),
    "pwcca": ("PWCCA", "1 − weighted mean ρ"),
    "cka": ("linear CKA", "1 − CKA"),
    "cka_rbf": ("RBF CKA", "1 − CKA"),
    "procrustes": ("Procrustes", "angle, rad"),
    "rsa": ("RSA", "1 − Spearman's r"),
    "topology": ("topology", "graph distance"),
    "readout_order": ("topology, nodes by readout", "|A − B|"),
    "matching": ("topology, best matching", "|A − P B Pᵀ|"),
    "gromov_wasserstein": ("topology, Gromov–Wasserstein", "rms difference of edges"),
}


@dataclass(frozen=True)
class GroupStyle:
    """How the members of one group are drawn."""

    color: str
    marker: str


def group_styles(groups: Iterable[str]) -> dict[str, GroupStyle]:
    """A colour and a marker for every distinct group, in order of first appearance.

    Colours come again darker after 8 groups and lighter after 16, and repeat after 24; markers repeat after 11.
    """
    distinct = dict.fromkeys(groups)
    return {group: GroupStyle(_color(i), _MARKERS[i % len(_MARKERS)]) for i, group in enumerate(distinct)}


def _color(index: int) -> str:
    color = _COLORS[index % len(_COLORS)]
    cycle = index // len(_COLORS) % 3
    if cycle == 0:
        return color
    share, target = (0.55, 1.0) if cycle == 2 else (0.4, 1.0 if color == "#000000" else 0.0)
    red, green, blue = ((1 - share) * part + share * target for part in to_rgb(color))
    return to_hex((red, green, blue))


def measure_text(measure: str | None) -> tuple[str, str]:
    """Name and unit of a measure for titles and axes; unknown ones are called by their own name."""
    if measure is None:
        return "", "distance"
    return _MEASURES.get(measure, (measure, "distance"))


def metric_of(distances: object, metric: str | None) -> str | None:
    """The measure given, else the one that a DistanceMatrix reports, else None."""
    if metric is not None:
        return metric
    report = getattr(distances, "report", None)
    if report is None:
        return None
    return f"{report.metric}_rbf" if report.options.get("kernel") == "rbf" else str(report.metric)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in inches that lays itself out and belongs to no window."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def axes_for(ax: Axes | None, width: float, height: float) -> tuple[Figure, Axes]:
    """The caller's axes with their figure, or a new figure with one pair of axes."""
    if ax is None:
        figure = new_figure(width, height)
        return figure, figure.add_subplot()
    owner = ax.get_figure(root=True)
    if owner is None:
        raise ValueError("ax belongs to no figure; pass axes made by figure.add_subplot()")
    return owner, ax


def tidy(ax: Axes, *, title: str = "", x: str = "", y: str = "") -> None:
    """Set the texts of axes in sizes legible at column width."""
    ax.set_title(title, fontsize=TITLE)
    ax.set_xlabel(x, fontsize=TEXT)
    ax.set_ylabel(y, fontsize=TEXT)
    ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
    for spine in ax.spines.values():
        spine.set_linewidth(0.6)


def check_groups(groups: Sequence[str] | None, count: int, caller: str) -> list[str] | None:
    """The groups as a list of ``count`` strings, or None."""
    if groups is None:
        return None
    labels = [str(group) for group in groups]
    if len(labels) != count:
        raise ValueError(f"{caller}: groups has {len(labels)} labels, expected one for each of the {count} networks")
    return labels
