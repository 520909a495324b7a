"""Distances between the samples of one network, stored without the mirror half.

A symmetric ``(P, P)`` table with zero diagonal is kept as its ``P (P - 1) / 2`` values above the diagonal, row after
row (the order of ``scipy.spatial.distance.pdist``), so that nothing ``P x P`` is ever held.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

# Products of at most this length are summed by one thread of every BLAS we know, whatever its thread count.
PIECE = 1024

# Scaling up a tiny range must not carry a large constant unit out of the range of float64.
_LARGEST_POWER = 1000


def squared_distances(rows: NDArray[Any]) -> tuple[Vector, int]:
    """Squared Euclidean distances between all samples, scaled so that they neither overflow nor underflow.

    Args:
        rows: ``(P, N)`` finite values in any unit and at any offset.
    Returns:
        ``(P (P - 1) / 2,)`` squared distances of ``rows / 2**exponent``, and the exponent. The largest range of a unit
        lies in [0.5, 1) after scaling. Equal samples have distance exactly 0.
    Cost: ``P^2 N`` operations; memory for the result and a few copies of ``rows``.
    """
    from scipy.spatial.distance import pdist

    scaled, exponent = _scaled(np.asarray(rows, dtype=np.float64))
    # Differences first, squares after: the shortcut through scalar products would lose half of the digits of close
    # samples, all of them next to a large offset, and would break ties between equal distances.
    squares: Vector = pdist(scaled, "sqeuclidean")
    return squares, exponent


def _scaled(rows: Vector) -> tuple[Vector, int]:
    """``rows / 2**exponent``, exact, with the largest range of a unit in [0.5, 1) unless a value would overflow."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    peak = math.frexp(float(max(np.max(high), -np.min(low))))[1]
    spread = float(np.max(high / 2 - low / 2))  # the range itself may overflow
    exponent = max(math.frexp(spread)[1] + 1, peak - _LARGEST_POWER) if spread else peak
    scaled: Vector = np.ldexp(rows, -exponent)
    return scaled, exponent


def row_sums(values: Vector, samples: int) -> Vector:
    """``(P,)`` sums over the rows of the full table, whose diagonal is zero."""
    sums = np.zeros(samples)
    for row, segment in enumerate(segments(values, samples)):
        sums[row] += np.add.reduce(segment)
        sums[row + 1 :] += segment
    return sums


def add_to_rows_and_columns(values: Vector, offsets: Vector) -> None:
    """Add ``offsets[i] + offsets[j]`` to the value of every pair, in place."""
    for row, segment in enumerate(segments(values, len(offsets))):
        np.add(segment, offsets[row + 1 :], out=segment)
        np.add(segment, offsets[row], out=segment)


def segments(values: Vector, samples: int) -> list[Vector]:
    """Views of the rows above the diagonal: P - 1 entries, then P - 2, down to 1."""
    ends = np.cumsum(np.arange(samples - 1, 0, -1))
    return np.split(values, ends[:-1])


def scaled_to_unit_peak(values: Vector) -> int:
    """Divide ``values`` in place by the power of two that brings the largest magnitude into [0.5, 1); its exponent."""
    exponent = math.frexp(max(float(np.max(values)), -float(np.min(values))))[1]
    np.ldexp(values, -exponent, out=values)
    return exponent


def scaled_to_unit_norm(values: Vector) -> Vector:
    """``values / |values|`` in place; ``values`` must be finite and not all zero."""
    scaled_to_unit_peak(values)
    values /= norm(values)
    return values


def norm(values: Vector) -> float:
    """Euclidean norm, summed in an order that depends on the length only; the squares must be ordinary numbers."""
    whole = len(values) // PIECE * PIECE
    pieces = values[:whole].reshape(-1, PIECE)
    tail = values[whole:]
    total = np.add.reduce(np.matmul(pieces[:, None, :], pieces[:, :, None]).ravel()) + np.dot(tail, tail)
    return math.sqrt(float(total))
