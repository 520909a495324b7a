"""Chance levels of whole populations: closed forms against permutations, and distances calibrated by them."""

from __future__ import annotations

import numpy as np
import pytest
from reference import generators
from reference import similarity as reference

import pyrnnsim
from pyrnnsim.similarity.chance import expected_cca

CLOSED = [
    "cca", "svcca", "svcca:n_components=3", "pwcca", "pwcca:side=first", "cka", "cka:debiased=True", "cka:kernel=rbf",
    "cka:kernel=rbf,debiased=True", "rsa", "rsa:compare=pearson", "rsa:compare=cosine,dissimilarity=euclidean",
]  # fmt: skip
#: Permuted samples of one network: exact for kernels and RSA. CCA's law is that of Gaussian samples, as these are.
DRAWS = 40


@pytest.fixture
def reps(rng):
    """Wide, narrow and unequal spectra; nothing in common but the latents of ``population``."""
    return generators.population(rng, 3, 48, [5, 12, 8])


def similarity(metric, matrix):
    return np.cos(matrix) if metric == "procrustes" else 1 - np.asarray(matrix)


class TestClosedForms:
    @pytest.mark.parametrize("metric", CLOSED)
    def test_agree_with_permutations_within_their_error(self, reps, metric):
        closed = pyrnnsim.chance_similarity(reps, metric=metric)
        draws = np.array(
            [pyrnnsim.chance_similarity(reps, metric=metric, permutations=1, seed=s) for s in range(DRAWS)]
        )
        assert closed.shape == (3, 3) and closed.dtype == np.float64
        error = draws.std(axis=0, ddof=1) / np.sqrt(DRAWS)
        assert (np.abs(draws.mean(axis=0) - closed) <= 4 * error + 2e-3).all()
        assert error.max() < 0.03

    @pytest.mark.parametrize("metric", ["cca", "pwcca"])
    def test_cca_depends_on_ranks_and_samples_alone(self, rng, metric):
        reps = [
            rng.normal(size=(90, 5)),
            np.hstack([generators.orthonormal(rng, 90, 4)] * 2),
            1e6 * rng.normal(size=(90, 30)),
        ]
        found = pyrnnsim.chance_similarity(reps, metric=metric)
        ranks = (5, 4, 30)
        expected = [[expected_cca(a, b, 90) for b in ranks] for a in ranks]
        np.testing.assert_allclose(found, expected, rtol=1e-12)

    def test_svcca_depends_on_the_directions_kept(self, rng):
        reps = [rng.normal(size=(90, 20)), rng.normal(size=(90, 9))]
        found = pyrnnsim.chance_similarity(reps, metric="svcca", n_components=4)
        np.testing.assert_allclose(found, np.full((2, 2), expected_cca(4, 4, 90)), rtol=1e-12)
        shares = pyrnnsim.chance_similarity(reps, metric="svcca", variance=0.5)
        kept = pyrnnsim.pairwise_svcca(reps, variance=0.5).report.kept
        assert shares[0, 1] == pytest.approx(expected_cca(*kept, 90)) and kept[0] < 20

    def test_linear_cka_is_the_mean_over_permutations(self, rng):
        x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 6)) @ np.diag([5, 1, 1, 1, 1, 0.1])
        found = pyrnnsim.chance_similarity([x, y], metric="cka")
        k, l = (reference.linear_kernel(z) for z in (x, y))  # noqa: E741
        expected = np.trace(k) * np.trace(l) / 19 / np.linalg.norm(k) / np.linalg.norm(l)
        assert found[0, 1] == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("metric", CLOSED)
    def test_symmetric_in_range_and_from_prepared_ones_alike(self, reps, metric):
        found = pyrnnsim.chance_similarity(reps, metric=metric)
        assert np.array_equal(found, found.T) and found.min() >= 0 and found.max() <= 1
        prepared = [pyrnnsim.prepare(rep) for rep in reps]
        np.testing.assert_allclose(pyrnnsim.chance_similarity(prepared, metric=metric), found, rtol=0, atol=1e-10)

    def test_networks_that_are_not_finite_may_be_skipped(self, reps):
        reps[1][3, 3] = np.nan
        for metric, draws in (("cca", 0), ("cka", 0), ("rsa:compare=cosine", 0), ("pwcca", 2), ("rsa", 2)):
            found = pyrnnsim.chance_similarity(reps, metric=metric, permutations=draws, nan_policy="skip")
            assert np.isnan(found).tolist() == [[False, True, False], [True] * 3, [False, True, False]]


class TestPermutations:
    @pytest.mark.parametrize("metric", [*CLOSED, "procrustes", "pwcca:definition=google"])
    def test_are_means_over_networks_whose_samples_were_moved(self, reps, metric):
        """The very definition, by hand: one network of each pair permuted, both directions averaged."""
        found = pyrnnsim.chance_similarity(reps, metric=metric, permutations=3, seed=5)
        rng, total = np.random.default_rng(5), 0.0
        for _ in range(3):
            order = rng.permutation(48)
            moved = pyrnnsim.cross_distances(reps, [rep[order] for rep in reps], metric=metric)
            total = total + similarity(metric, moved)
        np.testing.assert_allclose(found, (total + total.T) / 6, rtol=0, atol=1e-10)
        assert found.diagonal().max() < 0.99  # a network against its own kind, not against itself

    def test_blocks_move_whole_trials(self, rng):
        """Slow signals within trials of 24 steps: samples alone make the floor too low."""
        steps = np.arange(24) / 24
        reps = [
            np.concatenate([np.cos(np.outer(steps, [1, 2, 3]) + rng.normal(size=3)) for _ in range(20)])
            + 0.05 * rng.normal(size=(480, 3))
            for _ in range(4)
        ]
        alone = pyrnnsim.chance_similarity(reps, metric="cca", permutations=10)
        whole = pyrnnsim.chance_similarity(reps, metric="cca", permutations=10, block=24)
        assert whole.min() > alone.max() + 0.1
        off = ~np.eye(4, dtype=bool)
        real = 1 - np.asarray(pyrnnsim.pairwise_cca(reps))
        assert abs(real[off].mean() - whole[off].mean()) < 0.1  # they have nothing in common but the slowness

    def test_blocks_of_one_sample_are_samples(self, reps):
        one = pyrnnsim.chance_similarity(reps, metric="cka", permutations=2, block=1, seed=3)
        np.testing.assert_array_equal(one, pyrnnsim.chance_similarity(reps, metric="cka", permutations=2, seed=3))

    @pytest.mark.parametrize("metric", ["pwcca", "rsa"])
    def test_the_seed_decides_and_nothing_else(self, reps, metric):
        before = np.random.get_state()[1].copy()
        first = pyrnnsim.chance_similarity(reps, metric=metric, permutations=2, seed=1)
        np.testing.assert_array_equal(
            first, pyrnnsim.chance_similarity(reps, metric=metric, permutations=2, seed=1, n_jobs=3)
        )
        assert not np.array_equal(first, pyrnnsim.chance_similarity(reps, metric=metric, permutations=2, seed=2))
        np.testing.assert_array_equal(np.random.get_state()[1], before)

    def test_names_and_dtype_are_taken(self, reps):
        wide = pyrnnsim.chance_similarity(reps, metric="cca", permutations=2, names=["a", "b", "c"])
        narrow = pyrnnsim.chance_similarity(reps, metric="cca", permutations=2, dtype=np.float32)
        np.testing.assert_allclose(narrow, wide, rtol=0, atol=1e-5)
        assert not np.array_equal(narrow, wide)


class TestCalibration:
    @pytest.mark.parametrize("metric", CLOSED)
    def test_true_subtracts_the_closed_form(self, reps, metric):
        floor = pyrnnsim.chance_similarity(reps, metric=metric)
        plain = np.asarray(pyrnnsim.pairwise_distances(reps, metric=metric))
        found = pyrnnsim.pairwise_distances(reps, metric=metric, calibrated=True)
        expected = np.maximum(plain / (1 - floor), 0)  # 1 - (s - floor) / (1 - floor)
        np.fill_diagonal(expected, 0)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        crossed = pyrnnsim.cross_distances(reps[:1], reps[1:], metric=metric, calibrated=True)
        np.testing.assert_allclose(crossed, expected[:1, 1:], rtol=0, atol=1e-12)

    @pytest.mark.parametrize("metric", [*CLOSED, "procrustes", "pwcca:definition=google"])
    def test_an_array_takes_its_place(self, reps, metric):
        floor = pyrnnsim.chance_similarity(reps, metric=metric, permutations=3)
        plain = pyrnnsim.pairwise_distances(reps, metric=metric)
        found = pyrnnsim.pairwise_distances(reps, metric=metric, calibrated=floor)
        shifted = (similarity(metric, plain) - floor) / (1 - floor)
        expected = np.arccos(np.clip(shifted, -1, 1)) if metric == "procrustes" else np.maximum(1 - shifted, 0)
        np.fill_diagonal(expected, 0)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)

    @pytest.mark.parametrize(
        "metric", ["cca", "svcca:n_components=5", "pwcca", "cka", "cka:kernel=rbf", "rsa:compare=cosine"]
    )
    def test_chance_is_at_distance_one_whatever_the_width(self, rng, metric):
        """Unrelated networks of 4 and of 30 units: plain distances tell the widths apart, calibrated ones do not."""
        narrow, wide = ([rng.normal(size=(80, units)) for _ in range(12)] for units in (4, 30))
        off = ~np.eye(12, dtype=bool)
        levels = [
            pyrnnsim.pairwise_distances(reps, metric=metric, calibrated=True)[off].mean() for reps in (narrow, wide)
        ]
        np.testing.assert_allclose(levels, 1.0, atol=0.03)
        if metric in ("cca", "pwcca", "cka"):
            plain = [
                np.asarray(pyrnnsim.pairwise_distances(reps, metric=metric))[off].mean() for reps in (narrow, wide)
            ]
            assert plain[0] > plain[1] + 0.1

    def test_equal_networks_stay_at_zero(self, reps):
        for metric in CLOSED:
            found = pyrnnsim.pairwise_distances([reps[0], reps[1], reps[0].copy()], metric=metric, calibrated=True)
            assert 0 <= found[0, 2] <= 1e-12 and not np.diag(found).any()

    @pytest.mark.filterwarnings("ignore:.*by chance:UserWarning")
    def test_networks_that_fill_the_sample_space_do_not_divide_by_zero(self, rng):
        found = pyrnnsim.pairwise_cca([rng.normal(size=(10, 12)) for _ in range(3)], calibrated=True)
        assert np.isfinite(found).all()

    def test_one_pass_calibrates_every_measure(self, reps):
        measures = ("cca", "svcca", "pwcca", "cka")
        found = pyrnnsim.pairwise(reps, measures=measures, calibrated=True)
        for name in measures:
            alone = pyrnnsim.pairwise_distances(reps, metric=name, calibrated=True)
            np.testing.assert_allclose(found[name], alone, rtol=0, atol=1e-12)
        with pytest.raises(ValueError, match="pairwise: the chance level of procrustes has no closed form"):
            pyrnnsim.pairwise(reps, calibrated=True)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        (
            {"metric": "procrustes"},
            ValueError,
            "the chance level of 'procrustes' has no closed form; pass permutations=20",
        ),
        (
            {"metric": "pwcca:definition=google"},
            ValueError,
            "the chance level of .* has no closed form; pass permutations=20",
        ),
        ({"metric": np.dot}, TypeError, "metric must be the name of a measure"),
        ({"metric": "ccca"}, ValueError, "unknown metric 'ccca'; did you mean 'cca'"),
        ({"permutations": -1}, ValueError, "permutations must be 0 or more, got -1"),
        ({"permutations": 2.0}, TypeError, "permutations must be an int, got 2.0"),
        ({"permutations": True}, TypeError, "permutations must be an int, got True"),
        ({"seed": -1}, ValueError, "seed must be 0 or more, got -1"),
        ({"seed": "a"}, TypeError, "seed must be an int, got 'a'"),
        ({"block": 4}, ValueError, "block is an option of permutations; pass permutations=20"),
        (
            {"permutations": 2, "block": 5},
            ValueError,
            "block must divide the 48 samples into two blocks or more, got 5",
        ),
        (
            {"permutations": 2, "block": 48},
            ValueError,
            "block must divide the 48 samples into two blocks or more, got 48",
        ),
        (
            {"permutations": 2, "block": 0},
            ValueError,
            "block must divide the 48 samples into two blocks or more, got 0",
        ),
        ({"permutations": 2, "block": 4.0}, TypeError, "block must be an int, got 4.0"),
        ({"out": "a.npy"}, TypeError, "out is not an option here"),
        ({"calibrated": True}, TypeError, "calibrated is not an option here"),
        ({"variance": 0.9}, TypeError, "unknown option 'variance' of metric 'pwcca'"),
    ],
    ids=str,
)
def test_bad_arguments_are_named(reps, options, kind, message):
    with pytest.raises(kind, match=f"^chance_similarity: {message}"):
        pyrnnsim.chance_similarity(reps, **options)
