"""A server that forks a process for each run of the small study, and lets it kill itself at a chosen moment."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

import pytest
from study import small

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}


class Changes:
    """Counts what a process does to a directory, and kills the process just before one of these changes.

    Args:
        folder: The directory.
        deadly: Number of the change, from 1; 0 for none.
        delay: Seconds from then to the end, in which the process goes on.
    """

    def __init__(self, folder: str, deadly: int, delay: float) -> None:
        self._folder, self._deadly, self._delay = folder, deadly, delay
        self.count = 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Receive every audit event of the process."""
        if event not in _CHANGES and not (event == "open" and arguments[2] & _WRITES):
            return
        if not str(arguments[0]).startswith(self._folder):
            return
        self.count += 1
        if self.count == self._deadly:
            if self._delay:
                threading.Timer(self._delay, _die).start()
            else:
                _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _child(out: int, folder: str, deadly: int, delay: float) -> None:
    changes = Changes(folder, deadly, delay)
    sys.addaudithook(changes)
    with pytest.MonkeyPatch.context() as patch:
        small.shorten(patch)
        run = small.run(folder, n_jobs=2, say=lambda line: os.write(out, f"{line}\n".encode()))
    os.write(out, f"{changes.count}\n{run.fingerprint}\n".encode())


def serve() -> None:
    """Answer a request per line, [folder, deadly, delay], with [exit code, lines that were said]."""
    for line in sys.stdin:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            try:
                _child(write, *json.loads(line))
            except BaseException as error:
                os.write(write, repr(error).encode())
                os._exit(1)
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            said = pipe.read().splitlines()
        print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said]), flush=True)


if __name__ == "__main__":
    serve()
