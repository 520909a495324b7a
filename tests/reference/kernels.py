"""CKA from dense kernels, in every way the papers define it."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from scipy.spatial.distance import pdist, squareform


def linear_kernel(x):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.mean(axis=0)  # changes nothing after centring, but keeps digits when offsets are large
    return x @ x.T


def median_distance(x):
    return float(np.median(pdist(np.asarray(x, dtype=np.float64))))


def rbf_kernel(x, bandwidth="median"):
    """Entries exp(-|a - b|^2 / (2 sigma^2)); sigma is the median distance unless given."""
    sigma = median_distance(x) if bandwidth == "median" else bandwidth
    return np.exp(-squareform(pdist(np.asarray(x, dtype=np.float64), "sqeuclidean")) / (2 * sigma**2))


def kernel_cka(k, l):  # noqa: E741
    """Kornblith et al. (2019): HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with HSIC = tr(K H L H)."""
    samples = len(k)
    h = np.eye(samples) - np.ones((samples, samples)) / samples
    k, l = h @ k @ h, h @ l @ h  # noqa: E741
    return float(np.sum(k * l) / np.sqrt(np.sum(k * k) * np.sum(l * l)))


def linear_cka(x, y):
    return kernel_cka(linear_kernel(x), linear_kernel(y))


def linear_cka_from_features(x, y):
    """Maheswaranathan et al. (2019), appendix E: |X^T Y|^2 / (|X^T X| |Y^T Y|), for centred X and Y."""
    x, y = (z - z.mean(axis=0) for z in (np.asarray(x, np.float64), np.asarray(y, np.float64)))
    return float(np.sum((x.T @ y) ** 2) / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)))


def unbiased_hsic(k, l):  # noqa: E741
    """Song et al. (2012), equation 5."""
    n = len(k)
    k, l = (m - np.diag(np.diag(m)) for m in (k, l))  # noqa: E741
    one = np.ones(n)
    sums = (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ l @ one)
    return float((np.trace(k @ l) + sums) / (n * (n - 3)))


def unbiased_hsic_by_quadruples(k, l):  # noqa: E741
    """The U-statistic behind it: K_ij (L_ij + L_qr - 2 L_iq), averaged over all quadruples of distinct samples."""
    terms = [k[i, j] * (l[i, j] + l[q, r] - 2 * l[i, q]) for i, j, q, r in permutations(range(len(k)), 4)]
    return float(np.mean(terms))


def debiased_cka(k, l, hsic=unbiased_hsic):  # noqa: E741
    return hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l))


def debiased_cka_by_quadruples(k, l):  # noqa: E741
    return debiased_cka(k, l, unbiased_hsic_by_quadruples)


def rbf_cka(x, y, *, bandwidth="median", debiased=False):
    k, l = rbf_kernel(x, bandwidth), rbf_kernel(y, bandwidth)  # noqa: E741
    return debiased_cka(k, l) if debiased else kernel_cka(k, l)
