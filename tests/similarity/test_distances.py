"""Metrics by name or function, condensed, between two sets; what is left out, and what is refused before any work."""

from __future__ import annotations

import numpy as np
import pytest
from reference import generators
from reference import similarity as reference
from scipy.spatial.distance import squareform

import pyrnnsim
from pyrnnsim._inputs.collection import Collection

OWN = ["cca", "svcca", "pwcca", "cka", "cka:debiased=True", "cka:kernel=rbf", "procrustes", "rsa"]
METRICS = [*OWN, "pwcca:definition=google"]


@pytest.fixture
def reps(rng):
    return generators.population(rng, 4, 60, [6, 9, 4, 9])


class TestByName:
    @pytest.mark.parametrize(
        ("metric", "options", "function", "expected"),
        [
            ("cca", {}, "cca", {}),
            ("svcca:variance=0.7", {}, "svcca", {"variance": 0.7}),
            ("svcca:n_components=3", {}, "svcca", {"n_components": 3}),
            ("svcca: threshold_on=singular_values", {}, "svcca", {"threshold_on": "singular_values"}),
            ("svcca", {"n_components": 2}, "svcca", {"n_components": 2}),
            ("pwcca:side=first,norm=l2", {}, "pwcca", {"side": "first", "norm": "l2"}),
            ("pwcca:definition=google", {}, "pwcca", {"definition": "google"}),
            ("cka:debiased=True", {}, "cka", {"debiased": True}),
            ("cka:kernel=rbf,bandwidth=2", {}, "cka", {"kernel": "rbf", "bandwidth": 2.0}),
            ("cka:bandwidth=1.5e0", {"kernel": "rbf"}, "cka", {"kernel": "rbf", "bandwidth": 1.5}),
            ("cka:kernel=rbf,debiased=True", {}, "cka", {"kernel": "rbf", "debiased": True}),
            ("procrustes", {}, "procrustes", {}),
            ("rsa:dissimilarity=cosine,compare=pearson", {}, "rsa", {"dissimilarity": "cosine", "compare": "pearson"}),
        ],
        ids=str,
    )
    def test_a_name_stands_for_the_function(self, reps, metric, options, function, expected):
        found = pyrnnsim.pairwise_distances(reps, metric=metric, **options)
        made = getattr(pyrnnsim, f"pairwise_{function}")(reps, **expected)
        np.testing.assert_array_equal(found, made)
        assert (found.report.metric, found.report.options) == (made.report.metric, made.report.options)

    def test_pwcca_is_the_default(self, reps):
        np.testing.assert_array_equal(pyrnnsim.pairwise_distances(reps), pyrnnsim.pairwise_pwcca(reps))
        crossed = pyrnnsim.cross_distances(reps[:2], reps)
        np.testing.assert_array_equal(crossed, pyrnnsim.cross_distances(reps[:2], reps, metric="pwcca"))

    def test_a_function_of_two_arrays(self, reps):
        calls = []

        def far(x, y):
            calls.append((x.shape, y.shape))
            return float(np.abs(x.mean() - y.mean()))

        found = pyrnnsim.pairwise_distances(reps, metric=far)
        means = np.array([rep.mean() for rep in reps])
        np.testing.assert_array_equal(found, np.abs(means[:, None] - means))
        assert len(calls) == 6 and found.report.metric == "far"
        crossed = pyrnnsim.cross_distances(reps[:1], reps, metric=far)
        np.testing.assert_array_equal(crossed, np.abs(means[:1, None] - means))

    def test_a_function_that_gives_no_number_is_refused(self, reps):
        with pytest.raises(
            ValueError, match=r"metric .*gave nan for .*reps\[0\] and .*reps\[1\]; expected a finite number"
        ):
            pyrnnsim.pairwise_distances(reps, metric=lambda x, y: np.nan)

    def test_names_come_from_mappings_and_options(self, reps):
        named = {f"net {i}": rep for i, rep in enumerate(reps)}
        assert pyrnnsim.pairwise_distances(named).names == tuple(named)
        assert pyrnnsim.pairwise_distances(reps, names=list(named)).names == tuple(named)
        crossed = pyrnnsim.cross_distances(named, {"other": reps[0]}).report
        assert (crossed.names, crossed.column_names) == (tuple(named), ("other",))


class TestCondensed:
    @pytest.mark.parametrize("metric", [*OWN, "pwcca:side=smaller"])
    def test_scipys_order(self, reps, metric):
        found = pyrnnsim.pairwise_distances(reps, metric=metric, condensed=True)
        assert type(found) is np.ndarray and found.shape == (6,)
        np.testing.assert_array_equal(squareform(found), pyrnnsim.pairwise_distances(reps, metric=metric))

    def test_what_is_not_symmetric_is_refused(self, reps):
        with pytest.raises(ValueError, match="expected a symmetric matrix.*side='mean'"):
            pyrnnsim.pairwise_distances(reps, metric="pwcca", side="first", condensed=True)


class TestTwoSets:
    @pytest.mark.parametrize("metric", METRICS)
    def test_values_are_those_of_the_square_matrix(self, reps, metric):
        a, b = reps[:3], [reps[3], reps[0]]
        found = pyrnnsim.cross_distances(a, b, metric=metric)
        whole = np.asarray(pyrnnsim.pairwise_distances([*a, *b], metric=metric))
        assert found.shape == (3, 2) and type(found) is pyrnnsim.DistanceMatrix
        limit = 1e-7 if metric == "procrustes" else 1e-9 if metric.endswith("google") else 1e-12
        np.testing.assert_allclose(found, whole[:3, 3:], rtol=0, atol=limit)  # reps[0] is on both sides

    @pytest.mark.parametrize("side", ["first", "second", "smaller", "mean"])
    def test_sides_are_those_of_a_and_b(self, reps, side):
        found = pyrnnsim.cross_distances(reps[:2], reps[2:], metric="pwcca", side=side)
        for i, x in enumerate(reps[:2]):
            for j, y in enumerate(reps[2:]):
                equal = x.shape[1] == y.shape[1]
                own = "mean" if side == "smaller" and equal else side
                assert found[i, j] == pytest.approx(1 - reference.pwcca_sided(x, y, side=own), abs=1e-12)

    def test_the_report_has_both_sides(self, reps):
        report = pyrnnsim.cross_distances(reps[:1], [reps[1], np.hstack([reps[2], reps[2]])], metric="cca").report
        assert report.units == (6, 9, 8) and report.ranks == (6, 9, 4) and report.rank_cut == (2,)
        assert len(report.condition) == 3

    @pytest.mark.parametrize(
        ("dtypes", "expected"), [(("f4", "f4"), "float32"), (("f4", "f8"), "float64"), (("f8", "f4"), "float64")]
    )
    def test_the_wider_dtype_counts(self, reps, dtypes, expected):
        a, b = ([rep.astype(dtype) for rep in reps[:2]] for dtype in dtypes)
        found = pyrnnsim.cross_distances(a, b, metric="cca")
        assert found.report.dtype == expected
        assert found[0, 1] == pytest.approx(
            1 - reference.mean_cca(a[0], b[1]), abs=1e-6 if expected == "float32" else 1e-12
        )

    def test_other_samples_are_refused(self, reps):
        with pytest.raises(ValueError, match=r"cross_distances: b\[0\] has 59 samples, expected 60 as in a\[0\]"):
            pyrnnsim.cross_distances(reps, [reps[0][:59]])
        with pytest.raises(TypeError, match="names is not taken; name the networks by passing mappings"):
            pyrnnsim.cross_distances(reps, reps, names=["a", "b", "c", "d"])


class TestLeftOut:
    @pytest.fixture
    def broken(self, reps):
        nan, inf = reps[0].copy(), reps[1].copy()
        nan[7, 2], inf[59, 0] = np.nan, -np.inf
        return [nan, reps[2], inf, reps[3], np.hstack([reps[0], reps[0][:, :2]])]

    @pytest.mark.parametrize("metric", OWN)
    def test_networks_that_are_not_finite_are_nan_and_the_others_as_without_them(self, broken, metric):
        found = pyrnnsim.pairwise_distances(broken, metric=metric, nan_policy="skip")
        here = [1, 3, 4]
        alone = pyrnnsim.pairwise_distances([broken[i] for i in here], metric=metric)
        np.testing.assert_array_equal(found[np.ix_(here, here)], alone)
        assert np.isnan(found[[0, 2]]).all() and np.isnan(found[:, [0, 2]]).all()
        assert found.report.skipped == (0, 2)
        assert "skipped: 2 networks holding NaN or infinity: '0', '2'" in found.report.summary()

    def test_the_report_speaks_of_the_right_networks(self, broken):
        names = ["nan", "a", "inf", "b", "cut"]
        broken[3] = broken[3] * 30.0 ** -np.arange(9)
        report = pyrnnsim.pairwise_cca(broken, nan_policy="skip", names=names).report
        assert len(report.units) == len(report.ranks) == len(report.condition) == 5
        assert [report.ranks[i] for i in (1, 3, 4)] == [4, 9, 6] and report.rank_cut == (4,)
        assert "'cut' (rank 6 of 8 units)" in report.summary()
        assert f"largest condition number: {report.condition[3]:.2g} ('b')" in report.summary()

    def test_none_left(self, broken):
        found = pyrnnsim.pairwise_pwcca([broken[0], broken[2]], nan_policy="skip")
        assert found.shape == (2, 2) and np.isnan(found).all() and found.report.skipped == (0, 1)

    @pytest.mark.parametrize("metric", OWN)
    def test_of_two_sets(self, broken, metric):
        found = pyrnnsim.cross_distances(broken[:2], broken[2:], metric=metric, nan_policy="skip")
        assert np.isfinite(found).tolist() == [[False] * 3, [False, True, True]]
        assert found.report.skipped == (0, 2)

    @pytest.mark.parametrize("metric", ["cca", "svcca", "pwcca", "cka", "procrustes"])
    def test_constant_networks(self, reps, metric):
        both = [reps[0], np.ones((60, 3))]
        assert pyrnnsim.pairwise_distances(both, metric=metric, nan_policy="skip").report.skipped == (1,)
        with pytest.raises(ValueError, match=r"pairwise_distances: reps\[1\] is constant: .*nan_policy=.skip."):
            pyrnnsim.pairwise_distances(both, metric=metric)

    @pytest.mark.parametrize("metric", METRICS)
    def test_the_default_refuses(self, broken, metric):
        with pytest.raises(ValueError, match=r"pairwise_distances: reps\[0\].*nan.*nan_policy=.skip."):
            pyrnnsim.pairwise_distances(broken, metric=metric)


THREE = np.zeros((3, 3))
BAD = [
    ({"metric": "pwca"}, ValueError, "unknown metric 'pwca'; did you mean 'pwcca'"),
    ({"metric": 3}, TypeError, "metric must be a name or a function of two arrays, got 3"),
    ({"metric": "svcca:variance"}, ValueError, "not understood at 'variance'; write name:option=value"),
    ({"metric": "svcca", "varience": 0.9}, TypeError, "unknown option 'varience' of metric 'svcca'; did you mean"),
    ({"metric": "cca", "side": "first"}, TypeError, "unknown option 'side' of metric 'cca'"),
    ({"metric": "svcca", "variance": 0}, ValueError, r"variance must lie in \(0, 1\], got 0"),
    ({"metric": "svcca", "variance": np.nan}, ValueError, r"variance must lie in \(0, 1\], got nan"),
    ({"metric": "svcca", "n_components": 0}, ValueError, "n_components must be at least 1, got 0"),
    ({"metric": "svcca", "n_components": 2.0}, TypeError, "n_components must be an int, got 2.0"),
    (
        {"metric": "svcca", "threshold_on": "sv"},
        ValueError,
        "threshold_on must be one of 'variance', 'singular_values'",
    ),
    (
        {"metric": "pwcca", "side": "left"},
        ValueError,
        "side must be one of 'mean', 'first', 'second', 'smaller', got 'l",
    ),
    ({"metric": "pwcca", "norm": 1}, ValueError, "norm must be one of 'l1', 'l2', got 1"),
    ({"metric": "pwcca:definition=google", "side": "first"}, ValueError, "definition='google' fixes side and norm"),
    ({"metric": "cka", "kernel": "poly"}, ValueError, "kernel must be one of 'linear', 'rbf'"),
    ({"metric": "cka", "debiased": 1}, TypeError, "debiased must be True or False, got 1"),
    ({"metric": "cka", "bandwidth": 2.0}, ValueError, "bandwidth is an option of kernel='rbf'"),
    ({"metric": "cka:kernel=rbf", "bandwidth": -1.0}, ValueError, "bandwidth .*-1.0"),
    ({"metric": "rsa", "compare": "kendall"}, ValueError, "compare .*'kendall'"),
    ({"condensed": "yes"}, TypeError, "condensed must be True or False, got 'yes'"),
    ({"metric": len, "side": "first"}, TypeError, "a metric that is a function takes none"),
    ({"metric": "procrustes", "calibrated": True}, ValueError, "procrustes has no closed form; pass calibrated="),
    ({"metric": "cca", "calibrated": THREE}, ValueError, r"calibrated has shape \(3, 3\), expected \(4, 4\)"),
    ({"metric": "rsa", "calibrated": THREE}, ValueError, r"calibrated has shape \(3, 3\), expected \(4, 4\)"),
    ({"metric": "cca", "out": THREE}, ValueError, r"out has shape \(3, 3\), expected \(4, 4\)"),
    ({"metric": "rsa", "out": THREE}, ValueError, r"out has shape \(3, 3\), expected \(4, 4\)"),
    ({"metric": "cca", "n_job": 2}, TypeError, "'n_job'"),
]


@pytest.fixture
def untouched(monkeypatch):
    """No row of any network may be read."""
    monkeypatch.setattr(Collection, "rows", lambda *_: pytest.fail("worked"))


@pytest.mark.parametrize(("options", "kind", "message"), BAD, ids=[str(options) for options, *_ in BAD])
def test_bad_options_are_refused_before_any_work(reps, untouched, options, kind, message):
    with pytest.raises(kind, match=f"^pairwise_distances: .*{message}"):
        pyrnnsim.pairwise_distances(reps, **options)


def test_debiased_cka_of_three_samples_is_refused_before_any_work(rng, untouched):
    with pytest.raises(ValueError, match="pairwise_cka: debiased=True needs at least 4 samples, got 3"):
        pyrnnsim.pairwise_cka([rng.normal(size=(3, 2))] * 2, debiased=True)


def test_bad_measures_are_refused(reps):
    for measures, message in (
        ("cca", "must be a list"),
        ([], "must be a list"),
        (["cca", "rsa"], "must be one of"),
        (["cca", "cca"], "twice"),
    ):
        with pytest.raises(ValueError, match=f"pairwise: measures .*{message}"):
            pyrnnsim.pairwise(reps, measures=measures)
