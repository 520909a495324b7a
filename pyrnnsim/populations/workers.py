"""A function for many networks at once, on as many threads as the user allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

Work = Callable[[Callable[[int], None], Iterable[int]], None]


@contextmanager
def workers(n_jobs: int) -> Iterator[Work]:
    """Something that applies a function to each of some networks and returns when all are done.

    The native code lets go of Python's lock, so threads are enough. After an error, or Ctrl-C, no further network is
    started, and those that run are waited for.

    Args:
        n_jobs: Threads; with one of them everything happens in the caller's.
    """
    if n_jobs == 1:
        yield _in_turn
        return
    pool = ThreadPoolExecutor(n_jobs, thread_name_prefix="pyrnnsim")

    def at_once(function: Callable[[int], None], networks: Iterable[int]) -> None:
        futures = [pool.submit(function, network) for network in networks]
        try:
            for future in futures:
                future.result()
        finally:
            for future in futures:
                future.cancel()

    try:
        yield at_once
    finally:
        pool.shutdown(cancel_futures=True)


def _in_turn(function: Callable[[int], None], networks: Iterable[int]) -> None:
    for network in networks:
        function(network)
