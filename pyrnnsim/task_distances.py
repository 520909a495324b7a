"""Distances between the dynamics of networks, of a kind that suits their task."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import pyrnnsim

LEADING = 20  # eigenvalues of a line that are compared unless someone says otherwise

Floats = NDArray[np.float64]


def frequency_distances(frequencies: Floats) -> Floats:
    """Root mean square difference of linear frequencies over the commands, in cycles per step.

    Args:
        frequencies: (K, C); NaN where no mode oscillates, which counts as frequency 0.
    Returns:
        (K, K), symmetric, diagonal exactly 0.
    """
    return _euclidean(np.nan_to_num(frequencies, nan=0.0) / np.sqrt(max(1, frequencies.shape[1])))


def leading_magnitudes(modes: pyrnnsim.ModeTruncations, leading: int) -> Floats:
    """(K, C, leading) eigenvalue magnitudes by descending size, each the mean over the points of a line.

    A network with fewer modes has zeros, and one without points on its line NaN.
    """
    made = np.zeros((len(modes), len(modes.inputs), leading))
    for k, row in enumerate(modes):
        for c, one in enumerate(row):
            sizes = np.sort(np.abs(one.eigenvalues), axis=1)[:, ::-1][:, :leading]
            made[k, c, : sizes.shape[1]] = sizes.mean(axis=0) if len(sizes) else np.nan
    return made


def spectrum_distances(magnitudes: Floats) -> Floats:
    """Root mean square difference of sorted leading eigenvalue magnitudes over inputs and modes.

    Args:
        magnitudes: (K, C, n) as of :func:`leading_magnitudes`.
    Returns:
        (K, K), symmetric, diagonal exactly 0; rows and columns of NaN for networks that have NaN.
    """
    flat = magnitudes.reshape(len(magnitudes), -1)
    return _euclidean(flat / np.sqrt(max(1, flat.shape[1])))


def _euclidean(rows: Floats) -> Floats:
    """Between all rows, one against the others at a time: exactly symmetric, and small distances are exact."""
    made = np.empty((len(rows), len(rows)))
    for k, row in enumerate(rows):
        made[k] = np.sqrt(((rows - row) ** 2).sum(axis=1))
    return made
