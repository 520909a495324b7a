"""Eigenvalues and both kinds of eigenvectors of many matrices, in one order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


class Modes(NamedTuple):
    """Eigen-decomposition of n matrices A = R diag(values) L."""

    values: Complexes  # (n, S)
    right: Complexes  # (n, S, S): columns of unit length
    left: Complexes  # (n, S, S): rows, left @ right = 1
    condition: Floats  # (n, S): of each eigenvalue, |l| |r| with l r = 1; inf where l and r are orthogonal


def eigenvalues(matrices: Floats) -> Complexes:
    """(n, S) by descending magnitude, conjugate pairs side by side, positive imaginary part first."""
    if not matrices.size:
        return np.zeros(matrices.shape[:-1], np.complex128)
    values = np.linalg.eigvals(matrices).astype(np.complex128)
    return np.take_along_axis(values, _order(values), axis=-1)


def modes(matrices: Floats) -> Modes:
    """Eigenvalues in the same order, with right and left eigenvectors scaled to each other."""
    from scipy.linalg import eig

    count, size = matrices.shape[:2]
    values = np.zeros((count, size), np.complex128)
    right, left = (np.zeros((count, size, size), np.complex128) for _ in range(2))
    condition = np.zeros((count, size))
    for i, matrix in enumerate(matrices):
        found, rows, columns = eig(matrix, left=True, right=True)
        order = _order(found)
        values[i], right[i] = found[order], columns[:, order]
        rows = rows[:, order].conj().T
        overlap = np.einsum("kn,nk->k", rows, right[i])
        length = np.linalg.norm(rows, axis=1) * np.linalg.norm(right[i], axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            condition[i] = length / np.abs(overlap)
            left[i] = np.where(np.abs(overlap)[:, None] > 0, rows / overlap[:, None], rows)
    return Modes(values, right, left, condition)


def _order(values: Complexes) -> NDArray[np.intp]:
    return np.lexsort((-values.imag, values.real, -np.abs(values)))
