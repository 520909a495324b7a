"""How far a long call has come and how long it will still take."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self

ProgressMode = bool | Literal["auto"]

_log = logging.getLogger("pyrnnsim")
_QUIET_SECONDS = 1.0
_ENOUGH = 0.05  # of the work must be done before the log tells the time left
_REDRAW_SECONDS = 0.2
_LOG_FILE_SECONDS = 10.0  # between lines when nobody watches, so that a batch job's log stays readable


def progress_bar(
    total: float, description: str, mode: ProgressMode, *, unit: str = "pairs", initial: float = 0.0
) -> Progress:
    """A context manager that shows progress and remaining time on standard error.

    Args:
        total: The whole amount of work, in units of equal cost: the remaining time is the mean time per unit so far
            times the units left, so weigh pairs by their cost where costs differ.
        description: What runs, e.g. ``"pairwise_pwcca"``.
        mode: True shows it at once, False never, ``"auto"`` after one second of work if somebody watches (standard
            error is a terminal, or a notebook runs).
        unit: Name of a unit, in the plural.
        initial: Work that was done before this call, by an earlier run; it counts as done but not as speed.
    """
    return Progress(total, description, mode, unit=unit, initial=initial)


class Progress:
    """Counts work; see :func:`progress_bar`. ``update`` may be called from several threads."""

    def __init__(self, total: float, description: str, mode: ProgressMode, *, unit: str, initial: float) -> None:
        self._total, self._description, self._unit = float(total), description, unit
        self._done = min(float(initial), self._total)
        self._mode = mode
        self._lock = threading.Lock()
        self._bar: Any = None
        self._start = self._last = time.monotonic()
        self._kinds = {"": _Kind(self._total - self._done)}
        self._shown = self._announced = False

    def __enter__(self) -> Self:
        self._start = self._last = time.monotonic()
        _log.info("%s: %s %s to do", self._description, _short(self._total - self._done), self._unit)
        if self._mode is True:
            self._show()
        return self

    @property
    def left(self) -> float:
        """Units of work that are left."""
        return self._total - self._done

    def expect(self, work: Mapping[str, float], *, done: float = 0.0) -> None:
        """Say of what kinds the work is that is left: the speed of each is measured on its own.

        No time is announced until something of each kind has been done.

        Args:
            work: Units by kind, of all that is left.
            done: Units that an earlier run has done, besides.
        """
        with self._lock:
            self._done = min(self._done + done, self._total)
            known = self._kinds
            self._kinds = {kind: replace(known.get(kind, _Kind(0.0)), left=left) for kind, left in work.items()}
            self._last = time.monotonic()
            self._draw()

    def update(self, amount: float = 1.0, kind: str = "") -> None:
        """Count ``amount`` units of work as done, which took all the time since the last update."""
        with self._lock:
            now = time.monotonic()
            self._done = min(self._done + float(amount), self._total)
            one = self._kinds[kind]
            self._kinds[kind] = _Kind(max(one.left - amount, 0.0), one.done + amount, one.seconds + now - self._last)
            self._last = now
            if now - self._start >= _QUIET_SECONDS:
                self._announce(now - self._start)
                if self._mode == "auto" and not self._shown and _is_watched():
                    self._show()
            self._draw()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            bar, self._bar = self._bar, None
            if bar is not None:
                with suppress(OSError, ValueError):
                    bar.close()  # ends the line, so that a traceback starts on its own

    def _remaining(self) -> float | None:
        """Seconds left, by the mean speed of each kind of work: a moving one jumps with every cheap or dear tile."""
        open_kinds = [kind for kind in self._kinds.values() if kind.left > 0]
        if not all(kind.done > 0 for kind in open_kinds):
            return None
        return sum(kind.left * kind.seconds / kind.done for kind in open_kinds)

    def _announce(self, elapsed: float) -> None:
        """Log once, as soon as there is enough to judge by, how long the whole will take."""
        remaining = self._remaining()
        if not self._announced and remaining is not None and self._done >= _ENOUGH * self._total:
            self._announced = True
            _log.info("%s: about %.0f s left after %.0f s", self._description, remaining, elapsed)

    def _show(self) -> None:
        self._shown = True
        if self._total > 0 and sys.stderr is not None:
            with suppress(OSError, ValueError):  # standard error is closed
                self._bar = self._new_bar()

    def _new_bar(self) -> Any:
        bar = _bar_class()(
            total=self._total,
            desc=self._description,
            unit=self._unit,
            unit_scale=True,
            delay=1e-9,  # draws nothing yet
            miniters=0,
            mininterval=_REDRAW_SECONDS if _is_watched() else _LOG_FILE_SECONDS,
            bar_format="{desc}: {percentage:3.0f}% {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}]",
            **_width(),
        )
        bar.start_t -= time.monotonic() - self._start
        bar.n = self._done
        bar.remaining = self._remaining()
        bar.refresh()
        bar.delay = 0
        return bar

    def _draw(self) -> None:
        if self._bar is None:
            return
        try:
            self._bar.remaining = self._remaining()
            self._bar.update(self._done - self._bar.n)
        except (OSError, ValueError):  # a terminal that went away must not end hours of work
            self._bar.disable = True
            self._bar = None


@dataclass(frozen=True)
class _Kind:
    """Work of one kind: units left, units done, and the seconds these took."""

    left: float
    done: float = 0.0
    seconds: float = 0.0


def _bar_class() -> Any:
    """tqdm's bar with our time left, no watcher thread, and a lock of threads only: nothing stays behind."""
    from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0
        remaining: float | None = None

        @property
        def format_dict(self) -> dict[str, Any]:
            rate = None if self.remaining is None else max(self.total - self.n, 1e-9) / max(self.remaining, 1e-12)
            return {**super().format_dict, "rate": rate, "initial": self.n}

    Bar.set_lock(threading.RLock())
    return Bar


def _width() -> dict[str, Any]:
    """tqdm follows the size of the terminal, and writes nothing in one that reports none, as some emulators do."""
    try:
        known = os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (OSError, ValueError):
        known = True  # no terminal: tqdm does not ask
    return {"dynamic_ncols": True} if known else {"ncols": 80, "nrows": 24}


def _is_watched() -> bool:
    return _is_terminal() or _is_notebook()


def _is_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # no standard error, or a closed one
        return False


def _is_notebook() -> bool:
    interactive = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(interactive).__name__ == "ZMQInteractiveShell"


def _short(amount: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if amount >= size:
            return f"{amount / size:.3g}{letter}"
    return f"{amount:.3g}"
