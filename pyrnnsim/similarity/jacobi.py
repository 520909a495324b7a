"""Mean canonical correlation between two random subspaces, for finite dimensions.

The squared cosines of the principal angles between random subspaces of dimensions p <= q of R^n (p + q <= n) have the
joint density of the real Jacobi ensemble on [0, 1],

    prod_i x_i^((q - p - 1) / 2) (1 - x_i)^((n - q - p - 1) / 2)  prod_{i<j} |x_i - x_j|.

Its one-point density is that of the complex ensemble with p - 1 points plus one more term (Adler, Forrester, Nagao &
van Moerbeke 2000). With phi_j the orthonormal functions of the weight x^a (1 - x)^b, a = q - p, b = n - p - q,

    density(x) dx = sum_{j < p-1} phi_j(x)^2 dx + phi_{p-1} (c + gamma integral phi_{p-2}) d theta,    x = sin^2 theta,

where gamma is (2 p - 2 + a + b) times a recurrence coefficient, and c makes the whole symmetric (p even) or its mass p
(p odd). In theta everything is smooth, so interpolation at Chebyshev points integrates to rounding error.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

# Beyond this many widths 1 / sqrt(n) outside the limits of large ranks, the density is below 1e-30.
_MARGIN = 9.0
_POINTS_PER_WAVE = 5  # phi^2 oscillates p times within Wachter's limits
_LEAST_POINTS = 128
_LARGE = 1e100  # polynomials are scaled down when they pass this, to be scaled back at the end


def mean_root(small: int, large: int, dimension: int) -> float:
    """Mean cosine of the principal angles between two random subspaces.

    Args:
        small: Dimension p of one, 1 <= p <= q.
        large: Dimension q of the other, p + q <= n.
        dimension: n.
    """
    if small == 1:
        # The square is Beta(q / 2, (n - q) / 2).
        halves = ((large + 1) / 2, dimension / 2, large / 2, (dimension + 1) / 2)
        above, other, below, last = (math.lgamma(half) for half in halves)
        return math.exp((above - below) + (other - last))
    grid = _grid(small, large, dimension)
    density = _density(small, large, dimension, grid)
    return _integral(np.sin(grid.theta) * density, grid) / _integral(density, grid)


class _Grid(NamedTuple):
    theta: Vector  # Chebyshev points of an interval, descending
    half: float  # half of its length


def _grid(small: int, large: int, dimension: int) -> _Grid:
    """Points on the interval that carries the law; Wachter's limits, widened."""
    a, b = math.asin(math.sqrt(small / dimension)), math.asin(math.sqrt(large / dimension))
    margin = _MARGIN / math.sqrt(dimension)
    low, high = max(0.0, b - a - margin), min(math.pi / 2, a + b + margin)
    count = math.ceil(_POINTS_PER_WAVE * small * (high - low) / (2 * a)) + _LEAST_POINTS
    half = (high - low) / 2
    return _Grid(low + half + half * np.cos(np.pi * (np.arange(count) + 0.5) / count), half)


def _density(small: int, large: int, dimension: int, grid: _Grid) -> Vector:
    """Density of the angles at the points, up to rounding of its mass p."""
    a, b = large - small, dimension - small - large
    total, before_last, last = _orthonormal(small, a, b, grid)
    smooth = total * np.sin(2 * grid.theta)
    gamma = -(2 * small - 2 + a + b) * _coefficient(small - 1, a, b)
    tail = _antiderivative(before_last, grid)
    constant = 0.0
    if small % 2:
        constant = (1 - gamma * _integral(last * tail, grid)) / _integral(last, grid)
    return smooth + last * (gamma * tail + constant)


def _orthonormal(count: int, a: int, b: int, grid: _Grid) -> tuple[Vector, Vector, Vector]:
    """Sum of phi_j^2 over j < count - 1, phi_{count - 2} and phi_{count - 1}, from the three-term recurrence."""
    x = np.square(np.sin(grid.theta))
    scale = a * np.log(np.sin(grid.theta)) + b * np.log(np.cos(grid.theta))
    scale -= scale.max()
    argument = 1 - 2 * x
    previous, current, total = np.zeros_like(x), np.ones_like(x), np.zeros_like(x)
    step = 0.0
    for j in range(count - 1):
        total += np.square(current)
        centre = (b * b - a * a) / ((2 * j + a + b) * (2 * j + a + b + 2)) if a != b else 0.0
        before, step = step, _coefficient(j + 1, a, b)
        previous, current = current, ((argument - centre) * current - before * previous) / step
        grown = np.abs(current) > _LARGE
        if grown.any():
            for values, power in ((previous, 1), (current, 1), (total, 2)):
                values[grown] *= _LARGE**-power
            scale[grown] += math.log(_LARGE)
    factor = np.exp(scale)
    # The weight was used up to a factor, which the norm of the last function supplies.
    unit = math.sqrt(_integral(np.square(current * factor) * np.sin(2 * grid.theta), grid))
    factor /= unit
    return total * np.square(factor), previous * factor, current * factor


def _coefficient(k: int, a: int, b: int) -> float:
    """Off-diagonal recurrence coefficient between the orthonormal Jacobi polynomials k - 1 and k on [-1, 1]."""
    if k == 1:
        return math.sqrt(4 * (1 + a) * (1 + b) / (a + b + 3)) / (a + b + 2)
    s = 2 * k + a + b
    return math.sqrt(4 * k * (k + a) * (k + b) * (k + a + b) / ((s + 1) * (s - 1))) / s


def _chebyshev(values: Vector) -> Vector:
    from scipy.fft import dct

    coefficients: Vector = dct(values, type=2) / len(values)
    coefficients[0] /= 2
    return coefficients


def _integral(values: Vector, grid: _Grid) -> float:
    even = np.arange(0, len(values), 2)
    return grid.half * float(np.sum(2 * _chebyshev(values)[::2] / (1.0 - even * even)))


def _antiderivative(values: Vector, grid: _Grid) -> Vector:
    """Half of (the integral up to a point minus the integral from it on)."""
    from scipy.fft import dct

    given = np.append(_chebyshev(values), (0.0, 0.0))
    given[0] *= 2
    order = np.arange(1, len(values))
    result = np.zeros(len(values))
    result[1:] = (given[:-3] - given[2:-1]) / (2 * order)
    result[0] = -np.sum(result[2::2])  # odd polynomials differ in sign at the ends, even ones must not count
    result[1:] /= 2
    at_points: Vector = grid.half * dct(result, type=3)
    return at_points
