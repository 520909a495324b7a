"""The rivals that need nothing but NumPy: networks prepared once, products in row blocks, batched decompositions.

This is how somebody who knows NumPy and the measures compares K networks of equal width. All but the eigenvectors of
the Gram matrices is computed in the dtype of the data. With several threads, rows of pairs are shared out to Python
threads that use one BLAS thread each: NumPy's decompositions release the interpreter lock, and that beats a threaded
BLAS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

LEADING = 20  # directions that SVCCA keeps
_SVCCA_BLOCK = 8  # networks whose small products are computed together


@dataclass(frozen=True)
class Whitened:
    """Orthonormal bases, side by side, and what restores the activity: X_i - mean = Q_i diag(s_i) V_i^T."""

    stacked: np.ndarray  # (P, K N), directions of a network by rising singular value
    singular: np.ndarray  # (K, N)
    loadings: np.ndarray  # (K, N, N) diag(s) V^T

    @property
    def networks(self) -> int:
        return len(self.singular)

    def cores(self, i: int) -> np.ndarray:
        """(K - 1 - i, N, N) products Q_i^T Q_j for all j > i."""
        units = self.singular.shape[1]
        block = self.stacked[:, i * units : (i + 1) * units].T @ self.stacked[:, (i + 1) * units :]
        return block.reshape(units, -1, units).transpose(1, 0, 2)


def centred(x: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=0)


def whiten(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = centred(x)
    values, vectors = np.linalg.eigh((x.T @ x).astype(np.float64))
    singular = np.sqrt(values)
    basis, loadings = x @ (vectors / singular).astype(x.dtype), (singular[:, None] * vectors.T).astype(x.dtype)
    return basis, singular.astype(x.dtype), loadings


def prepare(networks: Sequence[np.ndarray], threads: int = 1) -> Whitened:
    bases, singular, loadings = zip(*_each(whiten, networks, threads), strict=True)
    return Whitened(np.concatenate(bases, axis=1), np.stack(singular), np.stack(loadings))


def prepare_cka(networks: Sequence[np.ndarray], threads: int = 1) -> np.ndarray:
    """(K, P, N) centred activity: all that linear CKA needs."""
    return np.stack(list(_each(centred, networks, threads)))


def prepare_svcca(networks: Sequence[np.ndarray], threads: int = 1) -> np.ndarray:
    """(P, K R) leading directions, side by side."""

    def leading(x: np.ndarray) -> np.ndarray:
        x = centred(x)
        values, vectors = np.linalg.eigh((x.T @ x).astype(np.float64))
        return x @ (vectors[:, -LEADING:] / np.sqrt(values[-LEADING:])).astype(x.dtype)

    return np.concatenate(list(_each(leading, networks, threads)), axis=1)


def cca(prepared: Whitened, threads: int = 1) -> np.ndarray:
    """(K, K) mean CCA distances."""

    def row(i: int) -> np.ndarray:
        return 1 - np.linalg.svd(prepared.cores(i), compute_uv=False).mean(axis=1)

    return _symmetric(_each(row, range(prepared.networks - 1), threads))


def cca_by_eigenvalues(prepared: Whitened, threads: int = 1) -> np.ndarray:
    """Mean CCA from the eigenvalues of M^T M: faster, and it loses half the digits of small correlations."""

    def row(i: int) -> np.ndarray:
        cores = prepared.cores(i)
        squares = np.linalg.eigvalsh(cores.transpose(0, 2, 1) @ cores)
        return 1 - np.sqrt(np.maximum(squares, 0)).mean(axis=1)

    return _symmetric(_each(row, range(prepared.networks - 1), threads))


def pwcca(prepared: Whitened, threads: int = 1) -> np.ndarray:
    """(K, K) projection-weighted CCA distances, mean of the two directions."""

    def row(i: int) -> np.ndarray:
        left, rho, right = np.linalg.svd(prepared.cores(i))
        return 1 - _weighted(prepared, i, left, rho, right)

    return _symmetric(_each(row, range(prepared.networks - 1), threads))


def cka(activity: np.ndarray, threads: int = 1) -> np.ndarray:
    """(K, K) linear CKA distances from squared Frobenius norms of the stacked product."""
    networks, samples, units = activity.shape
    stacked = np.ascontiguousarray(activity.transpose(1, 0, 2)).reshape(samples, -1)

    def row(i: int) -> np.ndarray:
        block = activity[i].T @ stacked[:, i * units :]
        cores = block.reshape(units, -1, units).transpose(1, 0, 2)
        return np.einsum("kij,kij->k", cores, cores)

    squares = list(_each(row, range(networks), threads))
    norms = np.sqrt([row[0] for row in squares])  # of X_i^T X_i
    return _symmetric(1 - squares[i][1:] / (norms[i] * norms[i + 1 :]) for i in range(networks - 1))


def procrustes(activity: np.ndarray, threads: int = 1) -> np.ndarray:
    """(K, K) Procrustes angles from the nuclear norms of X_i^T X_j."""
    networks, samples, units = activity.shape
    activity = activity / np.linalg.norm(activity, axis=(1, 2), keepdims=True)
    stacked = np.ascontiguousarray(activity.transpose(1, 0, 2)).reshape(samples, -1)

    def row(i: int) -> np.ndarray:
        block = activity[i].T @ stacked[:, (i + 1) * units :]
        cores = block.reshape(units, -1, units).transpose(1, 0, 2)
        return np.arccos(np.minimum(np.linalg.svd(cores, compute_uv=False).sum(axis=1), 1))

    return _symmetric(_each(row, range(networks - 1), threads))


def svcca(leading: np.ndarray, threads: int = 1) -> np.ndarray:
    """(K, K) SVCCA distances with a fixed number of directions."""
    networks = leading.shape[1] // LEADING

    def block(first: int) -> list[np.ndarray]:
        last = min(first + _SVCCA_BLOCK, networks)
        product = leading[:, first * LEADING : last * LEADING].T @ leading[:, first * LEADING :]
        cores = product.reshape(last - first, LEADING, -1, LEADING).transpose(0, 2, 1, 3)
        rows, columns = np.triu_indices(last - first, 1, networks - first)
        means = np.linalg.svd(cores[rows, columns], compute_uv=False).mean(axis=1)
        return np.split(1 - means, np.flatnonzero(np.diff(rows)) + 1)

    blocks = _each(block, range(0, networks - 1, _SVCCA_BLOCK), threads)
    return _symmetric(row for rows in blocks for row in rows)


def all_measures(prepared: Whitened, threads: int = 1) -> dict[str, np.ndarray]:
    """Five (K, K) matrices from one pass over the products."""

    def row(i: int) -> tuple[np.ndarray, ...]:
        cores, scale = prepared.cores(i), prepared.singular / np.linalg.norm(prepared.singular, axis=1)[:, None]
        left, rho, right = np.linalg.svd(cores)
        aligned = cores * scale[i][:, None] * scale[i + 1 :, None, :]
        strength = np.linalg.norm(scale**2, axis=1)
        alignment = np.einsum("kij,kij->k", aligned, aligned) / (strength[i] * strength[i + 1 :])
        leading = np.linalg.svd(cores[:, -LEADING:, -LEADING:], compute_uv=False)
        nuclear = np.linalg.svd(aligned, compute_uv=False).sum(axis=1)
        similarities = rho.mean(axis=1), leading.mean(axis=1), _weighted(prepared, i, left, rho, right), alignment
        return *(1 - similarity for similarity in similarities), np.arccos(np.minimum(nuclear, 1))

    rows = list(_each(row, range(prepared.networks - 1), threads))
    names = "cca", "svcca", "pwcca", "cka", "procrustes"
    return {name: _symmetric(values[k] for values in rows) for k, name in enumerate(names)}


def sklearn_cca(x: np.ndarray, y: np.ndarray, components: int) -> np.ndarray:
    """Leading canonical correlations of one pair by scikit-learn's iterative CCA."""
    from sklearn.cross_decomposition import CCA

    a, b = CCA(n_components=components, scale=False, max_iter=2000).fit(x, y).transform(x, y)
    return np.array([np.corrcoef(a[:, k], b[:, k])[0, 1] for k in range(components)])


def _weighted(prepared: Whitened, i: int, left: np.ndarray, rho: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Means of rho weighted by either network, averaged."""
    from_left = np.abs(left.transpose(0, 2, 1) @ prepared.loadings[i]).sum(axis=2)
    from_right = np.abs(right @ prepared.loadings[i + 1 :]).sum(axis=2)
    return sum((weights * rho).sum(axis=1) / weights.sum(axis=1) for weights in (from_left, from_right)) / 2


def _symmetric(rows: Iterable[np.ndarray]) -> np.ndarray:
    rows = list(rows)
    full = np.zeros((len(rows) + 1, len(rows) + 1))
    for i, row in enumerate(rows):
        full[i, i + 1 :] = full[i + 1 :, i] = row
    return full


def _each(action: Callable, items: Iterable, threads: int) -> Iterable:
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
        return list(map(action, items) if pool is None else pool.map(action, items))
