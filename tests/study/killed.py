"""A server that forks a process for each run of the small study, and lets it kill itself at a chosen moment."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
from study import small

from pyrnnsim.study.configuration import parse_configuration
from pyrnnsim.study.stages import stages_of

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}


#: Where a run may be, in order; "start" is everything before the first stage.
PLACES = ("start", *(stage.name for stage in stages_of(parse_configuration(small.SMALL))), "report")


class Changes:
    """Counts what a process does to a directory, place by place, and kills the process just before a change.

    Args:
        folder: The directory.
        deadly: Number of a place and of a change there, from 0: it dies there, or as soon as it is beyond.
        delay: Seconds from then to the end, in which the process goes on.
    """

    def __init__(self, folder: str, deadly: tuple[int, int], delay: float) -> None:
        self._folder, self._deadly, self._delay = Path(folder), deadly, delay
        self._place, self._dying = 0, False
        self.counts = [0] * len(PLACES)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Receive every audit event of the process."""
        if event not in _CHANGES and not (event == "open" and arguments[2] & _WRITES):
            return
        path = Path(str(arguments[0]))
        if not path.is_relative_to(self._folder) or self._dying:
            return
        parts = path.relative_to(self._folder).parts
        if len(parts) > 2:
            self._place = PLACES.index(parts[1])
        elif parts == ("published.json",):
            self._place = len(PLACES) - 1
        if (self._place, self.counts[self._place]) >= self._deadly:
            self._dying = True
            threading.Timer(self._delay, _die).start() if self._delay else _die()
        self.counts[self._place] += 1


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _child(out: int, folder: str, deadly: tuple[int, int], delay: float) -> None:
    changes = Changes(folder, tuple(deadly), delay)
    sys.addaudithook(changes)
    with pytest.MonkeyPatch.context() as patch:
        small.shorten(patch)
        run = small.run(folder, n_jobs=2)
    os.write(out, json.dumps([run.fingerprint, changes.counts]).encode())


def serve() -> None:
    """Answer a request per line, [folder, deadly, delay], with [exit code, text of the process]."""
    for line in sys.stdin:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            try:
                _child(write, *json.loads(line))
                os._exit(0)
            finally:
                os.write(write, traceback.format_exc().encode())
                os._exit(1)
        os.close(write)
        with os.fdopen(read) as pipe:
            said = pipe.read()
        sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
