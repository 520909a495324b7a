"""A call leaves no trace: nothing of the process, of the libraries or of the user's data is changed by it."""

import gc
import hashlib
import multiprocessing
import os
import pickle
import random
import re
import statistics
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl
import torch
from reliability.functions import BY_NAME, FUNCTIONS
from reliability.runs import environment, shifted_distances
from reliability.spoils import networks

import pyrnnsim

REPS = networks((4, 6, 5, 4))
functions = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.name)
HEAVY = [
    "torch",
    "matplotlib",
    "pandas",
    "sklearn",
    "scipy.linalg",
    "scipy.stats",
    "tqdm",
    "safetensors",
    "threadpoolctl",
    "xarray",
    "IPython",
]


def state():
    """Everything of the process that belongs to the user."""
    return {
        "numpy random": pickle.dumps(np.random.get_state()),
        "python random": random.getstate(),
        "torch random": torch.get_rng_state().numpy().tobytes(),
        "torch defaults": (torch.get_default_dtype(), torch.get_num_threads(), torch.get_num_interop_threads()),
        "torch modes": (torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled()),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "numpy errors": (np.geterr(), np.geterrcall(), np.get_printoptions()["precision"]),
        "environment": dict(os.environ),
        "folder": Path.cwd(),
        "threads of libraries": [(one["filepath"], one["num_threads"]) for one in threadpoolctl.threadpool_info()],
        "python threads": threading.active_count(),
        "garbage": (gc.isenabled(), gc.get_threshold()),
        "hooks": (sys.excepthook, sys.getswitchinterval(), sys.getrecursionlimit(), threading.excepthook),
        "floating point": np.float64(1e-310) / 2 > 0,  # denormals are not flushed
    }


@functions
def test_nothing_of_the_process_changes(function):
    function.call(REPS)  # what is imported on the first call is allowed to be there
    before = state()
    function.call(REPS)
    with pytest.raises(ValueError, match=function.caller):
        function.call({**REPS, "bad": np.full((40, 3), np.inf)})
    if function.takes_options:
        function.call(REPS, n_jobs=3)
    after = state()
    assert after.keys() == before.keys()
    for key, value in before.items():
        assert after[key] == value, key


@functions
def test_inputs_are_not_changed(function):
    kinds = (np.asfortranarray, np.float32, lambda x: x.astype(">f8"), lambda x: np.rint(x).astype(int))
    reps = {name: change(x) for (name, x), change in zip(REPS.items(), kinds, strict=True)}
    hashes = {name: hashlib.sha256(x.tobytes()).digest() for name, x in reps.items()}
    flags = {name: str(x.flags) for name, x in reps.items()}
    function.call(reps)
    assert {name: hashlib.sha256(x.tobytes()).digest() for name, x in reps.items()} == hashes
    assert {name: str(x.flags) for name, x in reps.items()} == flags


@functions
def test_tensors_keep_their_graph(function):
    leaves = {name: torch.tensor(x, requires_grad=True) for name, x in REPS.items()}
    reps = {name: leaf * 2 for name, leaf in leaves.items()}
    function.call(reps)
    function.call(leaves)
    assert all(leaf.requires_grad and leaf.grad is None and leaf._version == 0 for leaf in leaves.values())
    sum(x.square().sum() for x in reps.values()).backward()
    assert all(torch.equal(leaf.grad, 8 * leaf.detach()) for leaf in leaves.values())


@functions
def test_answers_are_the_user_s_own_memory(function):
    first, second = function.call(REPS), function.call(REPS)
    if function.caller == "prepare":
        pytest.skip("gives an object")
    kept = np.array(second)
    first[...] = -1.0
    np.testing.assert_array_equal(second, kept)
    np.testing.assert_array_equal(function.call(REPS), kept)


IMPORT = """
import sys, time
import numpy
started = time.perf_counter()
import pyrnnsim
print(time.perf_counter() - started)
print(*sys.modules)
"""


def test_the_import_is_light():
    times = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", IMPORT], env=environment(), capture_output=True, text=True, check=True
        )
        seconds, modules = done.stdout.splitlines()
        times.append(float(seconds))
        assert {name for name in modules.split() if name in HEAVY} == set()
        assert done.stderr == ""
    assert statistics.median(times) < 0.35


def test_55_eight_threads_at_once_get_the_same_bits():
    expected = {one.name: one.call(REPS) for one in FUNCTIONS if one.caller != "prepare"}
    libraries, failures = threadpoolctl.threadpool_info(), []

    def work(shift):
        names = list(expected)
        for name in (names[shift:] + names[:shift]) * 2:
            same = np.array_equal(BY_NAME[name].call(REPS), expected[name])
            failures.extend([] if same else [name])

    threads = [threading.Thread(target=work, args=(2 * k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []
    assert threadpoolctl.threadpool_info() == libraries


FORK = """
import os, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forks beside threads
import numpy as np
import pyrnnsim
reps = [np.random.default_rng(k).normal(size=(200, 12)) for k in range(8)]
calls = [
    lambda: pyrnnsim.pairwise_pwcca(reps, n_jobs=4),
    lambda: pyrnnsim.pairwise_cka(reps, n_jobs=4),
    lambda: pyrnnsim.pairwise_rsa(reps, n_jobs=4),
    lambda: pyrnnsim.canonical_correlations(reps[0], reps[1]).correlations,
]
expected = [call() for call in calls]
busy, stop = threading.Event(), threading.Event()
def keep_busy():
    while not stop.is_set():
        calls[0]()
        busy.set()
thread = threading.Thread(target=keep_busy)
thread.start()
busy.wait()
for _ in range(6):  # while another thread is inside the library
    child = os.fork()
    if child == 0:
        same = all(np.array_equal(call(), right) for call, right in zip(calls, expected))
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
thread.join()
assert all(np.array_equal(call(), right) for call, right in zip(calls, expected))
print("done")
"""


def test_55_forked_processes_get_the_same_bits():
    done = subprocess.run(
        [sys.executable, "-c", FORK], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr[-800:]


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_55_calls_inside_a_pool_of_processes_get_the_same_bits(method, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map(shifted_distances, range(4), chunksize=1)
    for shift, matrix in enumerate(found):
        np.testing.assert_array_equal(matrix, shifted_distances(shift))


LEAK = """
import gc, re, sys
import numpy as np
import pyrnnsim
from reliability.functions import BY_NAME
reps = {f"n{k}": np.random.default_rng(k).normal(size=(30, 3)) for k in range(3)}
bad = {**reps, "bad": np.full((30, 2), np.nan)}
def used():
    gc.collect()
    return int(re.search(r"VmRSS:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1000
def call(n):
    for _ in range(n):
        for name in sys.argv[1:]:
            BY_NAME[name].call(reps)
            try:
                BY_NAME[name].call(bad)
            except ValueError:
                pass
call(40)
before = used()
call(200)
print(used() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="used memory is read from /proc")
def test_thousands_of_calls_and_errors_leak_nothing():
    names = ["pairwise", "pairwise_cka-rbf", "pairwise_rsa", "canonical_correlations", "prepare"]
    done = subprocess.run(
        [sys.executable, "-c", LEAK, *names], env=environment(), capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 4_000_000


#: Runs the file that a user names for it, and nothing that a data file says.
RUNS_CODE = {"tasks/user_module.py": {"exec("}}


def test_no_load_path_can_execute_anything():
    sources = list(Path(pyrnnsim.__file__).parent.rglob("*.py"))
    assert len(sources) > 30
    imported = re.compile(
        r"^\s*(import|from) (pickle(?! import UnpicklingError$)|marshal|shelve|dill|joblib)", re.MULTILINE
    )
    called = re.compile(
        r"allow_pickle=True|weights_only=False|(?<![\w.])(eval|exec)\(|torch\.load\((?![^()]*weights_only=True\))"
    )
    for source in sources:
        text = source.read_text(encoding="utf-8")
        assert not imported.search(text), source
        name = source.relative_to(Path(pyrnnsim.__file__).parent).as_posix()
        assert {found.group() for found in called.finditer(text)} == RUNS_CODE.get(name, set()), source
