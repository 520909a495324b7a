"""One live process at a time; the dead give way, and only they."""

import json
import os
import socket
import subprocess
import sys

import pytest

from pyrnnsim import _lock
from pyrnnsim._lock import ProcessLock

HOLD = """
import pathlib, sys
from pyrnnsim._lock import ProcessLock
ProcessLock(pathlib.Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""

RACE = """
import pathlib, sys
from pyrnnsim._lock import ProcessLock
lock = ProcessLock(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
try:
    lock.acquire()
    print("held", flush=True)
except RuntimeError:
    print("refused", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


@pytest.fixture
def holder(path):
    """A process that has taken the lock and lives until it is killed."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def record(path, **changes):
    """Write the lock of this process, changed."""
    ProcessLock(path).acquire()
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_file_names_process_and_host_and_goes_with_the_release(path):
    lock = ProcessLock(path)
    lock.acquire()
    held = json.loads(path.read_text())
    assert (held["pid"], held["host"]) == (os.getpid(), socket.gethostname())
    lock.release()
    assert not path.exists()
    lock.release()


def test_a_live_process_is_respected_and_a_killed_one_is_not(path, holder):
    with pytest.raises(RuntimeError, match=rf"written by process {holder.pid} on host .*wait.*or choose another out"):
        ProcessLock(path).acquire()
    assert json.loads(path.read_text())["pid"] == holder.pid
    holder.kill()
    # Not yet waited for, the process is a zombie for a moment: dead, though its number is taken.
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    ProcessLock(path).acquire()
    assert json.loads(path.read_text())["pid"] == os.getpid()


def test_the_same_process_is_respected(path):
    ProcessLock(path).acquire()
    with pytest.raises(RuntimeError, match="another call in this same process"):
        ProcessLock(path).acquire()


def test_another_host_is_respected_and_the_error_names_the_file_to_delete(path):
    record(path, host="node17", pid=1)
    with pytest.raises(RuntimeError, match=r"process 1 on host 'node17'.*if it has ended, delete .*lock"):
        ProcessLock(path).acquire()


def test_another_container_of_this_host_is_respected(path):
    record(path, namespace="pid:[1]", pid=2**22 + 5)
    with pytest.raises(RuntimeError, match="being written by"):
        ProcessLock(path).acquire()


def test_a_number_given_to_a_younger_process_does_not_count(path):
    record(path, pid=os.getppid(), started=1)
    ProcessLock(path).acquire()


def test_the_number_of_this_process_counts_only_if_it_holds_the_lock(path):
    """A container that starts again gives the same small number to the same program."""
    record(path)
    held = path.read_text()
    _lock._held.clear()
    path.write_text(held)
    ProcessLock(path).acquire()
    with pytest.raises(RuntimeError, match="this same process"):
        ProcessLock(path).acquire()


def test_a_process_of_another_user_counts(path, monkeypatch):
    def refuse(pid, signal):
        raise PermissionError

    record(path, pid=os.getppid(), started=None)
    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(RuntimeError, match="being written by"):
        ProcessLock(path).acquire()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"pid": "x"}', b"\xff\xfe", b'{"pid": -1}', b'{"pid": 1e3}', b'{"pid": 10%s}'],
)
def test_a_lock_that_names_nobody_alive_is_taken_over(path, content):
    path.write_bytes(content % (b"0" * 40) if b"%s" in content else content)
    ProcessLock(path).acquire()
    assert json.loads(path.read_text())["pid"] == os.getpid()


def test_a_forked_child_does_not_release(path):
    lock = ProcessLock(path)
    lock.acquire()
    lock._owner = os.getpid() + 1  # what the child of that process sees
    lock.release()
    assert path.exists()


def test_a_missing_directory_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        ProcessLock(tmp_path / "none" / "lock").acquire()


def test_of_many_processes_one_takes_over_a_stale_lock(path):
    record(path, pid=2**22 + 5)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", RACE, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, env=environment, **pipes) for _ in range(4)]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        assert sorted(process.stdout.readline() for process in processes) == ["held\n"] + 3 * ["refused\n"]
    finally:
        for process in processes:
            process.communicate()
