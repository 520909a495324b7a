"""Results that go to files and tables: dataclasses of arrays, one of them or one for every network and input."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._frame import as_frame
from pyrnnsim.populations.store import read_tensors, write_tensors
from pyrnnsim.populations.table import Row, to_text


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A dataclass of arrays, numbers, texts, tuples and other results that goes to a file and comes back."""

    noun: ClassVar[str]
    inner: ClassVar[type[Result]]  # class of the results inside, if there are any

    @property
    def rows(self) -> list[Row]:
        """A table of what there is."""
        raise NotImplementedError

    @property
    def frame(self) -> Any:
        """The rows as a pandas table."""
        return as_frame(self.rows, f"{type(self).__name__}.frame")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one file, atomically and with a checksum; nothing in it is code.

        Raises:
            OSError: If the file cannot be written; an earlier one of that name is intact.
        """
        tensors: dict[str, NDArray[Any]] = {}
        plain = _pack_fields(self, "", tensors)
        write_tensors(path, f"pyrnnsim {self.noun} 1", {"plain": plain}, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            ValueError: If the file is damaged, or holds something else.
            OSError: If it cannot be read.
        """
        about, tensors = read_tensors(path, f"pyrnnsim {cls.noun} 1", cls.noun)
        return _unpack_fields(cls, about["plain"], tensors)

    def __str__(self) -> str:
        return to_text(self.rows)


@dataclass(frozen=True, eq=False, repr=False)
class Part(Result):
    """The result of one network at one input."""

    name: str

    @property
    def summary(self) -> Row:
        """One row on the whole."""
        raise NotImplementedError


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, eq=False, repr=False)
class ResultGrid(Result, Generic[P]):
    """Results of K networks at C inputs: ``result[k, c]`` is one of them, ``result[k]`` a tuple of C.

    Attributes:
        parts: K tuples of C results.
        inputs: (C, M).
        settings: How they were made.
    """

    parts: tuple[tuple[P, ...], ...]
    inputs: NDArray[np.float64]
    settings: dict[str, Any] = field(default_factory=dict)

    @overload
    def __getitem__(self, index: tuple[int, int]) -> P: ...
    @overload
    def __getitem__(self, index: int) -> tuple[P, ...]: ...
    def __getitem__(self, index: int | tuple[int, int]) -> P | tuple[P, ...]:
        if isinstance(index, tuple):
            k, c = index
            return self.parts[k][c]
        return self.parts[index]

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[tuple[P, ...]]:
        return iter(self.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """One per network."""
        return tuple(row[0].name for row in self.parts)

    @property
    def rows(self) -> list[Row]:
        """One row per network and input; ``result[k, c].rows`` has the details."""
        return [{"name": one.name, "condition": c, **one.summary} for row in self.parts for c, one in enumerate(row)]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} networks at {len(self.inputs)} inputs>"


def _pack_fields(result: Result, prefix: str, tensors: dict[str, NDArray[Any]]) -> dict[str, Any]:
    return {one.name: _pack(getattr(result, one.name), f"{prefix}{one.name}", tensors) for one in fields(result)}


def _pack(value: Any, at: str, tensors: dict[str, NDArray[Any]]) -> Any:
    """What JSON can hold of a value, under the name of its kind; arrays are added to tensors, in types they know."""
    if isinstance(value, Result):
        return {"result": _pack_fields(value, f"{at}.", tensors)}
    if isinstance(value, tuple):
        return {"tuple": [_pack(one, f"{at}.{i}", tensors) for i, one in enumerate(value)]}
    if not isinstance(value, np.ndarray):
        return {"plain": value}
    if value.dtype.kind == "U":
        return {"texts": value.tolist(), "type": value.dtype.str}
    if value.dtype.kind == "c":
        tensors[at] = np.stack([value.real, value.imag], axis=-1)
        return {"complex": at}
    tensors[at] = value
    return {"array": at}


R = TypeVar("R", bound=Result)


def _unpack_fields(made: type[R], packed: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> R:
    return made(**{name: _unpack(made, value, tensors) for name, value in packed.items()})


def _unpack(owner: type[Result], packed: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Any:
    """The value that :func:`_pack` took apart; results inside are what the owner says."""
    match packed:
        case {"result": inside}:
            return _unpack_fields(owner.inner, inside, tensors)
        case {"tuple": several}:
            return tuple(_unpack(owner, one, tensors) for one in several)
        case {"texts": texts, "type": dtype}:
            return np.array(texts, dtype=dtype)
        case {"complex": at}:
            parts = tensors[at]
            return parts[..., 0] + 1j * parts[..., 1]
        case {"array": at}:
            return tensors[at]
    return packed["plain"]
