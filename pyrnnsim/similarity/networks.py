"""The networks of one side of a comparison: factors in memory, bases in memory or made again when needed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import _core
from pyrnnsim._inputs.collection import Collection
from pyrnnsim.similarity.factors import (
    Factors,
    Moments,
    UnusableNetworkError,
    centred_gram,
    chunks,
    factorize,
    shifted,
    well_scaled,
)

Form = Literal["factors", "leading", "centred"]
"""What the products are made of: U in full, its leading directions (SVCCA alone), or the centred rows (CKA alone)."""


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


@dataclass(frozen=True)
class Facts:
    """What a report says of one network; rank and condition are unknown where no decomposition was needed."""

    units: int
    rank: int | None
    kept: int
    condition: float | None
    cut: bool
    skipped: bool


class Networks:
    """Factors of every network of a collection.

    Attributes:
        collection: Where rows come from.
        form: What ``basis`` gives.
        skipped: Indices of networks left out by ``nan_policy="skip"``.
    """

    def __init__(
        self, collection: Collection, form: Form, leading: Leading, *, hold: bool, skip: bool, loadings: bool
    ) -> None:
        self.collection = collection
        self.form = form
        self._leading = leading
        self._hold = hold
        self._skip = skip
        self._with_loadings = loadings
        count = len(collection)
        self._factors: list[Factors | None] = [None] * count
        self._moments: list[Moments | None] = [None] * count
        self._alignment: list[float] = [0.0] * count
        self._trace: list[float] = [1.0] * count
        self._bases: dict[int, NDArray[np.floating]] = {}
        self._loadings: dict[int, NDArray[np.floating]] = {}
        self._order: NDArray[np.intp] | None = None
        self.skipped: tuple[int, ...] = ()

    def prepare(self, n_jobs: int) -> None:
        """Factor every network; with ``hold`` keep the bases too. Raises what the first bad network raises."""
        with ThreadPoolExecutor(n_jobs) as pool:
            usable = list(pool.map(self._prepare_one, range(len(self.collection))))
        self.skipped = tuple(i for i, good in enumerate(usable) if not good)

    @property
    def present(self) -> list[int]:
        """Indices of the networks that take part."""
        skipped = set(self.skipped)
        return [i for i in range(len(self.collection)) if i not in skipped]

    def _prepare_one(self, i: int) -> bool:
        try:
            self._decompose(i)
        except UnusableNetworkError:
            if self._skip:
                return False
            raise
        if self._hold:
            self._bases[i] = self._make_basis(i, 0, self.collection.samples)
        self._slim(i)
        return True

    def _slim(self, i: int) -> None:
        """Keep of the factors only what is read again: thousands of N x N arrays are gigabytes."""
        factors = self._factors[i]
        if factors is None or self.collection.prepared(i) is not None:
            return
        if self._with_loadings:
            self._loadings[i] = factors.loadings(self.collection.dtype)
        self._factors[i] = replace(factors, right=np.empty((0, 0)))

    @property
    def held_bytes(self) -> int:
        """Memory that stays taken for the whole comparison."""
        kept = sum(basis.nbytes for basis in self._bases.values()) + sum(one.nbytes for one in self._loadings.values())
        return kept + sum(one.weights.nbytes for one in self._factors if one is not None)

    def digests(self) -> list[str]:
        """Fingerprint of every network's input; prepared ones by their basis."""
        return [self._digest(i) for i in range(len(self.collection))]

    def _digest(self, i: int) -> str:
        prepared = self.collection.prepared(i)
        return self.collection.digest(i) if prepared is None else prepared.digest()

    def facts(self) -> list[Facts]:
        """What a report says of every network."""
        return [self._facts_of(i) for i in range(len(self.collection))]

    def _facts_of(self, i: int) -> Facts:
        units, factors = self.collection.units[i], self._factors[i]
        if factors is None:
            return Facts(units, None, 0, None, False, i in self.skipped)
        cut = factors.rank < min(units, self.collection.samples - 1)
        return Facts(units, factors.rank, self.kept(i), factors.condition, cut, False)

    def _decompose(self, i: int) -> None:
        prepared = self.collection.prepared(i)
        if prepared is not None:
            self._factors[i] = prepared.factors
            self._alignment[i] = float(np.linalg.norm(prepared.factors.scale**2))
            return
        samples, label = self.collection.samples, self.collection.label(i)

        def read(start: int, stop: int) -> NDArray[np.floating]:
            return self.collection.rows(i, start, stop)

        if self.form == "centred":
            stats, rows = well_scaled(read, samples, label)
            scale = np.where(stats.live, 2.0**-stats.exponent, 0.0)
            self._moments[i] = stats
            gram = centred_gram(rows, samples, stats.mean, scale)
            self._alignment[i], self._trace[i] = float(np.linalg.norm(gram)), float(np.trace(gram))
            return
        factors = factorize(read, samples, label)
        self._factors[i] = factors
        self._alignment[i] = float(np.linalg.norm(factors.scale**2))

    def factors(self, i: int) -> Factors:
        """Factors of network ``i`` (not in the centred form)."""
        factors = self._factors[i]
        assert factors is not None
        return factors

    def alignment(self, i: int) -> float:
        """Norm of the centred Gram matrix of network ``i`` in the units of ``scale``: what CKA is divided by."""
        return self._alignment[i]

    def trace(self, i: int) -> float:
        """Trace of the centred Gram matrix of network ``i`` in the units of ``scale``."""
        return self._trace[i]

    def width(self, i: int) -> int:
        """Columns of ``basis(i)``."""
        if self._factors[i] is None:
            return self.collection.units[i]
        return self.kept(i) if self.form == "leading" else self.factors(i).rank

    def kept(self, i: int) -> int:
        """Directions that SVCCA keeps of network ``i``."""
        if self._factors[i] is None:
            return 1
        return self._leading.count(self.factors(i).singular_values)

    def scale(self, i: int) -> NDArray[np.float64]:
        """Factors of the columns of ``basis(i)`` that restore the centred activity, up to one common factor."""
        if self._factors[i] is None:
            return np.ones(self.collection.units[i])
        return np.ascontiguousarray(self.factors(i).scale[: self.width(i)])

    def loadings(self, i: int) -> NDArray[np.floating]:
        """(R, N) of network ``i`` in the dtype of the comparison."""
        held = self._loadings.get(i)
        return held if held is not None else self.factors(i).loadings(self.collection.dtype)

    def permuted(self, order: NDArray[np.intp]) -> Networks:
        """The same networks with their samples in another order; the factors are shared, for centring does not care."""
        other = copy(self)
        other._order = order  # noqa: SLF001 (the same class)
        return other

    def basis(self, i: int, start: int, stop: int) -> NDArray[np.floating]:
        """Rows start:stop of the (P, width) matrix that enters the products."""
        held = self._bases.get(i)
        if self._order is None:
            return held[start:stop] if held is not None else self._make_basis(i, start, stop)
        whole = held if held is not None else self._make_basis(i, 0, self.collection.samples)
        return np.ascontiguousarray(whole[self._order[start:stop]])

    def _make_basis(self, i: int, start: int, stop: int) -> NDArray[np.floating]:
        dtype = self.collection.dtype
        prepared = self.collection.prepared(i)
        if prepared is not None:
            part: NDArray[np.floating] = np.ascontiguousarray(prepared.basis[start:stop, : self.width(i)], dtype=dtype)
            return part
        rows = self.collection.rows(i, start, stop)
        stats = self._moments[i]
        if stats is not None:
            part = _core.centred(shifted(rows, stats.shift), stats.mean, 2.0**-stats.exponent)
            part[:, ~stats.live] = 0.0
            return part.astype(dtype, copy=False)
        return self.factors(i).basis(rows, self.width(i))

    def noise(self, i: int, dtype: np.dtype[np.floating]) -> float:
        """Rounding error that the basis of network ``i`` in ``dtype`` brings into a core."""
        factors = self._factors[i]
        if factors is None:
            return 0.0
        prepared = self.collection.prepared(i)
        return factors.noise(dtype if prepared is None else prepared.dtype)

    def doubt(self, i: int) -> float:
        """What the rounding of the input of network ``i`` to its own dtype does to an element of a core."""
        factors = self._factors[i]
        if factors is None:
            return 0.0
        prepared = self.collection.prepared(i)
        dtype = self.collection.dtype if prepared is None else prepared.dtype
        return 0.5 * float(np.finfo(dtype).eps) * factors.condition / float(np.sqrt(self.collection.samples))

    def exact_basis(self, i: int, start: int, stop: int) -> NDArray[np.float64]:
        """As ``basis``, in float64 from the rows themselves: for pairs that need more digits."""
        if self._order is not None:
            whole = copy(self)
            whole._order = None  # noqa: SLF001
            return np.ascontiguousarray(whole.exact_basis(i, 0, self.collection.samples)[self._order[start:stop]])
        prepared = self.collection.prepared(i)
        if prepared is not None:
            wide: NDArray[np.float64] = np.ascontiguousarray(prepared.basis[start:stop, : self.width(i)], np.float64)
            return wide
        rows = self.collection.rows(i, start, stop).astype(np.float64)
        return self.factors(i).basis(rows, self.width(i)).astype(np.float64, copy=False)

    def row_norms(self, i: int) -> NDArray[np.float64]:
        """(P, 1) squared norms of the rows of the activity in the units of ``scale``: the Gram diagonal."""
        scale = self.scale(i)
        parts = [(self.basis(i, *at).astype(np.float64) * scale) ** 2 for at in chunks(self.collection.samples)]
        return np.concatenate([part.sum(axis=1, keepdims=True) for part in parts])
