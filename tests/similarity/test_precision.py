"""How many digits: networks whose similarity is known by construction, references that agree with none of our code."""

from __future__ import annotations

import numpy as np
import pytest
from reference import generators, high_precision
from reference import similarity as reference

import pyrnnsim
from pyrnnsim.similarity import engine

RHO = {
    "spread": [0.97, 0.8, 0.55, 0.3, 0.05],
    "ties": [1.0, 0.6, 0.6, 0.6, 0.0],
    "ones and zeros": [1.0, 1.0, 0.5, 0.0, 0.0],
    "near one": [1 - 1e-6, 1 - 2e-6, 0.4, 0.3, 1e-3],
    "all one": [1.0] * 5,
    "all zero": [0.0] * 5,
    "graded": [1e-1, 1e-3, 1e-5, 1e-7, 1e-9],
}
UNITS = [(5, 5), (5, 9), (9, 5), (40, 40), (33, 70), (70, 48)]
#: Mean correlation and PWCCA that float32 keeps for any condition up to 1e3; float64 for well-conditioned networks.
DEFINITIONS = {
    "cca": lambda x, y: 1 - reference.mean_cca(x, y),
    "svcca": lambda x, y: 1 - reference.svcca(x, y, components=3),
    "pwcca": lambda x, y: 1 - reference.pwcca(x, y),
    "cka": lambda x, y: 1 - reference.linear_cka_from_features(x, y),
    "procrustes": lambda x, y: np.arccos(min(reference.procrustes_similarity(x, y), 1.0)),
}


def turned(rng, units, spectrum):
    """Map whose singular values are ``spectrum``."""
    left, right = (np.linalg.qr(rng.normal(size=(units, units)))[0] for _ in range(2))
    return left * spectrum @ right


def spectrum(kind, units, condition):
    steps = np.arange(units) / max(units - 1, 1)
    return {
        "geometric": condition**-steps,
        "power law": np.arange(1.0, units + 1) ** (-np.log(condition) / np.log(units)),
        "one large": np.where(steps == 0, 1.0, (1 + 0.1 * steps) / condition / 1.1),
        "one small": np.where(steps == 1, 1 / condition, 1 - 0.1 * steps),
        "two levels": np.where(steps < 0.5, 1 + 0.1 * steps, (1 + 0.1 * steps) / condition / 1.1),
    }[kind]


CORRELATIONS = {
    "spread": lambda count: np.linspace(0.98, 0.02, count),
    "low": lambda count: np.linspace(0.3, 0.01, count),
    "towards one": lambda count: 1 - np.geomspace(1e-6, 0.9, count),
    "shared latents": lambda count: np.r_[
        1 - 1e-5 * np.arange(1, count // 2 + 1), np.linspace(0.6, 0.1, count - count // 2)
    ],
}


def conditioned_pair(kind, condition, correlations, units, dtype, samples=600):
    rng = np.random.default_rng(7)
    bases = generators.correlated_bases(rng, CORRELATIONS[correlations](min(units)), samples, *units)
    made = [z @ turned(rng, z.shape[1], spectrum(kind, z.shape[1], condition)) * np.sqrt(samples) for z in bases]
    return [(z + rng.normal(size=z.shape[1])).astype(dtype) for z in made]


def errors(x, y, **options):
    """Distance minus definition of all measures, and the pairs reported as ambiguous."""
    found = pyrnnsim.pairwise([x, y], side="first", n_components=3, **options)
    off = {name: found[name][0, 1] - definition(x, y) for name, definition in DEFINITIONS.items()}
    off["pwcca from y"] = found["pwcca"][1, 0] - (1 - reference.pwcca(y, x))
    return {name: abs(error) for name, error in off.items()}, found["pwcca"].report.ambiguous.tolist()


@pytest.mark.parametrize("units", UNITS, ids=str)
@pytest.mark.parametrize("rho", RHO)
def test_correlations_known_by_construction(rng, dtype, atol, rho, units):
    x, y, expected = generators.correlated_pair(rng, RHO[rho], 450, *units)
    x, y = x.astype(dtype), y.astype(dtype)
    assert pyrnnsim.pairwise_cca([x, y])[0, 1] == pytest.approx(1 - expected.mean(), abs=atol)
    np.testing.assert_allclose(pyrnnsim.canonical_correlations(x, y).correlations, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("units", [(1, 1), (2, 4), (4, 2), (12, 12), (24, 33)], ids=str)
def test_three_independent_references(rng, units):
    x, y, _ = generators.correlated_pair(rng, np.linspace(0.9, 0.1, min(units)), 200, *units)
    found = pyrnnsim.canonical_correlations(x, y).correlations
    np.testing.assert_allclose(found, reference.canonical_correlations_by_angles(x, y), rtol=0, atol=1e-10)
    np.testing.assert_allclose(found, reference.canonical_correlations_by_eigenproblem(x, y), rtol=0, atol=1e-10)
    distance = pyrnnsim.pairwise_cca([x, y])[0, 1]
    assert distance == pytest.approx(1 - reference.mean_cca(x, y), abs=1e-12)
    if max(units) <= 4:
        exact = high_precision.canonical_correlations(x[:40], y[:40])
        found = pyrnnsim.canonical_correlations(x[:40], y[:40]).correlations
        np.testing.assert_allclose(found, exact, rtol=0, atol=1e-13)


@pytest.mark.parametrize("units", [(64, 64), (20, 45), (45, 20)], ids=str)
@pytest.mark.parametrize("correlations", CORRELATIONS)
@pytest.mark.parametrize("condition", [30.0, 1e3])
@pytest.mark.parametrize("kind", ["geometric", "power law", "one large", "one small", "two levels"])
def test_float32_keeps_five_digits_up_to_condition_1e3(kind, condition, correlations, units):
    off, _ = errors(*conditioned_pair(kind, condition, correlations, units, np.float32))
    assert max(off.values()) < 1e-5, off


@pytest.mark.parametrize("correlations", CORRELATIONS)
@pytest.mark.parametrize("condition", [1e4, 1e5])
@pytest.mark.parametrize("kind", ["geometric", "power law", "one large", "one small", "two levels"])
def test_float32_beyond_keeps_four_or_says_so(kind, condition, correlations):
    """PWCCA of clustered correlations is what suffers: 2e-4 at most, unless the pair is reported as ambiguous."""
    off, ambiguous = errors(*conditioned_pair(kind, condition, correlations, (20, 45), np.float32))
    weighted = max(off.pop("pwcca"), off.pop("pwcca from y"))
    assert max(off.values()) < 1e-5, off
    assert weighted < 2e-4 or ambiguous == [[0, 1]]


@pytest.mark.parametrize("units", [(64, 64), (20, 45), (45, 20)], ids=str)
@pytest.mark.parametrize("correlations", ["spread", "low"])
@pytest.mark.parametrize("condition", [30.0, 1e3])
@pytest.mark.parametrize("kind", ["geometric", "power law", "one large", "one small", "two levels"])
def test_float64_keeps_ten_digits(kind, condition, correlations, units):
    off, ambiguous = errors(*conditioned_pair(kind, condition, correlations, units, np.float64))
    assert off.pop("svcca") < 1e-9  # turned by gaps between small singular values
    assert max(off.values()) < 1e-10, off
    assert ambiguous == []


@pytest.mark.parametrize("correlations", ["towards one", "shared latents"])
@pytest.mark.parametrize("condition", [30.0, 1e3, 1e5])
@pytest.mark.parametrize("kind", ["geometric", "power law", "one large", "one small", "two levels"])
def test_float64_of_clustered_correlations_is_right_or_says_so(kind, condition, correlations):
    off, ambiguous = errors(*conditioned_pair(kind, condition, correlations, (20, 45), np.float64))
    weighted = max(off.pop("pwcca"), off.pop("pwcca from y"))
    assert off.pop("svcca") < 1e-6 and max(off.values()) < 1e-10, off
    assert weighted < 1e-8 or ambiguous == [[0, 1]]


@pytest.mark.parametrize("units_y", [5, 9, 60])
def test_pwcca_known_in_closed_form(rng, dtype, atol, units_y):
    amplitudes = np.array([0.2, -3.0, 1.0, 0.7, -2.0])
    x, y = (z.astype(dtype) for z in generators.weighted_pair(rng, RHO["spread"], amplitudes, 450, units_y))
    for norm, weights in (("l1", np.abs(amplitudes)), ("l2", amplitudes**2)):
        found = pyrnnsim.pairwise_pwcca([x, y], side="first", norm=norm)[0, 1]
        assert found == pytest.approx(1 - weights @ RHO["spread"] / weights.sum(), abs=atol)


@pytest.mark.parametrize("theta", [0.5, 1e-2, 1e-4])
@pytest.mark.parametrize("units", [3, 17, 64])
def test_procrustes_angles_known_by_construction(rng, dtype, atol, theta, units):
    bases = generators.orthonormal(rng, 450, 2 * units) * np.tile(np.linspace(1, 2, units), 2)
    x, y = bases[:, :units], np.cos(theta) * bases[:, :units] + np.sin(theta) * bases[:, units:]
    q = np.linalg.qr(rng.normal(size=(units, units)))[0]
    found = pyrnnsim.pairwise_procrustes([(x * 20).astype(dtype), (y @ q * 3).astype(dtype)])[0, 1]
    assert found == pytest.approx(theta, abs=atol)


class TestTies:
    """Pairs that the fast solver leaves to LAPACK, and what is said about them."""

    @pytest.fixture
    def marks(self, monkeypatch):
        """Flags of all pairs computed during a test."""
        compute, seen = engine.TileEngine.compute, []

        def remember(self, rows, columns):
            values, flags = compute(self, rows, columns)
            seen.extend(int(flag) for flag in flags[flags > 0])
            return values, flags

        monkeypatch.setattr(engine.TileEngine, "compute", remember)
        return seen

    @pytest.mark.parametrize("units", UNITS, ids=str)
    @pytest.mark.parametrize("rho", ["ties", "ones and zeros"])
    def test_l1_weights_that_are_not_unique_are_reported_in_any_order(self, rng, dtype, marks, rho, units):
        x, y, _ = generators.correlated_pair(rng, RHO[rho], 450, *units)
        z = rng.normal(size=(450, 7))
        found = pyrnnsim.pairwise_pwcca([z.astype(dtype), y.astype(dtype), x.astype(dtype)])
        assert found.report.ambiguous.tolist() == [[1, 2]]
        assert any(flag & (engine.BY_LAPACK | engine.REFINED) for flag in marks)
        assert "ties: weights are not unique for 1 pair: '1' and '2'" in found.report.summary()
        crossed = pyrnnsim.cross_distances([x.astype(dtype)], [z.astype(dtype), y.astype(dtype)])
        assert crossed.report.ambiguous.tolist() == [[0, 1]]

    @pytest.mark.parametrize("units", [(5, 5), (5, 9), (40, 40), (33, 70)], ids=str)
    @pytest.mark.parametrize("rho", RHO)
    def test_l2_weights_of_the_network_that_is_not_wider_are_unique(self, rng, dtype, atol, rho, units):
        x, y, _ = generators.correlated_pair(rng, RHO[rho], 450, *units)
        found = pyrnnsim.pairwise_pwcca([x.astype(dtype), y.astype(dtype)], norm="l2", side="first")
        assert found[0, 1] == pytest.approx(1 - reference.pwcca(x, y, norm="l2"), abs=max(atol, 1e-9))

    @pytest.mark.parametrize("rho", ["spread", "near one", "all one"])
    def test_l2_weights_need_no_report(self, rng, dtype, rho):
        x, y, _ = generators.correlated_pair(rng, RHO[rho], 450, 5, 9)
        found = pyrnnsim.pairwise_pwcca([x.astype(dtype), y.astype(dtype)], norm="l2")
        assert found.report.ambiguous.tolist() == []

    @pytest.mark.parametrize("norm", ["l1", "l2"])
    @pytest.mark.parametrize("units", [(9, 5), (5, 9), (70, 48)], ids=str)
    def test_a_wider_network_has_many_directions_for_zeros(self, rng, dtype, norm, units):
        """Any of those that see nothing of the other network may enter the sum of weights, whatever the norm."""
        x, y, _ = generators.correlated_pair(rng, RHO["ones and zeros"], 450, *units)
        found = pyrnnsim.pairwise_pwcca([x.astype(dtype), y.astype(dtype)], norm=norm)
        assert found.report.ambiguous.tolist() == [[0, 1]]

    @pytest.mark.parametrize("units", [2, 17, 33, 64])
    @pytest.mark.parametrize(("rho", "expected"), [(1.0, 0.0), (0.0, 1.0)])
    def test_where_all_are_equal_every_weight_gives_the_same(self, rng, dtype, atol, units, rho, expected):
        x, y, _ = generators.correlated_pair(rng, [rho] * units, 450, units, 2 * units)
        found = pyrnnsim.pairwise([x.astype(dtype), y.astype(dtype)], measures=("pwcca", "cca"))
        assert found["pwcca"][0, 1] == pytest.approx(expected, abs=atol)
        assert found["cca"][0, 1] == pytest.approx(expected, abs=atol)
        assert len(found["pwcca"].report.ambiguous) == 0

    @pytest.mark.parametrize("units", [1, 9, 64])
    def test_a_network_of_rank_one(self, rng, dtype, atol, units):
        x = rng.normal(size=(450, 1)) * rng.normal(size=units)
        y = rng.normal(size=(450, 20)) + x[:, :1]
        found = pyrnnsim.pairwise([x.astype(dtype), y.astype(dtype)], side="first")
        assert found["cca"].report.ranks == (1, 20)
        for name in ("cca", "pwcca", "cka", "procrustes"):
            assert found[name][0, 1] == pytest.approx(DEFINITIONS[name](x[:, :1], y), abs=atol), name
        assert found["pwcca"][1, 0] == pytest.approx(found["pwcca"][0, 1], abs=1e-14)  # one direction, one weight
        assert found["pwcca"].report.rank_cut == ((0,) if units > 1 else ())

    @pytest.mark.parametrize(("shared", "noise"), [(5, 1.0), (40, 0.1), (30, 0.01)])
    @pytest.mark.parametrize("units", [64, 128])
    def test_close_correlations_are_no_ties(self, rng, units, shared, noise):
        """Networks of shared latents: many correlations near 1, and the same distance from rounded activity."""
        reps = generators.population(rng, 4, 1600, units, shared=shared, noise=noise)
        single = pyrnnsim.pairwise_pwcca([rep.astype(np.float32) for rep in reps])
        np.testing.assert_allclose(single, pyrnnsim.pairwise_pwcca(reps), rtol=0, atol=1e-5)
        assert single.report.ambiguous.tolist() == []

    def test_no_tie_no_report(self, rng, dtype):
        x, y, _ = generators.correlated_pair(rng, RHO["spread"], 450, 5, 5)
        assert len(pyrnnsim.pairwise_pwcca([x.astype(dtype), y.astype(dtype)]).report.ambiguous) == 0


@pytest.mark.parametrize("faint", [[1e-9], [3e-8], [1e-6], [2e-5], [2e-7, 3e-4], [1e-8, 4e-5, 8e-4]])
@pytest.mark.parametrize("seed", range(3))
def test_directions_of_faint_correlations_do_not_come_from_rounding(seed, faint):
    """In float32 the weaker network's direction, the core times a vector over rho, would be noise below rho = 1e-4."""
    rng = np.random.default_rng(seed)
    samples, units = 600, 24
    basis = rng.normal(size=(samples, 2 * units))
    basis = np.linalg.qr(basis - basis.mean(axis=0))[0]
    rho = np.concatenate([np.linspace(0.95, 0.05, units - len(faint)), faint])
    first, second = (np.linalg.qr(rng.normal(size=(units, units)))[0] for _ in range(2))
    left, other = basis[:, :units] @ first, basis[:, :units] * rho + basis[:, units:] * np.sqrt(1 - rho**2)
    x, y = (
        (side @ (rng.normal(size=(units, units)) + 3 * np.eye(units))).astype(np.float32)
        for side in (left, other @ second)
    )
    right = [reference.pwcca(a.astype(np.float64), b.astype(np.float64)) for a, b in ((x, y), (y, x))]
    found = pyrnnsim.pairwise_pwcca([x, y], side="first")
    np.testing.assert_allclose([1 - found[0, 1], 1 - found[1, 0]], right, atol=5e-6)
