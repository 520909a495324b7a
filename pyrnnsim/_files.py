"""Files that are either whole or absent: atomic writes, and payloads that carry their checksum."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

_MAGIC = b"pyrnnsim-check-1"
_DIGEST_BYTES = 16
_TRAILER_BYTES = len(_MAGIC) + _DIGEST_BYTES

TEMPORARY_SUFFIX = ".tmp"

_REMEDIES = {
    errno.ENOSPC: "the disk is full: free some space and run again",
    errno.EDQUOT: "the disk quota is used up: free some space and run again",
    errno.EFBIG: "files may not be this large here: raise the limit (ulimit -f) and run again",
    errno.EACCES: "make the directory writable or choose another place",
    errno.EPERM: "make the directory writable or choose another place",
    errno.EROFS: "choose a place on a file system that is not read-only",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EEXIST: "a file has this name: choose another one",
    errno.EISDIR: "a directory has this name: choose another one",
}


def write_atomic(
    path: str | os.PathLike[str],
    data: bytes | Callable[[BinaryIO], None],
    *,
    scratch: str | os.PathLike[str] | None = None,
) -> None:
    """Write a file so that a reader, or a later run, finds the old content or the new one and never a part of it.

    The content goes to a temporary file, is forced to disk, and takes the name in one step. Symbolic links are
    followed: the file they point to is replaced.

    Args:
        path: File to write; its directory must exist.
        data: The content, or a function that writes it to the binary file it is given.
        scratch: Directory of the temporary file, on the same file system; default: the directory of ``path``.

    Raises:
        OSError: If the file cannot be written; the text names the path and a remedy. The previous content is intact.
    """
    target = Path(os.path.realpath(path))
    folder = target.parent if scratch is None else Path(scratch)
    temporary = folder / f".{os.urandom(8).hex()}{TEMPORARY_SUFFIX}"
    try:
        with temporary.open("xb") as file:
            if callable(data):
                data(file)
            else:
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise os_error("cannot write", target, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    _sync_directory(target.parent)


def write_checked(path: str | os.PathLike[str], data: bytes, *, scratch: str | os.PathLike[str] | None = None) -> None:
    """Write ``data`` atomically with a 32-byte trailer from which :func:`read_checked` tells damage.

    Args:
        path: As for :func:`write_atomic`.
        data: The content.
        scratch: As for :func:`write_atomic`.

    Raises:
        OSError: As :func:`write_atomic`.
    """
    write_atomic(path, data + _MAGIC + _digest(data), scratch=scratch)


def read_checked(path: str | os.PathLike[str]) -> bytes:
    """Read back what :func:`write_checked` wrote, without the trailer.

    Raises:
        ValueError: If the file was cut, extended or changed in any bit since it was written.
        OSError: If it cannot be read.
    """
    content = Path(path).read_bytes()
    payload, trailer = content[:-_TRAILER_BYTES], content[-_TRAILER_BYTES:]
    if len(trailer) != _TRAILER_BYTES or trailer != _MAGIC + _digest(payload):
        raise ValueError(f"{os.fspath(path)} is damaged (checksum); delete it and run again")
    return payload


def os_error(action: str, path: str | os.PathLike[str], error: OSError) -> OSError:
    """The same kind of error with a text that says what was tried, on which path, and what to do about it."""
    cause = os.strerror(error.errno) if error.errno else str(error)
    message = f"{action} {os.fspath(path)}: {cause}"
    remedy = _REMEDIES.get(error.errno or 0)
    if remedy is None and error.errno in (errno.ENOENT, errno.ENOTDIR):
        remedy = f"create the directory first: {str(Path(path).parent)!r}"
    if remedy is not None:
        message += f"; {remedy}"
    return OSError(error.errno, message) if error.errno else OSError(message)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST_BYTES).digest()


def _sync_directory(folder: Path) -> None:
    """Make the new name survive a power cut; a file system that refuses this loses nothing else."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
