"""What does not fit into memory is streamed with the same bits, long calls can be watched and stopped."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from reference import similarity as reference
from reliability.functions import BY_NAME, pwcca
from reliability.runs import environment

import pyrnnsim

NETWORKS, SAMPLES, UNITS, MEMORY = 16, 6000, 12, 2_000_000  # 9 MB are to be streamed in 2
SLACK = 4_000_000  # bytes: buffers of files and threads, the interpreter, and what the allocator keeps
STREAMED = [name for name, one in BY_NAME.items() if one.measure in ("cca", "svcca", "pwcca", "cka", "procrustes")]
STREAMED = [name for name in STREAMED if BY_NAME[name].takes_options and "permuted" not in name]


def network(k, samples=SAMPLES, units=UNITS):
    latents = np.random.default_rng(0).normal(size=(samples, 3))
    rng = np.random.default_rng([1, k])
    return latents @ rng.normal(size=(3, units)) + rng.normal(size=(samples, units))


class Lazy:
    """Makes a network when it is asked for one."""

    def __init__(self, networks=5):
        self.networks = networks

    def __len__(self):
        return self.networks

    def __getitem__(self, index):
        return network(index)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    for k in range(NETWORKS):
        np.save(folder / f"{k:02d}.npy", network(k))
    return folder


@pytest.mark.parametrize("name", STREAMED)
def test_streamed_networks_give_the_bits_of_networks_in_memory(name, folder):
    function, count = BY_NAME[name], 5
    files = [folder / f"{k:02d}.npy" for k in range(count)]
    expected = function.call({file.stem: np.load(file) for file in files})
    assert count * SAMPLES * UNITS * 8 > MEMORY
    mapped = {file.stem: np.load(file, mmap_mode="r") for file in files}
    given = [(mapped, MEMORY)]
    if name != "cross_distances":
        given += [(Lazy(count), MEMORY), (files, 1_500_000)]
    for reps, memory in given:
        np.testing.assert_array_equal(function.call(reps, max_memory=memory), expected)


@pytest.mark.parametrize("options", [{"kernel": "rbf"}, {"kernel": "rbf", "debiased": True}])
def test_kernel_vectors_are_made_again_with_the_same_bits(options):
    reps = [network(k, 150, 4) for k in range(20)]
    expected = pyrnnsim.pairwise_cka(reps, **options)
    for memory in ("1MB", "1.5MB", "2MB"):
        np.testing.assert_array_equal(pyrnnsim.pairwise_cka(reps, max_memory=memory, **options), expected)


def test_blocks_of_a_formula_that_is_not_symmetric_do_not_change_it():
    reps = [network(k, 14, 2) for k in range(67)]
    whole = pyrnnsim.pairwise_pwcca(reps, definition="google")
    few = [0, 1, 65, 66]
    np.testing.assert_array_equal(
        whole[np.ix_(few, few)], pyrnnsim.pairwise_pwcca([reps[k] for k in few], definition="google")
    )


PEAK = """
import os, re, sys
import numpy as np
import pyrnnsim
from reliability.functions import BY_NAME

def status(field):
    return int(re.search(field + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1000

folder, memory = sys.argv[1], int(sys.argv[2])
small = {f"n{k}": np.random.default_rng(k).normal(size=(50, 4)) for k in range(3)}
for name in sys.argv[3:]:
    BY_NAME[name].call(small)  # loads what is loaded on the first call
    child = os.fork()  # whose peak starts from here
    if child == 0:
        call = BY_NAME[name].call
        call(small)  # a fork starts without the pages of the code
        before, files_before = status("VmRSS"), status("RssFile")
        if name == "cross_distances":
            pyrnnsim.cross_distances(folder, folder, max_memory=memory)
        else:
            call(folder, max_memory=memory)
        # What is mapped from files, the code of libraries above all, is the system's to drop and not counted.
        print(name, status("VmHWM") - before - (status("RssFile") - files_before), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_peak_memory_stays_within_what_was_allowed(folder):
    command = [sys.executable, "-c", PEAK, str(folder), str(MEMORY), *STREAMED, "pairwise_distances-callable"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    grown = {name: int(size) for name, size in (line.split() for line in done.stdout.splitlines())}
    assert grown.keys() == {*STREAMED, "pairwise_distances-callable"}
    assert {name: size for name, size in grown.items() if size > MEMORY + SLACK} == {}


RIGHT = {
    "pwcca": lambda x, y: 1 - pwcca(x, y),
    "cka": lambda x, y: 1 - reference.linear_cka_from_features(x, y),
    "procrustes": reference.procrustes_angle,
}


@pytest.mark.parametrize("metric", [*RIGHT, "cka:debiased=True"])
def test_51_many_samples_are_taken_in_pieces(metric, tmp_path):
    arrays = [network(k, 200_000, 8) for k in range(2)]
    for k, x in enumerate(arrays):
        np.save(tmp_path / f"{k}.npy", x)
    streamed = pyrnnsim.pairwise_distances(tmp_path, metric=metric, max_memory="5MB")
    if metric in RIGHT:
        assert streamed[0, 1] == pytest.approx(RIGHT[metric](*arrays), abs=1e-10)
    np.testing.assert_array_equal(streamed, pyrnnsim.pairwise_distances(arrays, metric=metric, max_memory="4GB"))


@pytest.mark.parametrize("metric", ["cca", "svcca:variance=1", "pwcca", "cka", "procrustes", "cka:kernel=rbf", "rsa"])
def test_52_too_little_memory_says_how_much_would_do(metric):
    samples, units = (700, 6) if metric in ("cka:kernel=rbf", "rsa") else (2500, 90)
    reps = [network(k, samples, units) for k in range(4)]
    with pytest.raises(MemoryError, match=r"^pairwise_distances: max_memory\D*(1,?000,?000|1 MB)") as caught:
        pyrnnsim.pairwise_distances(reps, metric=metric, max_memory=1_000_000)
    amount, unit = re.search(r"at least ([\d.,]*\d)(?: (MB))?", str(caught.value)).groups()
    enough = amount + unit if unit else int(amount.replace(",", ""))
    made = pyrnnsim.pairwise_distances(reps, metric=metric, max_memory=enough)
    np.testing.assert_array_equal(made, pyrnnsim.pairwise_distances(reps, metric=metric))


def test_norms_that_debiased_cka_keeps_are_part_of_the_memory():
    """One number per sample and network: 5 MB here, which leaves too little of 6 MB for a tile beside them."""
    reps = [network(k, 10_000, 8) for k in range(64)]
    options = {"metric": "cka:debiased=True", "max_memory": 5_200_000}
    with pytest.raises(MemoryError, match="too little for networks this wide; pass at least") as caught:
        pyrnnsim.pairwise_distances(reps, **options)
    least = int(re.search(r"at least (\d+)", str(caught.value))[1])
    assert least > 64 * 10_000 * 8
    found = pyrnnsim.pairwise_distances(reps, **{**options, "max_memory": least})
    np.testing.assert_array_equal(found, pyrnnsim.pairwise_distances(reps, metric=options["metric"]))
    pyrnnsim.pairwise_distances(reps, metric="cka", max_memory=options["max_memory"])


EXHAUSTED = """
import re, resource
import numpy as np
import pyrnnsim
reps = [np.random.default_rng(k).normal(size=(20000, 16)) for k in range(30)]
expected = pyrnnsim.pairwise_pwcca(reps[:3])
used = int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
for spare in (1, 20, 40, 60, 90):
    resource.setrlimit(resource.RLIMIT_AS, (used + spare * 10**6, -1))
    for call in (pyrnnsim.pairwise, pyrnnsim.pairwise_cka):
        try:
            call(reps, n_jobs=2)
        except MemoryError:
            print("MemoryError")
        except RuntimeError as error:  # no memory for the stack of a thread
            assert "can't start new thread" in str(error)
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
assert np.array_equal(pyrnnsim.pairwise_pwcca(reps[:3]), expected)
print("done")
"""


def test_52_exhausted_memory_is_an_error_and_the_process_goes_on():
    done = subprocess.run(
        [sys.executable, "-c", EXHAUSTED], env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["done"]), done.stderr[-500:]
    assert "MemoryError" in done.stdout


SLOW = """
import sys, time
import numpy as np
import pyrnnsim
reps = [np.random.default_rng(k).normal(size=(20, 3)) for k in range(14)]
def slow(x, y):
    time.sleep(0.018)
    return 0.5
pyrnnsim.pairwise_distances(reps, metric=slow)
pyrnnsim.pairwise_cca(reps)
"""


def test_progress_is_seen_on_a_terminal_only():
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", SLOW], env=environment(), stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 20)[0]:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # the other end was closed
            break
    assert process.communicate()[0] == b"" and process.returncode == 0
    lines = re.findall(r"pairwise_distances: +(\d+)% [\d.]+/91\.0 pairs \[00:0\d<(00:0\d|\?)\]", shown.decode())
    assert len(lines) >= 2 and lines[-1][0] == "100"
    assert b"pairwise_cca" not in shown
    silent = subprocess.run([sys.executable, "-c", SLOW], env=environment(), capture_output=True, text=True, check=True)
    assert (silent.stdout, silent.stderr) == ("", "")


STOPPED = """
import signal, sys, threading
import numpy as np
import pyrnnsim
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
reps = [np.random.default_rng(k).normal(size=(1200, 48)) for k in range(200)]
some = [x[:150, :5] for x in reps[:4]]
expected = pyrnnsim.pairwise(some), pyrnnsim.pairwise_rsa(some)
for call in (pyrnnsim.pairwise_pwcca, pyrnnsim.pairwise_cka, pyrnnsim.pairwise_rsa):
    for _ in range(2):
        sys.stdin.readline()
        try:
            print("start", flush=True)
            while True:
                call(reps)
        except KeyboardInterrupt:
            print("stopped", threading.active_count(), flush=True)
        again = pyrnnsim.pairwise(some), pyrnnsim.pairwise_rsa(some)
        assert all(np.array_equal(again[0][key], expected[0][key]) for key in again[0])
        assert np.array_equal(again[1], expected[1])
"""


def test_54_an_interrupt_returns_within_a_second_and_the_next_call_works():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", STOPPED], env=environment(), **pipes) as process:
        waited = []
        for delay in (0.1, 0.7) * 3:
            assert process.poll() is None, process.stderr.read()
            process.stdin.write("go\n")
            process.stdin.flush()
            assert process.stdout.readline() == "start\n"
            time.sleep(delay)
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "stopped 1\n"
            waited.append(time.monotonic() - started)
        assert process.communicate()[1] == "" and process.returncode == 0
    busy = max(1.0, os.getloadavg()[0] / os.cpu_count())  # others slow us down in proportion
    assert max(waited) < 1.0 * busy, waited
