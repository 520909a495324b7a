"""The order of a graph's nodes: by what the network puts out there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FINE = 1e-6  # quantum of what decides between nodes of one coarse readout, relative to the largest entry


def readout_quantum(outputs: Floats, stable: NDArray[np.bool_]) -> float:
    """The largest |readout| of the stable points, of all where none is stable; 1 where there is no readout.

    Of a network that puts out -1, 0 or 1, the three are then told apart at -1/2 and 1/2, as far away as can be.
    """
    largest = np.abs(outputs[stable]).max(initial=0.0) or np.abs(outputs).max(initial=0.0)
    return float(largest) or 1.0


def readout_order(outputs: Floats, states: Floats, quantum: float) -> NDArray[np.intp]:
    """Lexicographic order of nodes by readouts rounded to multiples of the quantum.

    Unrounded, readouts that are equal up to noise would decide: those of saddles are near 0 and of either sign. Nodes
    of equal rounded readout are in the order of their readouts, then of their states, rounded to 1e-6 of the largest.

    Args:
        outputs: (n, O).
        states: (n, S).
        quantum: Greater than 0.
    Returns:
        (n,) positions.
    """
    keys = [np.round(outputs / quantum), *(np.round(one / _scale(one)) for one in (outputs, states))]
    columns = [column for key in keys for column in key.T]
    return np.lexsort(columns[::-1]) if columns else np.arange(len(outputs))


def _scale(values: Floats) -> float:
    return _FINE * (float(np.abs(values).max(initial=0.0)) or 1.0)
