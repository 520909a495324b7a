"""One network prepared: what is a direction, what is rounding, and that neither scale nor offset cost digits."""

from __future__ import annotations

import numpy as np
import pytest
from reference import generators
from reference import similarity as reference

import pyrnnsim
from pyrnnsim._inputs.labels import Label
from pyrnnsim.similarity.factors import ConstantNetworkError, factorize
from pyrnnsim.similarity.leading import Leading

LABEL = Label("pairwise_cca", "reps", 3, "gru")
CORE = ("cca", "svcca", "pwcca", "cka", "procrustes")
ALONE = (*CORE, "cka:debiased=True", "cka:kernel=rbf")  # each as its own function prepares for it
SCALES = [1e-310, 1e-160, 1e-130, 1e-100, 1e-8, 1e8, 1e100, 1e130, 1e160, 1e290]


def factors_of(x):
    return factorize(lambda start, stop: np.ascontiguousarray(x[start:stop]), len(x), LABEL)


def distances(x, y):
    return {name: pyrnnsim.pairwise_distances([x, y], metric=name)[0, 1] for name in ALONE}


def assert_equal(found, expected, atol, leave_out=()):
    off = {name: abs(found[name] - expected[name]) for name in expected if name not in leave_out}
    assert max(off.values()) <= atol, off


def spread_out(rng, dtype, samples, units, condition):
    x = rng.normal(size=(samples, units)) @ generators.mixing(rng, units, condition) + rng.normal(size=units)
    return x.astype(dtype)


class TestFactorization:
    @pytest.mark.parametrize("condition", [1.0, 1e2, 1e4, 1e6, 1e9])
    @pytest.mark.parametrize(("samples", "units"), [(50, 1), (60, 7), (801, 64), (3300, 33), (200, 129)])
    def test_of_float64_at_any_condition(self, rng, samples, units, condition):
        x = spread_out(rng, np.float64, samples, units, condition)
        factors = factors_of(x)
        basis, centred = factors.basis(x), reference.centre(x)
        assert factors.rank == units and factors.dead == 0 and factors.cut == 0
        np.testing.assert_allclose(basis.T @ basis, np.eye(units), rtol=0, atol=1e-8)
        assert np.abs(basis.mean(axis=0)).max() < 1e-15 * max(condition, 10.0)
        restored = np.ldexp(basis @ factors.loadings(np.dtype(float)), factors.exponent)
        np.testing.assert_allclose(
            restored, centred, rtol=0, atol=max(1e-12, 1e-15 * condition) * np.abs(centred).max()
        )
        found = np.ldexp(factors.singular_values, factors.exponent)
        np.testing.assert_allclose(found, reference.singular_values(x), rtol=max(1e-9, 1e-15 * condition))
        assert factors.condition == pytest.approx(found[0] / found[-1])
        np.testing.assert_allclose(factors.right.T @ factors.right, np.eye(units), rtol=0, atol=1e-13)
        assert np.linalg.norm(factors.scale) == pytest.approx(1)

    @pytest.mark.parametrize("condition", [1.0, 1e2, 1e3, 1e5])
    def test_of_float32(self, rng, condition):
        x = spread_out(rng, np.float32, 900, 40, condition)
        factors = factors_of(x)
        basis = factors.basis(x)
        assert basis.dtype == np.float32 and factors.rank == 40
        np.testing.assert_allclose(basis.T.astype(float) @ basis, np.eye(40), rtol=0, atol=3e-6)
        exact = factors.basis(x.astype(float))
        np.testing.assert_allclose(exact.T @ exact, np.eye(40), rtol=0, atol=1e-5)
        np.testing.assert_allclose(basis, exact, rtol=0, atol=1e-6)

    def test_leading_directions_are_the_first_columns(self, rng, dtype):
        for x in (spread_out(rng, dtype, 300, 20, 10.0), np.repeat(spread_out(rng, dtype, 300, 10, 10.0), 2, axis=1)):
            factors = factors_of(x)
            np.testing.assert_array_equal(factors.basis(x, 4), factors.basis(x)[:, :4])

    def test_chunks_and_rows_give_the_bits_of_the_whole(self, rng, dtype):
        for x in (spread_out(rng, dtype, 3700, 20, 10.0), np.repeat(spread_out(rng, dtype, 3700, 10, 10.0), 2, axis=1)):
            factors = factors_of(x)
            parts = [factors.basis(np.ascontiguousarray(x[start : start + 123])) for start in range(0, 3700, 123)]
            np.testing.assert_array_equal(np.concatenate(parts), factors.basis(x))


ADDED = {
    "dead": lambda x, rng: np.zeros((len(x), 3), x.dtype),
    "constant": lambda x, rng: np.full((len(x), 2), 7.3, x.dtype),
    "large constant": lambda x, rng: np.full((len(x), 1), 1e20, x.dtype),
    "duplicated": lambda x, rng: x[:, :2],
    "negative": lambda x, rng: -x[:, 1:3],
    "scaled copy": lambda x, rng: 2.0**-30 * x[:, 2:3],
    "dependent": lambda x, rng: x.astype(float) @ rng.normal(size=(5, 4)),
    "all of these": lambda x, rng: np.hstack([x * 0, x * 0 + 7, x, -x]),
}


class TestUnitsThatAddNothing:
    """Dead, constant, duplicated and dependent units: as many correlations, and the same, as without them."""

    @pytest.fixture
    def pair(self, rng, dtype):
        x, y, rho = generators.correlated_pair(rng, [0.97, 0.8, 0.55, 0.3, 0.05], 450, 5, 9)
        return x.astype(dtype), y.astype(dtype), 1 - rho.mean()

    @pytest.mark.parametrize("added", ADDED)
    def test_leave_cca_as_it_was(self, rng, pair, dtype, atol, added):
        x, y, expected = pair
        wider = np.hstack([x, ADDED[added](x, rng).astype(dtype)])[
            :, rng.permutation(5 + ADDED[added](x, rng).shape[1])
        ]
        found = pyrnnsim.pairwise([y, wider], measures=("cca", "pwcca"), side="first")
        assert found["cca"].report.ranks == (9, 5)
        assert found["cca"].report.rank_cut == (1,)
        assert found["cca"][0, 1] == pytest.approx(expected, abs=atol)
        assert found["pwcca"][0, 1] == pytest.approx(1 - reference.pwcca(y, x), abs=atol)
        assert (
            f"rank cut: 1 network with dependent units: '1' (rank 5 of {wider.shape[1]} units)"
            in found["cca"].report.summary()
        )
        prepared = pyrnnsim.prepare(wider)
        quiet = added in ("dead", "constant", "large constant", "all of these")
        assert prepared.rank == 5 and (prepared.dead_units > 0) == quiet

    @pytest.mark.parametrize("added", ["dead", "constant"])
    def test_leave_every_measure_as_it_was(self, rng, pair, dtype, added):
        x, y, _ = pair
        wider = np.hstack([x, ADDED[added](x, rng)])
        assert_equal(distances(wider, y), distances(x, y), 1e-6 if dtype == np.float32 else 1e-12)

    def test_a_unit_of_rounding_noise_is_dead_for_every_measure(self, rng, pair, dtype, atol):
        """Twice the spacing of the floats around its offset; shared by both networks, it would make them alike."""
        x, y, _ = pair
        offset = np.full(len(x), 1e7).astype(dtype)
        noise = offset + (rng.integers(-1, 2, len(x)) * np.spacing(offset[0])).astype(dtype)
        with_noise = [np.column_stack([z, noise * np.asarray(scale, dtype)]) for z, scale in ((x, 1), (y, 4))]
        expected = distances(x, y)
        one_pass = pyrnnsim.pairwise(with_noise)
        assert one_pass["cca"].report.ranks == (5, 9)
        assert_equal(
            {name: matrix[0, 1] for name, matrix in one_pass.items()}, {name: expected[name] for name in CORE}, atol
        )
        assert_equal(distances(*with_noise), expected, atol, leave_out=["cka:kernel=rbf"])

    def test_no_rank_is_cut_where_units_are_independent(self, rng, dtype):
        report = pyrnnsim.pairwise_cca(
            [spread_out(rng, dtype, 300, 20, 1e3), rng.normal(size=(300, 5)).astype(dtype)]
        ).report
        assert report.ranks == report.units == (20, 5) and report.rank_cut == ()
        assert report.condition[0] == pytest.approx(1e3, rel=0.5) and "rank cut" not in report.summary()


class TestScales:
    def test_units_of_very_different_scale_count_alike(self, rng, dtype, atol):
        x, y, rho = generators.correlated_pair(rng, [0.97, 0.8, 0.55, 0.3, 0.05, 0.01, 0.5], 450, 7, 9)
        badly = (x * np.geomspace(1e-6, 1e6, 7)).astype(dtype)
        found = pyrnnsim.pairwise_cca([badly, y.astype(dtype)])
        assert found[0, 1] == pytest.approx(1 - rho.mean(), abs=atol)
        assert found.report.ranks == (7, 9) and found.report.condition[0] > 1e11
        alone = distances(badly, y.astype(dtype))
        wide = badly.astype(float)
        assert alone["cka"] == pytest.approx(1 - reference.linear_cka_from_features(wide, y), abs=atol)
        assert alone["svcca"] == pytest.approx(1 - reference.svcca(wide, y), abs=atol)

    @pytest.mark.parametrize("offset", [1e2, 1e4, 1e8])
    def test_offsets_cost_no_digits(self, rng, offset):
        x, y = generators.population(rng, 2, 450, [9, 12])
        x = x + offset * rng.normal(size=9)
        assert_equal(distances(x, y), distances(x - x.mean(axis=0), y), 1e-12)

    def test_offsets_cost_float32_only_what_its_storage_costs(self, rng):
        x, y = (z.astype(np.float32) for z in generators.population(rng, 2, 450, [9, 12]))
        x = x + (1e4 * rng.normal(size=9)).astype(np.float32)
        assert_equal(distances(x, y), distances(x.astype(float), y.astype(float)), 1e-5)

    @pytest.mark.parametrize("scale", SCALES)
    def test_one_scale_for_all_changes_nothing(self, rng, scale):
        x, y = generators.population(rng, 2, 450, [9, 12])
        expected = distances(x, y)
        assert_equal(distances(x * scale, y), expected, 1e-10)
        assert_equal(distances(x * scale, y * 1e-3), expected, 1e-10)

    @pytest.mark.parametrize("scale", [1e-38, 1e-30, 1e-15, 1e15, 1e30, 1e36])
    def test_one_scale_in_float32_changes_nothing(self, rng, scale):
        x, y = (z.astype(np.float32) for z in generators.population(rng, 2, 450, [9, 12]))
        assert_equal(distances(x * np.float32(scale), y), distances(x, y), 1e-5)

    @pytest.mark.parametrize("scale", SCALES)
    def test_directions_and_singular_values_keep_their_scale(self, rng, scale):
        x = generators.population(rng, 1, 100, 6)[0]
        prepared = pyrnnsim.prepare(x * scale)
        np.testing.assert_allclose(prepared.basis.T @ prepared.basis, np.eye(6), rtol=0, atol=1e-10)
        np.testing.assert_allclose(prepared.singular_values / scale, reference.singular_values(x), rtol=1e-9)
        restored = prepared.mean + prepared.basis @ prepared.loadings
        np.testing.assert_allclose(restored / scale, x, rtol=0, atol=1e-9)
        found = pyrnnsim.canonical_correlations(x * scale, x)
        np.testing.assert_allclose(found.correlations, 1, rtol=0, atol=1e-12)
        if scale > 1e-300:  # else the directions would be larger than any float64
            variates = (x * scale - (x * scale).mean(axis=0)) @ found.x_directions
            np.testing.assert_allclose(variates.T @ variates, np.eye(6), rtol=0, atol=1e-9)


class TestRefused:
    @pytest.mark.parametrize("value", [0.0, 3.7, -1e20])
    def test_a_constant_network(self, dtype, value):
        with pytest.raises(
            ConstantNetworkError, match=r"^pairwise_cca: reps\[3\] \('gru'\) is constant: none of its 4 units"
        ):
            factors_of(np.full((30, 4), value, dtype))

    @pytest.mark.parametrize(("bad", "word"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "inf")])
    @pytest.mark.parametrize("row", [0, 17, 3299])
    def test_what_is_not_finite_by_row_and_unit(self, rng, dtype, bad, word, row):
        x = rng.normal(size=(3300, 4)).astype(dtype)
        x[row, 2] = bad
        with pytest.raises(
            ValueError, match=rf"reps\[3\] \('gru'\).*{word}.*(row|sample) {row}.*unit 2|{row}, 2.*{word}"
        ):
            factors_of(x)

    def test_sums_that_leave_float64(self, rng):
        x = rng.uniform(1, 1.7, size=(300, 4)) * 1e308 * np.where(rng.normal(size=(300, 4)) < 0, -1, 1)
        with pytest.raises(ValueError, match="values near the end of the range of float64; divide it by"):
            factors_of(x)


class TestDirectionsKept:
    S = np.array([4.0, 2.0, 2.0, 1.0, 0.5])

    @pytest.mark.parametrize(("count", "expected"), [(1, 1), (3, 3), (5, 5), (9, 5)])
    def test_a_fixed_number(self, count, expected):
        assert Leading(n_components=count).count(self.S) == expected

    @pytest.mark.parametrize("on", ["variance", "singular_values"])
    @pytest.mark.parametrize("share", [1e-9, 0.3, 0.42, 0.6, 0.8, 0.95, 0.9999, 1.0])
    def test_a_share(self, rng, on, share):
        x = generators.orthonormal(rng, 50, 5) * self.S
        assert Leading(share=share, threshold_on=on).count(self.S) == reference.kept_components(
            x, variance=share, threshold_on=on
        )

    def test_a_share_that_is_reached_exactly(self):
        assert Leading(share=16 / 25.25).count(self.S) == 1
        assert Leading(share=4 / 9.5, threshold_on="singular_values").count(self.S) == 1

    def test_a_share_of_one_keeps_all(self, rng):
        for units in (3, 10, 33, 129):
            assert Leading(share=1.0).count(np.sort(rng.uniform(size=units))[::-1]) == units

    def test_report(self, rng, dtype):
        reps = [generators.orthonormal(rng, 90, 5) * self.S, generators.orthonormal(rng, 90, 3)]
        found = pyrnnsim.pairwise_svcca([rep.astype(dtype) for rep in reps], variance=0.9)
        assert found.report.kept == (3, 3) and found.report.ranks == (5, 3)
        assert "directions kept: 3" in found.report.summary()
