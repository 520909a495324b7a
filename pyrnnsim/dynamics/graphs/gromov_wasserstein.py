"""Gromov-Wasserstein discrepancy of two graphs, by conditional gradients from several starts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.graphs.matching import Matching

Floats = NDArray[np.float64]

_RANDOM_STARTS = 4
_ITERATIONS = 100
_SETTLED = 1e-10  # a step that gains less than this, of the squared edges, is the last one


def gromov_wasserstein(a: Floats, b: Floats, matching: Matching) -> float:
    """sqrt(min_T sum_ijkl (a_ik - b_jl)^2 T_ij T_kl) over couplings T of uniform weights, or an upper bound of it.

    The problem is not convex. Frank and Wolfe's method, with exact linear subproblems and exact line search, goes down
    to a local minimum from the independent coupling, from what agrees with a matching, from the order of the nodes, and
    from four random vertices; the least value counts.

    Args:
        a: (n, n) adjacency, n > 0.
        b: (m, m), m > 0.
        matching: Of the nodes of a to those of b.
    Returns:
        Root mean square difference of edges; not more than |a - P b P^T| / n where n = m.
    Cost: per iteration a linear assignment, or, where n and m differ, a transport problem of n m variables.
    """
    if (len(a), a.tobytes()) < (len(b), b.tobytes()):  # one direction, so that the result is symmetric to the last bit
        a, b, matching = b, a, matching._replace(first=matching.second, second=matching.first)
    n, m = len(a), len(b)
    random = np.random.default_rng([n, m])
    agreement = np.zeros((n, m))
    real = (matching.first >= 0) & (matching.second >= 0)
    agreement[matching.first[real], matching.second[real]] = -1
    order = np.abs((np.arange(n)[:, None] + 0.5) / n - (np.arange(m) + 0.5) / m)
    costs = [agreement, order, *random.random((_RANDOM_STARTS, n, m))]
    starts = [np.full((n, m), 1 / (n * m)), *(_transport(cost) for cost in costs)]
    return float(np.sqrt(min(_descend(a, b, start) for start in starts)))


def _descend(a: Floats, b: Floats, plan: Floats) -> float:
    """The local minimum below a coupling."""
    scale = float((a**2).mean() + (b**2).mean())
    for _ in range(_ITERATIONS):
        product = a @ plan @ b.T
        gradient = -2 * (product + a.T @ plan @ b)
        step = _transport(gradient) - plan
        slope = float((gradient * step).sum())
        bend = -2 * float(((a @ step @ b.T) * step).sum())
        length = min(1.0, -slope / (2 * bend)) if bend > 0 else 1.0
        if -(slope * length + bend * length**2) <= _SETTLED * scale:
            break
        plan = plan + length * step
    return _value(a, b, plan)


def _value(a: Floats, b: Floats, plan: Floats) -> float:
    """The objective; of a permutation from the differences themselves, which may all be 0."""
    n, m = plan.shape
    if n == m and np.count_nonzero(plan) == n:
        to = plan.argmax(axis=1)
        return float(((a - b[np.ix_(to, to)]) ** 2).mean())
    squares = (a**2).mean() + (b**2).mean()
    return max(0.0, float(squares - 2 * ((a @ plan @ b.T) * plan).sum()))


def _transport(cost: Floats) -> Floats:
    """A vertex of the couplings of uniform weights with the least cost."""
    from scipy.optimize import linear_sum_assignment, linprog

    n, m = cost.shape
    if n == m:
        plan = np.zeros((n, m))
        plan[linear_sum_assignment(cost)] = 1 / n
        return plan
    weights = np.concatenate([np.full(n, 1 / n), np.full(m, 1 / m)])
    scale = float(np.abs(cost).max()) or 1.0
    found = linprog(cost.ravel() / scale, A_eq=_marginals(n, m), b_eq=weights, method="highs-ds")
    return np.asarray(np.maximum(found.x, 0.0).reshape(n, m))


@lru_cache(maxsize=16)
def _marginals(n: int, m: int) -> Any:
    """(n + m, n m) sparse: sums of the rows and of the columns of a coupling."""
    from scipy.sparse import identity, kron, vstack

    return vstack([kron(identity(n), np.ones((1, m))), kron(np.ones((1, n)), identity(m))]).tocsr()
