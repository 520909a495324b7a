"""Similarity measures written straight from the papers: float64, one pair at a time, no regard for speed.

``x`` is ``(P, N_x)``, ``y`` is ``(P, N_y)``, rows are samples. Functions return similarities; distances are 1 minus
them, except for the Procrustes angle. Kernel measures and RSA are in the sibling files and imported here, so that tests
need only this one.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
from reference.google import google_pwcca
from reference.kernels import (
    debiased_cka,
    debiased_cka_by_quadruples,
    kernel_cka,
    linear_cka,
    linear_cka_from_features,
    linear_kernel,
    median_distance,
    rbf_cka,
    rbf_kernel,
)
from reference.rsa import dissimilarities, rsa

__all__ = [
    "canonical_correlations",
    "canonical_correlations_by_angles",
    "canonical_correlations_by_eigenproblem",
    "canonical_directions",
    "centre",
    "debiased_cka",
    "debiased_cka_by_quadruples",
    "dissimilarities",
    "google_pwcca",
    "kept_components",
    "kernel_cka",
    "linear_cka",
    "linear_cka_from_features",
    "linear_kernel",
    "matrix",
    "mean_cca",
    "median_distance",
    "orthonormal_basis",
    "procrustes_angle",
    "procrustes_similarity",
    "pwcca",
    "pwcca_sided",
    "rank",
    "rbf_cka",
    "rbf_kernel",
    "rsa",
    "singular_values",
    "svcca",
]

TOLERANCE = 1e-10  # singular values below this share of the largest are zero


def centre(x):
    x = np.asarray(x, dtype=np.float64)
    return x - x.mean(axis=0)


def orthonormal_basis(x):
    """Orthonormal basis of the centred columns, ordered by singular value: (P, rank)."""
    u, s, _ = scipy.linalg.svd(centre(x), full_matrices=False)
    return u[:, s > TOLERANCE * s[0]]


def rank(x):
    return orthonormal_basis(x).shape[1]


def singular_values(x):
    return scipy.linalg.svdvals(centre(x))


def canonical_correlations(x, y):
    """Singular values of the product of orthonormal bases (Bjorck & Golub 1973), descending: (min(rank),)."""
    return np.minimum(scipy.linalg.svdvals(orthonormal_basis(x).T @ orthonormal_basis(y)), 1.0)


def canonical_correlations_by_angles(x, y):
    """Cosines of SciPy's principal angles, descending; full column rank only.

    SciPy takes large angles from the cosine and small ones from the sine, but applies the choice in reverse order:
    where some rho exceed sqrt(1/2) and some do not, rho close to 0 or 1 come out with errors up to 1e-7.
    """
    return np.sort(np.cos(scipy.linalg.subspace_angles(centre(x), centre(y))))[::-1]


def canonical_correlations_by_eigenproblem(x, y):
    """Positive eigenvalues rho of [[0, S_xy], [S_yx, 0]] w = rho [[S_xx, 0], [0, S_yy]] w; full column rank only."""
    x, y = centre(x), centre(y)
    n, m = x.shape[1], y.shape[1]
    cross = np.zeros((n + m, n + m))
    cross[:n, n:] = x.T @ y
    cross[n:, :n] = y.T @ x
    within = scipy.linalg.block_diag(x.T @ x, y.T @ y)
    return np.sort(scipy.linalg.eigh(cross, within, eigvals_only=True))[::-1][: min(n, m)]


def canonical_directions(x, y):
    """Canonical variates h_i of x, orthonormal columns (P, c), and their correlations; c = min(rank_x, rank_y).

    The paper's h_i = u_i^T Sigma_xx^(-1/2) x span the same lines: with x = U S V^T, Sigma_xx^(-1/2) x is U up to a
    rotation that the singular vectors u_i absorb. Gram-Schmidt (here QR) as the paper asks for.
    """
    basis_x, basis_y = orthonormal_basis(x), orthonormal_basis(y)
    u, rho, _ = scipy.linalg.svd(basis_x.T @ basis_y)
    h, _ = scipy.linalg.qr(basis_x @ u[:, : len(rho)], mode="economic")
    return h, np.minimum(rho, 1.0)


def mean_cca(x, y):
    """Morcos, Raghu & Bengio (2018), section 2.2: mean over c = min(rank) correlations."""
    return float(np.mean(canonical_correlations(x, y)))


def kept_components(x, *, components=None, variance=None, threshold_on="variance"):
    """R of SVCCA: fixed, or the smallest whose cumulative share of s^2 (or of s) reaches ``variance``."""
    s = singular_values(x)
    s = s[s > TOLERANCE * s[0]]
    if components is not None:
        return min(components, len(s))
    share = s**2 if threshold_on == "variance" else s
    for kept in range(1, len(s) + 1):
        if share[:kept].sum() >= variance * share.sum() * (1 - 1e-14):
            return kept
    return len(s)


def svcca(x, y, *, components=None, variance=None, threshold_on="variance"):
    """Mean CCA of the projections of x and y on their leading principal components; 95 % of the variance by default."""
    if components is None and variance is None:
        variance = 0.95
    options = {"components": components, "variance": variance, "threshold_on": threshold_on}
    leading = [orthonormal_basis(z)[:, : kept_components(z, **options)] for z in (x, y)]
    return float(np.mean(scipy.linalg.svdvals(leading[0].T @ leading[1])))


def pwcca(x, y, *, norm="l1"):
    """Morcos, Raghu & Bengio (2018), "Projection Weighting", weights from x.

    L1 is the paper's alpha_i = sum_j |<h_i, z_j>|; L2 takes squares, which ties of rho cannot change.
    """
    h, rho = canonical_directions(x, y)
    projections = h.T @ centre(x)
    alpha = np.sum(np.abs(projections), axis=1) if norm == "l1" else np.sum(projections**2, axis=1)
    return float(np.sum(alpha / np.sum(alpha) * rho))


def pwcca_sided(x, y, *, side="mean", norm="l1"):
    """PWCCA with the weights from one network, both, or the one with fewer units (x if equal)."""
    first, second = pwcca(x, y, norm=norm), pwcca(y, x, norm=norm)
    if side == "smaller":
        return first if np.shape(x)[1] <= np.shape(y)[1] else second
    return {"first": first, "second": second, "mean": (first + second) / 2}[side]


def procrustes_similarity(x, y):
    """Largest <x Q, y> over orthogonal Q, for x and y centred, scaled to Frobenius norm 1 and padded to one width."""
    width = max(np.shape(x)[1], np.shape(y)[1])
    x, y = (np.pad(z, ((0, 0), (0, width - z.shape[1]))) for z in (centre(x), centre(y)))
    rotation, _ = scipy.linalg.orthogonal_procrustes(x / np.linalg.norm(x), y / np.linalg.norm(y))
    return float(np.sum((x / np.linalg.norm(x) @ rotation) * (y / np.linalg.norm(y))))


def procrustes_angle(x, y):
    """Angular shape distance in [0, pi / 2], a metric."""
    return float(np.arccos(min(procrustes_similarity(x, y), 1.0)))


def matrix(similarity, reps, others=None, **options):
    """(K, L) values of ``similarity`` between all networks, by a double loop."""
    others = reps if others is None else others
    return np.array([[similarity(x, y, **options) for y in others] for x in reps])
