"""Modes that cannot be told apart, and the projection onto all of them together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Ints = NDArray[np.intp]

_ORTHOGONAL = 1e-8  # cosine of an angle
_EQUAL = 1e-9  # eigenvalues that differ by less, relative to the largest, are equal


def by_magnitude(values: Complexes) -> list[Ints]:
    """Modes (S,) in descending magnitude as groups of equal magnitude: pairs, repeated eigenvalues, the null space."""
    magnitude = np.abs(values)
    apart = np.flatnonzero(-np.diff(magnitude) > _EQUAL * magnitude.max(initial=0.0)) + 1
    return [group for group in np.split(np.arange(len(values)), apart) if len(group)]


def is_null(values: Complexes, group: Ints) -> bool:
    """Whether the eigenvalues of a group are 0 up to rounding."""
    magnitude = np.abs(values)
    return bool(magnitude[group].max() <= _EQUAL * magnitude.max())


def is_pair(values: Complexes, group: Ints) -> bool:
    """Whether a group is two conjugates."""
    return len(group) == 2 and bool(values[group[0]].imag != 0 and values[group[0]] == values[group[1]].conj())


def alike(values: Complexes, mode: int) -> Ints:
    """The modes whose eigenvalue equals that of one of them, or its conjugate."""
    near = np.minimum(np.abs(values - values[mode]), np.abs(values - values[mode].conj()))
    return np.flatnonzero(near <= _EQUAL * np.abs(values).max())


def projection(right: Complexes, left: Complexes, group: Ints) -> tuple[Complexes, Complexes] | None:
    """Factors (S, m) and (m, S) of the spectral projection onto m modes, whose product is real.

    Within a group single vectors mean little, but their span is sound; (L R)^-1 makes the left ones dual to the right
    ones. None where left and right vectors of unit length are orthogonal to half of all digits: a defective group.
    """
    columns, rows = right[:, group], left[group]
    if not np.isfinite(rows).all():
        return None
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    overlap = rows @ columns
    if np.linalg.svd(overlap, compute_uv=False)[-1] < _ORTHOGONAL:
        return None
    return columns, np.asarray(np.linalg.solve(overlap, rows))


def real_span(columns: Complexes) -> Floats:
    """(S, m) orthonormal basis of the real span of m modes, closed under conjugation."""
    if columns.shape[1] == 1 and not columns.imag.any():  # as most are
        return np.asarray(columns.real / np.linalg.norm(columns.real))
    parts = np.concatenate([columns.real, columns.imag], axis=1)
    basis, sizes, _ = np.linalg.svd(parts, full_matrices=False)
    return np.asarray(basis[:, : min(columns.shape[1], int((sizes > 0).sum()))])
