"""Orbits of one network at one input, and of a population at several."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.storage import Part, ResultGrid
from pyrnnsim.populations.table import Row, to_text


@dataclass(frozen=True, eq=False, repr=False)
class LimitCycleSet(Part):
    """Orbits of one network at one constant input: periodic ones by period, then quasi-periodic ones by return time.

    A periodic orbit comes back to the same state after a whole number of steps. A quasi-periodic one never does: it
    fills a closed curve, on which the network turns by an irrational part of a circle in each step, as the limit cycle
    of a differential equation does when it is looked at with a clock of its own.

    Attributes:
        name: Of the network.
        input: (M,).
        kind: (n,) ``"periodic"`` or ``"quasi-periodic"``.
        orbits: n arrays (T, S), float64. Periodic: the T = period states in the order of time. Quasi-periodic: T = 512
            states at evenly spaced phases around the curve, interpolated between visited ones.
        periods: (n,) steps of one period; 0 for a quasi-periodic orbit.
        frequency: (n,) turns around the orbit per step, in (0, 0.5]. A periodic orbit may turn several times in one
            period; how often is told by the order of its states that makes the shortest closed polygon.
        multipliers: (n, S) complex, by descending magnitude. Periodic: Floquet multipliers, the eigenvalues of the
            product of the Jacobians along one period. Quasi-periodic: exp(Lyapunov exponent x return time), factors of
            growth in one turn, the first one 1 for motion along the curve; NaN beyond the 8 largest.
        stable: (n,) whether all perturbations die away. Curves are found only where they do, apart from motion along
            the curve, which neither grows nor shrinks.
        residual: (n,) periodic: max |F(h_i) - h_{i+1}|. Quasi-periodic: largest distance of F(states), and of states
            visited later, from their place on the curve.
        error_estimate: (n,) periodic: distance to the true orbit, to first order. Quasi-periodic: error of the return
            time in steps, from the change between half of the trajectory and all of it.
        basin: (n,) starts that led to each; 0 for unstable ones that a trajectory only came near.
        outputs: n arrays (T, O), readout of the orbits.
        starts: Number of starts.
        at_rest: Starts that ended in a fixed point, or approach a stable one as its slowest mode decays.
        diverged: Starts that overflowed.
        unsettled: Starts that did none of it: chaotic, on a torus, too slow to tell, or of too long a period.
    """

    noun: ClassVar[str] = "set of limit cycles"

    name: str
    input: NDArray[np.float64]
    kind: NDArray[np.str_]
    orbits: tuple[NDArray[np.float64], ...]
    periods: NDArray[np.int64]
    frequency: NDArray[np.float64]
    multipliers: NDArray[np.complex128]
    stable: NDArray[np.bool_]
    residual: NDArray[np.float64]
    error_estimate: NDArray[np.float64]
    basin: NDArray[np.int64]
    outputs: tuple[NDArray[np.float64], ...]
    starts: int
    at_rest: int
    diverged: int
    unsettled: int

    @property
    def periodic(self) -> NDArray[np.bool_]:
        """(n,) whether each is periodic."""
        return np.asarray(self.kind == "periodic")

    @property
    def return_time(self) -> NDArray[np.float64]:
        """(n,) steps for one turn, a real number: 1 / frequency."""
        return np.asarray(1 / self.frequency)

    @property
    def shares(self) -> dict[str, float]:
        """Which part of the starts ended on an orbit, in a fixed point, in overflow, or nowhere that is known."""
        counts = {"orbit": int(self.basin.sum()), "fixed point": self.at_rest}
        counts |= {"diverged": self.diverged, "unsettled": self.unsettled}
        return {name: count / self.starts for name, count in counts.items()}

    def __len__(self) -> int:
        return len(self.orbits)

    @property
    def rows(self) -> list[Row]:
        """One row per orbit."""
        off_curve = [self.multipliers[i, int(not periodic) :] for i, periodic in enumerate(self.periodic)]
        return [
            {
                "name": self.name,
                "orbit": i,
                "kind": str(self.kind[i]),
                "period": int(self.periods[i]),
                "return_time": float(self.return_time[i]),
                "stable": bool(self.stable[i]),
                "largest_multiplier": float(np.abs(off_curve[i]).max(initial=0.0, where=~np.isnan(off_curve[i]))),
                "residual": float(self.residual[i]),
                "error_estimate": float(self.error_estimate[i]),
                "basin": int(self.basin[i]),
            }
            for i in range(len(self))
        ]

    @property
    def summary(self) -> Row:
        """One row on the whole: how many orbits of which kind, the main one, and where the starts ended.

        The main orbit is the stable one that most starts led to.
        """
        main = int(np.where(self.stable, self.basin, -1).argmax()) if self.stable.any() else None
        return {
            "name": self.name,
            "periodic": int(self.periodic.sum()),
            "quasi_periodic": int((~self.periodic).sum()),
            "return_time": None if main is None else float(self.return_time[main]),
            "on_orbits": int(self.basin.sum()),
            "at_rest": self.at_rest,
            "diverged": self.diverged,
            "unsettled": self.unsettled,
        }

    def plot(self, ax: Any = None) -> Any:
        """Draw the orbits on their first two principal axes; see ``pyrnnsim.figures.plot_limit_cycles``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.limit_cycles").plot_limit_cycles(self, ax=ax)

    def __str__(self) -> str:
        ends = ", ".join(f"{share:.0%} {name}" for name, share in self.shares.items())
        return f"{to_text(self.rows)}\n{self.starts} starts: {ends}"

    def __repr__(self) -> str:
        whole = int(self.periodic.sum())
        return f"<LimitCycleSet of {self.name!r}: {whole} periodic, {len(self) - whole} quasi-periodic>"


@dataclass(frozen=True, eq=False, repr=False)
class LimitCycles(ResultGrid[LimitCycleSet]):
    """Orbits of K networks at C inputs: ``result[k, c]`` is a :class:`LimitCycleSet`, ``result[k]`` C of them."""

    noun: ClassVar[str] = "limit cycles"
    inner = LimitCycleSet

    @property
    def sets(self) -> tuple[tuple[LimitCycleSet, ...], ...]:
        """K tuples of C sets."""
        return self.parts

    def plot(self, ax: Any = None) -> Any:
        """Draw where the starts ended, network by network; see ``pyrnnsim.figures.plot_cycle_shares``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.limit_cycles").plot_cycle_shares(self, ax=ax)

    def __repr__(self) -> str:
        total = sum(len(one) for row in self.sets for one in row)
        return f"<LimitCycles of {len(self)} networks at {len(self.inputs)} inputs: {total} orbits>"


def kinds(periodic: NDArray[np.bool_]) -> NDArray[np.str_]:
    """(n,) the names of the two kinds."""
    return np.where(periodic, "periodic", "quasi-periodic")
