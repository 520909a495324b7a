"""One network, prepared once: X - mean = 2**exponent U diag(s) V^T, in a form that every measure is read off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import _core
from pyrnnsim._inputs.arrays import check_finite
from pyrnnsim._inputs.labels import Label

Rows = Callable[[int, int], NDArray[np.floating]]
"""Rows start:stop of a network, C-contiguous, float32 or float64."""

# Rows at a time; whole blocks of csrc/similarity/centred_cpu.cpp, so that chunks do not change a sum.
_CHUNK = 3200
_EPS32, _EPS64 = float(np.finfo(np.float32).eps), float(np.finfo(np.float64).eps)
# Squared condition down to which the Gram matrix gives a basis: canonical correlations are then right to about
# eps / ratio, 1e-11 in float64 and well below float32's own rounding for float32 input.
_GRAM_RATIO = {"d": 1e-7, "f": 1e-10}
# And below this ratio in float64 the basis is orthonormalised once more, which leaves eps times the condition only.
_GRAM_ALONE = 1e-5
# Above this condition a float32 sum of the basis would show in the fifth digit.
_FLOAT_CONDITION = 300.0
_LARGEST_EXPONENT = 400


@dataclass(frozen=True, eq=False)
class Factors:
    """Factors of one network; U itself is made from rows on demand by ``basis``.

    Attributes:
        mean: (N,) column means.
        weights: (N, R) with U = (X - mean) @ weights, columns by decreasing singular value.
        correction: (R, R) that restores orthonormal columns of U where the condition cost some; None where it did not.
        singular_values: (R,) descending, in units of 2**exponent.
        right: (N, R) V.
        exponent: Power of two that was taken out of X.
        shift: Rows are multiplied by 2**-shift before anything else; 0 unless squares would leave the range of float64.
        dead: Units that do not vary beyond rounding.
        cut: Directions left out because rounding alone explains them.
        precise: U must be summed in float64.
    """

    mean: NDArray[np.float64]
    weights: NDArray[np.float64]
    correction: NDArray[np.float64] | None
    singular_values: NDArray[np.float64]
    right: NDArray[np.float64]
    exponent: int
    shift: int
    dead: int
    cut: int
    precise: bool

    @property
    def rank(self) -> int:
        """R, the number of directions in which the network varies."""
        return len(self.singular_values)

    @property
    def condition(self) -> float:
        """Largest over smallest singular value that was kept."""
        return float(self.singular_values[0] / self.singular_values[-1])

    @property
    def scale(self) -> NDArray[np.float64]:
        """(R,) singular values over their Euclidean norm."""
        unit: NDArray[np.float64] = self.singular_values / np.linalg.norm(self.singular_values)
        return unit

    def noise(self, dtype: np.dtype[np.floating]) -> float:
        """What rounding of this basis, computed from rows of ``dtype``, adds to an element of a core (measured)."""
        if dtype == np.float64:
            return 1e-17 * self.condition
        return 5e-10 if self.precise else 1e-10 * self.condition

    def basis(self, rows: NDArray[np.floating], keep: int | None = None) -> NDArray[np.floating]:
        """(p, keep) rows of U in the dtype of ``rows``; the bits of a row do not depend on the rows beside it."""
        keep = self.rank if keep is None else keep
        rows = shifted(rows, self.shift)
        if self.correction is None:
            return _core.project(rows, self.mean, np.ascontiguousarray(self.weights[:, :keep]), precise=self.precise)
        wide = _core.project(rows.astype(np.float64), self.mean, self.weights)
        exact = _core.project(wide, np.zeros(self.rank), np.ascontiguousarray(self.correction[:, :keep]))
        return exact.astype(rows.dtype, copy=False)

    def loadings(self, dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
        """(R, N) L = diag(s) V^T, so that X - mean = 2**exponent U L."""
        return np.ascontiguousarray((self.right * self.singular_values).T, dtype=dtype)


@dataclass(frozen=True, eq=False)
class Moments:
    """Column statistics of one network: what can be known without a decomposition."""

    mean: NDArray[np.float64]
    live: NDArray[np.bool_]
    exponent: int
    shift: int = 0


class UnusableNetworkError(ValueError):
    """A network that ``nan_policy="skip"`` leaves out."""


class ConstantNetworkError(UnusableNetworkError):
    """Every unit of a network is constant: there is nothing to compare."""


def chunks(samples: int, size: int = _CHUNK) -> Iterator[tuple[int, int]]:
    """Row ranges of a network, in order."""
    return ((start, min(start + size, samples)) for start in range(0, samples, size))


def moments(rows: Rows, samples: int, label: Label) -> Moments:
    """Means, which units vary, and the scale of one network; refuses what is not finite.

    Raises:
        ValueError: For NaN or infinity (names row and unit), or values too large to square.
        ConstantNetworkError: If no unit varies.
    """
    first = rows(0, 1)[0]
    shift = first.astype(np.float64)
    sums, spread = np.zeros(len(shift)), np.zeros(len(shift))
    for start, stop in chunks(samples):
        block = rows(start, stop)
        _core.add_column_sums(block, shift, sums, spread)
        if not np.isfinite(sums).all():
            try:
                check_finite(block, label, start)
            except ValueError as error:
                raise UnusableNetworkError(str(error)) from None
            raise ValueError(f"{label} has values near the end of the range of float64; divide it by 1e10 or so")
    tolerance = 4 * float(np.finfo(first.dtype).eps) * np.abs(shift)
    live = spread > tolerance
    if not live.any():
        raise ConstantNetworkError(
            f"{label} is constant: none of its {len(live)} units varies over the {samples} samples; "
            'leave it out, or pass nan_policy="skip"'
        )
    exponent = int(np.frexp(spread[live].max())[1])
    return Moments(shift + sums / samples, live, exponent)


def factorize(rows: Rows, samples: int, label: Label) -> Factors:
    """Factors of one network.

    The Gram matrix of the centred units, in float64, gives them at once where the condition allows; else a QR
    decomposition of the units scaled to equal length, so that neither their scales nor dependent units cost digits.
    Directions whose singular value after that scaling is below max(P, N) eps of the largest (for float32 input at least
    8 eps of float32, which is what its rounding can fake) are cut.

    Cost: P N^2 + O(N^3) flops; four times that on the second path.
    """
    stats, rows = well_scaled(rows, samples, label)
    scale = np.where(stats.live, 2.0**-stats.exponent, 0.0)
    gram = centred_gram(rows, samples, stats.mean, scale)
    live = np.flatnonzero(stats.live)
    dtype = rows(0, 1).dtype
    if samples > len(live):
        eigenvalues, vectors = np.linalg.eigh(gram[np.ix_(live, live)])
        if eigenvalues[0] > _GRAM_RATIO[dtype.char] * eigenvalues[-1]:
            factors = _from_gram(eigenvalues[::-1], vectors[:, ::-1], live, stats, dtype)
            if dtype == np.float64 and eigenvalues[0] < _GRAM_ALONE * eigenvalues[-1]:
                # The condition is small enough for the corrected weights to be applied in one product.
                weights = factors.weights @ _orthonormalizer(rows, samples, factors)
                return replace(factors, weights=weights)
            return factors
    return _from_qr(rows, samples, np.sqrt(np.diag(gram)), live, stats)


def well_scaled(rows: Rows, samples: int, label: Label) -> tuple[Moments, Rows]:
    """Moments, and rows whose squares float64 can hold: shifted by a power of two if those given are extreme."""
    stats = moments(rows, samples, label)
    if abs(stats.exponent) <= _LARGEST_EXPONENT:
        return stats, rows
    shift = stats.exponent

    def moved(start: int, stop: int) -> NDArray[np.floating]:
        return shifted(rows(start, stop), shift)

    return replace(moments(moved, samples, label), shift=shift), moved


def shifted(rows: NDArray[np.floating], shift: int) -> NDArray[np.floating]:
    """Rows times 2**-shift."""
    return np.ldexp(rows.astype(np.float64), -shift) if shift else rows


def centred_gram(
    rows: Rows, samples: int, mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N, N) Y^T Y of Y = (X - mean) * scale, summed in float64 in an order that chunks do not change."""
    units = len(mean)
    padded = np.zeros(_core.gram_shape(units))
    for start, stop in chunks(samples):
        _core.add_centred_gram(rows(start, stop), mean, scale, padded)
    lower = np.tril(padded[:units, :units])
    return lower + np.tril(lower, -1).T


def _expand(part: NDArray[np.float64], live: NDArray[np.intp], units: int) -> NDArray[np.float64]:
    whole = np.zeros((units, part.shape[1]))
    whole[live] = part
    return whole


def _from_gram(
    eigenvalues: NDArray[np.float64],
    vectors: NDArray[np.float64],
    live: NDArray[np.intp],
    stats: Moments,
    dtype: np.dtype[np.floating],
) -> Factors:
    singular = np.sqrt(eigenvalues)
    units = len(stats.mean)
    weights = _expand(vectors / singular * 2.0**-stats.exponent, live, units)
    right = _expand(vectors, live, units)
    easy = singular[0] < _FLOAT_CONDITION * singular[-1] and abs(stats.exponent) < 40
    precise = dtype == np.float64 or not easy
    dead = units - len(live)
    return Factors(
        stats.mean, weights, None, singular.copy(), right, stats.exponent, stats.shift, dead, cut=0, precise=precise
    )


def _from_qr(rows: Rows, samples: int, length: NDArray[np.float64], live: NDArray[np.intp], stats: Moments) -> Factors:
    units = len(stats.mean)
    even = 2.0**-stats.exponent / length[live]  # brings every unit to length one
    triangle = np.zeros((0, len(live)))
    for start, stop in chunks(samples):
        block = (rows(start, stop)[:, live].astype(np.float64) - stats.mean[live]) * even
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, block]), mode="r"))
    _, even_singular, even_right = np.linalg.svd(triangle, full_matrices=False)
    single = rows(0, 1).dtype == np.float32
    tolerance = max(max(samples, len(live)) * _EPS64, 8 * _EPS32 if single else 0.0)
    rank = int((even_singular > tolerance * even_singular[0]).sum())
    loadings = even_singular[:rank, None] * even_right[:rank] * length[live]
    turn, singular, right = np.linalg.svd(loadings, full_matrices=False)
    weights = (even[:, None] * even_right[:rank].T / even_singular[:rank]) @ turn
    cut = min(len(live), samples - 1) - rank
    factors = Factors(
        stats.mean,
        _expand(weights, live, units),
        None,
        singular,
        _expand(right.T, live, units),
        stats.exponent,
        stats.shift,
        units - len(live),
        cut,
        precise=True,
    )
    return replace(factors, correction=_orthonormalizer(rows, samples, factors))


def _orthonormalizer(rows: Rows, samples: int, factors: Factors) -> NDArray[np.float64]:
    """(U^T U)^(-1/2) of the basis as it comes out in float64: the identity but for eps times the condition."""

    def wide(start: int, stop: int) -> NDArray[np.floating]:
        return _core.project(rows(start, stop).astype(np.float64), factors.mean, factors.weights)

    ones = np.ones(factors.rank)
    eigenvalues, vectors = np.linalg.eigh(centred_gram(wide, samples, np.zeros(factors.rank), ones))
    root: NDArray[np.float64] = np.ascontiguousarray((vectors / np.sqrt(eigenvalues)) @ vectors.T)
    return root
