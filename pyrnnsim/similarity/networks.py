"""The networks of one side of a comparison: factors in memory, bases in memory or made again when needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.collection import Collection
from pyrnnsim.similarity.factors import Factors, Rows, UnusableNetworkError, chunks
from pyrnnsim.similarity.leading import Leading
from pyrnnsim.similarity.network import Facts, Form, Network

_T = TypeVar("_T")
_GLANCE = 64  # rows that tell networks apart, but for copies


@dataclass(frozen=True)
class Keep:
    """What stays in memory of every network besides its factors; digests are those of the input."""

    bases: bool = False
    loadings: bool = False
    row_norms: bool = False
    digests: bool = False


class Networks:
    """Every network of a collection, prepared.

    Attributes:
        collection: Where rows come from.
        form: What ``basis`` gives.
        skipped: Indices of networks left out by ``nan_policy="skip"``.
    """

    def __init__(self, collection: Collection, form: Form, leading: Leading, keep: Keep, *, skip: bool) -> None:
        self.collection = collection
        self.form = form
        self._leading, self._keep, self._skip = leading, keep, skip
        count = len(collection)
        self._networks: list[Network | None] = [None] * count
        self._glances: list[bytes] = [b""] * count
        self._digests: list[str] = [""] * count
        self._bases: dict[int, NDArray[np.floating]] = {}
        self._loadings: dict[int, NDArray[np.floating]] = {}
        self._row_norms: dict[int, NDArray[np.float64]] = {}
        self._retained: set[int] = set()  # shared by permuted copies, as the bases are
        self._order: NDArray[np.intp] | None = None
        self.skipped: tuple[int, ...] = ()

    def prepare(self, n_jobs: int, room: int, advance: Callable[[int], object]) -> None:
        """Factor every network and make what is to be kept; raises what the first bad network raises.

        A network's rows are read once where they fit into its share of ``room`` bytes, else once per step of the work.

        Args:
            n_jobs: Threads.
            room: Bytes that the rows of the networks in work may take.
            advance: Called with the index of every network that is done, in any thread.
        """

        def one(i: int) -> bool:
            good = self._prepare_one(i, room // n_jobs)
            advance(i)
            return good

        usable = list(_mapped(one, range(len(self.collection)), n_jobs))
        self.skipped = tuple(i for i, good in enumerate(usable) if not good)

    @property
    def present(self) -> list[int]:
        """Indices of the networks that take part."""
        skipped = set(self.skipped)
        return [i for i in range(len(self.collection)) if i not in skipped]

    def _prepare_one(self, i: int, room: int) -> bool:
        collection = self.collection
        prepared, samples, dtype = collection.prepared(i), collection.samples, collection.dtype
        if prepared is not None:
            self._digests[i] = prepared.digest() if self._keep.digests else ""
            network = Network.of_factors(prepared.factors, self.form, self._leading, samples, dtype, prepared.dtype)
            self._settle(i, network, None)
            return True
        size = 2 * samples * collection.units[i] * dtype.itemsize
        read = collection.reader(i, whole=size <= room)
        self._digests[i] = collection.digest(i, read) if self._keep.digests else ""
        try:
            network = Network.of_rows(read, self.form, self._leading, samples, dtype, collection.label(i))
        except UnusableNetworkError:
            if self._skip:
                return False
            raise
        self._settle(i, network, read)
        return True

    def _settle(self, i: int, network: Network, read: Rows | None) -> None:
        """Make what is kept of network ``i``, while its rows and all of its factors are at hand."""
        self._networks[i] = network
        samples = self.collection.samples
        if self._keep.bases:
            self._bases[i] = self._make_basis(i, 0, samples, read)
        state = hashlib.blake2b(network.scale.tobytes(), digest_size=16)
        state.update(np.float64(network.alignment).tobytes())
        state.update(self._rows_of_basis(i, 0, min(_GLANCE, samples), read).tobytes())
        self._glances[i] = state.digest()
        if self._keep.row_norms:
            parts = [self._rows_of_basis(i, *at, read).astype(np.float64) * network.scale for at in chunks(samples)]
            self._row_norms[i] = np.concatenate([(part**2).sum(axis=1, keepdims=True) for part in parts])
        if self._keep.loadings and network.factors is not None and network.given is None:
            self._loadings[i] = network.factors.loadings(self.collection.dtype)
        self._networks[i] = network.slim()

    @property
    def held_bytes(self) -> int:
        """Memory that stays taken for the whole comparison."""
        arrays = (*self._bases.values(), *self._loadings.values(), *self._row_norms.values())
        factors = (one.factors for one in self._networks if one is not None)
        return sum(one.nbytes for one in arrays) + sum(one.weights.nbytes for one in factors if one is not None)

    def digests(self) -> list[str]:
        """Fingerprint of every network's input, if kept; prepared ones by their basis."""
        return list(self._digests)

    def glance(self, i: int) -> bytes:
        """Fingerprint of spectrum and first rows of network ``i``: equal for copies, and hardly for others."""
        return self._glances[i]

    def facts(self) -> list[Facts]:
        """What a report says of every network."""
        units = self.collection.units
        return [Facts(units[i], skipped=True) if one is None else one.facts() for i, one in enumerate(self._networks)]

    def _network(self, i: int) -> Network:
        network = self._networks[i]
        assert network is not None
        return network

    def factors(self, i: int) -> Factors:
        """Factors of network ``i`` (not in the centred form)."""
        factors = self._network(i).factors
        assert factors is not None
        return factors

    def alignment(self, i: int) -> float:
        """Norm of the centred Gram matrix of network ``i`` in the units of ``scale``: what CKA is divided by."""
        return self._network(i).alignment

    def trace(self, i: int) -> float:
        """Trace of the centred Gram matrix of network ``i`` in the units of ``scale``."""
        return self._network(i).trace

    def width(self, i: int) -> int:
        """Columns of ``basis(i)``."""
        return self._network(i).width

    def kept(self, i: int) -> int:
        """Directions that SVCCA keeps of network ``i``."""
        return self._network(i).kept

    def scale(self, i: int) -> NDArray[np.float64]:
        """Factors of the columns of ``basis(i)`` that restore the centred activity, up to one common factor."""
        return self._network(i).scale

    def noise(self, i: int, dtype: np.dtype[np.floating]) -> float:
        """Rounding error that the basis of network ``i`` in ``dtype`` brings into a core."""
        return self._network(i).noise(dtype)

    def doubt(self, i: int) -> float:
        """What the rounding of the input of network ``i`` to its own dtype does to an element of a core."""
        return self._network(i).doubt

    def loadings(self, i: int) -> NDArray[np.floating]:
        """(R, N) of network ``i`` in the dtype of the comparison."""
        held = self._loadings.get(i)
        return held if held is not None else self.factors(i).loadings(self.collection.dtype)

    def row_norms(self, i: int) -> NDArray[np.float64]:
        """(P, 1) squared norms of the rows of the activity in the units of ``scale``: the Gram diagonal, if kept."""
        norms = self._row_norms[i]
        return norms if self._order is None else norms[self._order]

    def permuted(self, order: NDArray[np.intp]) -> Networks:
        """The same networks with their samples in another order; all else is shared, for centring does not care."""
        other = copy(self)
        other._order = order  # noqa: SLF001 (the same class)
        return other

    def retain(self, *chosen: Iterable[int]) -> None:
        """Keep whole bases of these networks once they are made, and let go of all others (unless all are kept)."""
        if self._keep.bases:
            return
        self._retained.clear()
        self._retained.update(*chosen)
        for i in self._bases.keys() - self._retained:
            del self._bases[i]

    def make(self, chosen: Sequence[int], n_jobs: int) -> None:
        """Make the whole bases of these networks, of those retained, that are not there."""
        missing = [i for i in chosen if i not in self._bases]
        list(_mapped(lambda i: self._rows_of_basis(i, 0, self.collection.samples), missing, n_jobs))

    def bases(self, chosen: Sequence[int], start: int, stop: int, n_jobs: int) -> list[NDArray[np.floating]]:
        """``basis`` of each of these networks; those that must be made are made by several threads."""
        threads = 1 if all(i in self._bases for i in chosen) else n_jobs
        return list(_mapped(lambda i: self.basis(i, start, stop), chosen, threads))

    def basis(self, i: int, start: int, stop: int) -> NDArray[np.floating]:
        """Rows start:stop of the (P, width) matrix that enters the products."""
        if self._order is None:
            return self._rows_of_basis(i, start, stop)
        return np.ascontiguousarray(self._rows_of_basis(i, 0, self.collection.samples)[self._order[start:stop]])

    def exact_basis(self, i: int, start: int, stop: int) -> NDArray[np.float64]:
        """As ``basis``, in float64 from the rows themselves: for pairs that need more digits."""
        if self._order is not None:
            whole = self._exact_rows(i, 0, self.collection.samples)
            return np.ascontiguousarray(whole[self._order[start:stop]])
        return self._exact_rows(i, start, stop)

    def _exact_rows(self, i: int, start: int, stop: int) -> NDArray[np.float64]:
        network, double = self._network(i), np.dtype(np.float64)
        if network.given is not None:
            return self._prepared_rows(i, start, stop).astype(double)
        return network.basis(self.collection.rows(i, start, stop).astype(double)).astype(np.float64, copy=False)

    def _rows_of_basis(self, i: int, start: int, stop: int, read: Rows | None = None) -> NDArray[np.floating]:
        held = self._bases.get(i)
        if held is not None:
            return held[start:stop]
        made = self._make_basis(i, start, stop, read)
        if i in self._retained and len(made) == self.collection.samples:
            self._bases[i] = made
        return made

    def _make_basis(self, i: int, start: int, stop: int, read: Rows | None) -> NDArray[np.floating]:
        network = self._network(i)
        if network.given is not None:
            return self._prepared_rows(i, start, stop).astype(self.collection.dtype, copy=False)
        return network.basis(self.collection.rows(i, start, stop) if read is None else read(start, stop))

    def _prepared_rows(self, i: int, start: int, stop: int) -> NDArray[np.floating]:
        part: NDArray[np.floating] = self.collection.prepared(i).basis[start:stop, : self.width(i)]
        return np.ascontiguousarray(part)


def _mapped(action: Callable[[int], _T], items: Sequence[int], threads: int) -> Iterator[_T]:
    """``map`` by several threads, in order; after an error or Ctrl-C, what waits is not done."""
    if threads == 1:
        yield from map(action, items)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield from pool.map(action, items)
    finally:
        pool.shutdown(cancel_futures=True)
