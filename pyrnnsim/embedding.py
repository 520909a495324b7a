"""Distance matrix to coordinates: classical multidimensional scaling (MDS) with its stress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim._threads import thread_limit

# Below this K the dense solver is faster than Lanczos iterations (crossover near 150 on two x86-64 cores, flat to 300).
_DENSE_UP_TO = 200
# Eigenvalues below this share of the largest are rounding noise of a lower-dimensional configuration.
_NOISE = 1e-12
_ASYMMETRY = 1e-8


@dataclass(frozen=True, eq=False)
class Embedding:
    """Points whose mutual Euclidean distances approximate a distance matrix.

    Attributes:
        coordinates: ``(K, dimensions)`` float64, centred, in the units of the distances; columns by falling
            eigenvalue. Rows of networks that were skipped (NaN in the distance matrix) are NaN.
        stress: Normalised Stress-1, ``sqrt(sum (d - delta)^2 / sum delta^2)`` over the pairs, where ``delta`` is
            the given distance and ``d`` the distance in the picture. 0 is a perfect picture; above 0.2 it misleads.
        point_stress: ``(K,)`` the same quantity over the pairs of one network: which points not to trust.
        eigenvalue_share: ``(dimensions,)`` in [0, 1]: squared eigenvalue over the sum of all squared eigenvalues
            of the centred matrix. Squares, because distances that are not Euclidean give negative eigenvalues.
        method: How the coordinates were found: ``"classical"``.
    """

    coordinates: NDArray[np.float64]
    stress: float
    point_stress: NDArray[np.float64]
    eigenvalue_share: NDArray[np.float64]
    method: str


def embed(distances: ArrayLike, *, method: str = "classical", dimensions: int = 2) -> Embedding:
    """Place networks in the plane (or a space of more dimensions) so that distances are kept as well as possible.

    Args:
        distances: ``(K, K)`` symmetric, non-negative, zero diagonal: what the ``pairwise_*`` functions return.
            Networks left out by ``nan_policy="skip"`` (rows of NaN) get NaN coordinates. Not modified.
        method: ``"classical"``, the only method so far.
        dimensions: Number of coordinates per network, at least 1. Dimensions that the data do not have are 0.
    Returns:
        The coordinates with their stress. Deterministic for any number of threads: the start vector of the eigensolver
        is fixed, and in each column the coordinate of largest magnitude is positive.
    Raises:
        ValueError: If ``distances`` is not square, not symmetric, negative or not finite, or ``dimensions`` < 1.
        TypeError: If ``distances`` is not numeric or ``dimensions`` is not an integer.
    Cost: ``O(K^2)`` memory, tens of products with a K x K matrix (hundreds if the distances have no structure): 0.4 s
        for K = 2,880 (1.5 s).
    Source: Torgerson (1952); used for every MDS panel of Maheswaranathan et al. (2019), section 2.3.
    """
    if method != "classical":
        raise ValueError(f"embed: method must be 'classical' (the only one so far), got {method!r}")
    dimensions = _check_dimensions(dimensions)
    table, kept = distance_table(distances, caller="embed")
    total = np.asarray(distances).shape[0]
    points, share = _classical(table, dimensions)
    stress, per_point = _stress(table, points)
    coordinates = np.full((total, dimensions), np.nan)
    coordinates[kept] = points
    point_stress = np.full(total, np.nan)
    point_stress[kept] = per_point
    return Embedding(coordinates, stress, point_stress, share, method)


def distance_table(distances: ArrayLike, *, caller: str) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Check a distance matrix and drop its skipped networks.

    Args:
        distances: ``(K, K)`` as for :func:`embed`. Not modified.
        caller: Function named in the errors.
    Returns:
        The ``(n, n)`` exactly symmetric float64 matrix of the n networks that were not skipped, and their indices.
    Raises:
        ValueError: As for :func:`embed`.
        TypeError: As for :func:`embed`.
    """
    names = getattr(getattr(distances, "report", None), "names", ())
    values = _as_square(distances, caller)
    off_diagonal = ~np.eye(len(values), dtype=bool)
    skipped = np.isnan(np.diagonal(values))
    if len(values) > 1:
        skipped = skipped | (np.isnan(values) | ~off_diagonal).all(axis=1)
    kept = np.flatnonzero(~skipped)
    if kept.size == 0:
        raise ValueError(f"{caller}: distances holds only NaN: all {len(values)} networks were skipped, none is left")
    table = values[np.ix_(kept, kept)]
    _check_values(table, kept, caller, names)
    table = 0.5 * table + 0.5 * table.T
    np.maximum(table, 0.0, out=table)
    np.fill_diagonal(table, 0.0)
    return table, kept


def _check_dimensions(dimensions: object) -> int:
    if isinstance(dimensions, bool) or not isinstance(dimensions, (int, np.integer)):
        raise TypeError(f"embed: dimensions must be an integer >= 1, got {dimensions!r}")
    if dimensions < 1:
        raise ValueError(f"embed: dimensions must be an integer >= 1, got {int(dimensions)}")
    return int(dimensions)


def _as_square(distances: ArrayLike, caller: str) -> NDArray[np.float64]:
    raw = np.asarray(distances)
    if raw.dtype.kind not in "fiub":
        raise TypeError(f"{caller}: distances must be a real (K, K) matrix, got dtype {raw.dtype}")
    if raw.ndim == 1:
        raise ValueError(
            f"{caller}: distances must be a square (K, K) matrix, got a vector of {raw.size}; "
            "a condensed vector becomes one by scipy.spatial.distance.squareform(distances)"
        )
    if raw.ndim != 2 or raw.shape[0] != raw.shape[1]:
        raise ValueError(
            f"{caller}: distances must be a square (K, K) matrix, got shape {raw.shape}; "
            "distances between two different sets of networks cannot be used here"
        )
    if raw.shape[0] == 0:
        raise ValueError(f"{caller}: distances must hold at least one network, got shape (0, 0)")
    return raw.astype(np.float64)


def _check_values(table: NDArray[np.float64], kept: NDArray[np.intp], caller: str, names: Sequence[str]) -> None:
    def fail(pair: tuple[int, int], problem: str) -> None:
        i, j = (int(kept[k]) for k in pair)
        who = f" ({names[i]!r}, {names[j]!r})" if len(names) > max(i, j) else ""
        raise ValueError(f"{caller}: distances[{i}, {j}]{who} {problem}")

    # Position first, so that one unravel names the offending pair in the caller's own numbering.
    bad = ~np.isfinite(table)
    if bad.any():
        pair = _first(bad)
        fail(pair, f"is {table[pair]}, expected a finite number; only whole rows may be NaN (skipped networks)")
    scale = float(np.abs(table).max(initial=0.0))
    if (table < -1e-10 * scale).any():
        pair = _first(table < -1e-10 * scale)
        fail(pair, f"is {table[pair]:.6g}, expected a distance >= 0; pass 1 - similarity for similarities")
    diagonal = np.diag(np.abs(np.diagonal(table)) > _ASYMMETRY * scale)
    if diagonal.any():
        pair = _first(diagonal)
        fail(pair, f"is {table[pair]:.6g}, expected 0 on the diagonal; pass 1 - similarity for similarities")
    asymmetric = np.abs(table - table.T) > _ASYMMETRY * scale
    if asymmetric.any():
        i, j = _first(asymmetric)
        mirrored = f"is {table[i, j]:.6g} but distances[{kept[j]}, {kept[i]}] is {table[j, i]:.6g}"
        fail((i, j), f"{mirrored}, expected a symmetric matrix; compute it with side='mean'")


def _first(mask: NDArray[np.bool_]) -> tuple[int, int]:
    row, column = np.unravel_index(int(np.argmax(mask)), mask.shape)
    return int(row), int(column)


def _classical(table: NDArray[np.float64], dimensions: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates ``(n, dimensions)`` and the share of each squared eigenvalue."""
    count = len(table)
    points, share = np.zeros((count, dimensions)), np.zeros(dimensions)
    scale = float(table.max(initial=0.0))
    if scale == 0.0:
        return points, share
    gram = table / scale  # distances near the limits of float64 would overflow or vanish when squared
    np.multiply(gram, gram, out=gram)
    mean = gram.mean(axis=0)
    gram -= mean
    gram -= mean[:, None] - mean.mean()
    gram *= -0.5
    values, vectors = _leading_eigenpairs(gram, min(dimensions, count))
    values = np.where(values > _NOISE * values[0], values, 0.0)
    share[: values.size] = values**2 / np.einsum("ij,ij->", gram, gram)
    points[:, : values.size] = vectors * (np.sqrt(values) * scale)
    return points * _signs(points), share


def _leading_eigenpairs(gram: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ``count`` algebraically largest eigenvalues, falling, with their vectors."""
    from scipy.linalg import eigh
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh

    size = len(gram)
    # One BLAS thread, or the last bits of the coordinates would depend on the machine's setting.
    with thread_limit():
        if size > _DENSE_UP_TO and count < size // 4:
            # Any fixed start will do except the constant vector, which centring has made a null vector.
            start = np.random.default_rng(0).standard_normal(size)
            try:
                values, vectors = eigsh(gram, k=count, which="LA", v0=start, tol=1e-10)
                return values[::-1], vectors[:, ::-1]
            except ArpackNoConvergence:
                pass  # nearly equal eigenvalues: the dense solver below does not mind them
        values, vectors = eigh(gram, subset_by_index=(size - count, size - 1))
        return values[::-1], vectors[:, ::-1]


def _signs(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """+1 or -1 per column, making the coordinate of largest magnitude positive (the first one among near-ties)."""
    magnitude = np.abs(points)
    # Without the margin, rounding would decide between the two ends of a symmetric configuration.
    first = np.argmax(magnitude >= (1 - 1e-6) * magnitude.max(axis=0), axis=0)
    return np.where(points[first, np.arange(points.shape[1])] < 0, -1.0, 1.0)


def _stress(table: NDArray[np.float64], points: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    from scipy.spatial.distance import cdist

    scale = float(table.max(initial=0.0)) or 1.0
    shown = cdist(points / scale, points / scale)
    given = table / scale
    shown -= given
    error, size = (np.einsum("ij,ij->i", a, a) for a in (shown, given))
    per_point = np.sqrt(np.divide(error, size, out=np.zeros_like(error), where=size > 0))
    total = float(size.sum())
    return (float(np.sqrt(error.sum() / total)) if total > 0 else 0.0), per_point
