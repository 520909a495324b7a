"""How far rounding can have moved projection-weighted means: csrc/similarity/pair_error.hpp for arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_ARITHMETIC = 4e-16  # gaps between correlations below this count as none, whatever they were computed from
_TINY = 1e-300


@dataclass(frozen=True)
class Rounding:
    """What turns neighbouring canonical directions into each other.

    Attributes:
        noise: (pairs,) what rounding does to an element of a core.
        blur: None if ``noise`` is that of the arithmetic. If it is that of the input, which both sides follow: (pairs,)
            the arithmetic's, gaps between correlations below which count as none.
        neighbours: Directions turn into each other; False for exact ones with weights of norm 2, which add up to the
            same however a tie is turned.
    """

    noise: Array
    blur: Array | None
    neighbours: bool

    def error(self, rho: Array, alpha: Array, units: NDArray[np.int64], outside: NDArray[np.bool_]) -> Array:
        """(pairs,) error of sum(alpha rho) / sum(alpha).

        Args:
            rho: (pairs, n) correlations, descending.
            alpha: (pairs, n) weights from one side.
            units: (pairs,) units of that side.
            outside: (pairs,) directions may also turn out of the spanned space: that side's rank is above n.
        """
        rho, alpha = rho[:, ::-1], alpha[:, ::-1]
        total = alpha.sum(1)
        similarity = ((alpha * rho).sum(1) / total)[:, None]
        square = np.zeros(len(rho))
        if self.neighbours:
            lever = self._angle(np.diff(rho), rho[:, :-1]) * (0.5 * (rho[:, 1:] + rho[:, :-1]) - similarity)
            square += (lever**2 * (alpha[:, 1:] ** 2 + alpha[:, :-1] ** 2)).sum(1)
        lever = self._angle(rho, rho) * (rho - similarity) * alpha
        square += np.where(outside, (lever**2).sum(1), 0.0)
        doubt: Array = 3 * np.sqrt(square / units) / total
        return doubt

    def _angle(self, gap: Array, level: Array) -> Array:
        """By which directions at correlations ``level`` turn across a gap."""
        reach = noise = self.noise[:, None]
        if self.blur is not None:
            gap = np.maximum(gap - self.blur[:, None] - _ARITHMETIC, 0.0)
            reach = noise * np.sqrt(np.maximum(1 - level**2, 0.0) + noise**2)
        turned: Array = np.minimum(reach / (gap + _TINY), 1.0)
        return turned
