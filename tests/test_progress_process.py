"""Progress in a process of its own: silent where nobody watches, in place on a real terminal."""

import fcntl
import os
import struct
import subprocess
import sys
import termios

import pytest


def in_a_process(code, **streams):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"}
    return subprocess.run([sys.executable, "-c", code], env=environment, check=False, **streams)


WORK = """
import sys, time
from pyrnnsim import _progress
_progress._QUIET_SECONDS = 0.1
with _progress.progress_bar(4e6, "work", "auto") as progress:
    for step in range(4):
        time.sleep(0.06)
        progress.update(1e6)
        if step == 2 and "{end}" == "error":
            raise ValueError("broken")
print("tqdm" in sys.modules)
"""


def test_without_a_terminal_nothing_is_written_and_tqdm_not_loaded():
    done = in_a_process(WORK, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="the platform has no pseudo-terminals")
@pytest.mark.parametrize("end", ["success", "error"])
@pytest.mark.parametrize("columns", [0, 120])
def test_on_a_real_terminal(end, columns):
    ours, theirs = os.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24 if columns else 0, columns, 0, 0))
        in_a_process(WORK.replace("{end}", end), stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs)
        text = os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    bar, _, rest = text.partition("\r\n")
    assert "pairs" not in rest
    last = bar.rpartition("\r")[2].strip()
    assert last.startswith(
        "work: 100% 4.00M/4.00M pairs [00:00<" if end == "success" else "work:  75% 3.00M/4.00M pairs"
    )
    assert rest.startswith("Traceback") if end == "error" else rest == ""
