"""Matrices that are hard on an eigen-solver, after the types of LAPACK's own tests (dget23)."""

from __future__ import annotations

import numpy as np


def orthogonal(rng, n):
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


def companion(coefficients):
    n = len(coefficients)
    matrix = np.eye(n, k=-1)
    matrix[:1] = coefficients
    return matrix


def grcar(n):
    return np.eye(n) - np.eye(n, k=-1) + sum(np.eye(n, k=k) for k in (1, 2, 3))


def prescribed(rng, values, condition):
    """Real matrix with these real eigenvalues, and vectors of about this condition number."""
    n = len(values)
    stretch = np.geomspace(1, condition, n)
    vectors = orthogonal(rng, n) * stretch @ orthogonal(rng, n)
    return vectors @ np.diag(values) @ np.linalg.inv(vectors)


def well_conditioned(rng, n):
    """Name -> matrix whose eigenvectors are independent far beyond rounding."""
    random, q = rng.normal(size=(n, n)), orthogonal(rng, n)
    off = rng.random(n) < 0.5
    repeated = np.repeat([1.0, 2.0, 3.0, 4.0], (n + 3) // 4)[:n]
    low_rank = rng.normal(size=(n, min(5, n))) @ rng.normal(size=(min(5, n), n))
    return {
        "random": random,
        "zero": np.zeros((n, n)),
        "identity": np.eye(n),
        "diagonal": np.diag(rng.normal(size=n)),
        "orthogonal": q,
        "cyclic": np.roll(np.eye(n), 1, axis=0),
        "companion": companion(rng.normal(size=n)),
        "symmetric": random + random.T,
        "skew": random - random.T,
        "multiple": q * repeated @ q.T,
        "clustered": q * (1 + 1e-13 * rng.normal(size=n)) @ q.T,
        "low rank": low_rank,
        "rows off": random * ~off[:, None],
        "columns off": random * ~off,
        "one row off": random * (np.arange(n) != n // 2)[:, None],
        "saturated": random * np.geomspace(1, 1e-8, n)[:, None],
        "geometric": prescribed(rng, np.geomspace(1, 1e-15, n), 10),
        "arithmetic": prescribed(rng, np.linspace(1, 2, n), 10),
        "blocks": np.block(
            [
                [np.diag(rng.random(n // 2)), 0.1 * random[: n // 2, : n - n // 2]],
                [np.zeros((n - n // 2, n // 2)), 0.1 * random[n // 2 :, n // 2 :]],
            ]
        ),
    }


def ill_conditioned(rng, n):
    """Name -> matrix that is defective, or whose vectors are nearly dependent."""
    random, scale = rng.normal(size=(n, n)), np.geomspace(1e-6, 1e6, n)
    pairs = [np.array([[x, 1], [0, x]]) for x in rng.normal(size=n // 2)]
    jordan_pairs = np.eye(n)
    for k, pair in enumerate(pairs):
        jordan_pairs[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = pair
    return {
        "jordan": 0.9 * np.eye(n) + np.eye(n, k=1),
        "jordan pairs": jordan_pairs,
        "nilpotent": np.triu(random, 1),
        "graded up": random * scale[:, None] / scale,
        "graded down": random / scale[:, None] * scale,
        "shift": np.eye(n, k=-1),
    }
