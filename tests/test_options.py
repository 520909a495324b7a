"""Every option: what it accepts, what it becomes, and what its errors say."""

import os
from pathlib import Path

import numpy as np
import pytest

from pyrnnsim import _options
from pyrnnsim._options import Options, RunOptions, parse_options


def parse(**options):
    return parse_options("pairwise_cca", options)


def test_defaults(monkeypatch):
    monkeypatch.setattr(_options, "usable_cores", lambda: 6)
    monkeypatch.setattr(_options, "available_memory", lambda: 10**10)
    options = parse()
    assert (options.n_jobs, options.device, options.dtype) == (6, "cpu", None)
    assert (options.max_memory, options.progress, options.nan_policy) == (5 * 10**9, "auto", "raise")
    assert (options.names, options.out, options.calibrated) == (None, None, False)


def test_the_two_classes_have_the_same_fields():
    assert tuple(Options.__annotations__) == tuple(RunOptions.__dataclass_fields__)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("njobs", "did you mean 'n_jobs'"),
        ("Device", "did you mean 'device'"),
        ("workers", "did you mean 'n_jobs'"),
        ("verbose", "did you mean 'progress'"),
        ("zzz", "expected one of n_jobs, device, dtype"),
    ],
)
def test_an_unknown_option_gets_the_nearest_one(wrong, hint):
    with pytest.raises(TypeError, match=f"^pairwise_cca: unknown option '{wrong}'; {hint}"):
        parse(**{wrong: 1})


@pytest.mark.parametrize(("value", "jobs"), [(1, 1), (7, 7), (np.int32(3), 3), (256, 256), (257, 256), (10**9, 256)])
def test_n_jobs_is_taken_or_clamped(value, jobs):
    assert parse(n_jobs=value).n_jobs == jobs


@pytest.mark.parametrize("value", [None, -1])
@pytest.mark.parametrize(("cores", "jobs"), [(3, 3), (384, 256)])
def test_n_jobs_may_mean_all_cores(monkeypatch, value, cores, jobs):
    monkeypatch.setattr(_options, "usable_cores", lambda: cores)
    assert parse(n_jobs=value).n_jobs == jobs


@pytest.mark.parametrize("value", [0, -2, -5, -(10**30)])
def test_n_jobs_out_of_range(value):
    with pytest.raises(ValueError, match=rf"^pairwise_cca: n_jobs must be an int from 1 to 256, .*, got {value}$"):
        parse(n_jobs=value)


@pytest.mark.parametrize("value", [True, np.True_, 2.0, "4", [1]])
def test_n_jobs_of_a_wrong_type(value):
    with pytest.raises(TypeError, match="^pairwise_cca: n_jobs must be an int from 1 to 256, or -1 or None"):
        parse(n_jobs=value)


@pytest.mark.parametrize("value", [np.float32, "float32", "f4", np.dtype(">f4"), "torch.float32"])
def test_dtype_float32(value):
    if value == "torch.float32":
        value = pytest.importorskip("torch").float32
    assert parse(dtype=value).dtype == np.dtype("=f4")
    assert parse(dtype=value).dtype.isnative


@pytest.mark.parametrize("value", [float, np.float64, "float64"])
def test_dtype_float64(value):
    assert parse(dtype=value).dtype == np.float64


@pytest.mark.parametrize(
    "value", [int, "float16", np.longdouble, "complex64", object, "nonsense", "f4,(", 3, [("a", "f4")]]
)
def test_other_dtypes_are_refused(value):
    if np.dtype(np.longdouble) == np.float64 and value is np.longdouble:
        pytest.skip("long double is float64 on this platform")
    with pytest.raises(TypeError, match="^pairwise_cca: dtype must be float32, float64 or None, got"):
        parse(dtype=value)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("4GB", 4 * 10**9),
        ("512MB", 512 * 10**6),
        ("1.5GiB", 3 * 2**29),
        (" 2 gb ", 2 * 10**9),
        ("1TiB", 2**40),
        ("1000kB", 10**6),
        ("2000000B", 2 * 10**6),
        (".5GB", 5 * 10**8),
        (10**6, 10**6),
        (np.int64(10**7), 10**7),
        (4e9, 4 * 10**9),
    ],
)
def test_max_memory(value, size):
    assert parse(max_memory=value).max_memory == size


def test_max_memory_by_default_is_half_of_what_is_free_but_never_nothing(monkeypatch):
    monkeypatch.setattr(_options, "available_memory", lambda: 10**6)
    assert parse(max_memory=None).max_memory == 64 * 10**6


@pytest.mark.parametrize("value", ["4G", "4", "GB", "", "-1GB", "4 GB RAM", "1e3MB", "½GB", "50%"])
def test_max_memory_in_words_it_does_not_know(value):
    with pytest.raises(
        ValueError, match=r"^pairwise_cca: max_memory must be bytes .* '4GB', '512MB' or '1.5GiB', got '"
    ):
        parse(max_memory=value)


@pytest.mark.parametrize("value", [0, -5, 999_999, "1kB", "0.9MB", float("nan"), float("inf"), "9" * 400 + "GB"])
def test_max_memory_out_of_range(value):
    with pytest.raises(ValueError, match="^pairwise_cca: max_memory must be at least 1 MB"):
        parse(max_memory=value)


@pytest.mark.parametrize("value", [True, [4], b"4GB"])
def test_max_memory_of_a_wrong_type(value):
    with pytest.raises(TypeError, match="^pairwise_cca: max_memory must be bytes as an int, or text"):
        parse(max_memory=value)


@pytest.mark.parametrize(("value", "parsed"), [(True, True), (False, False), (np.True_, True), ("auto", "auto")])
def test_progress(value, parsed):
    assert parse(progress=value).progress is parsed or parse(progress=value).progress == parsed == "auto"


@pytest.mark.parametrize("value", [None, 1, "yes", np.ones(3)])
def test_progress_of_a_wrong_kind(value):
    with pytest.raises(TypeError, match="^pairwise_cca: progress must be True, False or 'auto', got"):
        parse(progress=value)


def test_nan_policy():
    assert parse(nan_policy="skip").nan_policy == "skip"
    with pytest.raises(ValueError, match="^pairwise_cca: nan_policy must be one of 'raise', 'skip', got 'omit'$"):
        parse(nan_policy="omit")


@pytest.mark.parametrize("value", [["a", "b"], ("a", "b"), np.array(["a", "b"]), {"a": 1, "b": 2}.keys()])
def test_names(value):
    names = parse(names=value).names
    assert names == ("a", "b")
    assert [type(name) for name in names] == [str, str]


@pytest.mark.parametrize("value", ["ab", b"ab", {"a", "b"}, {"a": 1}, (name for name in "ab"), 5])
def test_names_of_a_wrong_kind(value):
    with pytest.raises(TypeError, match="^pairwise_cca: names must be a list with one str per network, got"):
        parse(names=value)


def test_a_name_that_is_no_text():
    with pytest.raises(
        TypeError, match=r"^pairwise_cca: names\[1\] must be a str, got 3; use \[str\(n\) for n in names\]$"
    ):
        parse(names=["a", 3])


def test_out_may_be_an_array():
    out = np.empty((3, 3))
    assert parse(out=out).out is out


@pytest.mark.parametrize("kind", [str, Path])
def test_out_may_be_a_path(tmp_path, kind):
    assert parse(out=kind(tmp_path / "d.npy")).out == tmp_path / "d.npy"
    assert list(tmp_path.iterdir()) == []


def test_out_in_the_current_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse(out="d.npy").out == Path("d.npy")


def test_out_that_cannot_be_filled(tmp_path):
    frozen = np.empty((3, 3))
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="^pairwise_cca: out is read-only"):
        parse(out=frozen)
    with pytest.raises(TypeError, match="^pairwise_cca: out must be a float64 array, got float32"):
        parse(out=np.empty((3, 3), np.float32))
    with pytest.raises(ValueError, match=r"^pairwise_cca: out must end in \.npy, got 'd\.txt'; use 'd\.txt\.npy'$"):
        parse(out="d.txt")
    with pytest.raises(ValueError, match="directory of out=.* does not exist; create '.*none'"):
        parse(out=tmp_path / "none" / "d.npy")
    (tmp_path / "dir.npy").mkdir()
    with pytest.raises(ValueError, match="is a directory; choose the name of a file in it"):
        parse(out=tmp_path / "dir.npy")


@pytest.mark.parametrize("value", [5, b"d.npy", [1.0]])
def test_out_of_a_wrong_type(value):
    with pytest.raises(TypeError, match=r"^pairwise_cca: out must be a float64 array or an \.npy path, got"):
        parse(out=value)


def test_calibrated():
    assert parse(calibrated=True).calibrated is True
    levels = parse(calibrated=np.array([1, 2])).calibrated
    assert levels.dtype == np.float64 and levels.tolist() == [1, 2]
    with pytest.raises(TypeError, match="^pairwise_cca: calibrated must be True, False or an array"):
        parse(calibrated="yes")
    with pytest.raises(TypeError, match="^pairwise_cca: calibrated must be True, False or an array"):
        parse(calibrated=np.array(["a"]))
    with pytest.raises(ValueError, match="^pairwise_cca: calibrated must hold finite chance levels"):
        parse(calibrated=np.array([0.1, np.inf]))


def test_parsing_touches_no_global_state():
    before = dict(os.environ), np.random.get_state()[1].tolist()
    parse(n_jobs=2, max_memory="1GB", progress=False)
    assert (dict(os.environ), np.random.get_state()[1].tolist()) == before
