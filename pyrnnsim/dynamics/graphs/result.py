"""Transition graphs between the fixed points of one network, and of a population."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim.dynamics.storage import Part, ResultGrid
from pyrnnsim.populations.table import Row

_MOST_PANELS = 12


@dataclass(frozen=True, eq=False, repr=False)
class TopologyGraph(Part):
    """Fixed points of one network at one input, and where small kicks from each of them lead.

    Nodes are in lexicographic order of their readouts, rounded to multiples of ``quantum``.

    Attributes:
        name: Of the network.
        input: (M,).
        nodes: (n,) which point of the :class:`FixedPointSet` each node is.
        states: (n, S).
        outputs: (n, O) readout.
        unstable_modes: (n,); 0 for stable points, the only ones that trials arrive at.
        basin: (n,) starts of the search for fixed points that led to each.
        adjacency: (n, n) share of the kicks from the node of the row that arrived at the node of the column.
        nowhere: (n,) share of the kicks from each node that arrived at no stable point within ``steps``: they diverge,
            end on a limit cycle, or are slower. Rows of ``adjacency`` and this sum to 1.
        sizes: (n,) Euclidean length of the kicks.
        perturbations: Kicks from each node.
        steps: Most steps of a trial.
        seed: Of the kicks.
        quantum: Of the readouts that gave the order.
    """

    noun: ClassVar[str] = "transition graph"

    name: str
    input: NDArray[np.float64]
    nodes: NDArray[np.int64]
    states: NDArray[np.float64]
    outputs: NDArray[np.float64]
    unstable_modes: NDArray[np.int64]
    basin: NDArray[np.int64]
    adjacency: NDArray[np.float64]
    nowhere: NDArray[np.float64]
    sizes: NDArray[np.float64]
    perturbations: int
    steps: int
    seed: int
    quantum: float

    @property
    def errors(self) -> NDArray[np.float64]:
        """(n, n) standard errors of ``adjacency``: half of Wilson's interval for one standard deviation.

        sqrt(p (1 - p) / c + 1 / 4 c^2) / (1 + 1 / c) for c kicks: the binomial error, and where p is 0 or 1, of which
        c kicks cannot be certain, 1 / (2 c + 2).
        """
        p, count = self.adjacency, self.perturbations
        return np.asarray(np.sqrt(p * (1 - p) / count + 0.25 / count**2) / (1 + 1 / count))

    @property
    def stable(self) -> NDArray[np.bool_]:
        """(n,) whether each node has no unstable mode."""
        return np.asarray(self.unstable_modes == 0)

    def __len__(self) -> int:
        return len(self.nodes)

    def reordered(self, order: ArrayLike) -> Self:
        """The same graph with its nodes in another order.

        Args:
            order: (n,) every position once; ``order[i]`` becomes node i.
        Raises:
            ValueError: If it is not that.
        """
        at = np.asarray(order)
        if at.shape != (len(self),) or not np.array_equal(np.sort(at), np.arange(len(self))):
            raise ValueError(
                f"TopologyGraph.reordered: order must hold each of 0..{len(self) - 1} once, got {order!r}; "
                "np.argsort gives one"
            )
        at = at.astype(np.intp)
        made = {name: getattr(self, name)[at] for name in _PER_NODE}
        return replace(self, **made, adjacency=self.adjacency[np.ix_(at, at)])

    @property
    def rows(self) -> list[Row]:
        """One row per edge with a probability above 0; ``to`` is None for the share that arrived nowhere."""
        rows: list[Row] = []
        errors = self.errors
        for i, row in enumerate(self.adjacency):
            start = {"name": self.name, "from": i, "unstable_modes": int(self.unstable_modes[i])}
            rows += [
                {**start, "to": int(j), "probability": float(row[j]), "error": float(errors[i, j])}
                for j in np.flatnonzero(row)
            ]
            if self.nowhere[i] > 0:
                rows.append({**start, "to": None, "probability": float(self.nowhere[i]), "error": None})
        return rows

    @property
    def summary(self) -> Row:
        """One row on the whole: nodes, edges between different nodes, and the share that went nowhere."""
        return {
            "name": self.name,
            "nodes": len(self),
            "stable": int(self.stable.sum()),
            "edges": int((self.adjacency > 0).sum() - (self.adjacency.diagonal() > 0).sum()),
            "nowhere": float(self.nowhere.mean()) if len(self) else 0.0,
            "perturbations": self.perturbations,
        }

    def to_networkx(self) -> Any:
        """A ``networkx.DiGraph``: edges with probability above 0, ``weight`` and ``error`` on each.

        Nodes are 0, 1, .., n - 1 with the attributes ``point``, ``output`` (a tuple), ``unstable_modes``, ``stable``,
        ``basin`` and ``nowhere``; the graph has ``name``.

        Raises:
            ImportError: If networkx is not installed.
        """
        try:
            networkx = import_module("networkx")
        except ImportError as error:
            raise ImportError(
                f"TopologyGraph.to_networkx: networkx is missing ({error}); `pip install networkx`"
            ) from error
        graph = networkx.DiGraph(name=self.name)
        for i in range(len(self)):
            graph.add_node(
                i,
                point=int(self.nodes[i]),
                output=tuple(self.outputs[i].tolist()),
                unstable_modes=int(self.unstable_modes[i]),
                stable=bool(self.stable[i]),
                basin=int(self.basin[i]),
                nowhere=float(self.nowhere[i]),
            )
        errors = self.errors
        for i, j in np.argwhere(self.adjacency > 0).tolist():
            graph.add_edge(i, j, weight=float(self.adjacency[i, j]), error=float(errors[i, j]))
        return graph

    def plot(self, ax: Any = None) -> Any:
        """Draw the graph with nodes placed by their readout; see ``pyrnnsim.figures.plot_topology``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.topology").plot_topology(self, ax=ax)

    def __repr__(self) -> str:
        lost = f", {self.nowhere.mean():.0%} of trials nowhere" if self.nowhere.any() else ""
        return f"<TopologyGraph of {self.name!r}: {len(self)} nodes, {int(self.stable.sum())} stable{lost}>"


@dataclass(frozen=True, eq=False, repr=False)
class TopologyGraphs(ResultGrid[TopologyGraph]):
    """Graphs of K networks at C inputs: ``graphs[k, c]`` is a :class:`TopologyGraph`, ``graphs[k]`` C of them."""

    noun: ClassVar[str] = "transition graphs"
    inner = TopologyGraph

    @property
    def graphs(self) -> tuple[tuple[TopologyGraph, ...], ...]:
        """K tuples of C graphs."""
        return self.parts

    def plot(self) -> Any:
        """Draw the first 12 graphs side by side; see ``pyrnnsim.figures.topology_panels``."""
        some = [one for row in self.graphs for one in row][:_MOST_PANELS]
        return import_module("pyrnnsim.figures.panels").topology_panels(some)

    def __repr__(self) -> str:
        nodes = sum(len(one) for row in self.graphs for one in row)
        return f"<TopologyGraphs of {len(self)} networks at {len(self.inputs)} inputs: {nodes} nodes>"


_PER_NODE = ("nodes", "states", "outputs", "unstable_modes", "basin", "nowhere", "sizes")
