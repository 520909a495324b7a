"""Cost of a comparison: time against K, P and N, and memory against K."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from pyrnnsim.figures._style import GREY, PAGE, SMALL, GroupStyle, group_styles, new_figure, tidy
from pyrnnsim.figures.legend import legend_below

Row = Mapping[str, str | float]

_QUANTITIES = {"seconds": "wall time, s", "megabytes": "peak memory, MB"}
_SIZES = {"K": "networks K", "P": "samples P", "N": "units N"}


def plot_scaling(table: Sequence[Row]) -> Figure:
    """Draw measured costs on logarithmic axes, one line per label, with a guide of slope 2 for K.

    Args:
        table: One row per measurement, with the keys ``sweep`` (``"K"``, ``"P"`` or ``"N"``: the size that this row's
            series varies), ``label`` (the line: measure, or measure and package), ``K``, ``P``, ``N``, ``seconds``
            (wall time of the whole comparison) and, where measured, ``megabytes`` (peak memory; drawn for the sweep
            over K). CSV and JSON tables have this form once their numbers are numbers.
    Returns:
        A figure 7 in wide: a panel of time per sweep present, and one of memory if any row has it.
    Raises:
        ValueError: If the table is empty, a row lacks a key, a sweep is unknown, or a number is not positive.
    """
    _check(table)
    sweeps = [size for size in _SIZES if any(row["sweep"] == size for row in table)]
    has_memory = any(row["sweep"] == "K" and "megabytes" in row for row in table)
    count = len(sweeps) + has_memory
    columns = min(count, 2)
    rows = -(-count // columns)
    figure = new_figure(PAGE * columns / 2, 2.4 * rows + 0.1)
    axes = [figure.add_subplot(rows, columns, i + 1) for i in range(count)]
    styles = group_styles(str(row["label"]) for row in table)
    for ax, size in zip(axes, sweeps, strict=False):
        _panel(ax, table, size, "seconds", styles)
    if has_memory:
        _panel(axes[-1], table, "K", "megabytes", styles)
    legend_below(figure, styles)
    return figure


def _check(table: Sequence[Row]) -> None:
    if not table:
        raise ValueError("plot_scaling: table is empty, expected at least one measurement")
    for i, row in enumerate(table):
        for key in ("sweep", "label", "K", "P", "N", "seconds"):
            if key not in row:
                raise ValueError(f"plot_scaling: table[{i}] has no {key!r}; it has {sorted(row)}")
        if row["sweep"] not in _SIZES:
            raise ValueError(f"plot_scaling: table[{i}]['sweep'] must be 'K', 'P' or 'N', got {row['sweep']!r}")
        for key in {"K", "P", "N", "seconds", "megabytes"} & set(row):
            value = row[key]
            if isinstance(value, str) or not value > 0:
                raise ValueError(f"plot_scaling: table[{i}][{key!r}] must be a positive number, got {value!r}")


def _panel(ax: Axes, table: Sequence[Row], size: str, quantity: str, styles: Mapping[str, GroupStyle]) -> None:
    rows = [row for row in table if row["sweep"] == size and quantity in row]
    lines = {}
    for label, style in styles.items():
        points = sorted((float(row[size]), float(row[quantity])) for row in rows if row["label"] == label)
        if points:
            x, y = zip(*points, strict=True)
            ax.plot(x, y, color=style.color, marker=style.marker, markersize=3.5, linewidth=1.0, label=label)
            lines[label] = points
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ticks = sorted({float(row[size]) for row in rows})
    ax.set_xticks(ticks, labels=[f"{tick:,.0f}" for tick in ticks])
    ax.minorticks_off()
    # A series may span less than a decade, so 2 and 5 are marked as well, in plain numbers.
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    ax.grid(visible=True, linewidth=0.3, color="#cccccc")
    if size == "K" and quantity == "seconds":
        _guide(ax, max(lines.values(), key=lambda points: points[-1][1]))
    fixed = ", ".join(f"{other} = {_constant(rows, other)}" for other in _SIZES if other != size)
    tidy(ax, title=fixed, x=_SIZES[size], y=_QUANTITIES[quantity])


def _guide(ax: Axes, points: list[tuple[float, float]]) -> None:
    (x0, _), (x1, y1) = points[0], points[-1]
    if x0 < x1:
        ax.plot([x0, x1], [2 * y1 * (x0 / x1) ** 2, 2 * y1], color=GREY, linestyle=":", linewidth=0.9, zorder=1)
        ax.annotate(
            "∝ K²",
            (x1, 2 * y1),
            (-14, 0),
            textcoords="offset points",
            fontsize=SMALL,
            color=GREY,
            ha="right",
            va="center",
        )


def _constant(rows: Sequence[Row], size: str) -> str:
    values = sorted({float(row[size]) for row in rows})
    return f"{values[0]:,.0f}" if len(values) == 1 else f"{values[0]:,.0f} to {values[-1]:,.0f}"
