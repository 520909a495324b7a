"""How far a long call has come and how long it will still take."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, Self

ProgressMode = bool | Literal["auto"]

_log = logging.getLogger("pyrnnsim")
_QUIET_SECONDS = 1.0
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
        self._initial = self._done = min(float(initial), self._total)
        self._mode = mode
        self._lock = threading.Lock()
        self._bar: Any = None
        self._start = time.monotonic()
        self._shown = self._estimated = False

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        _log.info("%s: %s %s to do", self._description, _short(self._total - self._initial), self._unit)
        if self._mode is True:
            self._show()
        return self

    def update(self, amount: float = 1.0) -> None:
        """Count ``amount`` units of work as done."""
        with self._lock:
            self._done = min(self._done + float(amount), self._total)
            elapsed = time.monotonic() - self._start
            if elapsed >= _QUIET_SECONDS:
                self._estimate(elapsed)
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

    def _estimate(self, elapsed: float) -> None:
        """Log once, as soon as there is a speed to judge by, how long the whole will take."""
        done = self._done - self._initial
        if self._estimated or done <= 0:
            return
        self._estimated = True
        left = elapsed / done * (self._total - self._done)
        _log.info("%s: about %.0f s left after %.0f s", self._description, left, elapsed)

    def _show(self) -> None:
        self._shown = True
        if self._total > 0 and sys.stderr is not None:
            with suppress(OSError, ValueError):  # standard error is closed
                self._bar = self._new_bar()

    def _new_bar(self) -> Any:
        bar = _bar_class()(
            total=self._total,
            initial=self._initial,
            desc=self._description,
            unit=self._unit,
            unit_scale=True,
            smoothing=0,  # the mean speed: a moving one jumps with every cheap or dear tile
            delay=1e-9,  # draws nothing yet
            miniters=0,
            mininterval=_REDRAW_SECONDS if _is_watched() else _LOG_FILE_SECONDS,
            bar_format="{desc}: {percentage:3.0f}% {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}]",
            **_width(),
        )
        bar.start_t -= time.monotonic() - self._start
        bar.n = self._done
        bar.refresh()
        bar.delay = 0
        return bar

    def _draw(self) -> None:
        if self._bar is None:
            return
        try:
            self._bar.update(self._done - self._bar.n)
        except (OSError, ValueError):  # a terminal that went away must not end hours of work
            self._bar.disable = True
            self._bar = None


def _bar_class() -> Any:
    """tqdm's bar without its watcher thread, and with a lock of threads only, so that nothing outlives the call."""
    from tqdm.auto import tqdm

    bar: Any = type("Bar", (tqdm,), {"monitor_interval": 0})
    bar.set_lock(threading.RLock())
    return bar


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
