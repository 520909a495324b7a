"""Cores and memory as the process sees them."""

import os

import pytest

from pyrnnsim._machine import available_memory, usable_cores

MEMINFO = "MemTotal:  64000000 kB\nMemFree:  100 kB\nMemAvailable:  8000000 kB\n"


@pytest.fixture
def machine(tmp_path):
    """A function that writes files below a root directory, and that root."""

    def write(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    write("proc/meminfo", MEMINFO)
    return tmp_path, write


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the platform has no affinity")
def test_cores_are_those_the_process_may_use():
    before = os.sched_getaffinity(0)
    assert usable_cores() == len(before)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_memory_is_what_the_kernel_calls_available(machine):
    assert available_memory(machine[0]) == 8000000 * 1024


def test_memory_without_any_source_is_two_gigabytes(tmp_path):
    assert available_memory(tmp_path) == 2 * 10**9


def test_memory_of_this_machine_is_plausible():
    assert 10**7 < available_memory() < 10**15


def test_a_unified_group_bounds_the_memory(machine):
    root, write = machine
    write("proc/self/cgroup", "0::/jobs/job_7/task\n")
    write("sys/fs/cgroup/jobs/job_7/memory.max", "4000000000\n")
    write("sys/fs/cgroup/jobs/job_7/memory.current", "3000000000\n")
    write("sys/fs/cgroup/jobs/job_7/memory.stat", "anon 5\nfile 9\ninactive_file 500000000\n")
    write("sys/fs/cgroup/jobs/job_7/task/memory.max", "max\n")
    assert available_memory(root) == 1_500_000_000


def test_a_legacy_group_bounds_the_memory_even_if_its_path_is_hidden(machine):
    root, write = machine
    write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n")
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000000")
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", "250000000")
    assert available_memory(root) == 750_000_000


def test_a_group_over_its_limit_leaves_nothing(machine):
    root, write = machine
    write("proc/self/cgroup", "0::/\n")
    write("sys/fs/cgroup/memory.max", "1000")
    write("sys/fs/cgroup/memory.current", "2000")
    assert available_memory(root) == 0


def test_an_unlimited_group_changes_nothing(machine):
    root, write = machine
    write("proc/self/cgroup", "4:memory:/\n")
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712")
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", "5")
    assert available_memory(root) == 8000000 * 1024
