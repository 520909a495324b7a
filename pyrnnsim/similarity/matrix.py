"""The result of a comparison: an ordinary float64 array that remembers how it was made."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

_LISTED = 5


@dataclass(frozen=True, eq=False)
class Report:
    """How a distance matrix was made, and what its reader must know about it.

    Per-network fields have one entry per row network, followed by one per column network where those differ.

    Attributes:
        metric: Name of the measure.
        options: Options of the measure as used.
        names: Names of the row networks.
        column_names: Names of the column networks; the same as ``names`` unless two sets were compared.
        samples: Rows P of every representation; 0 where something else is compared.
        units: Units N of each network.
        ranks: Numerical rank of each centred representation.
        kept: Directions that SVCCA kept of each network, None for other measures.
        rank_cut: Networks whose rank is below min(N, P - 1).
        tie_cut: Networks of which SVCCA keeps some of several directions whose singular values are equal within
            rounding: which of them is arbitrary, and distances depend on it.
        condition: Condition number of each representation within its rank.
        ambiguous: ``(n, 2)`` pairs whose PWCCA weights are not unique because canonical correlations tie.
        refined: Number of pairs recomputed in float64.
        skipped: Networks left out because they hold NaN or infinity; their distances are NaN.
        chance: Similarity that unrelated networks of these sizes reach, None if unknown.
        seconds: Wall time.
        n_jobs: Threads used.
        dtype: Type computed in.
    """

    metric: str = ""
    options: dict[str, object] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    column_names: tuple[str, ...] = ()
    samples: int = 0
    units: tuple[int, ...] = ()
    ranks: tuple[int, ...] = ()
    kept: tuple[int, ...] | None = None
    rank_cut: tuple[int, ...] = ()
    tie_cut: tuple[int, ...] = ()
    condition: tuple[float, ...] = ()
    ambiguous: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))
    refined: int = 0
    skipped: tuple[int, ...] = ()
    chance: float | None = None
    seconds: float = 0.0
    n_jobs: int = 1
    dtype: str = "float64"

    def __post_init__(self) -> None:
        if not self.column_names:
            object.__setattr__(self, "column_names", self.names)

    def summary(self) -> str:
        """Several lines for people: what was computed, and each cut, tie or skip there is."""
        lines = [f"{self.metric or 'distance'}: {self._size()}", self._computed()]
        if self.options:
            lines.insert(1, "options: " + ", ".join(f"{name}={value!r}" for name, value in self.options.items()))
        if self.kept:
            lines.append(f"directions kept: {_range(self.kept)}")
        if self.condition and not np.isnan(self.condition).all():
            worst = int(np.nanargmax(self.condition))
            lines.append(f"largest condition number: {self.condition[worst]:.2g} ({self._name(worst)})")
        if self.chance is not None:
            lines.append(f"chance level: similarity {self.chance:.3g} between unrelated networks of these sizes")
        return "\n".join(lines + self._cautions())

    def _size(self) -> str:
        count = _count(len(self.names), "network")
        if self.column_names != self.names:
            count += f" against {len(self.column_names)}"
        samples = f", {self.samples} samples" if self.samples else ""
        units = f", {_range(self.units)} units" if self.units else ""
        return f"{count}{samples}{units}"

    def _computed(self) -> str:
        refined = f", {_count(self.refined, 'pair')} again in float64" if self.refined else ""
        return f"computed in {self.dtype}{refined}, {_count(self.n_jobs, 'thread')}, {self.seconds:.3g} s"

    def _cautions(self) -> list[str]:
        lines = []
        if self.rank_cut:
            cut = [self._name(i) + self._share(i) for i in self.rank_cut]
            lines.append(f"rank cut: {_count(len(cut), 'network')} with dependent units: {_listing(cut)}")
        if self.tie_cut:
            cut = [self._name(i) for i in self.tie_cut]
            lines.append(
                f"ties: the directions kept of {_count(len(cut), 'network')} are a choice among equally strong ones: "
                f"{_listing(cut)}"
            )
        if len(self.ambiguous):
            pairs = [f"{self._name(int(i))} and {self._name(int(j))}" for i, j in self.ambiguous[: _LISTED + 1]]
            tied = _count(len(self.ambiguous), "pair")
            lines.append(f"ties: weights are not unique for {tied}: {_listing(pairs, len(self.ambiguous))}")
        if self.skipped:
            skipped = [self._name(i) for i in self.skipped]
            lines.append(f"skipped: {_count(len(skipped), 'network')} holding NaN or infinity: {_listing(skipped)}")
        return lines

    def _share(self, index: int) -> str:
        if index < len(self.ranks) and index < len(self.units):
            return f" (rank {self.ranks[index]} of {self.units[index]} units)"
        return ""

    def _name(self, index: int) -> str:
        names = self.names if self.column_names == self.names else self.names + self.column_names
        return repr(names[index]) if index < len(names) else f"[{index}]"


class DistanceMatrix(NDArray[np.float64]):
    """A float64 array of distances with a :class:`Report`.

    It is an ndarray and goes wherever one goes. Only the whole matrix carries the report: slices and copies have
    ``report`` None, arithmetic gives plain arrays.

    Attributes:
        report: How the matrix was made; None for parts and copies.
    """

    report: Report | None

    @classmethod
    def wrap(cls, values: ArrayLike, report: Report | None) -> DistanceMatrix:
        """A view of ``values`` (copied only if they are not float64) that carries ``report``."""
        matrix = np.asarray(values, dtype=np.float64).view(cls)
        matrix.report = report
        return matrix

    def __array_finalize__(self, source: NDArray[Any] | None, /) -> None:
        self.report = None

    def __array_wrap__(
        self, array: NDArray[Any], context: Any = None, return_scalar: bool = False, /
    ) -> Any:  # NumPy 1 passes no third argument and expects a scalar for ndim 0
        if array is self:  # the target of an in-place operation
            return self
        return array[()] if array.ndim == 0 else array.view(np.ndarray)

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild, arguments, state = cast(tuple[Any, Any, Any], super().__reduce__())
        return rebuild, arguments, (state, self.report)

    def __setstate__(self, state: Any, /) -> None:
        super().__setstate__(state[0])
        self.report = state[1]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the row networks.

        Raises:
            ValueError: If this is a part or a copy, which carries no report.
        """
        return self._require_report("names").names

    def to_frame(self) -> Any:
        """The matrix as a ``pandas.DataFrame`` labelled by the names of the networks.

        Raises:
            ImportError: If pandas is not installed.
            ValueError: If this is a part or a copy, which carries no report.
        """
        report = self._require_report("to_frame")
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("DistanceMatrix.to_frame needs pandas; install it by `pip install pandas`") from error
        return pd.DataFrame(np.asarray(self), index=report.names, columns=report.column_names)

    def condensed(self) -> NDArray[np.float64]:
        """The K (K - 1) / 2 distances above the diagonal, row by row: the order ``scipy.spatial.distance`` uses.

        Raises:
            ValueError: If the matrix is not square, or not symmetric.
        """
        values = np.asarray(self)
        if values.ndim != 2 or values.shape[0] != values.shape[1]:
            raise ValueError(f"DistanceMatrix.condensed: expected a square matrix, got shape {values.shape}")
        for row in range(len(values)):
            across, down = values[row, row + 1 :], values[row + 1 :, row]
            if not np.array_equal(across, down, equal_nan=True):
                column = row + 1 + int(np.flatnonzero((across != down) & ~(np.isnan(across) & np.isnan(down)))[0])
                raise ValueError(
                    f"DistanceMatrix.condensed: expected a symmetric matrix, got {values[row, column]:.6g} at "
                    f"[{row}, {column}] and {values[column, row]:.6g} at [{column}, {row}]; use side='mean', or "
                    "scipy.spatial.distance.squareform((D + D.T) / 2)"
                )
        above = [values[row, row + 1 :] for row in range(len(values))]
        return np.concatenate(above) if above else np.empty(0)

    def plot(self, ax: Any = None) -> Any:
        """Draw the matrix; see ``pyrnnsim.figures.matrix``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.matrix").plot_matrix(self, ax=ax)

    def _repr_html_(self) -> str | None:
        """A line for notebooks; None, which shows the numbers, for a part or a copy."""
        if self.report is None:
            return None
        text = html.escape(self.report.summary()).replace("\n", "<br>")
        values = np.asarray(self)
        if self.report.column_names == self.report.names and values.ndim == 2:
            values = values[np.eye(*values.shape) == 0]
        finite = values[np.isfinite(values)]
        spread = f"{finite.min():.4g} to {finite.max():.4g}" if finite.size else "none"
        return f"<div><b>DistanceMatrix</b> {self.shape}, distances {spread}<br>{text}</div>"

    def _require_report(self, caller: str) -> Report:
        if self.report is None:
            raise ValueError(
                f"DistanceMatrix.{caller}: this array of shape {self.shape} is a part or a copy and has no report; "
                "use the matrix that the comparison returned"
            )
        return self.report


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def _listing(items: Sequence[str], total: int | None = None) -> str:
    more = (len(items) if total is None else total) - _LISTED
    return ", ".join(items[:_LISTED]) + (f" and {more} more" if more > 0 else "")
