"""The PWCCA of google/svcca, from reading its ``pwcca.py`` and ``cca_core.py`` (epsilon = 0)."""

from __future__ import annotations

import numpy as np


def google_pwcca(x, y, *, signs=None):
    """Value of ``compute_pwcca``, with the wider-first case as its formula intends; ``signs`` flips directions.

    The singular vectors are only defined up to sign, which the value depends on: ``signs`` is one of -1 or 1 for every
    direction, to be applied on top of LAPACK's choice.
    """
    a, b = np.asarray(x, np.float64).T, np.asarray(y, np.float64).T
    joint = np.cov(np.vstack([a, b]))
    n = len(a)
    xx, yy, xy = joint[:n, :n], joint[n:, n:], joint[:n, n:]
    peaks = np.abs(xx).max(), np.abs(yy).max()
    roots = []
    for sigma, peak in zip((xx, yy), peaks, strict=True):
        values, vectors = np.linalg.eigh(np.linalg.pinv(sigma / peak))
        roots.append(vectors @ np.diag(np.sqrt(values)) @ vectors.T)
    u, rho, vt = np.linalg.svd(roots[0] @ (xy / np.sqrt(peaks[0] * peaks[1])) @ roots[1])
    rotation, z = (u.T, a) if len(a) <= len(b) else (vt, b)
    if signs is not None:
        rotation = np.asarray(signs)[:, None] * rotation
    mean = z.mean(axis=1, keepdims=True)
    h, _ = np.linalg.qr((rotation @ (z - mean) + mean).T)
    alpha = np.abs(h.T @ z.T).sum(axis=1)
    return float(alpha / alpha.sum() @ rho)
