"""How many directions SVCCA keeps of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

EPS: Mapping[np.dtype[Any], float] = {np.dtype(one): float(np.finfo(one).eps) for one in (np.float32, np.float64)}
"""Spacing of numbers around 1, by the dtype of a comparison."""

_DOUBLE = np.dtype(np.float64)
_TIED = 8.0  # times the rounding error of singular values: the cut between two this close turns by a tenth of a radian


@dataclass(frozen=True)
class Leading:
    """How many directions SVCCA keeps of each network: a fixed number, or the fewest that reach a share."""

    n_components: int | None = None
    share: float = 0.95
    threshold_on: Literal["variance", "singular_values"] = "variance"

    def count(self, singular: NDArray[np.float64]) -> int:
        """Directions kept of a network with these singular values (descending); from 1 to its rank."""
        if self.n_components is not None:
            return min(self.n_components, len(singular))
        weight = singular**2 if self.threshold_on == "variance" else singular
        shares = np.cumsum(weight) / weight.sum()
        # A share of 1 asks for all directions; rounding must not end the sum just below it.
        return min(int(np.searchsorted(shares, self.share * (1 - 1e-14))) + 1, len(singular))


def splits_tie(singular: NDArray[np.float64], kept: int, dtype: np.dtype[np.floating]) -> bool:
    """Whether the last direction kept and the first one dropped have singular values equal within rounding.

    Input of ``dtype`` is known to eps, which moves singular values by about eps s_1; the Gram matrix they come from
    adds eps of float64 times s_1^2 / s. Where the gap is no larger, which of the tied directions are kept is arbitrary.
    """
    if kept >= len(singular):
        return False
    rounding = max(EPS[dtype], EPS[_DOUBLE] * float(singular[0] / singular[kept - 1])) * singular[0]
    return bool(singular[kept - 1] - singular[kept] <= _TIED * rounding)
