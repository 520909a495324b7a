"""Canonical correlations in arithmetic of many digits, for small matrices."""

from __future__ import annotations

import mpmath
import numpy as np


def canonical_correlations(x, y, digits=50):
    """Singular values of L_x^-1 S_xy L_y^-T, where S = L L^T is a Cholesky factorisation; full column rank only."""
    with mpmath.workdps(digits):
        x, y = _centred(x), _centred(y)
        whitened = _solve_lower(mpmath.cholesky(x.T * x), x.T * y)
        whitened = _solve_lower(mpmath.cholesky(y.T * y), whitened.T)
        rho = mpmath.svd_r(whitened, compute_uv=False)
        return np.sort(np.array([float(value) for value in rho]))[::-1]


def _centred(x):
    x = mpmath.matrix(np.asarray(x, dtype=np.float64).tolist())
    for column in range(x.cols):
        mean = mpmath.fsum(x[row, column] for row in range(x.rows)) / x.rows
        for row in range(x.rows):
            x[row, column] -= mean
    return x


def _solve_lower(lower, right):
    """Forward substitution: lower^-1 right."""
    solution = right.copy()
    for column in range(right.cols):
        for row in range(lower.rows):
            known = mpmath.fdot((lower[row, k], solution[k, column]) for k in range(row))
            solution[row, column] = (right[row, column] - known) / lower[row, row]
    return solution
