"""The result type: an ndarray in every respect, with a report on the whole matrix only."""

import copy
import pickle
import sys

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from pyrnnsim.similarity.matrix import DistanceMatrix, Report


def symmetric(count=4, seed=0):
    values = np.random.default_rng(seed).random((count, count))
    values = (values + values.T) / 2
    np.fill_diagonal(values, 0)
    return values


@pytest.fixture
def report():
    return Report(metric="pwcca", options={"side": "mean"}, names=("a", "b", "c", "d"), samples=50, units=(3, 3, 5, 4))


@pytest.fixture
def matrix(report):
    return DistanceMatrix.wrap(symmetric(), report)


def test_is_a_float64_array_that_shares_the_memory(report):
    values = symmetric()
    matrix = DistanceMatrix.wrap(values, report)
    assert isinstance(matrix, np.ndarray) and matrix.dtype == np.float64
    assert np.shares_memory(matrix, values)
    assert matrix.report is report and matrix.names == ("a", "b", "c", "d")


def test_wraps_a_mapped_file(tmp_path, report):
    np.save(tmp_path / "d.npy", symmetric())
    matrix = DistanceMatrix.wrap(np.load(tmp_path / "d.npy", mmap_mode="r"), report)
    np.testing.assert_array_equal(matrix, symmetric())
    assert not matrix.flags.writeable and matrix.report is report


def test_wraps_other_types_by_conversion():
    assert DistanceMatrix.wrap([[0, 1], [1, 0]], None).dtype == np.float64


@pytest.mark.parametrize(
    "part",
    [
        lambda d: d[1:],
        lambda d: d[0],
        lambda d: d[:],
        lambda d: d.T,
        lambda d: d.copy(),
        lambda d: copy.deepcopy(d),
        lambda d: d.reshape(-1),
        lambda d: d[[0, 1]],
        lambda d: np.sort(d),
    ],
)
def test_parts_and_copies_have_no_report(matrix, part):
    assert part(matrix).report is None
    np.testing.assert_array_equal(part(matrix), part(np.asarray(matrix)))


@pytest.mark.parametrize(
    "compute",
    [lambda d: d + 1, lambda d: 1 - d, np.sqrt, lambda d: d @ d, lambda d: d.sum(axis=0), lambda d: d > 0.5, np.isnan],
)
def test_arithmetic_gives_plain_arrays(matrix, compute):
    assert type(compute(matrix)) is np.ndarray
    np.testing.assert_array_equal(compute(matrix), compute(np.asarray(matrix)))


@pytest.mark.parametrize("compute", [np.sum, np.mean, np.max, np.median, np.linalg.norm, np.std, lambda d: d[0, 1]])
def test_reductions_give_scalars(matrix, compute):
    assert type(compute(matrix)) is np.float64
    assert compute(matrix) == compute(np.asarray(matrix))


def test_in_place_arithmetic_keeps_the_object(matrix, report):
    before = matrix
    matrix += 1
    assert matrix is before and matrix.report is report


def test_pickle_keeps_the_report(matrix):
    read = pickle.loads(pickle.dumps(matrix))
    np.testing.assert_array_equal(read, matrix)
    assert type(read) is DistanceMatrix
    assert (read.report.metric, read.report.names) == ("pwcca", ("a", "b", "c", "d"))
    assert read.report.ambiguous.shape == (0, 2)


def test_pickle_of_a_part(matrix):
    read = pickle.loads(pickle.dumps(matrix[1:, ::2]))
    np.testing.assert_array_equal(read, matrix[1:, ::2])
    assert read.report is None


def test_npy_round_trip(matrix, tmp_path):
    np.save(tmp_path / "d.npy", matrix, allow_pickle=False)
    np.testing.assert_array_equal(np.load(tmp_path / "d.npy"), matrix)


def test_condensed_has_scipys_order(matrix):
    assert type(matrix.condensed()) is np.ndarray
    np.testing.assert_array_equal(matrix.condensed(), squareform(np.asarray(matrix)))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_condensed_of_few_networks(count):
    assert DistanceMatrix.wrap(symmetric(count), None).condensed().shape == (count * (count - 1) // 2,)


def test_condensed_accepts_skipped_networks(matrix):
    matrix[1, :] = matrix[:, 1] = np.nan
    assert np.isnan(matrix.condensed()).tolist() == [True, False, False, True, True, False]


def test_condensed_refuses_an_asymmetric_matrix(matrix):
    matrix[2, 1], matrix[1, 2] = 0.25, 0.5
    with pytest.raises(ValueError, match=r"got 0.5 at \[1, 2\] and 0.25 at \[2, 1\]; use side='mean'"):
        matrix.condensed()
    matrix[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"0.5 at \[1, 2\] and nan at \[2, 1\]"):
        matrix.condensed()


def test_condensed_refuses_other_shapes(matrix):
    with pytest.raises(ValueError, match=r"condensed: expected a square matrix, got shape \(3, 4\)"):
        matrix[1:].condensed()


def test_names_of_a_part_are_an_error(matrix):
    with pytest.raises(ValueError, match=r"names: this array of shape \(2, 4\) is a part or a copy"):
        matrix[:2].names  # noqa: B018


def test_to_frame_carries_the_names(matrix):
    pandas = pytest.importorskip("pandas")
    frame = matrix.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.index) == list(frame.columns) == ["a", "b", "c", "d"]
    assert frame.loc["b", "d"] == matrix[1, 3]


def test_to_frame_of_two_sets():
    pytest.importorskip("pandas")
    frame = DistanceMatrix.wrap([[1.0, 2.0]], Report(names=("a",), column_names=("x", "y"))).to_frame()
    assert frame.loc["a", "y"] == 2


def test_to_frame_without_pandas(matrix, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_frame needs pandas; install it by `pip install pandas`"):
        matrix.to_frame()


def test_plot_draws_into_the_axes_given(matrix, monkeypatch):
    calls = []
    figures = type(sys)("pyrnnsim.figures.matrix")
    figures.plot_matrix = lambda distances, ax: calls.append((distances, ax)) or "figure"
    monkeypatch.setitem(sys.modules, "pyrnnsim.figures", type(sys)("pyrnnsim.figures"))
    monkeypatch.setitem(sys.modules, "pyrnnsim.figures.matrix", figures)
    assert matrix.plot(ax="axes") == "figure"
    assert calls[0][0] is matrix and calls[0][1] == "axes"


def test_html_names_metric_size_and_range():
    matrix = DistanceMatrix.wrap(
        [[0, 0.25, 0.5], [0.25, 0, 0.125], [0.5, 0.125, 0]], Report("cka", names=("a", "b", "<"))
    )
    text = matrix._repr_html_()
    assert "cka: 3 networks" in text and "distances 0.125 to 0.5" in text
    assert len(text) < 400


def test_html_escapes_names():
    report = Report("cka", names=("<script>", "b"), skipped=(0,))
    assert "<script>" not in DistanceMatrix.wrap(np.zeros((2, 2)), report)._repr_html_()


@pytest.mark.parametrize("values", [np.zeros((1, 1)), np.full((2, 2), np.nan)])
def test_html_without_any_distance(values):
    names = tuple("ab"[: len(values)])
    assert "distances none" in DistanceMatrix.wrap(values, Report(names=names))._repr_html_()


def test_html_of_a_part_shows_the_numbers(matrix):
    assert matrix[1:]._repr_html_() is None


def test_column_names_default_to_names():
    assert Report(names=("a", "b")).column_names == ("a", "b")
    assert Report(names=("a",), column_names=("x",)).column_names == ("x",)


def test_summary_of_a_clean_run_holds_no_caution():
    text = Report("cka", names=("a", "b"), samples=9, units=(4, 4), n_jobs=1, seconds=1.25).summary()
    assert text == "cka: 2 networks, 9 samples, 4 units\ncomputed in float64, 1 thread, 1.25 s"


def test_summary_of_an_empty_report_works():
    assert Report().summary().startswith("distance: 0 networks")


def test_summary_mentions_what_its_reader_must_know():
    report = Report(
        "svcca",
        {"variance": 0.95},
        names=("a", "b", "c"),
        samples=50,
        units=(3, 8, 5),
        ranks=(3, 6, 5),
        kept=(2, 4, 3),
        rank_cut=(1,),
        condition=(10.0, 1e7, 3.0),
        ambiguous=np.array([[0, 2]]),
        refined=3,
        skipped=(2,),
        chance=0.125,
        n_jobs=2,
        dtype="float32",
    )
    assert report.summary().splitlines() == [
        "svcca: 3 networks, 50 samples, 3 to 8 units",
        "options: variance=0.95",
        "computed in float32, 3 pairs again in float64, 2 threads, 0 s",
        "directions kept: 2 to 4",
        "largest condition number: 1e+07 ('b')",
        "chance level: similarity 0.125 between unrelated networks of these sizes",
        "rank cut: 1 network with dependent units: 'b' (rank 6 of 8 units)",
        "ties: weights are not unique for 1 pair: 'a' and 'c'",
        "skipped: 1 network holding NaN or infinity: 'c'",
    ]


def test_summary_lists_five_and_counts_the_rest():
    pairs = np.stack([np.arange(8), np.arange(8)], axis=1)
    text = Report(names=tuple("abcdefgh"), skipped=tuple(range(8)), ambiguous=pairs).summary()
    assert "8 networks holding NaN or infinity: 'a', 'b', 'c', 'd', 'e' and 3 more" in text
    assert "for 8 pairs: 'a' and 'a', " in text and text.count("and 3 more") == 2


def test_summary_of_two_sets_names_columns_after_rows():
    text = Report("cka", names=("a", "b"), column_names=("x",), samples=9, skipped=(1, 2, 3)).summary()
    assert "2 networks against 1," in text and "'b', 'x', [3]" in text
