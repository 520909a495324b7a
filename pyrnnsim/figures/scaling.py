"""Cost of a computation against its sizes: time, and memory against K."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from pyrnnsim.figures._style import GREY, PAGE, SMALL, GroupStyle, group_styles, new_figure, tidy
from pyrnnsim.figures.legend import legend_below

Row = Mapping[str, str | float]

_SIZES = {"K": "networks K", "P": "samples P", "N": "units N", "T": "time steps T", "B": "trials B"}
_COMPARISON = ("K", "P", "N")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def plot_scaling(
    table: Sequence[Row],
    *,
    sizes: Sequence[str] = _COMPARISON,
    guides: Mapping[str, int] = MappingProxyType({"K": 2}),
    time: str = "wall time, s",
) -> Figure:
    """Draw measured costs on logarithmic axes, one line per label, with dotted guides of the slopes expected.

    Args:
        table: One row per measurement, with the keys ``sweep`` (which of ``sizes`` this row's series varies), ``label``
            (the line: measure, or measure and package), every one of ``sizes``, ``seconds`` and, where measured,
            ``megabytes`` (peak memory; drawn for the sweep over K). Other keys are ignored. CSV and JSON tables have
            this form once their numbers are numbers.
        sizes: What determines the cost, among ``"K"`` (networks), ``"P"`` (samples), ``"N"`` (units), ``"T"`` (time
            steps) and ``"B"`` (trials); by default those of a comparison. Panels come in this order.
        guides: Size -> the power of it with which time is expected to grow; sizes without one have no guide.
        time: What ``seconds`` are, as the axes of time call it.
    Returns:
        A figure 7 in wide: a panel of time per sweep present, and one of memory if any row has it.
    Raises:
        ValueError: If the table is empty, a row lacks a key, a size is unknown, or a number is not positive.
    """
    _check(table, sizes)
    sweeps = [size for size in sizes if any(row["sweep"] == size for row in table)]
    has_memory = any(row["sweep"] == "K" and "megabytes" in row for row in table)
    count = len(sweeps) + has_memory
    columns = min(count, 2)
    rows = -(-count // columns)
    figure = new_figure(PAGE * columns / 2, 2.4 * rows + 0.1)
    axes = [figure.add_subplot(rows, columns, i + 1) for i in range(count)]
    styles = group_styles(str(row["label"]) for row in table)
    for ax, size in zip(axes, sweeps, strict=False):
        lines = _panel(ax, table, size, "seconds", styles)
        if size in guides:
            _guide(ax, max(lines, key=lambda points: points[-1][1]), size, guides[size])
        tidy(ax, title=_fixed(table, size, sizes), x=_SIZES[size], y=time)
    if has_memory:
        _panel(axes[-1], table, "K", "megabytes", styles)
        tidy(axes[-1], title=_fixed(table, "K", sizes), x=_SIZES["K"], y="peak memory, MB")
    legend_below(figure, styles)
    return figure


def _check(table: Sequence[Row], sizes: Sequence[str]) -> None:
    unknown = [size for size in sizes if size not in _SIZES]
    if unknown:
        raise ValueError(f"plot_scaling: sizes must be among {_listed(_SIZES)}, got {unknown[0]!r}")
    if not table:
        raise ValueError("plot_scaling: table is empty, expected at least one measurement")
    for i, row in enumerate(table):
        for key in ("sweep", "label", *sizes, "seconds"):
            if key not in row:
                raise ValueError(f"plot_scaling: table[{i}] has no {key!r}; it has {sorted(row)}")
        if row["sweep"] not in sizes:
            raise ValueError(f"plot_scaling: table[{i}]['sweep'] must be {_listed(sizes)}, got {row['sweep']!r}")
        for key in {*sizes, "seconds", "megabytes"} & set(row):
            value = row[key]
            if isinstance(value, str) or not value > 0:
                raise ValueError(f"plot_scaling: table[{i}][{key!r}] must be a positive number, got {value!r}")


def _listed(sizes: Iterable[str]) -> str:
    names = [repr(size) for size in sizes]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _panel(
    ax: Axes, table: Sequence[Row], size: str, quantity: str, styles: Mapping[str, GroupStyle]
) -> list[list[tuple[float, float]]]:
    rows = [row for row in table if row["sweep"] == size and quantity in row]
    lines = []
    for label, style in styles.items():
        points = sorted((float(row[size]), float(row[quantity])) for row in rows if row["label"] == label)
        if points:
            x, y = zip(*points, strict=True)
            ax.plot(x, y, color=style.color, marker=style.marker, markersize=3.5, linewidth=1.0, label=label)
            lines.append(points)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ticks = sorted({float(row[size]) for row in rows})
    ax.set_xticks(ticks, labels=[f"{tick:,.0f}" for tick in ticks])
    ax.minorticks_off()
    # A series may span less than a decade, so 2 and 5 are marked as well, in plain numbers.
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    ax.grid(visible=True, linewidth=0.3, color="#cccccc")
    return lines


def _guide(ax: Axes, points: list[tuple[float, float]], size: str, power: int) -> None:
    (x0, _), (x1, y1) = points[0], points[-1]
    if x0 < x1:
        ax.plot([x0, x1], [2 * y1 * (x0 / x1) ** power, 2 * y1], color=GREY, linestyle=":", linewidth=0.9, zorder=1)
        ax.text(
            (x0 * x1) ** 0.5,
            2 * y1 * (x0 / x1) ** (power / 2),
            f"∝ {size}{str(power).translate(_SUPERSCRIPTS) if power != 1 else ''}",
            fontsize=SMALL,
            color=GREY,
            ha="center",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},  # the line breaks around its slope
        )


def _fixed(table: Sequence[Row], swept: str, sizes: Sequence[str]) -> str:
    """The sizes that a panel keeps."""
    rows = [row for row in table if row["sweep"] == swept]
    return ", ".join(f"{size} = {_constant(rows, size)}" for size in sizes if size != swept)


def _constant(rows: Sequence[Row], size: str) -> str:
    values = sorted({float(row[size]) for row in rows})
    return f"{values[0]:,.0f}" if len(values) == 1 else f"{values[0]:,.0f} to {values[-1]:,.0f}"
