"""BLAS is single-threaded inside a block only."""

import os
import subprocess
import sys
import threading

import numpy as np  # noqa: F401  loads a BLAS
import pytest
import threadpoolctl

from pyrnnsim import _threads
from pyrnnsim._threads import thread_limit


def blas_threads():
    return [library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]


@pytest.fixture(autouse=True)
def three_threads():
    """Three BLAS threads, whatever the machine has, so that a limit of one shows."""
    with threadpoolctl.threadpool_limits(3, "blas"):
        yield


def test_limits_inside_and_restores_outside():
    before = blas_threads()
    assert before and set(before) == {3}
    with thread_limit():
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_restores_after_an_exception():
    with pytest.raises(KeyError), thread_limit():
        raise KeyError
    assert set(blas_threads()) == {3}


def test_nests():
    with thread_limit():
        with thread_limit():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {3}


def test_overlapping_blocks_of_two_threads_restore_when_the_last_ends():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with thread_limit():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with thread_limit():
        thread.start()
        assert inside.wait(10)
    assert set(blas_threads()) == {1}
    leave.set()
    thread.join()
    assert set(blas_threads()) == {3}


def test_one_controller_serves_many_blocks(monkeypatch):
    with thread_limit():
        pass

    def fail():
        raise AssertionError("built again")

    monkeypatch.setattr(threadpoolctl, "ThreadpoolController", fail)
    for _ in range(3):
        with thread_limit():
            assert set(blas_threads_of(_threads._blas._controller)) == {1}


def blas_threads_of(controller):
    return [library["num_threads"] for library in controller.info()]


def test_a_thread_that_was_not_the_first_to_set_a_limit_is_obeyed():
    counts = []

    def other():
        with thread_limit():
            counts.append(blas_threads())
        counts.append(blas_threads())

    with thread_limit():
        pass
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert [set(count) for count in counts] == [{1}, {3}]


@pytest.fixture
def aside():
    """Runs a function in a thread that then stays alive."""
    done, leave = threading.Event(), threading.Event()
    threads = []

    def start(function):
        def body():
            function()
            done.set()
            leave.wait(10)

        threads.append(threading.Thread(target=body))
        threads[-1].start()
        assert done.wait(10)

    yield start
    leave.set()
    for thread in threads:
        thread.join()


def test_limits_although_another_thread_set_its_own_limit(aside):
    with thread_limit():
        pass  # gives back the right that the surrounding limit took for this thread
    aside(lambda: threadpoolctl.threadpool_limits(2, "blas"))
    assert set(blas_threads()) == {2}
    with thread_limit():
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


def test_does_not_keep_other_threads_from_setting_their_limit(aside):
    def once():
        with thread_limit():
            pass

    aside(once)
    with threadpoolctl.threadpool_limits(2, "blas"):
        assert set(blas_threads()) == {2}


def test_leaves_the_callers_own_limits_working():
    with threadpoolctl.threadpool_limits(2, "blas"):
        with thread_limit():
            pass
        assert set(blas_threads()) == {2}
    assert set(blas_threads()) == {3}


def test_a_library_loaded_inside_a_block_is_limited_from_the_next_block_on():
    code = """
import numpy, threadpoolctl
from pyrnnsim._threads import thread_limit
def count():
    return {l["filepath"]: l["num_threads"] for l in threadpoolctl.threadpool_info() if l["user_api"] == "blas"}
threadpoolctl.threadpool_limits(3, "blas")
before = count()
with thread_limit():
    import scipy.linalg
    assert len(count()) > len(before), "SciPy brings no BLAS of its own: the test shows nothing"
    before = count() | before
    with thread_limit():
        assert set(count().values()) == {1}, count()
    assert set(count().values()) == {1}, count()
assert count() == before, (count(), before)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform cannot fork")
@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_child_forked_while_another_thread_decides_can_still_enter():
    with _threads._blas._lock:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with thread_limit():
                    code = 0
            finally:
                os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
