"""What the commands of ``pyrnnsim`` share: the form of their help, their complaints, and common options."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

BAD_INPUT, INTERRUPTED = 2, 130


class Stopped(KeyboardInterrupt):
    """Somebody else's Ctrl-C: ``kill``, the end of a batch job, or a terminal that was closed.

    Attributes:
        code: Exit code, by custom 128 and the number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Let the polite signals raise :class:`Stopped`, so that locks go and files end whole.

    Those that somebody handles or ignores (nohup) stay as they are, as does everything outside the main thread.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        polite = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
        before = {one: signal.SIG_DFL for one in polite if signal.getsignal(one) is signal.SIG_DFL}
    for number in before:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped(number)


class Parser(argparse.ArgumentParser):
    """An argument parser that keeps the line breaks of its texts and complains in one line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        """Print one line and leave with code 2."""
        raise SystemExit(complain(f"{message}; see '{self.prog} --help'", BAD_INPUT))


class Commands:
    """The commands of a parser, each with the options that all of them have."""

    def __init__(self, parser: Parser) -> None:
        self._commands = parser.add_subparsers(dest="command", metavar="command", required=True)

    def add(self, name: str, summary: str, description: str | None = None, epilog: str | None = None) -> Parser:
        """A parser for one more command; ``summary`` is its line in the list of commands."""
        command: Parser = self._commands.add_parser(name, help=summary, description=description, epilog=epilog)
        # An option of the commands, so that it may stand after them.
        command.add_argument("--traceback", action="store_true", help="show where in the code an error arose")
        return command


def add_folder(parser: Parser, default: str, contents: str = "results", *, depends: bool = False) -> None:
    """The option that says where files go.

    Args:
        parser: Of the command.
        default: Its name, or how it is made up.
        contents: What lies in it.
        depends: Whether ``default`` depends on other arguments; the option is then None where it is not given.
    """
    value = None if depends else Path(default)
    text = f"directory for the {contents} [{default}]"
    parser.add_argument("--out", type=Path, default=value, metavar="DIR", help=text)


def add_threads(parser: Parser) -> None:
    """The option for the number of threads."""
    parser.add_argument("--n-jobs", type=int, metavar="N", help="threads; no result depends on it [every core]")


def say(line: str) -> None:
    """Print a line on standard error."""
    print(line, file=sys.stderr, flush=True)


def complain(message: str, code: int) -> int:
    """Say in one line what is wrong; gives the exit code back."""
    say(f"pyrnnsim: {' '.join(message.split())}")
    return code
