"""Representational similarity analysis: one unit vector per network, from its dissimilarities between samples."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.arrays import check_finite
from pyrnnsim._inputs.labels import Label
from pyrnnsim.similarity.condensed import Vector, norm, scaled_to_unit_norm, squared_distances

Dissimilarity = Literal["correlation", "euclidean", "cosine"]
Compare = Literal["spearman", "pearson", "cosine"]

# Dissimilarities this close, relative to their size, differ by rounding only: they share a rank. Accidental neighbours
# among P (P - 1) / 2 values are further apart, and merging a few of them would move a rank by half a place.
_TIE = 2.0**-36

# Patterns of length 1 carry an error of a few 2**-53, so squared distances below this are the distance 0.
_ZERO_SQUARE = 2.0**-92
_LARGEST_POWER = 500  # of 4, so that the scaled threshold stays finite

# Below this share of their norm, what subtracting the mean leaves of the dissimilarities is rounding noise.
_NOISE = 1e-12


def check_rsa_options(dissimilarity: object, compare: object, caller: str) -> None:
    """Raise ValueError unless both options are known."""
    for name, value, known in (
        ("dissimilarity", dissimilarity, get_args(Dissimilarity)),
        ("compare", compare, get_args(Compare)),
    ):
        if value not in known:
            raise ValueError(f"{caller}: {name} is {value!r}; expected one of {', '.join(map(repr, known))}")


def rsa_vector(
    rows: NDArray[Any],
    label: Label,
    *,
    dissimilarity: Dissimilarity = "correlation",
    compare: Compare = "spearman",
) -> Vector:
    """Dissimilarities between all samples of one network as a vector of length 1; RSA is the scalar product of two.

    Args:
        rows: ``(P, N)`` finite samples. Not modified.
        label: Names the network in errors.
        dissimilarity: Between the activity patterns (rows) of two samples: ``"correlation"`` is 1 - Pearson over
            units, ``"euclidean"`` the distance, ``"cosine"`` 1 - cosine.
        compare: Between the dissimilarities of two networks: ``"pearson"``, ``"cosine"``, or ``"spearman"``, where
            ties (up to rounding) share their mean rank.
    Returns:
        ``(P (P - 1) / 2,)`` float64.
    Raises:
        ValueError: If an option is unknown, values are not finite, a sample has no pattern (constant over units for
            ``"correlation"``, zero for ``"cosine"``), or all dissimilarities are equal.
    Cost: ``P^2 N`` operations, plus a sort of the dissimilarities for ``"spearman"``; memory for four vectors.
    Source: Kriegeskorte, Mur & Bandettini (2008).
    """
    check_rsa_options(dissimilarity, compare, label.caller)
    check_finite(rows, label)
    values = _dissimilarities(rows, label, dissimilarity)
    before = norm(values)
    if compare == "spearman":
        values = centred_ranks(values)
    elif compare == "pearson":
        values -= np.mean(values)
    if before == 0 or norm(values) <= _NOISE * before:
        raise ValueError(
            f"{label}: its {len(values)} {dissimilarity} dissimilarities between samples are all equal, so RSA is 0/0; "
            "leave the network out or pass more samples"
        )
    return scaled_to_unit_norm(values)


def _dissimilarities(rows: NDArray[Any], label: Label, dissimilarity: Dissimilarity) -> Vector:
    """Dissimilarities up to a common factor, which no comparison sees."""
    if dissimilarity == "euclidean":
        squares, _ = squared_distances(rows)
        return np.sqrt(squares, out=squares)
    # For patterns a, b of length 1, 1 - a.b = |a - b|^2 / 2; the right side keeps its digits when a is close to b.
    squares, exponent = squared_distances(_unit_patterns(rows, label, centre=dissimilarity == "correlation"))
    squares[squares <= _ZERO_SQUARE * 4.0 ** min(-exponent, _LARGEST_POWER)] = 0.0
    return squares


def _unit_patterns(rows: NDArray[Any], label: Label, *, centre: bool) -> Vector:
    """Rows scaled to length 1, after subtraction of their mean if ``centre``; (P, N)."""
    if centre and rows.shape[1] == 1:
        raise ValueError(
            f"{label} has 1 unit; the correlation between two samples needs at least 2: pass dissimilarity='euclidean'"
        )
    patterns = _unit_peak(np.asarray(rows, dtype=np.float64))
    if centre:
        precision = np.finfo(rows.dtype if rows.dtype.kind == "f" else np.float64).eps
        flat = np.less_equal(patterns.max(axis=1) - patterns.min(axis=1), 2 * precision)
        _refuse(flat, label, "is constant over its units", "correlation")
        patterns -= patterns.mean(axis=1, keepdims=True)
        patterns -= patterns.mean(axis=1, keepdims=True)  # what rounding of the first mean left, after a large offset
    else:
        _refuse(np.logical_not(patterns.any(axis=1)), label, "is zero in all units", "cosine")
    patterns /= np.sqrt(np.einsum("ij,ij->i", patterns, patterns))[:, None]
    return patterns


def _unit_peak(patterns: Vector) -> Vector:
    """Every row times the power of two that brings its largest magnitude into [0.5, 1)."""
    _, exponents = np.frexp(np.abs(patterns).max(axis=1))
    scaled: Vector = np.ldexp(patterns, -exponents[:, None])
    return scaled


def _refuse(bad: NDArray[np.bool_], label: Label, what: str, dissimilarity: str) -> None:
    if bad.any():
        more = f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""
        raise ValueError(
            f"{label}: row {int(bad.argmax())}{more} {what}, so its {dissimilarity} with other samples is undefined; "
            "leave these samples out of all networks or pass dissimilarity='euclidean'"
        )


def centred_ranks(values: Vector) -> Vector:
    """Ranks minus their mean, in the memory of ``values``; non-negative values equal up to rounding share a rank."""
    order = np.argsort(values)
    ordered = values[order]
    starts = np.ones(len(values), dtype=bool)
    np.greater(ordered[1:] * (1 - _TIE), ordered[:-1], out=starts[1:])
    del ordered
    ends = np.append(starts[1:], True)
    ranks = np.arange(len(values), dtype=np.float64)
    first, last = np.flatnonzero(starts & ~ends), np.flatnonzero(ends & ~starts)  # of every run of ties
    ranks[~(starts & ends)] = np.repeat((first + last) / 2, last - first + 1)
    ranks -= (len(values) - 1) / 2
    values[order] = ranks
    return values
