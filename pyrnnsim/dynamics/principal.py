"""Principal axes of states."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Axes(NamedTuple):
    """Principal axes of some states."""

    mean: Floats  # (S,)
    axes: Floats  # (D, S), orthonormal rows
    variance: Floats  # (D,) along each
    total: float  # variance in all directions

    @property
    def shares(self) -> Floats:
        """(D,) of the variance; 0 where the states do not vary at all."""
        return np.asarray(self.variance / self.total) if self.total > 0 else np.zeros(len(self.axes))

    def project(self, states: Floats) -> Floats:
        """(n, D) coordinates of states (n, S)."""
        return np.asarray((states - self.mean) @ self.axes.T)


def principal_axes(states: Floats, dimensions: int) -> Axes:
    """The leading axes of states (n, S), at most S; the entry of largest magnitude of each is positive.

    Directions without variance complete the basis where there are fewer states than axes.
    """
    count, size = states.shape
    mean = states.mean(axis=0)
    triangle = np.linalg.qr(states - mean, mode="r")
    square = np.zeros((max(size, len(triangle)), size))
    square[: len(triangle)] = triangle
    _, length, axes = np.linalg.svd(square, full_matrices=False)
    variance = length**2 / count
    return Axes(mean, upright(axes[:dimensions]), variance[:dimensions], float(variance.sum()))


def upright(vectors: Floats) -> Floats:
    """Vectors (n, S), each with the sign that makes its largest entry, the first of equal magnitude, positive."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1)
    return np.asarray(vectors * np.where(largest < 0, -1.0, 1.0))
