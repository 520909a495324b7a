"""Results in files: dataclasses of arrays, one of them or one for every network and input."""

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

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A dataclass of arrays, numbers and texts that goes to a file and comes back."""

    noun: ClassVar[str]

    @property
    def rows(self) -> list[Row]:
        """A table of what there is."""
        raise NotImplementedError

    @property
    def summary(self) -> Row:
        """One row on the whole."""
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
        plain, tensors = pack(self, "")
        write_tensors(path, f"pyrnnsim {self.noun} 1", {"plain": plain}, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            ValueError: If the file is damaged, or holds something else.
            OSError: If it cannot be read.
        """
        about, tensors = read_tensors(path, f"pyrnnsim {cls.noun} 1", cls.noun)
        return unpack(cls, about["plain"], tensors, "")


def pack(result: Result, prefix: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What JSON can hold of a result, and its arrays in types that files know, under names with a prefix."""
    plain, tensors = {}, {}
    for one in fields(result):
        value = getattr(result, one.name)
        if not isinstance(value, np.ndarray):
            plain[one.name] = value
        elif value.dtype.kind == "c":
            tensors[f"{prefix}{one.name}.complex"] = np.stack([value.real, value.imag], axis=-1)
        else:
            tensors[f"{prefix}{one.name}"] = value
    return plain, tensors


Part = TypeVar("Part", bound=Result)


def unpack(kind: type[Part], plain: Mapping[str, Any], tensors: Arrays, prefix: str) -> Part:
    """The result that :func:`pack` took apart."""
    values = dict(plain)
    for one in fields(kind):
        if one.name in plain:
            continue
        name = f"{prefix}{one.name}"
        if name in tensors:
            values[one.name] = tensors[name]
        else:
            parts = tensors[f"{name}.complex"]
            values[one.name] = parts[..., 0] + 1j * parts[..., 1]
    return kind(**values)


@dataclass(frozen=True, eq=False, repr=False)
class ResultGrid(Generic[Part]):
    """Results of K networks at C inputs: ``result[k, c]`` is one of them, ``result[k]`` a tuple of C.

    Attributes:
        parts: K tuples of C results.
        inputs: (C, M).
        settings: How they were made.
    """

    parts: tuple[tuple[Part, ...], ...]
    inputs: NDArray[np.float64]
    settings: dict[str, Any] = field(default_factory=dict)

    kind: ClassVar[type[Result]]

    @overload
    def __getitem__(self, index: tuple[int, int]) -> Part: ...
    @overload
    def __getitem__(self, index: int) -> tuple[Part, ...]: ...
    def __getitem__(self, index: int | tuple[int, int]) -> Part | tuple[Part, ...]:
        if isinstance(index, tuple):
            k, c = index
            return self.parts[k][c]
        return self.parts[index]

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[tuple[Part, ...]]:
        return iter(self.parts)

    @property
    def rows(self) -> list[Row]:
        """One row per network and input."""
        return [
            {"name": one.summary["name"], "condition": c, **one.summary}
            for row in self.parts
            for c, one in enumerate(row)
        ]

    @property
    def frame(self) -> Any:
        """The rows as a pandas table; ``result[k, c].frame`` has the details."""
        return as_frame(self.rows, f"{type(self).__name__}.frame")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one file, atomically and with a checksum; nothing in it is code.

        Raises:
            OSError: If the file cannot be written; an earlier one of that name is intact.
        """
        tensors, about = {"inputs": self.inputs}, []
        for k, row in enumerate(self.parts):
            packed = [pack(one, f"{k}.{c}.") for c, one in enumerate(row)]
            about.append([plain for plain, _ in packed])
            for _, arrays in packed:
                tensors |= arrays
        write_tensors(path, f"pyrnnsim {self.kind.noun}s 1", {"settings": self.settings, "parts": about}, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            ValueError: If the file is damaged, or holds something else.
            OSError: If it cannot be read.
        """
        noun = f"{cls.kind.noun}s"
        about, tensors = read_tensors(path, f"pyrnnsim {noun} 1", noun)
        kind: Any = cls.kind
        parts = tuple(
            tuple(unpack(kind, plain, tensors, f"{k}.{c}.") for c, plain in enumerate(row))
            for k, row in enumerate(about["parts"])
        )
        return cls(parts, tensors["inputs"], about["settings"])

    def __str__(self) -> str:
        return to_text(self.rows)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} networks at {len(self.inputs)} inputs>"
