"""What mean CCA, SVCCA and PWCCA make of shared structure under growing noise that is not shared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pyrnnsim.figures._style import COLUMN, SMALL, axes_for, group_styles, measure_text, tidy
from pyrnnsim.populations.table import Row
from pyrnnsim.similarity.measures import pairwise

_MEASURES = ("cca", "svcca", "pwcca")
_VARIANCE = 0.99  # that SVCCA keeps
_SAMPLES, _UNITS, _NOISE = 2000, 100, 0.1


def signal_and_noise(
    signals: Sequence[int] = (5, 10, 15, 20, 25, 30, 35, 40, 45), *, repeats: int = 5, seed: int = 0
) -> list[Row]:
    """Compare pairs of synthetic networks with some dimensions in common.

    Both have 100 units and 2,000 samples: the same S independent standard normal signals, and 100 - S normal noises of
    their own with a standard deviation of 0.1, each network mixed by its own random rotation. SVCCA keeps 99 % of the
    variance. The paper does not give its sizes; these are ours.

    Args:
        signals: Numbers S, from 1 to 99.
        repeats: Pairs for each.
        seed: Of everything random.
    Returns:
        A row per number, repeat and measure: ``signal``, ``noise`` (dimensions), ``repeat``, ``measure``,
        ``similarity``.
    Raises:
        ValueError: For a number of signals that leaves no signal or no noise.
    Source: Morcos et al. 2018, 2.2.
    """
    rows: list[Row] = []
    for signal in signals:
        if not 1 <= signal < _UNITS:
            raise ValueError(f"signal_and_noise: signals must be from 1 to {_UNITS - 1}, got {signal}")
        for repeat in range(repeats):
            generator = np.random.default_rng((seed, signal, repeat))
            shared = generator.standard_normal((_SAMPLES, signal))
            pair = []
            for _ in range(2):
                own = _NOISE * generator.standard_normal((_SAMPLES, _UNITS - signal))
                rotation = np.linalg.qr(generator.standard_normal((_UNITS, _UNITS)))[0]
                pair.append(np.column_stack([shared, own]) @ rotation)
            found = pairwise(pair, measures=_MEASURES, variance=_VARIANCE, progress=False)
            about = {"signal": int(signal), "noise": _UNITS - int(signal), "repeat": repeat}
            rows += [{**about, "measure": m, "similarity": 1 - float(found[m][0, 1])} for m in _MEASURES]
    return rows


def plot_signal_and_noise(rows: Sequence[Row] | None = None, *, ax: Axes | None = None) -> Figure:
    """Draw similarity over the ratio of signal to noise dimensions, mean and standard deviation over repeats.

    Args:
        rows: What :func:`signal_and_noise` returned; by default it is called.
        ax: Axes to draw into; by default a new figure of column width.
    Source: Morcos et al. 2018, figure 2.
    """
    rows = signal_and_noise() if rows is None else rows
    figure, axes = axes_for(ax, COLUMN, 2.6)
    styles = group_styles(_MEASURES)
    for measure in _MEASURES:
        found: dict[float, list[float]] = {}
        for row in rows:
            if row["measure"] == measure:
                found.setdefault(row["signal"] / row["noise"], []).append(row["similarity"])
        x = sorted(found)
        mean, spread = (np.array([f(found[ratio]) for ratio in x]) for f in (np.mean, np.std))
        style = styles[measure]
        axes.fill_between(x, mean - spread, mean + spread, color=style.color, alpha=0.2, linewidth=0)
        axes.plot(x, mean, color=style.color, marker=style.marker, markersize=3.5, linewidth=1.2,
                  label=measure_text(measure)[0])  # fmt: skip
    axes.set_ylim(0, 1.02)
    tidy(axes, title="similarity of shared signals", x="signal dimensions / noise dimensions", y="similarity")
    axes.legend(fontsize=SMALL, frameon=False)
    return figure
