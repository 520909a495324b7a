"""The thread pool, watched through its self-check."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import pytest

from pyrnnsim import _core


def in_a_fresh_process(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("threads", [-1, 0, 1, 2, 3, 8, 256, 1000])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 5000])
def test_every_index_is_visited_once(count, threads):
    assert _core.parallel_check(count, threads) == [1] * count


def test_a_negative_count_is_an_empty_loop():
    assert _core.parallel_check(-3, 4) == []


def test_nested_loops_run_serially():
    assert _core.parallel_check(200, 4, nested=50) == [51] * 200


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_first_failing_index_is_reported(threads):
    for fail_at in (0, 17, 999):
        with pytest.raises(RuntimeError, match=f"^index {fail_at}$"):
            _core.parallel_check(1000, threads, fail_at=fail_at)
    assert _core.parallel_check(1000, threads) == [1] * 1000


def test_python_threads_may_call_at_the_same_time():
    results: list[bool] = []

    def call(own: int) -> None:
        for repeat in range(50):
            count = 100 + 13 * own + repeat
            results.append(_core.parallel_check(count, 2 + own % 4, nested=3) == [4] * count)

    callers = [threading.Thread(target=call, args=(own,)) for own in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=60)
    assert not any(caller.is_alive() for caller in callers)
    assert results == [True] * 400


def test_a_forked_child_has_threads_of_its_own():
    script = """
        import os
        from pyrnnsim import _core

        for _ in range(20):
            assert _core.parallel_check(500, 4) == [1] * 500
            child = os.fork()
            if child == 0:
                assert len(os.listdir("/proc/self/task")) == 1
                right = _core.parallel_check(500, 4) == [1] * 500
                os._exit(0 if right and len(os.listdir("/proc/self/task")) == 4 else 1)
            assert os.waitpid(child, 0)[1] == 0
        print("children fine")
    """
    if not sys.platform.startswith("linux"):
        pytest.skip("counts threads in /proc")
    assert in_a_fresh_process(script) == "children fine\n"


def test_a_child_forked_while_another_thread_is_busy_can_work_and_exit():
    script = """
        import os, threading
        from pyrnnsim import _core

        stop = threading.Event()
        def busy():
            while not stop.is_set():
                _core.parallel_check(2000, 4, nested=20)
        thread = threading.Thread(target=busy)
        thread.start()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                os._exit(0 if _core.parallel_check(500, 4) == [1] * 500 else 1)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        thread.join()
        print("children fine")
    """
    assert in_a_fresh_process(script) == "children fine\n"


def test_a_process_ends_while_a_daemon_thread_is_in_a_loop():
    script = """
        import threading, time
        from pyrnnsim import _core

        def forever():
            while True:
                _core.parallel_check(100_000, 4, nested=10)
        threading.Thread(target=forever, daemon=True).start()
        time.sleep(0.2)
        print("leaving")
    """
    assert in_a_fresh_process(script) == "leaving\n"
