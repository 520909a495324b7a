"""Many networks seen through one window: names, shapes, rows on demand."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pyrnnsim._inputs.arrays import compute_dtype, packed
from pyrnnsim._inputs.containers import check_count, open_networks
from pyrnnsim._inputs.labels import Label, with_article
from pyrnnsim._inputs.sources import Source

_DIGEST_BYTES = 1 << 23  # read at a time while a digest is taken
_LISTED = 5  # offenders an error lists


class Collection:
    """K networks with the same P samples; made by ``collect``.

    Attributes:
        names: One distinct name per network.
        samples: P.
        units: N of each network.
        dtype: Dtype all rows are handed out in, float32 or float64.
        is_resident: Everything is in memory already; else rows are read from files or loaded one element at a time.
    """

    def __init__(self, sources: Sequence[Source], names: tuple[str, ...], dtype: np.dtype[Any], place: Label) -> None:
        self.names = names
        self.samples = sources[0].shape[0]
        self.units = tuple(source.shape[1] for source in sources)
        self.dtype = dtype
        self.is_resident = all(source.resident for source in sources)
        self._sources = tuple(sources)
        self._place = place

    def __len__(self) -> int:
        return len(self._sources)

    def label(self, i: int) -> Label:
        """How errors name network ``i``."""
        return Label(self._place.caller, self._place.argument, i, self.names[i])

    def prepared(self, i: int) -> Any:
        """Network ``i`` as the user prepared it, or None if it came as rows."""
        return self._sources[i].prepared()

    def rows(self, i: int, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Rows ``start:stop`` of network ``i``; only those are read.

        Args:
            i: Network.
            start: First row, 0 <= start <= P.
            stop: Row after the last, P if None; larger values end at P.
        Returns:
            ``(rows, N_i)`` C-contiguous, aligned, in ``dtype``; may be a read-only view of the user's memory.
        Raises:
            TypeError: If network ``i`` is a prepared representation.
            ValueError: If values exceed the range of ``dtype``, or the source changed since it was collected.
        """
        stop = self.samples if stop is None else min(stop, self.samples)
        if not 0 <= start <= stop:
            raise ValueError(f"{self.label(i)}: rows {start}:{stop} requested; expected 0 <= start <= stop")
        return self._packed(self._sources[i], i, start, stop)

    def _packed(self, source: Source, i: int, start: int, stop: int) -> NDArray[Any]:
        label = self.label(i)
        block = source.read(start, stop, label)
        return packed(block, self.dtype, label, start, whole=stop - start == self.samples)

    def reader(self, i: int, *, whole: bool) -> Callable[[int, int], NDArray[Any]]:
        """Rows start:stop of network ``i`` as a function, for several readings in a row.

        An element of a lazy sequence is loaded once, now, and held while the function lives; with several threads at
        work, one each is.

        Args:
            i: Network.
            whole: Read all rows now, once, and keep them while the function lives; else each is read when asked for.
        Raises:
            TypeError, ValueError: As ``rows``.
        """
        source = self._sources[i].opened(self.label(i))
        if not whole:
            return partial(self._packed, source, i)
        rows = self._packed(source, i, 0, self.samples)
        return lambda start, stop: rows[start:stop]

    def digest(self, i: int, read: Callable[[int, int], NDArray[Any]] | None = None) -> str:
        """Fingerprint (blake2b, 128 bit, hex) of shape, dtype and values of network ``i``, whatever its layout.

        Cost: reads every row once, 8 MB at a time, through ``read`` if that is at hand.
        """
        read = read or partial(self.rows, i)
        samples, units = self._sources[i].shape
        state = hashlib.blake2b(f"{samples},{units},{self.dtype.str};".encode(), digest_size=16)
        step = max(1, _DIGEST_BYTES // (units * self.dtype.itemsize))
        for start in range(0, samples, step):
            state.update(read(start, min(start + step, samples)).data)
        return state.hexdigest()


def collect(
    reps: Any,
    *,
    caller: str,
    argument: str = "reps",
    names: Sequence[str] | None = None,
    dtype: DTypeLike | None = None,
    minimum: int = 1,
) -> Collection:
    """Check a population of representations and make it readable row by row.

    Args:
        reps: ``(K, P, N)`` array or tensor; sequence of ``(P, N_i)`` representations, of paths or of prepared ones;
            mapping from names to them; or directory of .npy and .safetensors files, taken in the order of their names.
            A sequence that is no list or tuple is loaded one element at a time; every thread at work holds one at most.
        caller: Public function, for error texts.
        argument: Its argument, for error texts.
        names: One distinct name per network; by default the keys, file stems, or positions.
        dtype: float32 or float64 to compute in; by default the narrowest that fits all.
        minimum: Fewest networks allowed.
    Returns:
        The collection; values are not looked at.
    Raises:
        TypeError: If something is no container or no array of real numbers.
        ValueError: If there are too few networks, shapes do not fit together, or names are not distinct.
    Cost: shapes and headers only, except that a lazy sequence is loaded once.
    """
    label = Label(caller, argument)
    given = None if names is None else _checked_names(names, label)
    chosen = None if dtype is None else _checked_dtype(dtype, label)
    sources = open_networks(reps, label, given)
    if len(sources) < minimum or not sources:
        raise ValueError(f"{label} has length {len(sources)}; expected at least {max(1, minimum)} networks")
    if given is not None:
        check_count(given, len(sources), label)
    final = given or _distinct(_default_names(sources), label)
    _check_samples(sources, final, label)
    return Collection(sources, final, chosen or compute_dtype(source.dtype for source in sources), label)


def _checked_dtype(dtype: DTypeLike, label: Label) -> np.dtype[Any]:
    try:
        chosen = np.dtype(dtype)
    except TypeError as error:
        raise TypeError(f"{label.caller}: dtype is {dtype!r}; expected float32 or float64") from error
    if chosen not in (np.float32, np.float64):
        raise ValueError(f"{label.caller}: dtype is {chosen}; expected float32 or float64")
    return chosen


def _checked_names(names: Sequence[str], label: Label) -> tuple[str, ...]:
    if isinstance(names, (str, bytes)) or not hasattr(names, "__len__"):
        raise TypeError(f"{label.caller}: names is {with_article(names)}; expected a list with one str per network")
    return _distinct(tuple(str(name) for name in names), label)


def _distinct(names: tuple[str, ...], label: Label) -> tuple[str, ...]:
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        first, second = [index for index, name in enumerate(names) if name == twice][:2]
        raise ValueError(
            f"{label}[{first}] and {label.argument}[{second}] are both named {twice!r}; expected distinct names: pass "
            "names=[...] with one per network"
        )
    return names


def _default_names(sources: Sequence[Source]) -> tuple[str, ...]:
    short = [str(index) if source.name is None else source.name for index, source in enumerate(sources)]
    count = Counter(short)
    # Files of one stem in several directories, or one prepared object passed twice, are no mistake.
    return tuple(
        name if count[name] == 1 else source.unambiguous_name(index) or name
        for index, (name, source) in enumerate(zip(short, sources, strict=True))
    )


def _check_samples(sources: Sequence[Source], names: tuple[str, ...], label: Label) -> None:
    counts = Counter(source.shape[0] for source in sources)
    if len(counts) == 1:
        return
    expected = counts.most_common(1)[0][0]
    places = [Label(label.caller, label.argument, index, name) for index, name in enumerate(names)]
    model = next(place for place, source in zip(places, sources, strict=True) if source.shape[0] == expected)
    odd = [(place, source) for place, source in zip(places, sources, strict=True) if source.shape[0] != expected]
    listed = [f"{_short(place)} has {source.shape[0]}" for place, source in odd[:_LISTED]]
    more = f", and {len(odd) - _LISTED} more" if len(odd) > _LISTED else ""
    head = f"{label.caller}: {listed[0]} samples, expected {expected} as in {_short(model)}"
    if len(odd) > 1:
        head = (
            f"{label.caller}: {len(odd)} of {len(sources)} networks in {label.argument} differ from the {expected} "
            f"samples of {_short(model)}: {', '.join(listed)}{more}"
        )
    raise ValueError(
        f"{head}; rows must be the same probe inputs in every network{_transposed(sources, odd, expected)}"
    )


def _transposed(sources: Sequence[Source], odd: list[tuple[Label, Source]], expected: int) -> str:
    if all(source.shape[1] == expected for _, source in odd):
        return f" ({'it looks' if len(odd) == 1 else 'they look'} transposed: pass x.T)"
    columns = {source.shape[1] for source in sources}
    if len(columns) == 1:
        return f" (all have {columns.pop()} columns: if those are the samples, the arrays look transposed: pass x.T)"
    return ""


def _short(place: Label) -> str:
    return str(place).removeprefix(f"{place.caller}: ")
