"""What a pulse does to the readout when only the leading linear modes are kept."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.storage import Part, ResultGrid
from pyrnnsim.populations.table import Row, to_text
from pyrnnsim.tasks.checks import real_number

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class ModeTruncation(Part):
    """Linear response of one network at n of its points, at one input, to a pulse at the first step.

    With J and dF/dx at a point, b = dF/dx times the pulse, and P_k the spectral projection onto the k leading modes, in
    descending |lambda|, the response after t steps is w_out J^(t-1) P_k b, that is the sum of
    w_out r_a lambda_a^(t-1) l_a^T b over these modes. Modes of equal magnitude (to 1e-9 of the largest) are never
    divided: conjugate pairs, repeated eigenvalues, and the null space of units that are off.

    Attributes:
        name: Of the network.
        input: (M,).
        pulse: (M,) added to the input at the first step.
        points: (n,) their positions in the :class:`FixedPointSet`.
        fixed: (n,) whether each is a fixed point; else it is slow.
        times: (T,) steps after which the readout is taken; 1 is right after the pulse.
        eigenvalues: (n, S) by descending magnitude.
        kept: (S + 1,) most modes that are kept: 0 to S.
        response: (n, S + 1, T, O) readout, without its bias, of all whole groups of at most so many modes. NaN at an
            ill-conditioned point.
        full: (n, T, O) of all modes, by powers of J.
        nonlinear: (n, T, O) what the network itself does: its readout with the pulse minus that without.
        ill_conditioned: (n,) whether J is within half of all digits of a defective matrix where the pulse matters, so
            that its modes cannot be told apart. Such points are left out of averages.
    """

    noun: ClassVar[str] = "mode truncation"

    name: str
    input: Floats
    pulse: Floats
    points: NDArray[np.int64]
    fixed: NDArray[np.bool_]
    times: NDArray[np.int64]
    eigenvalues: NDArray[np.complex128]
    kept: NDArray[np.int64]
    response: Floats
    full: Floats
    nonlinear: Floats
    ill_conditioned: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.points)

    @property
    def share(self) -> Floats:
        """(n, S + 1) of the full response captured: 1 - |response - full| / |full|, over times and readouts together.

        1 is all of it, 0 as good as nothing, negative worse. NaN where the full response is 0, or ill-conditioned.
        """
        missing = np.sqrt(((self.response - self.full[:, None]) ** 2).sum(axis=(2, 3)))
        size = np.sqrt((self.full**2).sum(axis=(1, 2)))[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(size > 0, 1 - missing / size, np.nan)

    def modes_needed(self, share: float = 0.9) -> NDArray[np.int64]:
        """(n,) fewest modes that capture so large a share, and go on doing so when more are kept; -1 for a NaN.

        Raises:
            TypeError, ValueError: If the share is no number from 0 to 1.
        """
        wanted = real_number("ModeTruncation.modes_needed", "share", share, 0.0, 1.0)
        reached = self.share
        short = ~(reached >= wanted - 1e-9)  # all modes reach 1 up to rounding
        last = np.where(short.any(axis=1), short.shape[1] - short[:, ::-1].argmax(axis=1), 0)
        return np.where(np.isfinite(reached).all(axis=1), np.minimum(last, short.shape[1] - 1), -1).astype(np.int64)

    @property
    def average(self) -> Floats:
        """(S + 1, T, O) mean response of the points that are not ill-conditioned; NaN if there are none."""
        sound = self.response[~self.ill_conditioned]
        return np.asarray(sound.mean(axis=0)) if len(sound) else np.full(self.response.shape[1:], np.nan)

    @property
    def standard_error(self) -> Floats:
        """(S + 1, T, O) of that mean; NaN for fewer than two points."""
        sound = self.response[~self.ill_conditioned]
        if len(sound) < 2:
            return np.full(self.response.shape[1:], np.nan)
        return np.asarray(sound.std(axis=0, ddof=1) / np.sqrt(len(sound)))

    @property
    def rows(self) -> list[Row]:
        """One row per point; responses are those after the last step."""
        needed = {f"modes_for_{percent}": self.modes_needed(percent / 100) for percent in (50, 90, 99)}
        return [
            {
                "name": self.name,
                "point": int(self.points[i]),
                "fixed": bool(self.fixed[i]),
                "largest_eigenvalue": float(np.abs(self.eigenvalues[i]).max()),
                "ill_conditioned": bool(self.ill_conditioned[i]),
                **{name: int(count[i]) for name, count in needed.items()},
                **{f"linear_{o}": float(y) for o, y in enumerate(self.full[i, -1])},
                **{f"nonlinear_{o}": float(y) for o, y in enumerate(self.nonlinear[i, -1])},
            }
            for i in range(len(self))
        ]

    @property
    def summary(self) -> Row:
        """One row on all points; medians over the sound ones, None where there are none."""

        def median(values: NDArray[Any]) -> float | None:
            return float(np.median(values)) if len(values) else None

        sound = ~self.ill_conditioned
        row: Row = {"name": self.name, "points": len(self), "ill_conditioned": int(self.ill_conditioned.sum())}
        for percent in (50, 90, 99):
            needed = self.modes_needed(percent / 100)
            row[f"modes_for_{percent}"] = median(needed[needed >= 0])
        for label, values in (("linear", self.full), ("nonlinear", self.nonlinear)):
            row |= {f"{label}_{o}": median(values[sound, -1, o]) for o in range(values.shape[2])}
        return row

    def plot(self, ax: Any = None) -> Any:
        """Draw the response against the number of modes kept; see ``pyrnnsim.figures.plot_mode_truncation``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.mode_truncation").plot_mode_truncation(self, ax=ax)

    def __str__(self) -> str:
        return to_text(self.rows)

    def __repr__(self) -> str:
        ill = int(self.ill_conditioned.sum())
        return f"<ModeTruncation of {self.name!r} at {len(self)} points, {ill} ill-conditioned>"


@dataclass(frozen=True, eq=False, repr=False)
class ModeTruncations(ResultGrid[ModeTruncation]):
    """Those of K networks at C inputs: ``result[k, c]`` is a :class:`ModeTruncation`."""

    noun: ClassVar[str] = "mode truncations"
    inner = ModeTruncation

    def plot(self, ax: Any = None) -> Any:
        """Draw the mean response of each against the number of modes; see ``pyrnnsim.figures.plot_mode_truncations``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.mode_truncation").plot_mode_truncations(self, ax=ax)
