"""Fixed points of one network at one input, and of a population at several."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.storage import Part, ResultGrid
from pyrnnsim.populations.table import Row, to_text


@dataclass(frozen=True, eq=False, repr=False)
class FixedPointSet(Part):
    """Points of one network at one constant input: fixed ones first, then slow ones, each by stability.

    Attributes:
        name: Of the network.
        input: (M,).
        states: (n, S), float64.
        status: (n,) ``"fixed"``: the error estimate is below the tolerance; ``"slow"``: it is not, so that the state
            may move slowly past, or belong to a continuum of fixed points.
        residual: (n,) max|F(h) - h|.
        error_estimate: (n,) |(I - J)^-1| (max|F(h) - h| + rounding), the distance to the fixed point to first order;
            inf where I - J is singular.
        speed: (n,) Euclidean |F(h) - h| per step.
        unstable_modes: (n,) eigenvalues of J with magnitude above 1.
        eigenvalues: (n, S) of J = dF/dh by descending magnitude, conjugate pairs side by side.
        basin: (n,) starts that led to each point; 0 where only midpoints of others did.
        outputs: (n, O) readout of the states.
        starts: Number of starts.
        degree: Sum of sign det(I - J) over the fixed points. That of all fixed points of a tanh network is 1.
        must_be_one: Whether that theorem holds here: F maps a compact convex set into itself.
        closed: Whether a search from all midpoints and mirror images of the points found nothing new; False without
            points to search from.
        listed: Whether all isolated fixed points were listed region by region (small relu networks).
    """

    noun: ClassVar[str] = "set of fixed points"

    name: str
    input: NDArray[np.float64]
    states: NDArray[np.float64]
    status: NDArray[np.str_]
    residual: NDArray[np.float64]
    error_estimate: NDArray[np.float64]
    speed: NDArray[np.float64]
    unstable_modes: NDArray[np.int64]
    eigenvalues: NDArray[np.complex128]
    basin: NDArray[np.int64]
    outputs: NDArray[np.float64]
    starts: int
    degree: int
    must_be_one: bool
    closed: bool
    listed: bool

    @property
    def complete(self) -> bool:
        """Whether all evidence there is says that no fixed point is missing.

        The points were listed one by one; or the search was closed, and the degree is 1 where it must be. Evidence,
        no proof: a pair of missing points of opposite sign leaves the degree as it is.
        """
        return self.listed or (self.closed and (self.degree == 1 or not self.must_be_one))

    @property
    def fixed(self) -> NDArray[np.bool_]:
        """(n,) whether each is a fixed point."""
        return np.asarray(self.status == "fixed")

    @property
    def counts(self) -> NDArray[np.int64]:
        """(U + 1,) fixed points with 0, 1, .., U unstable modes."""
        return np.bincount(self.unstable_modes[self.fixed], minlength=1).astype(np.int64)

    @property
    def evidence(self) -> str:
        """One sentence on what speaks for or against completeness."""
        if self.listed:
            return "complete: every linear region was solved"
        untried = "midpoints left untried" if self.fixed.any() else "no point to search from"
        closure = "nothing new from midpoints" if self.closed else f"not closed: {untried}"
        degree = f"degree {self.degree}" + (", must be 1" if self.must_be_one else ", no theorem for this cell")
        return f"{'complete' if self.complete else 'incomplete'}: {closure}; {degree}"

    def __len__(self) -> int:
        return len(self.states)

    @property
    def rows(self) -> list[Row]:
        """One row per point."""
        magnitude = np.abs(self.eigenvalues).max(axis=1, initial=0.0)
        return [
            {
                "name": self.name,
                "point": i,
                "status": str(self.status[i]),
                "unstable_modes": int(self.unstable_modes[i]),
                "largest_eigenvalue": float(magnitude[i]),
                "speed": float(self.speed[i]),
                "residual": float(self.residual[i]),
                "error_estimate": float(self.error_estimate[i]),
                "basin": int(self.basin[i]),
                **{f"output_{o}": float(y) for o, y in enumerate(self.outputs[i])},
            }
            for i in range(len(self))
        ]

    @property
    def summary(self) -> Row:
        """One row on the whole: how many points of which kind, and whether they are all."""
        return self.counted(self.counts)

    def counted(self, counts: NDArray[np.int64]) -> Row:
        """That row with as many columns as there are counts."""
        return {
            "name": self.name,
            "fixed": int(counts.sum()),
            "slow": int(len(self) - counts.sum()),
            **{f"unstable_{u}": int(number) for u, number in enumerate(counts)},
            "degree": self.degree,
            "complete": self.complete,
            "lost": self.starts - int(self.basin.sum()),
        }

    def plot(self, ax: Any = None) -> Any:
        """Draw the points on their first two principal axes; see ``pyrnnsim.figures.plot_fixed_points``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.fixed_points").plot_fixed_points(self, ax=ax)

    def __str__(self) -> str:
        return f"{to_text(self.rows)}\n{self.evidence}"

    def __repr__(self) -> str:
        slow = len(self) - int(self.fixed.sum())
        return f"<FixedPointSet of {self.name!r}: {len(self) - slow} fixed, {slow} slow; {self.evidence}>"


@dataclass(frozen=True, eq=False, repr=False)
class FixedPoints(ResultGrid[FixedPointSet]):
    """Fixed points of K networks at C inputs: ``result[k, c]`` is a :class:`FixedPointSet`, ``result[k]`` C of them."""

    noun: ClassVar[str] = "fixed points"
    inner = FixedPointSet

    @property
    def sets(self) -> tuple[tuple[FixedPointSet, ...], ...]:
        """K tuples of C sets."""
        return self.parts

    @property
    def complete(self) -> NDArray[np.bool_]:
        """(K, C); see :attr:`FixedPointSet.complete`."""
        return np.array([[one.complete for one in row] for row in self.sets], dtype=bool)

    @property
    def counts(self) -> NDArray[np.int64]:
        """(K, C, U + 1) fixed points with 0, 1, .., U unstable modes."""
        most = max((len(one.counts) for row in self.sets for one in row), default=1)
        return np.array(
            [[np.pad(one.counts, (0, most - len(one.counts))) for one in row] for row in self.sets], dtype=np.int64
        )

    @property
    def rows(self) -> list[Row]:
        """One row per network and input: how many points of which kind, and whether they are all."""
        counts = self.counts
        return [
            {"name": one.name, "condition": c, **one.counted(counts[k, c])}
            for k, row in enumerate(self.sets)
            for c, one in enumerate(row)
        ]

    def plot(self, ax: Any = None) -> Any:
        """Draw how many points of each kind every network has; see ``pyrnnsim.figures.plot_point_counts``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.fixed_points").plot_point_counts(self, ax=ax)

    def __repr__(self) -> str:
        total = sum(int(one.fixed.sum()) for row in self.sets for one in row)
        complete = int(self.complete.sum())
        return (
            f"<FixedPoints of {len(self)} networks at {len(self.inputs)} inputs: {total} fixed, {complete} of "
            f"{self.complete.size} sets complete>"
        )
