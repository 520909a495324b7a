"""RBF kernels: one unit vector per network, such that CKA is the scalar product of two of them."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.arrays import check_finite
from pyrnnsim._inputs.labels import Label
from pyrnnsim.similarity.condensed import (
    Vector,
    add_to_rows_and_columns,
    norm,
    row_sums,
    scaled_to_unit_norm,
    scaled_to_unit_peak,
    squared_distances,
)

Bandwidth = float | Literal["median"]

# Below this share of its norm, what centring leaves of a kernel is rounding noise.
_NOISE = 1e-12

# Widths beyond these, relative to the range of the data, give the same kernel up to a factor as the limits do: at
# 2**200 every value is linear in the squared distance, at 2**-500 every value between distinct samples is 0.
_WIDEST, _NARROWEST = 200, -500


def check_bandwidth(bandwidth: object, caller: str) -> None:
    """Raise unless ``bandwidth`` is ``"median"`` or a positive finite number."""
    if bandwidth == "median" and isinstance(bandwidth, str):
        return
    expected = "expected 'median' or a positive number in the units of the representations"
    if isinstance(bandwidth, (str, bool)) or not isinstance(bandwidth, (int, float, np.integer, np.floating)):
        raise TypeError(f"{caller}: bandwidth is {bandwidth!r}; {expected}")
    if not 0 < bandwidth < math.inf:
        raise ValueError(f"{caller}: bandwidth is {bandwidth}; {expected}")


def check_debiased_samples(samples: int, caller: str) -> None:
    """Raise unless there are the 4 samples that the unbiased estimator needs."""
    if samples < 4:
        raise ValueError(
            f"{caller}: {samples} samples; debiased CKA needs at least 4 (it averages over quadruples of distinct "
            "samples): pass debiased=False or more samples"
        )


def rbf_vector(rows: NDArray[Any], label: Label, *, bandwidth: Bandwidth = "median", debiased: bool = False) -> Vector:
    """Centred RBF kernel of one network as a vector of length 1; CKA of two networks is their scalar product.

    The kernel is ``exp(-|a - b|^2 / (2 sigma^2))``.

    Args:
        rows: ``(P, N)`` finite samples. Not modified.
        label: Names the network in errors.
        bandwidth: sigma, in the units of ``rows``; ``"median"`` takes the median of the P (P - 1) / 2 distances.
        debiased: Center so that the scalar product is the ratio of unbiased estimates of HSIC.
    Returns:
        float64. Debiased: ``(P (P - 1) / 2,)``. Otherwise ``(P (P + 1) / 2,)``: the P diagonal values first, see
        :func:`unit_trace`. Off-diagonal values carry a factor sqrt(2) there, as they stand for two.
    Raises:
        ValueError: If values are not finite, P < 4 for ``debiased``, the median distance is 0, or the kernel is
            constant.
    Cost: ``P^2 N`` operations and ``P^2`` exponentials; memory for two vectors.
    Source: Kornblith et al. (2019), section 3; debiased: Song et al. (2012), equation 5.
    """
    check_bandwidth(bandwidth, label.caller)
    if debiased:
        check_debiased_samples(len(rows), label.caller)
    check_finite(rows, label)
    squares, exponent = squared_distances(rows)
    if not np.any(squares):
        raise ValueError(f"{label}: all {len(rows)} samples are equal, so its kernel is constant; leave it out")
    values, diagonal = _kernel(squares, _width(squares, exponent, bandwidth, label))
    diagonal = math.ldexp(diagonal, -scaled_to_unit_peak(values))
    before = norm(values) if debiased else max(norm(values), diagonal)
    centred = _debiased(values, len(rows)) if debiased else _centred(values, diagonal, len(rows))
    if norm(centred) <= _NOISE * before:
        raise ValueError(
            f"{label}: its RBF kernel is constant up to rounding after centring, so CKA is 0/0; leave the network out "
            f"or pass another bandwidth than {bandwidth!r}"
        )
    return scaled_to_unit_norm(centred)


def unit_trace(vector: Vector, samples: int) -> float:
    """Trace of the centred kernel over its Frobenius norm, from the (biased) vector of :func:`rbf_vector`."""
    return float(np.add.reduce(vector[:samples]))


def _width(squares: Vector, exponent: int, bandwidth: Bandwidth, label: Label) -> float:
    """sigma in the scaled units of ``squares``."""
    if bandwidth == "median":
        width = _median_distance(squares)
        if width == 0:
            raise ValueError(
                f"{label}: more than half of its sample pairs are equal, so the median distance is 0; pass a bandwidth "
                "in the units of the representations, e.g. bandwidth=1.0"
            )
        return width
    fraction, power = math.frexp(float(bandwidth))
    return math.ldexp(fraction, min(max(power - exponent, _NARROWEST), _WIDEST))


def _median_distance(squares: Vector) -> float:
    """Median of the distances; of an even number, the mean of the two distances in the middle."""
    middle = len(squares) // 2
    kth = [middle] if len(squares) % 2 else [middle - 1, middle]
    return float(np.mean(np.sqrt(np.partition(squares, kth)[kth])))


def _kernel(squares: Vector, width: float) -> tuple[Vector, float]:
    """Kernel minus a constant, off the diagonal (in the memory of ``squares``) and on it.

    Centring removes any constant: it takes row and column means from every entry and adds the total mean back, so a
    shift c of all entries leaves as c - c - c + c = 0; the U-statistic, which never looks at the diagonal, does the
    same with sums over distinct samples, where (n-1) c / (n-2) is taken twice and n (n-1) c / ((n-1) (n-2)) added,
    which is c again. So k - 1 may stand for k: for wide kernels, whose entries are all near 1, expm1 keeps the digits
    that 1 + tiny would lose. Narrow kernels, whose entries are all near 0, keep theirs without the shift.
    """
    with np.errstate(over="ignore", under="ignore"):
        np.divide(squares, -width, out=squares)
        np.divide(squares, 2 * width, out=squares)
        if float(np.max(squares)) < -1:
            return np.exp(squares, out=squares), 1.0
        return np.expm1(squares, out=squares), 0.0


def _centred(values: Vector, diagonal: float, samples: int) -> Vector:
    """H K H: diagonal, then the rest times sqrt(2)."""
    means = (row_sums(values, samples) + diagonal) / samples
    offsets = np.mean(means) / 2 - means
    result = np.empty(samples + len(values))
    result[:samples] = diagonal + 2 * offsets
    rest = result[samples:]
    rest[...] = values
    add_to_rows_and_columns(rest, offsets)
    rest *= math.sqrt(2)
    return result


def _debiased(values: Vector, samples: int) -> Vector:
    """U-centred kernel (zero diagonal): scalar products are unbiased estimates of HSIC up to a common factor."""
    sums = row_sums(values, samples)
    offsets = np.add.reduce(sums) / (2 * (samples - 1) * (samples - 2)) - sums / (samples - 2)
    add_to_rows_and_columns(values, offsets)
    return values
