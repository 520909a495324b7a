"""A lock file that one live process holds at a time, and that the next one takes over from a dead one."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    from fcntl import LOCK_EX, flock
except ImportError:  # no such call on this platform: the exclusive creation below still holds
    flock = None  # type: ignore[assignment]


_held: set[Path] = set()  # by this process


class ProcessLock:
    """The right of one process to write in a directory, recorded in a file inside it.

    The file names process and host. A lock whose process has died on this host (the process number is free, belongs
    to a zombie, or was given to a younger process) is taken over. Of a process on another host nothing can be known,
    so its lock is respected.

    Args:
        path: The lock file. Its directory must exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._owner: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            RuntimeError: If a live process, or one on another host, holds it.
            FileNotFoundError: If the directory does not exist.
            OSError: If the file cannot be written.
        """
        with _one_at_a_time(self._path.parent):
            holder = self._holder()
            if holder is not None and self._may_be_alive(holder):
                raise RuntimeError(
                    f"{self._path.parent} is being written by {_describe(holder)}; wait until it ends or choose "
                    f"another out (if it has ended, delete {self._path})"
                )
            self._path.unlink(missing_ok=True)
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            try:
                os.write(descriptor, json.dumps(_identity()).encode())
            finally:
                os.close(descriptor)
            _held.add(self._path)
        self._owner = os.getpid()

    def release(self) -> None:
        """Give the lock back; does nothing where this process (rather than the one it was forked from) has none."""
        if self._owner == os.getpid():
            self._owner = None
            _held.discard(self._path)
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _holder(self) -> dict[str, object] | None:
        """Who holds the lock; None for no file, and for a file whose writer died before it could say its name."""
        with suppress(FileNotFoundError, ValueError):
            holder = json.loads(self._path.read_bytes())
            if isinstance(holder, dict) and isinstance(holder.get("pid"), int):
                return holder
        return None

    def _may_be_alive(self, holder: dict[str, object]) -> bool:
        here, pid = _identity(), holder["pid"]
        assert isinstance(pid, int)
        for key in ("host", "namespace"):
            if None not in (holder.get(key), here[key]) and holder[key] != here[key]:
                return True
        if pid == os.getpid():
            return self._path in _held
        started = _started(pid) if _exists(pid) else 0
        return started != 0 and (None in (started, holder.get("started")) or started == holder["started"])


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Serialise the decision of several processes on this host; the kernel ends the turn of one that is killed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if flock is not None:
            with suppress(OSError):  # some network file systems do not lock directories
                flock(descriptor, LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _identity() -> dict[str, object]:
    """This process: number, host, process-number namespace (a container has its own) and start time."""
    namespace = None
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")
    pid = os.getpid()
    return {"pid": pid, "host": socket.gethostname(), "namespace": namespace, "started": _started(pid)}


def _exists(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _started(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot, 0 if it is a zombie, None where the kernel does not tell."""
    with suppress(OSError, ValueError, IndexError):
        # The second field is the command in brackets and may hold anything, spaces and brackets included.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return 0 if fields[0] in "ZX" else int(fields[19])
    return None


def _describe(holder: dict[str, object]) -> str:
    if holder["pid"] == os.getpid() and holder.get("host") == socket.gethostname():
        return "another call in this same process"
    return f"process {holder['pid']} on host {holder.get('host', 'unknown')!r}"
