"""Where the rows of one network come from: memory, a slow array, a prepared object, or a lazy sequence."""

from __future__ import annotations

import mmap
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.arrays import check_shape
from pyrnnsim._inputs.convert import is_frame, is_tensor, to_array
from pyrnnsim._inputs.labels import Label

_T = TypeVar("_T")


class Source(ABC):
    """One network: its shape and dtype are known, its rows are read when asked for.

    Attributes:
        shape: ``(P, N)``.
        dtype: Dtype the values are stored in (float32 for bfloat16).
        name: Name that comes with the data, or None.
        resident: The rows are already in memory.
        axes: Shape as the user stored it; ``shape`` but for recordings, whose leading axes are merged.
    """

    resident = False
    axes: tuple[int, ...]

    def __init__(self, shape: tuple[int, int], dtype: np.dtype[Any], name: str | None = None) -> None:
        self.shape = shape
        self.axes = shape
        self.dtype = dtype
        self.name = name

    @abstractmethod
    def read(self, start: int, stop: int, label: Label) -> NDArray[Any]:
        """Rows ``start:stop`` in any layout."""

    def prepared(self) -> Any:
        """The prepared representation, if that is what the user passed."""
        return None

    def opened(self, label: Label) -> Source:
        """The same rows without loading them again, for several readings in a row; let go of it soon."""
        del label
        return self

    def unambiguous_name(self, index: int) -> str | None:
        """Longer name for when another network has the same one."""
        del index
        return self.name


class MatrixSource(Source):
    """A matrix NumPy can address, in memory or memory-mapped."""

    def __init__(self, matrix: NDArray[Any]) -> None:
        super().__init__((matrix.shape[0], matrix.shape[1]), matrix.dtype)
        self.matrix = matrix
        self.resident = not _is_mapped(matrix)

    def read(self, start: int, stop: int, label: Label) -> NDArray[Any]:
        del label
        return self.matrix[start:stop]


class WindowSource(Source):
    """An array that has to be converted or fetched: HDF5, zarr, xarray, bfloat16 or CUDA; only the rows asked for are.

    Args:
        array: ``(P, N)``, or ``(K, P, N)`` together with ``index``.
        label: Names the network in errors.
        index: Which network of a ``(K, P, N)`` array.
    """

    def __init__(self, array: Any, label: Label, index: int | None = None) -> None:
        shape = tuple(int(size) for size in array.shape)[0 if index is None else 1 :]
        check_shape(shape, label)
        super().__init__((shape[0], shape[1]), to_array(_fetch(array, slice(0, 0), label), label).dtype)
        self._array = array
        self._index = index

    def read(self, start: int, stop: int, label: Label) -> NDArray[Any]:
        key = slice(start, stop) if self._index is None else (self._index, slice(start, stop))
        block = to_array(_fetch(self._array, key, label), label)
        if block.shape != (stop - start, self.shape[1]):
            raise ValueError(
                f"{label} gave shape {block.shape} for rows {start}:{stop}; expected {(stop - start, self.shape[1])}"
            )
        return block


class PreparedSource(Source):
    """A prepared representation, which has replaced its rows by their factors."""

    def __init__(self, representation: Any) -> None:
        shape = (int(representation.samples), int(representation.units))
        super().__init__(shape, np.dtype(representation.dtype), representation.name)
        self._representation = representation
        self.resident = True

    def read(self, start: int, stop: int, label: Label) -> NDArray[Any]:
        del start, stop
        raise TypeError(f"{label} is a prepared Representation, which keeps no rows; expected the (P, N) array itself")

    def prepared(self) -> Any:
        return self._representation

    def unambiguous_name(self, index: int) -> str | None:
        return None if self.name is None else f"{self.name} ({index})"


class Elements:
    """Loads elements of a lazy sequence and keeps the last one only.

    Args:
        sequence: Has ``__len__`` and ``__getitem__``.
        open_element: Element, label -> Source.
    """

    def __init__(self, sequence: Any, open_element: Callable[[Any, Label], Source]) -> None:
        self._sequence = sequence
        self._open = open_element
        self._lock = threading.Lock()
        self._index: int | None = None
        self._source: Source | None = None

    def use(self, index: int, label: Label, action: Callable[[Source], _T]) -> _T:
        """``action`` on element ``index``, under a lock: a second thread must not load a second element."""
        with self._lock:
            if self._source is None or self._index != index:
                self._source = None  # let go before the next one is loaded
                self._index = index
                self._source = self._open(_fetch(self._sequence, index, label), label)
            return action(self._source)

    def release(self) -> None:
        """Forget the element that is held."""
        with self._lock:
            self._source = None


class ElementSource(Source):
    """One element of a lazy sequence; loaded once here to learn its shape, and again when its rows are needed."""

    def __init__(self, elements: Elements, index: int, label: Label) -> None:
        self._elements = elements
        self._index = index
        self._label = label
        source = elements.use(index, label, lambda source: source)
        super().__init__(source.shape, source.dtype, source.name)
        self._is_prepared = source.prepared() is not None
        elements.release()

    def prepared(self) -> Any:
        return self.opened(self._label).prepared() if self._is_prepared else None

    def read(self, start: int, stop: int, label: Label) -> NDArray[Any]:
        return self._elements.use(
            self._index, label, lambda source: self._checked(source, label).read(start, stop, label)
        )

    def opened(self, label: Label) -> Source:
        return self._elements.use(self._index, label, lambda source: self._checked(source, label))

    def _checked(self, source: Source, label: Label) -> Source:
        if source.shape != self.shape or source.dtype != self.dtype:
            raise ValueError(
                f"{label} had shape {self.shape} and dtype {self.dtype} when first loaded, now {source.shape} and "
                f"{source.dtype}; expected the same element every time"
            )
        return source


def is_prepared(value: object) -> bool:
    """True for a prepared representation; known by an attribute because it lives in a higher layer."""
    return getattr(value, "is_prepared_representation", False) is True


def needs_window(value: Any) -> bool:
    """True if converting ``value`` as a whole would fetch or copy all of it."""
    if is_tensor(value):
        usual = str(value.layout) == "torch.strided" and value.device.type != "meta" and not value.is_nested
        return usual and (value.device.type != "cpu" or str(value.dtype) == "torch.bfloat16")
    if isinstance(value, np.ndarray) or is_frame(value) or hasattr(value, "__dlpack__"):
        return False
    needed = ("__array__", "__getitem__", "dtype")
    return isinstance(getattr(value, "shape", None), tuple) and all(hasattr(value, name) for name in needed)


def _is_mapped(array: NDArray[Any]) -> bool:
    base: Any = array
    while base is not None:
        if isinstance(base, (np.memmap, mmap.mmap)):
            return True
        base = getattr(base, "base", None)
    return False


def _fetch(holder: Any, key: Any, label: Label) -> Any:
    try:
        return holder[key]
    except Exception as error:
        error.add_note(f"while loading {label}")
        raise
