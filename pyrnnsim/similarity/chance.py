"""Similarity that networks with nothing in common are expected to show.

Two kinds of null stand behind these numbers. Permuting the samples of one network gives exact expectations for the
kernel measures and RSA. For canonical correlations the null is that the two subspaces lie in random directions
(Gaussian activity, say), which fixes the law of the correlations; permuted samples follow it closely.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from pyrnnsim.similarity.jacobi import mean_root

Measure = Literal[
    "cca", "svcca", "pwcca", "linear_cka", "rbf_cka", "debiased_cka", "rsa_pearson", "rsa_spearman", "rsa_cosine",
    "procrustes", "google_pwcca",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Profile:
    """What chance levels depend on; only the field that the measure needs must be given.

    Attributes:
        rank: Rank of the centred network (cca, pwcca), or the number of directions kept (svcca).
        spectrum: Singular values of the centred network (linear_cka).
        kernel_trace: Trace over Frobenius norm of the centred kernel, ``kernels.unit_trace`` (rbf_cka).
        total: Sum over the unit vector of dissimilarities (rsa_cosine).
    """

    rank: int | None = None
    spectrum: ArrayLike | None = None
    kernel_trace: float | None = None
    total: float | None = None


def expected_similarity(measure: Measure, x: Profile, y: Profile, samples: int) -> float | None:
    """Chance level of a similarity in closed form, or None where there is none and only permutations help.

    Args:
        measure: What is compared; ``"debiased_cka"`` stands for every kernel.
        x: The first network.
        y: The second one.
        samples: P.
    Returns:
        Expected similarity; None for ``"procrustes"`` and ``"google_pwcca"``, and where a profile lacks the field.
    Raises:
        ValueError: If ``measure`` is unknown, or from the function for it.
    """
    if measure not in get_args(Measure):
        raise ValueError(f"expected_similarity: measure is {measure!r}; expected one of {', '.join(get_args(Measure))}")
    if measure in _ZERO:
        return 0.0
    if measure not in _CLOSED_FORMS:
        return None
    field, expectation = _CLOSED_FORMS[measure]
    of_x, of_y = getattr(x, field), getattr(y, field)
    return None if of_x is None or of_y is None else expectation(of_x, of_y, samples)


def expected_cca(rank_x: int, rank_y: int, samples: int) -> float:
    """Mean canonical correlation of two independent networks.

    After centring, P samples leave n = P - 1 dimensions. If the ranks add up to more than n, the two subspaces must
    meet, and rank_x + rank_y - n correlations are exactly 1; the others are those of the orthogonal complements, of
    dimensions n - rank_y and n - rank_x. Their squares follow the Jacobi (MANOVA) law, whose limit for large ranks is
    Wachter's.

    Also the expectation of PWCCA: under this null, the weights do not depend on the correlations. For SVCCA give the
    numbers of directions kept.

    Args:
        rank_x: Rank of the first centred network, 1 <= rank_x <= P - 1.
        rank_y: Rank of the second one.
        samples: P.
    Returns:
        Expectation in (0, 1], exact for independent Gaussian samples at every rank (relative error below 1e-9).
        For P = 3,200 and two networks of 64 / 128 / 256 units: 0.120 / 0.170 / 0.242.
    Raises:
        ValueError: If a rank is not in 1..P - 1.
    Cost: grows with the square of the smaller rank, 2 ms at rank 128; remembered for later calls.
    Source: Wachter (1980); Adler, Forrester, Nagao & van Moerbeke (2000) for finite ranks.
    """
    freedom = samples - 1
    for name, rank in (("rank_x", rank_x), ("rank_y", rank_y)):
        if not 1 <= rank <= freedom:
            raise ValueError(f"expected_cca: {name} is {rank}; expected 1 to {freedom} for {samples} samples")
    return _expected_cca(min(rank_x, rank_y), max(rank_x, rank_y), freedom)


@lru_cache(maxsize=65536)
def _expected_cca(small: int, large: int, freedom: int) -> float:
    ones = max(0, small + large - freedom)
    if ones == small:
        return 1.0
    if ones:
        # cos of the angles between complements: as many of them as small - ones
        return (ones + (small - ones) * mean_root(freedom - large, freedom - small, freedom)) / small
    return mean_root(small, large, freedom)


def expected_linear_cka(spectrum_x: ArrayLike, spectrum_y: ArrayLike, samples: int) -> float:
    """Linear CKA (biased) of two networks, averaged over all permutations of the samples of one. Exact.

    Args:
        spectrum_x: ``(N_x,)`` singular values of the first centred network, any scale; zeros may be left out.
        spectrum_y: The same for the second one.
        samples: P.
    Returns:
        Expectation in (0, 1].
    Raises:
        ValueError: If P < 2 or a spectrum is all zero.
    """
    return expected_kernel_cka(
        _spectral_trace(spectrum_x, "spectrum_x"), _spectral_trace(spectrum_y, "spectrum_y"), samples
    )


def expected_kernel_cka(trace_x: float, trace_y: float, samples: int) -> float:
    """CKA (biased) of any two kernels, averaged over all permutations of the samples of one. Exact.

    The average of P L P^T over permutations P is tr(L) / (samples - 1) times the centring matrix, so the average of
    <K, L> is tr(K) tr(L) / (samples - 1).

    Args:
        trace_x: Trace over Frobenius norm of the first centred kernel; ``kernels.unit_trace`` for RBF.
        trace_y: The same for the second one.
        samples: P.
    Returns:
        Expectation in (0, 1].
    Raises:
        ValueError: If P < 2.
    """
    if samples < 2:
        raise ValueError(f"expected_kernel_cka: {samples} samples; expected at least 2")
    return trace_x * trace_y / (samples - 1)


def expected_rsa_cosine(total_x: float, total_y: float, samples: int) -> float:
    """RSA with cosine comparison of two networks, averaged over all permutations of the samples of one. Exact.

    A permutation carries every pair of samples to every other equally often, so only the means count.

    Args:
        total_x: Sum over the unit vector of dissimilarities of the first network, ``rsa.rsa_vector``.
        total_y: The same for the second one.
        samples: P.
    Raises:
        ValueError: If P < 2.
    """
    if samples < 2:
        raise ValueError(f"expected_rsa_cosine: {samples} samples; expected at least 2")
    return total_x * total_y * 2 / (samples * (samples - 1))


def _spectral_trace(spectrum: ArrayLike, name: str) -> float:
    """Trace over Frobenius norm of the kernel with these singular values of the data."""
    values = np.abs(np.asarray(spectrum, dtype=np.float64)).ravel()
    peak = float(values.max(initial=0.0))
    if peak == 0:
        raise ValueError(f"expected_linear_cka: {name} is all zero; expected the singular values of a live network")
    squares = np.square(np.ldexp(values, -math.frexp(peak)[1]))
    return float(np.sum(squares) / np.sqrt(np.sum(np.square(squares))))


# What is compared sums to zero over the pairs of samples, so a random pairing is expected to give exactly zero.
_ZERO = ("debiased_cka", "rsa_pearson", "rsa_spearman")

_CLOSED_FORMS: dict[str, tuple[str, Callable[..., float]]] = {
    "cca": ("rank", expected_cca),
    "svcca": ("rank", expected_cca),
    "pwcca": ("rank", expected_cca),
    "linear_cka": ("spectrum", expected_linear_cka),
    "rbf_cka": ("kernel_trace", expected_kernel_cka),
    "rsa_cosine": ("total", expected_rsa_cosine),
}
