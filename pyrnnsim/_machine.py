"""What this machine lends to this process: cores and memory."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_FALLBACK_MEMORY = 2 * 10**9


def usable_cores() -> int:
    """Number of cores this process may use, which on a shared machine is fewer than it has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory(root: str | os.PathLike[str] = "/") -> int:
    """Bytes that can be allocated now without swapping and without being killed.

    The smaller of the kernel's ``MemAvailable`` and what the control groups of this process (a container, a batch
    job) leave; 2 GB where neither can be read.

    Args:
        root: Where ``proc`` and ``sys`` are mounted.
    """
    base = Path(root)
    known = [free for free in (_kernel_available(base), _group_available(base)) if free is not None]
    return min(known, default=_FALLBACK_MEMORY)


def _kernel_available(root: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _group_available(root: Path) -> int | None:
    """Free bytes in the tightest control group (version 1 or 2) above this process, None where there is no limit."""
    unified = "memory.max", "memory.current", "inactive_file"
    legacy = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
    free: list[int] = []
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            if controllers == "":
                free += _free_along(root / "sys/fs/cgroup", group, *unified)
            if "memory" in controllers.split(","):
                free += _free_along(root / "sys/fs/cgroup/memory", group, *legacy)
    return min(free, default=None)


def _free_along(mount: Path, group: str, limit: str, usage: str, cache: str) -> list[int]:
    """Free bytes of a group and of each group around it that has a limit."""
    free: list[int] = []
    folder = mount / group.lstrip("/")
    while True:
        with suppress(OSError, ValueError):  # "max" is no number: no limit at this level
            maximum = int((folder / limit).read_text())
            # File pages that nobody used lately count as used, yet the kernel gives them up before it kills.
            idle = _statistic(folder / "memory.stat", cache)
            free.append(max(0, maximum - int((folder / usage).read_text()) + idle))
        if folder == mount or mount not in folder.parents:
            return free
        folder = folder.parent


def _statistic(path: Path, name: str) -> int:
    with suppress(OSError, ValueError):
        for line in path.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    return 0
