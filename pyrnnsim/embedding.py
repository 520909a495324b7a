"""Distance matrix to coordinates: multidimensional scaling (MDS), classical or of least stress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim._out_of_sample import place_new
from pyrnnsim._smacof import majorize
from pyrnnsim._threads import thread_limit

# Below this K the dense solver is faster than Lanczos iterations (crossover near 150 on two x86-64 cores, flat to 300).
_DENSE_UP_TO = 200
# Eigenvalues below this share of the largest are rounding noise of a lower-dimensional configuration.
_NOISE = 1e-12
_ASYMMETRY = 1e-8
# SMACOF stops when a step lowers the squared stress by less, which is invisible in a picture.
_TOLERANCE = 1e-7
_STEPS = 500
# A picture this good cannot be improved: SMACOF would move points by rounding.
_PERFECT = 1e-9
_METHODS = ("classical", "smacof")


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
            Of the classical solution, also where SMACOF went on from it.
        method: How the coordinates were found: ``"classical"`` or ``"smacof"``.
        root_mean_square: ``(K,)`` of the given distances of each network to those that were not skipped, NaN for the
            others; None in an embedding that cannot be transformed.
        steps: Steps of SMACOF; 0 for ``"classical"``.
        converged: Whether SMACOF stopped because its stress no longer fell; True for ``"classical"``.
    """

    coordinates: NDArray[np.float64]
    stress: float
    point_stress: NDArray[np.float64]
    eigenvalue_share: NDArray[np.float64]
    method: str
    root_mean_square: NDArray[np.float64] | None = None
    steps: int = 0
    converged: bool = True

    def transform(self, distances: ArrayLike) -> NDArray[np.float64]:
        """Place further networks among these, which stay where they are.

        Args:
            distances: ``(Q, K)`` from Q new networks to the K old ones, in the same measure, such as
                ``cross_distances(new, old)``. Columns of old networks that were skipped are not looked at; a new
                network with nothing but NaN in the others gets NaN coordinates. Not modified.
        Returns:
            ``(Q, dimensions)``. Each row depends on its own distances only. A network of the embedding comes back to
            its own place; with ``"smacof"`` up to convergence, or to one where its own stress is lower.
        Raises:
            ValueError: If ``distances`` has another number of columns, or a value that is negative or not finite.
            TypeError: If ``distances`` is not numeric.
        Cost: ``O(Q K)`` for ``"classical"``; for ``"smacof"`` up to 1,000 steps from each of four starts.
        Source: Gower (1968), equation 10, for ``"classical"``; the stress of the new point alone, minimised from
            several starts, for ``"smacof"``.
        """
        if self.root_mean_square is None:
            raise ValueError("Embedding.transform: root_mean_square is None; make the embedding with embed(distances)")
        return place_new(distances, self.coordinates, self.root_mean_square, least_stress=self.method == "smacof")


def embed(distances: ArrayLike, *, method: str = "classical", dimensions: int = 2) -> Embedding:
    """Place networks in the plane (or a space of more dimensions) so that distances are kept as well as possible.

    Args:
        distances: ``(K, K)`` symmetric, non-negative, zero diagonal: what the ``pairwise_*`` functions return.
            Networks left out by ``nan_policy="skip"`` (rows of NaN) get NaN coordinates. Not modified.
        method: ``"classical"``, which projects, so that large distances come out well; or ``"smacof"``, which goes on
            from there to a least stress, in which all distances have the same weight.
        dimensions: Number of coordinates per network, at least 1. Dimensions that the data do not have are 0.
    Returns:
        The coordinates with their stress. Deterministic for any number of threads: the start vector of the eigensolver
        is fixed, and in each column the coordinate of largest magnitude is positive. A least stress is a local one.
    Raises:
        ValueError: If ``distances`` is not square, not symmetric, negative or not finite, ``dimensions`` < 1, or
            ``method`` is unknown.
        TypeError: If ``distances`` is not numeric or ``dimensions`` is not an integer.
    Cost: ``O(K^2)`` memory, tens of products with a K x K matrix (hundreds if the distances have no structure): 0.4 s
        for K = 2,880 (1.5 s). ``"smacof"`` adds 0.022 s per step for K = 2,880, up to 500 steps.
    Source: Torgerson (1952); used for every MDS panel of Maheswaranathan et al. (2019), section 2.3. De Leeuw (1977).
    """
    if method not in _METHODS:
        raise ValueError(f"embed: method must be 'classical' or 'smacof', got {method!r}")
    dimensions = _check_dimensions(dimensions)
    table, kept = distance_table(distances, caller="embed")
    total = np.asarray(distances).shape[0]
    points, share = _classical(table, dimensions)
    stress, per_point = _stress(table, points)
    steps, converged = 0, True
    if method == "smacof" and stress > _PERFECT:
        found = majorize(table, _apart(table, points), steps=_STEPS, tolerance=_TOLERANCE)
        points, steps, converged = _principal_axes(found.points), len(found.stress) - 1, found.converged
        stress, per_point = _stress(table, points)

    def for_all(values: NDArray[np.float64]) -> NDArray[np.float64]:
        spread = np.full((total, *values.shape[1:]), np.nan)
        spread[kept] = values
        return spread

    scale = float(table.max(initial=0.0)) or 1.0
    unit = table / scale
    size = np.sqrt(np.einsum("ij,ij->i", unit, unit) / len(unit)) * scale
    return Embedding(for_all(points), stress, for_all(per_point), share, method, for_all(size), steps, converged)


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


def _apart(table: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points with those moved a little that are on one spot, from which no step of SMACOF would separate them."""
    from scipy.spatial.distance import cdist

    scale = float(table.max())
    together = ((cdist(points / scale, points / scale) < _NOISE**0.5) & (table > 0)).any(axis=1)
    nudge = np.random.default_rng(0).standard_normal(points.shape) * (1e-3 * scale)
    return np.where(together[:, None], points + nudge, points)


def _principal_axes(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centred and turned so that the columns are uncorrelated, by falling variance: stress is blind to rotation."""
    centred = points - points.mean(axis=0)
    with thread_limit():
        _, _, axes = np.linalg.svd(centred / np.abs(centred).max(), full_matrices=len(points) < points.shape[1])
        turned = centred @ axes.T
    return np.asarray(turned * _signs(turned))


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
