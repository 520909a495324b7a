"""Trials of the networks that stand for their kind: what goes in and comes out, and where the state goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from pyrnnsim.figures._style import SMALL, group_styles, tidy
from pyrnnsim.figures.composed import empty, letter
from pyrnnsim.figures.kinds import ACTIVATIONS, CELLS
from pyrnnsim.figures.trajectories import plot_trajectories

if TYPE_CHECKING:
    from pyrnnsim.dynamics.cycles.trajectory_result import TrajectorySet
    from pyrnnsim.report.results import Example, TaskResults

MISSING = "no example trials"
_APART = 2.8  # between the zero lines of traces above each other, in their own units
_TRACES = 4
_INPUT, OUTPUT = (style.color for style in group_styles(("input", "output")).values())


def representative(results: TaskResults) -> Example | None:
    """The first trained example whose fixed points are complete, else the first trained one."""
    trained = [one for one in results.examples if one.trained]
    points = results.dynamics.get("points")
    for one in trained:
        k = place(results, one)
        if points is not None and k is not None and points[k, 0].complete:
            return one
    return trained[0] if trained else None


def place(results: TaskResults, one: Example) -> int | None:
    """Which of the K networks an example is."""
    return results.names.index(one.trajectory.name) if one.trajectory.name in results.names else None


def near(one: Example) -> TrajectorySet:
    """Its trajectory without the fixed points that lie off the box of the trials by more than half of its size."""
    made = one.trajectory
    low, high = made.trials.min(axis=(0, 1)), made.trials.max(axis=(0, 1))
    reach = 0.5 * (high - low).max()
    kept = ((made.points >= low - reach) & (made.points <= high + reach)).all(axis=1)
    return replace(
        made, points=made.points[kept], condition=made.condition[kept], unstable_modes=made.unstable_modes[kept]
    )


def memory_traces(ax: Axes, which: str, one: Example | None) -> None:
    """Draw input and output of each bit in one trial, bits below each other."""
    title = "inputs and outputs"
    if one is None:
        empty(ax, which, title, MISSING)
        return
    bits = one.outputs.shape[2]
    time = np.arange(one.outputs.shape[1])
    for bit in range(bits):
        zero = -_APART * bit
        ax.axhline(zero, color="0.85", linewidth=0.5)
        if bit < one.inputs.shape[2]:
            ax.step(time, zero + one.inputs[0, :, bit], where="mid", color="black", linewidth=0.8, label="input")
        ax.plot(time, zero + one.outputs[0, :, bit], color=OUTPUT, linestyle="--", linewidth=1, label="output")
    tidy(ax, x="time, steps")
    ax.set_yticks([-_APART * bit for bit in range(bits)], labels=[f"bit {bit + 1}" for bit in range(bits)])
    legend_below_traces(ax)
    letter(ax, which, title)


def sine_traces(ax: Axes, which: str, one: Example | None) -> None:
    """Draw target and output of a few trials below each other, each with the command that it answers."""
    title = "command to sine wave"
    if one is None:
        empty(ax, which, title, MISSING)
        return
    trials = len(one.outputs)
    shown = np.unique(np.linspace(0, trials - 1, min(_TRACES, trials)).round().astype(int))
    colors = colormaps["viridis"](np.linspace(0, 0.92, max(trials, 1)))
    time = np.arange(one.outputs.shape[1])
    for row, trial in enumerate(shown):
        zero = -_APART * row
        ax.plot(time, zero + one.targets[trial, :, 0], color="black", linewidth=0.7, label="target")
        ax.plot(time, zero + one.outputs[trial, :, 0], color=colors[trial], linestyle="--", linewidth=1.2)
    tidy(ax, x="time, steps")
    commands = [f"x = {one.inputs[trial, 0, 0]:.2g}" for trial in shown]
    ax.set_yticks([-_APART * row for row in range(len(shown))], labels=commands)
    legend_below_traces(ax)
    letter(ax, which, title)


def integration_traces(ax: Axes, which: str, one: Example | None) -> None:
    """Draw the noise streams of a trial, and below them target and output."""
    title = "one stream is integrated"
    if one is None:
        empty(ax, which, title, MISSING)
        return
    contexts = one.inputs.shape[2] // 2  # come first; as many streams follow
    time = np.arange(one.outputs.shape[1])
    cued = int(np.argmax(one.inputs[0, 0, :contexts])) if contexts else 0
    streams = one.inputs[0, :, contexts:]
    reach = max(1.0, float(np.abs(streams).max(initial=0.0)))
    for stream in range(contexts):
        color, width = (_INPUT, 1.1) if stream == cued else ("0.7", 0.7)
        name = "cued stream" if stream == cued else "ignored"
        ax.step(time, 1.2 + streams[:, stream] / reach, where="mid", color=color, linewidth=width, label=name)
    size = max(1e-12, float(np.nanmax(np.abs([one.targets[0, :, 0], one.outputs[0, :, 0]]))))
    ax.plot(time, -1.2 + one.targets[0, :, 0] / size, color="black", linewidth=0.8, label="target")
    ax.plot(time, -1.2 + one.outputs[0, :, 0] / size, color=OUTPUT, linestyle="--", linewidth=1.2, label="output")
    tidy(ax, x="time, steps")
    ax.set_yticks([1.2, -1.2], labels=["inputs", "sum"])
    legend_below_traces(ax)
    letter(ax, which, title)


def trajectory(ax: Axes, which: str, title: str, one: Example | None) -> None:
    """Draw the trials of an example on its principal axes."""
    if one is None:
        empty(ax, which, title, MISSING)
        return
    plot_trajectories(near(one), ax=ax)
    letter(ax, which, title)


def every_kind(figure: Figure, spec: SubplotSpec, which: str, title: str, examples: Sequence[Example]) -> None:
    """Draw the trials of each cell (columns) and activation (rows) in a part of a figure."""
    known = {(one.cell, one.activation): one for one in reversed(examples) if one.trained}
    if not known:
        empty(figure.add_subplot(spec), which, title, MISSING)
        return
    cells = _ordered({cell for cell, _ in known}, CELLS)
    activations = _ordered({activation for _, activation in known}, ACTIVATIONS)
    ratios = (0.04, *(1 for _ in activations))
    inner = spec.subgridspec(1 + len(activations), len(cells), height_ratios=ratios, hspace=0.02, wspace=0.02)
    host = figure.add_subplot(inner[0, :])
    host.set_axis_off()
    letter(host, which, title)
    for row, activation in enumerate(activations):
        for column, cell in enumerate(cells):
            if (cell, activation) not in known:
                continue
            ax: Any = figure.add_subplot(inner[1 + row, column], projection="3d")
            plot_trajectories(near(known[cell, activation]), ax=ax)
            ax.set(xlabel="", ylabel="", zlabel="", xticks=[], yticks=[], zticks=[])
            ax.set_box_aspect(None, zoom=1.35)
            ax.set_title(f"{cell} {activation}", fontsize=SMALL, pad=1, y=1.0)


def _ordered(found: set[str], known: tuple[str, ...]) -> list[str]:
    return [one for one in known if one in found] + sorted(found - set(known))


def legend_below_traces(ax: Axes) -> None:
    """Each name once, below the last trace."""
    handles = {str(label): handle for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.22 * (high - low), high)
    ax.legend(handles.values(), handles.keys(), fontsize=SMALL, frameon=False, loc="lower center", ncols=2,
              handlelength=1.4, columnspacing=1.0, borderaxespad=0.1)  # fmt: skip
