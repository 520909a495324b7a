"""One network of a comparison: its factors or moments, and what is read off them again and again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import _core
from pyrnnsim._inputs.labels import Label
from pyrnnsim.similarity.factors import Factors, Moments, Rows, centred_gram, factorize, shifted, well_scaled
from pyrnnsim.similarity.leading import EPS, Leading, splits_tie

Form = Literal["factors", "leading", "centred"]
"""What the products are made of: U in full, its leading directions (SVCCA alone), or the centred rows (CKA alone)."""


@dataclass(frozen=True)
class Facts:
    """What a report says of one network; rank and condition are unknown where no decomposition was needed."""

    units: int
    rank: int | None = None
    kept: int = 0
    condition: float | None = None
    cut: bool = False
    splits_tie: bool = False
    skipped: bool = False


@dataclass(frozen=True, eq=False)
class Network:
    """A network as a comparison sees it.

    Attributes:
        units: N.
        samples: P.
        dtype: Of the comparison.
        given: Dtype of the representation that the user prepared; None if the network came as rows.
        factors: None in the centred form.
        moments: Of the centred form, None in the others.
        alignment: Norm of the centred Gram matrix in the units of ``scale``: what CKA is divided by.
        trace: Trace of that matrix.
        kept: Directions that SVCCA keeps.
        width: Columns of the basis that enters the products.
        scale: (width,) factors of those columns that restore the centred activity, up to one common factor.
    """

    units: int
    samples: int
    dtype: np.dtype[Any]
    given: np.dtype[Any] | None
    factors: Factors | None
    moments: Moments | None
    alignment: float
    trace: float
    kept: int
    width: int
    scale: NDArray[np.float64]

    @classmethod
    def of_factors(
        cls, factors: Factors, form: Form, leading: Leading, samples: int, dtype: np.dtype[Any], given: Any = None
    ) -> Network:
        """From factors that exist."""
        kept = leading.count(factors.singular_values)
        width = kept if form == "leading" else factors.rank
        scale, units = factors.scale, len(factors.mean)
        alignment, scale = float(np.linalg.norm(scale**2)), np.ascontiguousarray(scale[:width])
        return cls(units, samples, dtype, given, factors, None, alignment, 1.0, kept, width, scale)

    @classmethod
    def of_rows(
        cls, read: Rows, form: Form, leading: Leading, samples: int, dtype: np.dtype[Any], label: Label
    ) -> Network:
        """From rows; raises as ``factorize`` does."""
        if form != "centred":
            return cls.of_factors(factorize(read, samples, label), form, leading, samples, dtype)
        stats, rows = well_scaled(read, samples, label)
        gram = centred_gram(rows, samples, stats.mean, np.where(stats.live, 2.0**-stats.exponent, 0.0))
        alignment, trace, units = float(np.linalg.norm(gram)), float(np.trace(gram)), len(stats.mean)
        return cls(units, samples, dtype, None, None, stats, alignment, trace, 1, units, np.ones(units))

    def slim(self) -> Network:
        """Without the right singular vectors: thousands of N x N arrays are gigabytes."""
        if self.factors is None or self.given is not None:
            return self
        return replace(self, factors=replace(self.factors, right=np.empty((0, 0))))

    def basis(self, rows: NDArray[np.floating]) -> NDArray[np.floating]:
        """Rows of the (P, width) matrix that enters the products, from rows of the activity."""
        if self.factors is not None:
            return self.factors.basis(rows, self.width)
        assert self.moments is not None
        part = _core.centred(shifted(rows, self.moments.shift), self.moments.mean, 2.0**-self.moments.exponent)
        part[:, ~self.moments.live] = 0.0
        return part.astype(self.dtype, copy=False)

    def noise(self, dtype: np.dtype[np.floating]) -> float:
        """Rounding error that the basis in ``dtype`` brings into a core."""
        if self.factors is None:
            return 0.0
        return self.factors.noise(dtype if self.given is None else self.given)

    @cached_property
    def doubt(self) -> float:
        """What the rounding of the input to its own dtype does to an element of a core."""
        if self.factors is None:
            return 0.0
        return 0.5 * EPS[self.given or self.dtype] * self.factors.condition / float(np.sqrt(self.samples))

    def facts(self) -> Facts:
        """What a report says of it."""
        if self.factors is None:
            return Facts(self.units)
        return Facts(
            self.units,
            self.factors.rank,
            self.kept,
            self.factors.condition,
            cut=self.factors.rank < min(self.units, self.samples - 1),
            splits_tie=splits_tie(self.factors.singular_values, self.kept, self.given or self.dtype),
        )
