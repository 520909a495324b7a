"""Trajectories on principal axes, of one network and of a population."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.points.result import FixedPointSet
from pyrnnsim.dynamics.storage import Result
from pyrnnsim.populations.table import Row

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class TrajectorySet(Result):
    """Trials of one network, and its fixed points, along D principal axes of its states.

    Attributes:
        name: Of the network.
        mean: (S,) of the states that the axes are of.
        axes: (D, S) orthonormal, by descending variance; the entry of largest magnitude of each is positive.
        explained: (D,) share of the variance of these states along each axis; 0 where they do not vary at all.
        trials: (B, T, D) states after each step: (h - mean) axes^T.
        points: (n, D) fixed points, likewise; none unless they were given.
        condition: (n,) input at which each point was found.
        unstable_modes: (n,) of each point.
    """

    noun: ClassVar[str] = "set of trajectories"

    name: str
    mean: Floats
    axes: Floats
    explained: Floats
    trials: Floats
    points: Floats
    condition: NDArray[np.int64]
    unstable_modes: NDArray[np.int64]

    def project(self, states: Floats) -> Floats:
        """(..., D) coordinates of other states (..., S) of the network."""
        return np.asarray((np.asarray(states, dtype=np.float64) - self.mean) @ self.axes.T)

    def with_points(self, row: Sequence[FixedPointSet]) -> Self:
        """The same with the fixed points, slow ones left out, of one set per input."""
        chosen = [one.states[one.fixed] for one in row]
        return replace(
            self,
            points=self.project(np.concatenate(chosen)),
            condition=np.repeat(np.arange(len(row)), [len(part) for part in chosen]),
            unstable_modes=np.concatenate([one.unstable_modes[one.fixed] for one in row]),
        )

    @property
    def rows(self) -> list[Row]:
        """One row per axis."""
        total = np.cumsum(self.explained)
        return [
            {"name": self.name, "axis": d, "explained": float(self.explained[d]), "cumulative": float(total[d])}
            for d in range(len(self.axes))
        ]

    def plot(self, ax: Any = None) -> Any:
        """Draw trials and fixed points; see ``pyrnnsim.figures.plot_trajectories``.

        Args:
            ax: Matplotlib axes to draw into, plane ones or of projection "3d"; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.trajectories").plot_trajectories(self, ax=ax)

    def __repr__(self) -> str:
        trials, steps, dimensions = self.trials.shape
        return (
            f"<TrajectorySet of {self.name!r}: {trials} trials of {steps} steps on {dimensions} axes, "
            f"{self.explained.sum():.1%} of the variance; {len(self.points)} fixed points>"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Trajectories(Result):
    """Trials of K networks along principal axes: ``result[k]`` is a :class:`TrajectorySet`.

    Attributes:
        sets: K of them.
    """

    noun: ClassVar[str] = "trajectories"
    inner = TrajectorySet

    sets: tuple[TrajectorySet, ...]

    def __getitem__(self, index: int) -> TrajectorySet:
        return self.sets[index]

    def __len__(self) -> int:
        return len(self.sets)

    def __iter__(self) -> Iterator[TrajectorySet]:
        return iter(self.sets)

    @property
    def names(self) -> tuple[str, ...]:
        """One per network."""
        return tuple(one.name for one in self.sets)

    @property
    def rows(self) -> list[Row]:
        """One row per network: variance along each axis, and how many fixed points there are."""
        most = max(len(one.axes) for one in self.sets)
        return [
            {
                "name": one.name,
                **{f"axis_{d}": float(one.explained[d]) if d < len(one.axes) else None for d in range(most)},
                "explained": float(one.explained.sum()),
                "points": len(one.points),
            }
            for one in self.sets
        ]

    def plot(self, ax: Any = None) -> Any:
        """Draw a panel per network; see ``pyrnnsim.figures.trajectory_panels``.

        Args:
            ax: Matplotlib axes to draw a single network into; None makes a new figure.
        Raises:
            ValueError: If axes are given for several networks.
        """
        if ax is None:
            return import_module("pyrnnsim.figures.trajectories").trajectory_panels(self)
        if len(self) > 1:
            raise ValueError(f"Trajectories.plot: ax is for one network, got {len(self)}; use result[k].plot(ax=ax)")
        return self.sets[0].plot(ax)

    def __repr__(self) -> str:
        trials, steps, _ = self.sets[0].trials.shape
        return f"<Trajectories of {len(self)} networks: {trials} trials of {steps} steps>"
