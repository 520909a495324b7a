"""How far the memory of this process rises above where it stands."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")
_STATUS = Path("/proc/self/status")


def peak_growth(action: Callable[[], _T]) -> tuple[_T, int]:
    """Result of an action, and by how many bytes the resident memory rose above its size before.

    Linux keeps a high-water mark that can be put back; elsewhere the mark of the whole life of the process is read, so
    that growth below an earlier peak goes unseen.
    """
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = _status("VmRSS")
        result = action()
        return result, _status("VmHWM") - before
    except (OSError, LookupError):
        before = _highest()
        return action(), _highest() - before


def _status(name: str) -> int:
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def _highest() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
