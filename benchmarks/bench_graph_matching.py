"""Distances between transition graphs by the best assignment of nodes, against SciPy's search; times are per pair."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
from cases import Case, Job
from results import OURS
from scipy.optimize import quadratic_assignment

from pyrnnsim.dynamics.graphs.matching import Matcher
from pyrnnsim.study.made_graphs import Graph, made_graph

SCIPY = "SciPy FAQ + 2-opt"
KINDS = {"tanh": (2, 2, 2), "relu": (3, 2, 2)}
_APART = 3.0  # on the diagonal, so that no stable node is assigned to an unstable one


@dataclass(frozen=True)
class Pairs(Job):
    """All pairs of graphs as networks of one activation have them."""

    @property
    def title(self) -> str:
        return f"graph matching, as of {self.measure}"

    @property
    def items(self) -> int:
        return self.networks * (self.networks - 1) // 2

    @property
    def graphs(self) -> list[Graph]:
        return graphs(self.measure, self.networks)

    def __str__(self) -> str:
        sizes = sorted(len(kinds) for _, kinds in self.graphs)
        threads = f"{self.threads} thread{'s'[: self.threads > 1]}"
        return f"{self.title}, K={self.networks}, {sizes[0]} to {sizes[-1]} nodes, {threads}"


@lru_cache
def graphs(kind: str, count: int) -> list[Graph]:
    rng = np.random.default_rng(0)
    return [made_graph(KINDS[kind], rng) for _ in range(count)]


def scipy_distance(a: Graph, b: Graph) -> float:
    """Graphs of as many stable nodes each; dummies make up for saddles."""
    size = max(len(a[1]), len(b[1]))
    edges, marked = [], []
    for adjacency, kinds in (a, b):
        order = np.argsort(~kinds, kind="stable")
        wide = np.pad(adjacency[np.ix_(order, order)], (0, size - len(kinds)))
        edges.append(wide)
        marked.append(wide + _APART * np.diag(np.arange(size) < kinds.sum()))
    rough = quadratic_assignment(*marked, method="faq", options={"maximize": True}).col_ind
    guess = np.column_stack([np.arange(size), rough])
    options = {"maximize": True, "partial_guess": guess, "rng": np.random.default_rng(0)}
    at = quadratic_assignment(*marked, method="2opt", options=options).col_ind
    stable = int(a[1].sum())
    assert (at[:stable] < stable).all()
    return float(np.linalg.norm(edges[0] - edges[1][np.ix_(at, at)]))


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    count = 4 if config.getoption("--quick") else 10
    cases = [Pairs(kind, count, 3, "float64", scope="matching") for kind in KINDS]
    rows = [(case, backend) for case in cases for backend in (OURS, SCIPY)]
    return [*rows, (Pairs("relu", count, 3, "float64", scope="matching", threads=2), OURS)]


def bench_graph_matching(case: Case, backend: str, compete, benchmark) -> None:
    """Both search for the least: ours must never be longer, and is shorter where the search of SciPy got stuck."""
    first, second = np.triu_indices(case.networks, 1)
    matcher = Matcher(case.graphs)

    def ours() -> tuple[np.ndarray, np.ndarray]:
        return matcher.distances(first, second, case.threads, lambda _: None)

    def rival() -> np.ndarray:
        return np.array([scipy_distance(case.graphs[i], case.graphs[j]) for i, j in zip(first, second, strict=True)])

    def excess() -> tuple[np.ndarray, np.ndarray]:
        return np.maximum(ours()[0] - rival(), 0.0), np.zeros(len(first))

    compete(case, backend, ours if backend == OURS else rival, excess, tolerance=1e-9)
    found, proven = ours()
    shorter = float((found < rival() - 1e-9).mean())
    benchmark.extra_info.update(proven=float(proven.mean()), shorter_than_rival=shorter)
