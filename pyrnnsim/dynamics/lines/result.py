"""The points of a network as a line: order, arc length, the mode along it, and whether it is one."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.storage import Part, ResultGrid
from pyrnnsim.populations.table import Row, to_text

ALIGNED = float(np.sqrt(0.5))  # |cos| of 45 degrees
_LEAST_POINTS = 3
_LEAST_LENGTH = 0.1  # relative to 1 + max|h|
_MOST_THICKNESS = 0.07


@dataclass(frozen=True, eq=False, repr=False)
class LineAttractor(Part):
    """n points of one network at one input in their order along a line, and the dynamics there.

    The line is the longest path through the minimum spanning tree of the points. A point off the path, on a branch,
    stands where its branch leaves the path and has the arc length and tangent of that place. All arrays are sorted by
    arc length, from low to high readout: the first channel whose covariance with the arc length is not rounding error
    rises (without one, the first entry of the state).

    Attributes:
        name: Of the network.
        input: (M,).
        tolerance: Of |lambda - 1| for a slow mode.
        dropped: Points that were left out: too fast, outside ``output_range``, or beyond ``max_gap``.
        order: (n,) positions of the points in the :class:`FixedPointSet`.
        on_path: (n,) whether each is on the path.
        fixed: (n,) whether each is a fixed point; else it is slow.
        states: (n, S).
        outputs: (n, O).
        speed: (n,) Euclidean |F(h) - h| per step.
        arc_length: (n,) from the first point, in units of the state.
        adjacency: (n, n) the graph of nearest neighbours, joined by the edges of the tree; symmetric.
        tangent: (n, S) unit vectors t along the line, chords over a tenth of its length; NaN if it has no length.
        eigenvalues: (n, S) of J = dF/dh by descending magnitude.
        line_modes: (n,) which eigenvalue belongs to the line: that of largest magnitude whose right vector is within
            45 degrees of the tangent, failing that the best aligned one; without a tangent, the one nearest to 1.
        right: (n, S) its right vector r, real, of length 1, in the direction of the tangent. Of a pair, or of a
            repeated eigenvalue, the vector of its eigenspace nearest to the tangent.
        selection: (n, S) its left vector l, the selection vector: l r = 1 and l r_k = 0 for other modes, so that a
            small change d of the state moves the network by l d along the line in the end. Of an eigenspace with
            spectral projection P, r^T P. NaN where J is defective there.
        alignment: (n,) |cos| of the angle between right vector, or eigenspace, and tangent. NaN without a tangent.
        input_projection: (n, M) l^T dF/dx: how far a unit pulse of each input pushes along the line.
    """

    noun: ClassVar[str] = "line attractor"

    name: str
    input: NDArray[np.float64]
    tolerance: float
    dropped: int
    order: NDArray[np.int64]
    on_path: NDArray[np.bool_]
    fixed: NDArray[np.bool_]
    states: NDArray[np.float64]
    outputs: NDArray[np.float64]
    speed: NDArray[np.float64]
    arc_length: NDArray[np.float64]
    adjacency: NDArray[np.bool_]
    tangent: NDArray[np.float64]
    eigenvalues: NDArray[np.complex128]
    line_modes: NDArray[np.int64]
    right: NDArray[np.float64]
    selection: NDArray[np.float64]
    alignment: NDArray[np.float64]
    input_projection: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.states)

    @property
    def line_eigenvalues(self) -> NDArray[np.complex128]:
        """(n,) the eigenvalue of the line at each point."""
        return np.asarray(np.take_along_axis(self.eigenvalues, self.line_modes[:, None], axis=1)[:, 0])

    @property
    def slow_modes(self) -> NDArray[np.int64]:
        """(n,) eigenvalues with |lambda - 1| <= tolerance."""
        return np.asarray((np.abs(self.eigenvalues - 1) <= self.tolerance).sum(axis=1))

    @property
    def ill_conditioned(self) -> NDArray[np.bool_]:
        """(n,) whether the selection vector is longer than 1e8, or NaN, so that it cannot be relied on."""
        return np.asarray(~(np.linalg.norm(self.selection, axis=1) <= 1e8))

    @property
    def length(self) -> float:
        """Of the line, in units of the state."""
        return float(self.arc_length.max(initial=0.0))

    @property
    def branched(self) -> float:
        """Share of points off the path; 0 for no points."""
        return float((~self.on_path).mean()) if len(self) else 0.0

    @property
    def extent(self) -> float:
        """Largest distance between two points, in units of the state."""
        return float(max((((self.states - one) ** 2).sum(axis=1).max() for one in self.states), default=0.0) ** 0.5)

    @property
    def thickness(self) -> float:
        """Root mean square distance of the points to the nearest one on the path, relative to the extent; 0 if none.

        Points spread evenly over a square reach 0.09 to 0.12.
        """
        path, extent = self.states[self.on_path], self.extent
        if not extent:
            return 0.0
        nearest = [((path - state) ** 2).sum(axis=1).min() for state in self.states]
        return float(np.sqrt(np.mean(nearest)) / extent)

    @property
    def variances(self) -> NDArray[np.float64]:
        """(min(n, S),) of the points along their principal axes, descending."""
        if not len(self):
            return np.zeros(0)
        sizes = np.linalg.svd(self.states - self.states.mean(axis=0), compute_uv=False)
        return np.asarray(sizes**2 / len(self))

    @property
    def dimension(self) -> float:
        """Participation ratio (sum v)^2 / sum v^2 of the variances: 1 for a straight line; 0 if all points coincide."""
        v = self.variances
        return float(v.sum() ** 2 / (v**2).sum()) if v.sum() > 0 else 0.0

    @property
    def first_share(self) -> float:
        """Share of the variance on the first principal axis; 0 if all points coincide."""
        v = self.variances
        return float(v[0] / v.sum()) if v.sum() > 0 else 0.0

    @property
    def is_line(self) -> bool:
        """Whether the points approximate a line attractor.

        At least 3 points; longer than 0.1 (1 + max|h|); thickness at most 0.07; for the median point |lambda - 1| of
        the line's mode at most the tolerance, and its right vector within 45 degrees of the tangent. How many other
        modes are slow does not count: see ``single_mode``.
        """
        return not self._objections()

    @property
    def single_mode(self) -> bool:
        """Whether the median point has exactly one slow mode, as Mante's networks and vanilla ones tend to."""
        return bool(len(self) and np.median(self.slow_modes) == 1)

    @property
    def evidence(self) -> str:
        """One sentence on what speaks for or against a line."""
        against = self._objections()
        verdict = "a line" if not against else "no line: " + ", ".join(against)
        slow = f"{np.median(self.slow_modes):g}" if len(self) else "no"
        return f"{verdict}; {slow} slow modes at the median point, {self.branched:.0%} of the points on branches"

    def _objections(self) -> list[str]:
        if len(self) < _LEAST_POINTS:
            return [f"{len(self)} points"]
        found = []
        if not self.length > _LEAST_LENGTH * (1 + np.abs(self.states).max()):
            found.append(f"length {self.length:.2g}")
        if self.thickness > _MOST_THICKNESS:
            found.append(f"thickness {self.thickness:.2g}")
        distance = float(np.median(np.abs(self.line_eigenvalues - 1)))
        if not distance <= self.tolerance:
            found.append(f"|lambda - 1| {distance:.2g}")
        if not float(np.median(self.alignment)) >= ALIGNED:
            found.append(f"alignment {np.median(self.alignment):.2g}")
        return found

    @property
    def rows(self) -> list[Row]:
        """One row per point."""
        values = self.line_eigenvalues
        return [
            {
                "name": self.name,
                "point": int(self.order[i]),
                "fixed": bool(self.fixed[i]),
                "on_path": bool(self.on_path[i]),
                "arc_length": float(self.arc_length[i]),
                "speed": float(self.speed[i]),
                "line_mode": int(self.line_modes[i]),
                "real": float(values[i].real),
                "imaginary": float(values[i].imag),
                "alignment": float(self.alignment[i]),
                "slow_modes": int(self.slow_modes[i]),
                **{f"input_{m}": float(push) for m, push in enumerate(self.input_projection[i])},
                **{f"output_{o}": float(y) for o, y in enumerate(self.outputs[i])},
            }
            for i in range(len(self))
        ]

    @property
    def summary(self) -> Row:
        """One row on the whole line; medians over its points, None where there are none."""

        def median(values: NDArray[Any]) -> float | None:
            return float(np.median(values)) if len(values) else None

        return {
            "name": self.name,
            "points": len(self),
            "fixed": int(self.fixed.sum()),
            "length": self.length,
            "thickness": self.thickness,
            "dimension": self.dimension,
            "branched": self.branched,
            "line_eigenvalue": median(self.line_eigenvalues.real),
            "alignment": median(self.alignment),
            "slow_modes": median(self.slow_modes),
            "is_line": self.is_line,
        }

    def plot(self, ax: Any = None) -> Any:
        """Draw the points and the line on their first two principal axes; see ``pyrnnsim.figures.plot_line``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.line_attractor").plot_line(self, ax=ax)

    def __str__(self) -> str:
        return f"{to_text(self.rows)}\n{self.evidence}"

    def __repr__(self) -> str:
        return f"<LineAttractor of {self.name!r}: {len(self)} points, length {self.length:.3g}; {self.evidence}>"


@dataclass(frozen=True, eq=False, repr=False)
class LineAttractors(ResultGrid[LineAttractor]):
    """Lines of K networks at C inputs: ``result[k, c]`` is a :class:`LineAttractor`."""

    noun: ClassVar[str] = "line attractors"
    inner = LineAttractor

    def plot(self, ax: Any = None) -> Any:
        """Draw the mean sorted eigenvalues of each; see ``pyrnnsim.figures.plot_sorted_eigenvalues``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.line_attractor").plot_sorted_eigenvalues(self, ax=ax)
