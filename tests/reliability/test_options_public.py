"""Every common option does what it says in every function that takes it, and bad values are refused before any work."""

import logging
import re
import threading
import time

import numpy as np
import pytest
from reliability.functions import FUNCTIONS
from reliability.spoils import NAMES, networks

import pyrnnsim

TAKING = [one for one in FUNCTIONS if one.takes_options]
REPS = networks((4, 6, 5, 4, 3))
functions = pytest.mark.parametrize("function", TAKING, ids=lambda one: one.name)
pairwise_functions = pytest.mark.parametrize(
    "function", [one for one in TAKING if one.caller.startswith("pairwise_")], ids=lambda one: one.name
)
PLAIN = {
    "cca": pyrnnsim.pairwise_cca,
    "svcca": pyrnnsim.pairwise_svcca,
    "pwcca": pyrnnsim.pairwise_pwcca,
    "cka": pyrnnsim.pairwise_cka,
    "cka:kernel=rbf": lambda reps, **options: pyrnnsim.pairwise_cka(reps, kernel="rbf", **options),
    "cka:debiased=True": lambda reps, **options: pyrnnsim.pairwise_cka(reps, debiased=True, **options),
    "rsa": pyrnnsim.pairwise_rsa,
    "rsa:compare=cosine": lambda reps, **options: pyrnnsim.pairwise_rsa(reps, compare="cosine", **options),
}
REFUSED = [
    ({"n_jobs": 0}, ValueError, "n_jobs must be an int from 1 to 256, or -1 or None for all cores, got 0"),
    ({"n_jobs": -5}, ValueError, "n_jobs must be .*, got -5"),
    ({"n_jobs": 2.0}, TypeError, r"n_jobs must be .*, got 2\.0"),
    ({"n_jobs": True}, TypeError, "n_jobs must be .*, got True"),
    ({"dtype": "float16"}, TypeError, "dtype must be float32, float64 or None, got 'float16'"),
    ({"dtype": int}, TypeError, "dtype must be float32, float64 or None, got <class 'int'>"),
    ({"max_memory": "4 apples"}, ValueError, "max_memory must be bytes .*, got '4 apples'"),
    ({"max_memory": 1000}, ValueError, "max_memory must be at least 1 MB .*, got 1000"),
    ({"max_memory": -1}, ValueError, "max_memory must be at least 1 MB"),
    ({"max_memory": [1]}, TypeError, r"max_memory must be .*, got \[1\]"),
    ({"progress": "yes"}, TypeError, "progress must be True, False or 'auto', got 'yes'"),
    ({"nan_policy": "omit"}, ValueError, "nan_policy must be one of 'raise', 'skip', got 'omit'"),
    ({"device": "gpu"}, ValueError, "device must be one of 'cpu', 'cuda', 'auto', got 'gpu'"),
    ({"device": 0}, TypeError, "device must be one of 'cpu', 'cuda', 'auto', got 0"),
    ({"threads": 2}, TypeError, "unknown option 'threads'.*did you mean 'n_jobs'"),
    ({"n_job": 2}, TypeError, "unknown option 'n_job'.*did you mean 'n_jobs'"),
    ({"nan_polcy": "skip"}, TypeError, "unknown option 'nan_polcy'.*did you mean 'nan_policy'"),
]
REFUSED_PAIRWISE = [
    ({"names": ["a", "b"]}, ValueError, "names has 2 entries; expected 5, one per network"),
    ({"names": list("abcda")}, ValueError, r"reps\[0\] and reps\[4\] are both named 'a'; expected distinct names"),
    ({"names": "abcde"}, TypeError, r"names must be a list with one str per network, got str"),
    ({"names": [1, 2, 3, 4, 5]}, TypeError, r"names\[0\] must be a str, got 1"),
    ({"out": np.empty((4, 5))}, ValueError, r"out has shape \(4, 5\), expected \(5, 5\)"),
    ({"out": np.empty(25)}, ValueError, r"out has shape \(25,\), expected \(5, 5\)"),
    ({"out": np.empty((5, 5), np.float32)}, TypeError, "out must be a float64 array, got float32"),
    ({"out": np.broadcast_to(0.0, (5, 5))}, ValueError, "out is read-only"),
    ({"out": "distances.txt"}, ValueError, r"out must end in \.npy, got 'distances\.txt'"),
    ({"out": "no/such/place/d.npy"}, ValueError, "the directory of out=.* does not exist; create 'no/such/place'"),
    ({"out": 5}, TypeError, r"out must be a float64 array or an \.npy path, got int"),
    ({"calibrated": np.zeros((4, 4))}, ValueError, r"calibrated has shape \(4, 4\), expected \(5, 5\)"),
    ({"calibrated": np.zeros(5)}, ValueError, r"calibrated has shape \(5,\), expected \(5, 5\)"),
    ({"calibrated": np.full((5, 5), np.inf)}, ValueError, "calibrated must hold finite chance levels"),
    ({"calibrated": 0.2}, TypeError, "calibrated must be True, False or an array of chance levels, got 0.2"),
]


def same(left, right):
    np.testing.assert_array_equal(np.asarray(left), np.asarray(right))


@functions
@pytest.mark.parametrize(("options", "kind", "text"), REFUSED, ids=lambda part: str(part)[:24])
def test_bad_values_are_refused(function, options, kind, text):
    with pytest.raises(kind, match=f"^{function.caller}: {text}"):
        function.call(REPS, **options)


@pairwise_functions
@pytest.mark.parametrize(("options", "kind", "text"), REFUSED_PAIRWISE, ids=lambda part: str(part)[:24])
def test_bad_values_of_what_has_a_size_are_refused(function, options, kind, text):
    with pytest.raises(kind, match=f"^{function.caller}: {text}"):
        function.call(REPS, **options)


@functions
def test_n_jobs_and_the_order_of_networks_leave_every_bit_alone(function):
    expected = function.call(REPS, n_jobs=1)
    for jobs in (2, 3, 8, -1, None, 10**9, np.int64(2)):
        same(function.call(REPS, n_jobs=jobs), expected)


@pairwise_functions
def test_undoing_a_permutation_of_the_networks_gives_the_same_bits(function):
    if function.measure == "google":
        pytest.skip("its value depends on which of two networks comes first")
    expected, order = function.call(REPS), [3, 0, 4, 2, 1]
    turned = function.call({NAMES[i]: REPS[NAMES[i]] for i in order})
    if function.measure == "callable":
        np.testing.assert_allclose(turned, expected[np.ix_(order, order)], atol=1e-12)
    else:
        same(turned, expected[np.ix_(order, order)])


@pairwise_functions
def test_n_jobs_is_in_the_report_and_clamped(function):
    assert [function.call(REPS, n_jobs=jobs).report.n_jobs for jobs in (1, 3, 10**9)] == [1, 3, 256]


class Watched:
    """A lazy sequence that knows which threads load from it."""

    def __init__(self, arrays):
        self.arrays, self.threads = arrays, set()

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, index):
        self.threads.add(threading.get_ident())
        time.sleep(0.002)
        return self.arrays[index]


def test_n_jobs_is_the_number_of_threads_at_work():
    used = {}
    for jobs in (1, 3):
        lazy = Watched(list(REPS.values()) * 4)
        pyrnnsim.pairwise_cca(lazy, n_jobs=jobs)
        used[jobs] = len(lazy.threads - {threading.get_ident()})
    assert used[1] <= 1 < used[3] <= 3


@pairwise_functions
def test_dtype_is_what_is_computed_in(function):
    wide, narrow = (function.call(REPS, dtype=dtype) for dtype in ("float64", np.float32))
    assert (wide.report.dtype, narrow.report.dtype) == ("float64", "float32")
    np.testing.assert_allclose(narrow, wide, atol=1e-5)
    assert function.measure == "rsa" or not np.array_equal(narrow, wide)  # ranks need few digits
    single = {name: x.astype(np.float32) for name, x in REPS.items()}
    assert function.call(single).report.dtype == "float32"
    assert function.call({**single, "delta": REPS["delta"]}).report.dtype == "float64"


@functions
@pytest.mark.parametrize("memory", ["2MB", "4GB", "1.5 MiB", 3_000_000])
def test_max_memory_leaves_every_bit_alone(function, memory):
    same(function.call(REPS, max_memory=memory), function.call(REPS))


@functions
def test_progress_is_shown_when_asked_for_and_else_where_somebody_watches(function, capfd):
    function.call(REPS, progress="auto")
    function.call(REPS, progress=False)
    assert capfd.readouterr() == ("", "")
    function.call(REPS, progress=True)
    shown = capfd.readouterr()
    assert shown.out == ""
    if (function.caller, function.name) != ("chance_similarity", "chance_similarity"):  # the closed form has no pairs
        assert re.search(rf"{function.caller}: +100% .* pairs \[\d\d:\d\d<", shown.err)


@pairwise_functions
def test_names_are_in_the_report_and_in_errors(function):
    arrays = list(REPS.values())
    names = ["n one", "n2", "n3", "n4", "ü"]
    named = function.call(arrays, names=names)
    assert named.report.names == tuple(names) == named.report.column_names
    same(named, function.call(arrays))
    arrays[4] = np.where(arrays[4] > 1, np.nan, arrays[4])
    with pytest.raises(ValueError, match=rf"^{function.caller}: reps\[4\] \('ü'\)"):
        function.call(arrays, names=names)
    assert function.call(arrays, names=names, nan_policy="skip").report.skipped == (4,)


@pairwise_functions
def test_out_is_filled_returned_and_reported(function):
    expected, out = function.call(REPS), np.full((10, 5, 2), 7.0)[::2, :, 1]
    made = function.call(REPS, out=out)
    same(out, expected)
    assert np.shares_memory(made, out)
    assert made.report.names == NAMES


@pairwise_functions
def test_out_is_untouched_by_a_call_that_is_refused(function):
    out = np.full((5, 5), 7.0)
    for options in ({"calibrated": np.zeros((4, 4))}, {"n_jobs": 0}, {"names": ["a"]}):
        with pytest.raises(ValueError, match=rf"^{function.caller}: "):
            function.call(REPS, out=out, **options)
    assert (out == 7.0).all()


@pytest.mark.parametrize("metric", PLAIN)
def test_calibrated_takes_the_chance_level_out(metric):
    plain, level = PLAIN[metric](REPS), pyrnnsim.chance_similarity(REPS, metric=metric)
    calibrated = PLAIN[metric](REPS, calibrated=True)
    off = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(calibrated[off], np.maximum(plain / (1 - level), 0)[off], atol=1e-12)
    assert (np.diag(calibrated) == 0).all()
    np.testing.assert_allclose(PLAIN[metric](REPS, calibrated=level), calibrated, atol=1e-12)
    if not metric.startswith("rsa") or "cosine" in metric:
        assert metric == "cka:debiased=True" or (calibrated > plain + 0.01)[off].all()


@pytest.mark.parametrize("metric", PLAIN)
def test_calibrated_takes_the_levels_that_chance_similarity_gives_with_a_network_skipped(metric):
    reps = {**REPS, "bad": np.full((40, 3), np.nan)}
    level = pyrnnsim.chance_similarity(reps, metric=metric, nan_policy="skip")
    same(
        PLAIN[metric](reps, calibrated=level, nan_policy="skip")[:5, :5],
        PLAIN[metric](REPS, calibrated=level[:5, :5]),
    )


@pytest.mark.parametrize("metric", ["procrustes", "pwcca:definition=google"])
def test_calibrated_is_refused_where_no_closed_form_exists(metric):
    out = np.full((5, 5), 7.0)
    with pytest.raises(ValueError, match=r"^pairwise_distances: the chance level of \S+ has no closed form; pass "):
        pyrnnsim.pairwise_distances(REPS, metric=metric, calibrated=True, out=out)
    assert (out == 7.0).all()
    level = pyrnnsim.chance_similarity(REPS, metric=metric, permutations=2)
    plain = pyrnnsim.pairwise_distances(REPS, metric=metric)
    made = pyrnnsim.pairwise_distances(REPS, metric=metric, calibrated=level)
    assert (made > plain)[~np.eye(5, dtype=bool)].all()


@functions
def test_auto_takes_a_device_that_works_and_says_which(function, caplog):
    with caplog.at_level(logging.INFO, "pyrnnsim"):
        np.testing.assert_allclose(function.call(REPS, device="auto"), function.call(REPS, device="cpu"), atol=1e-10)
    assert any(re.match(rf"{function.caller}: device='auto' uses (cpu: .*|cuda)", text) for text in caplog.messages)


@functions
def test_cuda_without_a_gpu_says_what_is_missing(function, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyrnnsim._cuda", None)
    with pytest.raises(
        ValueError, match=rf"^{function.caller}: device='cuda' cannot be used: .*no CUDA extension.*or use device='cpu'"
    ):
        function.call(REPS, device="cuda")
