"""Canonical correlation analysis of one pair, in full: correlations, directions, ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.arrays import as_matrix, compute_dtype
from pyrnnsim._inputs.labels import Label
from pyrnnsim._threads import thread_limit
from pyrnnsim._warnings import warn_user
from pyrnnsim.similarity.chance import expected_cca
from pyrnnsim.similarity.representation import Representation, prepare_labelled

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CanonicalCorrelations:
    """Canonical correlations of two networks.

    Attributes:
        correlations: (c,) descending, in [0, 1]; c = min(x_rank, y_rank).
        x_directions: (N_x, c): the columns of (x - x.mean(0)) @ x_directions are orthonormal, and column k correlates
            with column k of the other side by correlations[k]. The sign of a pair of columns is arbitrary. Infinite
            where activity is so small (below 1e-307) that float64 cannot hold them.
        y_directions: (N_y, c).
        x_rank: Directions in which x varies.
        y_rank: Directions in which y varies.
        ties: Groups of positions whose correlations rounding cannot tell apart; within a group the directions are one
            basis of many, and L1 projection weights are ambiguous.
    """

    correlations: Array
    x_directions: Array
    y_directions: Array
    x_rank: int
    y_rank: int
    ties: tuple[tuple[int, ...], ...]


def canonical_correlations(x: Any, y: Any) -> CanonicalCorrelations:
    """Canonical correlation analysis of one pair of networks.

    Args:
        x: (P, N_x) activity or a prepared representation.
        y: (P, N_y) activity of the same samples.
    Returns:
        Correlations, directions and ranks, in float64.
    Raises:
        TypeError, ValueError: For bad input, or different numbers of samples.
    Cost: two QR-like preparations, one R x R singular value decomposition.
    Source: Hotelling (1936); Morcos, Raghu & Bengio (2018), section 2.1.
    """
    first, second = _prepared(x, "x"), _prepared(y, "y")
    if first.samples != second.samples:
        hint = " (it looks transposed: pass y.T)" if second.units == first.samples else ""
        raise ValueError(
            f"canonical_correlations: y has {second.samples} samples, expected {first.samples} as in x; "
            f"rows must be the same probe inputs{hint}"
        )
    _warn_few_samples(first, second)
    with thread_limit():
        core = first.basis.astype(np.float64).T @ second.basis.astype(np.float64)
        left, rho, right = np.linalg.svd(core, full_matrices=False)
    return CanonicalCorrelations(
        np.minimum(rho, 1.0),
        _directions(first, left),
        _directions(second, right.T),
        first.rank,
        second.rank,
        _ties(rho, 1e-6 if _is_narrow(x) or _is_narrow(y) else 1e-12),
    )


def _warn_few_samples(first: Representation, second: Representation) -> None:
    samples, units = first.samples, max(first.units, second.units)
    if units >= samples:
        chance = expected_cca(first.rank, second.rank, samples)
        warn_user(
            f"canonical_correlations: {samples} samples of {units} units: unrelated networks of this size reach a mean "
            f"canonical correlation of {chance:.3g} by chance; use more samples",
        )


def _prepared(rep: Any, argument: str) -> Representation:
    if isinstance(rep, Representation):
        return rep
    return prepare_labelled(rep, Label("canonical_correlations", argument), np.float64)


def _is_narrow(rep: Any) -> bool:
    """Whether the input carries no more digits than float32."""
    dtype = rep.dtype if isinstance(rep, Representation) else as_matrix(rep, Label("", "")).dtype
    return compute_dtype([np.dtype(dtype)]) == np.float32


def _directions(rep: Representation, turn: Array) -> Array:
    factors = rep.factors
    weights = factors.weights if factors.correction is None else factors.weights @ factors.correction
    with np.errstate(over="ignore"):  # directions for denormal activity are beyond float64: infinite, as documented
        return np.ldexp(weights @ turn, -factors.shift)


def _ties(rho: Array, tolerance: float) -> tuple[tuple[int, ...], ...]:
    groups: list[list[int]] = [[0]] if len(rho) else []
    for k in range(1, len(rho)):
        if rho[k - 1] - rho[k] <= tolerance:
            groups[-1].append(k)
        else:
            groups.append([k])
    return tuple(tuple(group) for group in groups if len(group) > 1)
