"""PWCCA as the google/svcca program computes it, for comparison with numbers published from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Matrix = NDArray[np.float64]


def google_pwcca(
    x: ArrayLike, y: ArrayLike, *, x_label: object = "google_pwcca: x", y_label: object = "google_pwcca: y"
) -> float:
    """Similarity that ``compute_pwcca`` of google/svcca returns for one pair (with its default, epsilon = 0).

    It differs from the paper: with the canonical correlations ``rho`` and the singular vectors ``U`` of the whitened
    cross-covariance, the weights come from the directions ``U^T (z - mean) + mean`` instead of
    ``U^T Sigma^(-1/2) (z - mean)``, where the mean of unit k is added to direction k, and they measure how much of the
    *uncentred* activity these directions explain.

    The value is not determined by the data: singular vectors are known up to sign only, and since means are added to
    the directions, flipping the sign of one changes the result (from 0.73 to 0.89 for one and the same pair). The
    signs are those of the LAPACK under NumPy, as in the original program, which is therefore reproduced on the same
    machine; another LAPACK may give another number. Use the paper's definition unless you need this one.

    Args:
        x: ``(P, N_x)`` finite samples, P > N_x.
        y: ``(P, N_y)`` finite samples, P > N_y. Neither is modified.
        x_label: Names ``x`` in errors.
        y_label: Names ``y`` in errors.
    Returns:
        Weighted mean of the canonical correlations, in [0, 1]. The weights come from the network with fewer units,
        from ``x`` if both have as many. Units that never change are left out (the program stops with an error, as it
        does when ``x`` is the wider network).
    Raises:
        ValueError: If shapes do not fit, no unit changes, or a covariance is singular to working precision.
    Cost: ``P (N_x + N_y)^2``. Accurate to 1e-9 up to condition number 2e2 of ``x`` and ``y``, to 1e-2 at 2e4.
    Source: google/svcca, ``pwcca.py`` and ``cca_core.py``; after Morcos, Raghu & Bengio (2018).
    """
    first = _live_units(np.asarray(x, dtype=np.float64), x_label)
    second = _live_units(np.asarray(y, dtype=np.float64), y_label)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"{y_label} has {second.shape[1]} samples; expected {first.shape[1]} as in {x_label}")
    # Covariances of very small or large activity would leave the range of float64; powers of two change nothing else.
    first, second = (np.ldexp(one, -int(np.frexp(np.abs(one).max())[1])) for one in (first, second))
    u, rho, v = _whitened_cross_covariance(first, second, (x_label, y_label))
    coefficients, activity = (u.T, first) if len(first) <= len(second) else (v, second)
    means = np.mean(activity, axis=1, keepdims=True)
    directions = np.dot(coefficients, activity - means) + means
    basis, _ = np.linalg.qr(directions.T)
    weights = np.sum(np.abs(np.dot(basis.T, activity.T)), axis=1)
    return float(np.sum(weights / np.sum(weights) * rho))


def _live_units(values: Matrix, label: object) -> Matrix:
    """Units that change, in rows as the program has them: (units, samples)."""
    if values.ndim != 2:
        raise ValueError(f"{label} has shape {values.shape}; expected 2-D (samples, units)")
    live: Matrix = values.T[(values != values[:1]).any(axis=0)]
    if not len(live):
        raise ValueError(f"{label} never changes over its samples; expected at least one unit that does")
    if live.shape[1] <= len(live):
        raise ValueError(
            f"{label} has {live.shape[1]} samples of {len(live)} units; google/svcca needs more samples "
            "than units: pass definition='paper'"
        )
    return live


def _whitened_cross_covariance(
    first: Matrix, second: Matrix, labels: tuple[object, object]
) -> tuple[Matrix, Matrix, Matrix]:
    """Singular value decomposition ``u, rho, v`` of Sigma_xx^(-1/2) Sigma_xy Sigma_yy^(-1/2).

    The calls and their order are the program's: any other route to the same matrix could change the signs in u and v.
    """
    split = len(first)
    covariance = np.cov(first, second)
    xx, xy, yy = covariance[:split, :split], covariance[:split, split:], covariance[split:, split:]
    x_peak, y_peak = np.max(np.abs(xx)), np.max(np.abs(yy))
    whiten_x = _inverse_root(xx / x_peak, labels[0])
    whiten_y = _inverse_root(yy / y_peak, labels[1])
    product = np.dot(whiten_x, np.dot(xy / np.sqrt(x_peak * y_peak), whiten_y))
    u, rho, v = np.linalg.svd(product)
    return u, np.abs(rho), v


def _inverse_root(covariance: Matrix, label: object) -> Matrix:
    values, vectors = np.linalg.eigh(np.linalg.pinv(covariance))
    spectrum = np.linalg.eigvalsh(covariance)
    if values[0] <= 0 or spectrum[0] <= len(covariance) * np.finfo(np.float64).eps * spectrum[-1]:
        raise ValueError(
            f"{label}: its covariance is singular to working precision (dependent units, or a condition number beyond "
            "1e5 to 1e7), where google/svcca fails or returns noise: pass definition='paper'"
        )
    root: Matrix = np.dot(vectors, np.dot(np.diag(np.sqrt(values)), vectors.T))
    return root
