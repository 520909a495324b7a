"""Linear frequencies of K networks at C commands."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._frame import as_frame
from pyrnnsim.dynamics.storage import Result
from pyrnnsim.populations.table import Row

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Oscillations(Result):
    """The oscillatory mode of K networks at C commands.

    Attributes:
        names: One per network.
        cells: One per network.
        activations: One per network.
        inputs: (C, M) the commands.
        commanded: (C,) frequencies asked for, in cycles per step.
        points: (K, C) fixed points found at each command.
        complete: (K, C) whether nothing speaks against these being all.
        chosen: (K, C) position, in the set of fixed points, of the one that is looked at; -1 where there is none.
        eigenvalue: (K, C) its complex eigenvalue of largest magnitude, with positive imaginary part; NaN where all are
            real, or there is no point.
        unstable_modes: (K, C) eigenvalues with magnitude above 1 there.
    """

    noun: ClassVar[str] = "oscillations"

    names: tuple[str, ...]
    cells: tuple[str, ...]
    activations: tuple[str, ...]
    inputs: Floats
    commanded: Floats
    points: NDArray[np.int64]
    complete: NDArray[np.bool_]
    chosen: NDArray[np.int64]
    eigenvalue: NDArray[np.complex128]
    unstable_modes: NDArray[np.int64]

    @property
    def frequency(self) -> Floats:
        """(K, C) cycles per step of the mode, angle(lambda) / 2 pi."""
        return np.asarray(np.angle(self.eigenvalue) / (2 * np.pi))

    @property
    def magnitude(self) -> Floats:
        """(K, C) |lambda|, the factor by which the oscillation grows in a step near the point."""
        return np.asarray(np.abs(self.eigenvalue))

    @property
    def single_pair(self) -> NDArray[np.bool_]:
        """(K, C) whether there is exactly one fixed point, and a complex pair is all that is unstable there."""
        with np.errstate(invalid="ignore"):
            return np.asarray((self.points == 1) & (self.unstable_modes == 2) & (self.magnitude > 1))

    @property
    def single_pairs(self) -> NDArray[np.int64]:
        """(K,) commands at which that holds."""
        return np.asarray(self.single_pair.sum(axis=1))

    @property
    def slope(self) -> Floats:
        """(K,) of the straight line, by least squares, through linear frequencies over commanded ones; 1 is ideal.

        Commands without an oscillatory mode are left out; NaN with fewer than two different ones.
        """
        return np.array([_line(self.commanded, row)[0] for row in self.frequency])

    @property
    def intercept(self) -> Floats:
        """(K,) of that line, in cycles per step."""
        return np.array([_line(self.commanded, row)[1] for row in self.frequency])

    @property
    def correlation(self) -> Floats:
        """(K,) Pearson's, of linear and commanded frequencies; NaN where either does not vary."""
        return np.array([_line(self.commanded, row)[2] for row in self.frequency])

    def __len__(self) -> int:
        return len(self.names)

    @property
    def rows(self) -> list[Row]:
        """One row per network."""
        away = np.abs(self.frequency - self.commanded)
        about = zip(self.names, self.cells, self.activations, strict=True)
        numbers = zip(self.single_pairs, self.slope, self.intercept, self.correlation, strict=True)
        return [
            {
                "name": name,
                "cell": cell,
                "activation": activation,
                "commands": len(self.commanded),
                "one_point": int((self.points[k] == 1).sum()),
                "single_pair": int(pairs),
                "slope": float(slope),
                "intercept": float(intercept),
                "correlation": float(correlation),
                "mean_error": _mean(away[k]),
            }
            for k, ((name, cell, activation), (pairs, slope, intercept, correlation)) in enumerate(
                zip(about, numbers, strict=True)
            )
        ]

    @property
    def command_rows(self) -> list[Row]:
        """One row per network and command."""
        frequency, magnitude = self.frequency, self.magnitude
        return [
            {
                "name": name,
                "condition": c,
                "commanded": float(self.commanded[c]),
                "frequency": float(frequency[k, c]),
                "magnitude": float(magnitude[k, c]),
                "unstable_modes": int(self.unstable_modes[k, c]),
                "points": int(self.points[k, c]),
                "complete": bool(self.complete[k, c]),
                "single_pair": bool(self.single_pair[k, c]),
            }
            for k, name in enumerate(self.names)
            for c in range(len(self.commanded))
        ]

    @property
    def command_frame(self) -> Any:
        """A pandas table with one row per network and command."""
        return as_frame(self.command_rows, "Oscillations.command_frame")

    def plot(self, ax: Any = None) -> Any:
        """Draw linear over commanded frequency; see ``pyrnnsim.figures.plot_oscillations``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.oscillations").plot_oscillations(self, ax=ax)

    def __repr__(self) -> str:
        pairs = int(self.single_pair.sum())
        return (
            f"<Oscillations of {len(self)} networks at {len(self.commanded)} commands: one point with an unstable pair "
            f"at {pairs} of {self.points.size}>"
        )


def _line(given: Floats, found: Floats) -> tuple[float, float, float]:
    """Slope, intercept and correlation of found over given, NaN left out."""
    known = ~np.isnan(found)
    x, y = given[known], found[known]
    if len(x) < 2 or np.ptp(x) == 0:
        return np.nan, np.nan, np.nan
    dx, dy = x - x.mean(), y - y.mean()
    slope = float(dx @ dy / (dx @ dx))
    varies = np.ptp(y) > 1e-12 * np.abs(y).max()
    correlation = float(dx @ dy / np.sqrt((dx @ dx) * (dy @ dy))) if varies else np.nan
    return slope, float(y.mean() - slope * x.mean()), correlation


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
