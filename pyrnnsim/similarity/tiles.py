"""A matrix on disk that is filled tile by tile and survives the end of the process at any moment."""

from __future__ import annotations

import io
import logging
import math
import os
import re
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._files import os_error, read_checked, write_atomic, write_checked
from pyrnnsim._lock import ProcessLock
from pyrnnsim.similarity import manifest

_log = logging.getLogger("pyrnnsim")
_MANIFEST_NAME = "manifest.json"
_LEFT_OVER = re.compile(r"\.[0-9a-f]{16}\.tmp")
_TILE = re.compile(r"\d+_\d+\.npy")
_MANIFEST = re.compile(re.escape(_MANIFEST_NAME))
_BLOCK = 1 << 17


class TileStore:
    """Tiles of the matrix ``path`` in the directory ``<path>.tiles`` until :meth:`finish` puts them together.

    Every tile is a file with a checksum that appears whole or not at all; its presence is the record that it is done.
    A manifest records what the tiles belong to, a lock keeps a second process out. A run that was killed opens the
    same store again and skips what is done. An existing file ``path`` stays until ``finish`` replaces it.

    Use it as a context manager: leaving the block gives the lock back and keeps the tiles.

    Args:
        path: The final ``.npy`` file; its directory must exist.
        shape: Shape of the final float64 matrix.
        header: What the values depend on, of plain values: metric, options, dtype, tile size, ... Per network:
            ``names`` and ``digests`` (with ``argument``, how errors call them, default ``"reps"``), and for the
            columns of a rectangular matrix ``column_names``, ``column_digests``, ``column_argument``.

    Raises:
        ValueError: If the directory holds tiles of a run with another header; the text names what differs.
        RuntimeError: If another live process uses the store.
        OSError: If the directory cannot be made or written.
    """

    def __init__(self, path: str | os.PathLike[str], shape: tuple[int, ...], header: Mapping[str, object]) -> None:
        self.path, self.directory = _places(path)
        self.shape = tuple(int(size) for size in shape)
        self._header = manifest.normalise({**header, "shape": self.shape})
        self._done: set[tuple[int, int]] = set()
        self._lock = ProcessLock(self.directory / "lock")
        self._release = weakref.finalize(self, self._lock.release)
        try:
            self._acquire()
            try:
                self._open()
            except BaseException:
                self.close()
                with suppress(OSError):
                    self.directory.rmdir()  # only if nothing is in it
                raise
        except OSError as error:
            raise os_error("out: cannot use", self.directory, error) from error

    @staticmethod
    def stored_header(path: str | os.PathLike[str]) -> dict[str, Any] | None:
        """Header of the unfinished run in ``<path>.tiles``, e.g. to go on with its tile size.

        Returns:
            None if there is none, or none that can be read.
        """
        with suppress(OSError, ValueError):
            return manifest.decode((_places(path)[1] / _MANIFEST_NAME).read_bytes())
        return None

    def done(self, i: int, j: int) -> bool:
        """Whether tile ``(i, j)`` is on disk and whole; reads it the first time. A damaged one counts as not done."""
        if (i, j) not in self._done:
            if not self._tile(i, j).exists():
                return False
            try:
                self.load(i, j)
            except ValueError as error:
                _log.warning("tile (%d, %d) will be computed again: %s", i, j, error)
                return False
        return True

    def save(self, i: int, j: int, values: NDArray[Any]) -> None:
        """Write tile ``(i, j)``, an array of any shape and numeric type; when this returns, the tile is on disk.

        Raises:
            OSError: If it cannot be written, e.g. because the disk is full; the tiles before it are kept.
        """
        self._require_open("save")
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(values), allow_pickle=False)
        buffer.write(_mark(i, j))
        write_checked(self._tile(i, j), buffer.getvalue())
        self._done.add((i, j))

    def load(self, i: int, j: int) -> NDArray[Any]:
        """Read tile ``(i, j)``.

        Raises:
            ValueError: If it is not done, or damaged.
        """
        self._done.discard((i, j))
        try:
            content = read_checked(self._tile(i, j))
        except FileNotFoundError as error:
            raise ValueError(f"tile ({i}, {j}) of {self.path} is not done") from error
        mark = _mark(i, j)
        if not content.endswith(mark):  # whole, but of another place
            raise ValueError(f"{self._tile(i, j)} holds another tile")
        tile: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
        self._done.add((i, j))
        return tile

    def finish(self, assemble: Callable[[NDArray[np.float64]], None]) -> np.memmap[Any, np.dtype[np.float64]]:
        """Write the final file, remove the tiles, and return the file mapped read-only: ``write``, then ``clear``."""
        self.write(assemble)
        return self.clear()

    def write(self, assemble: Callable[[NDArray[np.float64]], None]) -> None:
        """Write the final file; the tiles stay.

        Args:
            assemble: Fills the matrix it is given (mapped from disk, NaN at first), usually from :meth:`load`.

        Raises:
            OSError: If the file cannot be written; the previous file is kept.
        """
        self._require_open("finish")

        def fill(file: BinaryIO) -> None:
            self._write_blank(file)
            matrix = np.lib.format.open_memmap(file.name, mode="r+")
            assemble(matrix)
            matrix.flush()

        write_atomic(self.path, fill, scratch=self.directory)

    def clear(self) -> np.memmap[Any, np.dtype[np.float64]]:
        """Remove the tiles of a file that was written, close, and return the file mapped read-only."""
        with suppress(OSError):  # the result is safe; what cannot be removed is only in the way
            self._remove(_TILE)
            self._remove(_MANIFEST)
        self.close()
        with suppress(OSError):
            self.directory.rmdir()
        return np.load(self.path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]

    def close(self) -> None:
        """Give the lock back; the tiles stay for the next run."""
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _acquire(self) -> None:
        while True:
            self.directory.mkdir(exist_ok=True)
            with suppress(FileNotFoundError):  # another process finished and removed the directory just now
                self._lock.acquire()
                return

    def _open(self) -> None:
        """Check what the directory holds against this run, or start afresh in an empty one."""
        self._remove(_LEFT_OVER)
        file = self.directory / _MANIFEST_NAME
        try:
            stored = manifest.decode(file.read_bytes())
        except FileNotFoundError:
            self._remove(_TILE)  # nothing says what they belong to
            write_atomic(file, manifest.encode(self._header))
            return
        except ValueError as error:
            raise ValueError(f"out: {file} {error}; delete {self.directory} and run again") from error
        found = manifest.differences(stored, self._header)
        if found:
            raise ValueError(
                f"out: {self.directory} holds the tiles of another run: {'; '.join(found)}. "
                f"To start afresh delete that directory, or choose another out"
            )

    def _write_blank(self, file: BinaryIO) -> None:
        """Write NaN everywhere: a full disk is an error here, where in a mapped file it would end the process."""
        layout = {"descr": "<f8", "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_1_0(file, layout)
        count = math.prod(self.shape)
        blank = np.full(min(count, _BLOCK), np.nan, dtype="<f8")
        file.writelines(blank[: count - start].tobytes() for start in range(0, count, _BLOCK))
        file.flush()

    def _remove(self, names: re.Pattern[str]) -> None:
        """Remove the files of this store that match; whatever else somebody put there stays."""
        for entry in os.listdir(self.directory):
            if names.fullmatch(entry):
                (self.directory / entry).unlink(missing_ok=True)

    def _tile(self, i: int, j: int) -> Path:
        return self.directory / f"{int(i)}_{int(j)}.npy"

    def _require_open(self, caller: str) -> None:
        if not self._release.alive:
            raise ValueError(f"TileStore.{caller}: the store of {self.path} is closed; open it again")


def _mark(i: int, j: int) -> bytes:
    """Last bytes of a tile: a file that was renamed is not taken for another."""
    return f"\ntile {int(i)} {int(j)}".encode()


def _places(path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """The final file and the directory of its tiles, beside the file a symbolic link points to."""
    final = Path(os.path.realpath(path))
    return final, final.with_name(final.name + ".tiles")
