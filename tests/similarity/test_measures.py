"""Every public measure against its definition."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest
from reference import generators
from reference import similarity as reference

import pyrnnsim

#: Around vectors (4, 8, 16 numbers), panels (8, 24, 48 columns) and the two ways of solving a pair.
WIDTHS = [1, 2, 7, 8, 15, 16, 17, 31, 33, 40, 41, 47, 48, 49, 64, 96, 100, 129]


def angle(x, y):
    return float(np.arccos(min(reference.procrustes_similarity(x, y), 1.0)))


def google(x, y):
    return 1 - reference.google_pwcca(x, y)


def debiased(x, y):
    return 1 - reference.debiased_cka(reference.linear_kernel(x), reference.linear_kernel(y))


def by_rank(x, y):
    """PWCCA with the weights of the network of lower rank, of both if equal."""
    side = "first" if reference.rank(x) < reference.rank(y) else "second"
    return 1 - reference.pwcca_sided(x, y, side="mean" if reference.rank(x) == reference.rank(y) else side)


#: Metric, options, and the distance by definition.
DEFINITIONS = [
    ("cca", {}, lambda x, y: 1 - reference.mean_cca(x, y)),
    ("svcca", {}, lambda x, y: 1 - reference.svcca(x, y)),
    ("svcca", {"variance": 0.6}, lambda x, y: 1 - reference.svcca(x, y, variance=0.6)),
    ("svcca", {"variance": 1.0}, lambda x, y: 1 - reference.mean_cca(x, y)),
    ("svcca", {"n_components": 3}, lambda x, y: 1 - reference.svcca(x, y, components=3)),
    (
        "svcca",
        {"threshold_on": "singular_values", "variance": 0.9},
        lambda x, y: 1 - reference.svcca(x, y, variance=0.9, threshold_on="singular_values"),
    ),
    ("pwcca", {}, lambda x, y: 1 - reference.pwcca_sided(x, y)),
    ("pwcca", {"side": "first"}, lambda x, y: 1 - reference.pwcca(x, y)),
    ("pwcca", {"side": "second"}, lambda x, y: 1 - reference.pwcca(y, x)),
    ("pwcca", {"side": "smaller"}, by_rank),
    ("pwcca", {"norm": "l2"}, lambda x, y: 1 - reference.pwcca_sided(x, y, norm="l2")),
    ("pwcca", {"norm": "l2", "side": "first"}, lambda x, y: 1 - reference.pwcca(x, y, norm="l2")),
    ("cka", {}, lambda x, y: 1 - reference.linear_cka_from_features(x, y)),
    ("cka", {"debiased": True}, debiased),
    ("cka", {"kernel": "rbf"}, lambda x, y: 1 - reference.rbf_cka(x, y)),
    ("cka", {"kernel": "rbf", "bandwidth": 4.0}, lambda x, y: 1 - reference.rbf_cka(x, y, bandwidth=4.0)),
    ("cka", {"kernel": "rbf", "debiased": True}, lambda x, y: 1 - reference.rbf_cka(x, y, debiased=True)),
    ("procrustes", {}, angle),
    ("rsa", {}, lambda x, y: 1 - reference.rsa(x, y)),
    ("rsa", {"dissimilarity": "euclidean"}, lambda x, y: 1 - reference.rsa(x, y, dissimilarity="euclidean")),
    ("rsa", {"dissimilarity": "cosine"}, lambda x, y: 1 - reference.rsa(x, y, dissimilarity="cosine")),
    ("rsa", {"compare": "pearson"}, lambda x, y: 1 - reference.rsa(x, y, compare="pearson")),
    ("rsa", {"compare": "cosine"}, lambda x, y: 1 - reference.rsa(x, y, compare="cosine")),
]
FUNCTIONS = {
    name: getattr(pyrnnsim, f"pairwise_{name}") for name in ("cca", "svcca", "pwcca", "cka", "procrustes", "rsa")
}
OF_THE_CORE = [case for case in DEFINITIONS if case[1] in ({}, {"side": "first"}) and case[0] != "rsa"]
ids = [f"{name} {options}" for name, options, _ in DEFINITIONS]


def single(reps):
    """Values that float32 holds, so that both dtypes have one and the same definition."""
    return [np.asarray(rep, np.float32).astype(np.float64) for rep in reps]


@pytest.fixture(scope="module")
def wide():
    """Networks of all widths, so that every pair of widths is there in both orders."""
    return single(generators.population(np.random.default_rng(1), len(WIDTHS), 450, WIDTHS))


@pytest.fixture(scope="module")
def expected_of_wide(wide):
    made = {}
    for name, options, definition in OF_THE_CORE:
        made[name, *options] = [[definition(x, y) if x is not y else 0.0 for y in wide] for x in wide]
    return made


@pytest.mark.parametrize(("name", "options"), [case[:2] for case in OF_THE_CORE])
def test_all_mixes_of_widths_equal_the_definition(wide, expected_of_wide, dtype, atol, name, options):
    found = FUNCTIONS[name]([rep.astype(dtype) for rep in wide], **options)
    np.testing.assert_allclose(found, expected_of_wide[name, *options], rtol=0, atol=atol)


@pytest.mark.parametrize(("name", "options", "definition"), DEFINITIONS, ids=ids)
def test_every_option_equals_its_definition(rng, dtype, atol, name, options, definition):
    reps = single(generators.population(rng, 4, 90, [6, 11, 9, 6]))
    found = FUNCTIONS[name]([rep.astype(dtype) for rep in reps], **options)
    expected = [[definition(x, y) if x is not y else 0.0 for y in reps] for x in reps]
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
    assert found.report.metric == name
    assert options.items() <= found.report.options.items()


@pytest.mark.parametrize(("name", "options"), [case[:2] for case in DEFINITIONS if case[1]], ids=str)
def test_every_option_changes_the_result(rng, name, options):
    reps = single(generators.population(rng, 3, 90, [6, 11, 9]))
    assert np.abs(FUNCTIONS[name](reps, **options) - FUNCTIONS[name](reps)).max() > 1e-4


def test_googles_definition(rng, dtype, atol):
    reps = single(generators.population(rng, 3, 200, [5, 9, 9]))
    found = pyrnnsim.pairwise_pwcca([rep.astype(dtype) for rep in reps], definition="google")
    off = [[found[i, j] - google(x, y) for j, y in enumerate(reps) if j != i] for i, x in enumerate(reps)]
    assert np.abs(off).max() < max(atol, 1e-9)
    assert np.abs(found - pyrnnsim.pairwise_pwcca(reps)).max() > 1e-2


@pytest.mark.parametrize("samples", [131, 399, 400, 401, 800, 801, 1203, 3201])
def test_any_number_of_samples_equals_the_definition(rng, dtype, atol, samples):
    x, y = single(generators.population(rng, 2, samples, [17, 33]))
    found = pyrnnsim.pairwise([x.astype(dtype), y.astype(dtype)])
    for name, options, definition in OF_THE_CORE:
        if not options:
            assert found[name][0, 1] == pytest.approx(definition(x, y), abs=atol), name
    if samples <= 1203:  # the reference makes P x P kernels
        alone = pyrnnsim.pairwise_cka([x.astype(dtype), y.astype(dtype)], debiased=True)
        assert alone[0, 1] == pytest.approx(debiased(x, y), abs=atol)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_network_and_two(rng, dtype, name):
    x, y = (rep.astype(dtype) for rep in generators.population(rng, 2, 60, [4, 6]))
    alone, both = FUNCTIONS[name]([x]), FUNCTIONS[name]([x, y])
    assert alone.shape == (1, 1) and alone[0, 0] == 0.0
    assert both.shape == (2, 2) and both[0, 1] > 0 and np.array_equal(np.diag(both), [0.0, 0.0])


@pytest.mark.parametrize("samples", [2, 3, 50, 401])
def test_networks_of_one_unit_have_their_absolute_correlation(rng, dtype, atol, samples):
    reps = single([rng.normal(size=(samples, 1)) + 3 for _ in range(3)])
    rho = np.abs(np.corrcoef(np.hstack(reps).T))
    found = pyrnnsim.pairwise([rep.astype(dtype) for rep in reps])
    off = ~np.eye(3, dtype=bool)
    for name in ("cca", "svcca", "pwcca"):
        np.testing.assert_allclose(found[name][off], 1 - rho[off], rtol=0, atol=atol)
    np.testing.assert_allclose(found["cka"][off], 1 - rho[off] ** 2, rtol=0, atol=atol)
    np.testing.assert_allclose(np.cos(found["procrustes"][off]), rho[off], rtol=0, atol=atol)


@pytest.mark.parametrize(("name", "options"), [case[:2] for case in DEFINITIONS], ids=ids)
def test_the_form_of_the_result(rng, dtype, name, options):
    reps = [rep.astype(dtype) for rep in generators.population(rng, 7, 120, [3, 20, 1, 9, 33, 9, 64])]
    if name == "rsa":
        reps = [rep for rep in reps if rep.shape[1] > 2]
    found = FUNCTIONS[name](reps, **options)
    assert type(found) is pyrnnsim.DistanceMatrix and found.dtype == np.float64
    assert np.array_equal(np.diag(found), np.zeros(len(reps)))
    limit = {"procrustes": np.pi / 2, "rsa": 2.0}.get(name, 1.1 if options.get("debiased") else 1.0)
    assert found.min() >= 0 and found.max() <= limit
    if options.get("side", "mean") in ("mean", "smaller"):
        assert np.array_equal(found, found.T)
    else:
        assert not np.allclose(found, found.T, atol=1e-3)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_stacked_array_is_a_list_and_stays_as_it_was(rng, dtype, name):
    stack = rng.normal(size=(3, 50, 6)).astype(dtype)
    before = stack.copy()
    stack.flags.writeable = False
    np.testing.assert_array_equal(FUNCTIONS[name](stack), FUNCTIONS[name](list(stack)))
    np.testing.assert_array_equal(stack, before)


@pytest.mark.parametrize("name", [*FUNCTIONS, ""])
def test_everything_after_the_representations_is_keyword_only(name):
    function = FUNCTIONS.get(name, pyrnnsim.pairwise)
    kinds = [parameter.kind for parameter in inspect.signature(function).parameters.values()][1:]
    assert set(kinds) <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}


def test_one_pass_gives_what_the_single_functions_give(rng, dtype, atol):
    reps = [rep.astype(dtype) for rep in generators.population(rng, 5, 401, [3, 20, 48, 9, 64])]
    settings = {"variance": 0.8, "threshold_on": "singular_values", "side": "first", "norm": "l2"}
    measures = ("procrustes", "cca", "svcca", "pwcca", "cka")
    found = pyrnnsim.pairwise(reps, measures=measures, **settings)
    assert tuple(found) == measures
    own = {"svcca": ("variance", "threshold_on"), "pwcca": ("side", "norm")}
    for name in measures:
        alone = FUNCTIONS[name](reps, **{key: settings[key] for key in own.get(name, ())})
        np.testing.assert_allclose(found[name], alone, rtol=0, atol=atol)
        assert found[name].report.metric == name and found[name].report.options == alone.report.options


class TestFewSamples:
    @pytest.mark.parametrize("samples", [12, 8])
    @pytest.mark.parametrize(
        "call",
        ["pairwise", "pairwise_cca", "pairwise_svcca", "pairwise_pwcca", "pairwise_distances", "cross_distances"],
    )
    def test_one_warning_with_the_chance_level_at_the_callers_line(self, rng, call, samples):
        reps = [rng.normal(size=(samples, units)) for units in (3, 12, 14)]
        function = getattr(pyrnnsim, call)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            _ = function(reps, reps) if call == "cross_distances" else function(reps)
        assert len(caught) == 1 and caught[0].category is UserWarning
        text = str(caught[0].message)
        assert text.startswith(f"{call}: ") and "[1]" in text
        assert f"{samples} samples and 12 units" in text and "mean canonical correlation of 1 by chance" in text
        assert caught[0].filename == __file__

    @pytest.mark.filterwarnings("ignore:.*by chance:UserWarning")
    def test_the_values_are_those_of_the_definition(self, rng, dtype, atol):
        reps = [rng.normal(size=(12, units)).astype(dtype) for units in (3, 12, 14)]
        found = pyrnnsim.pairwise(reps, side="first", n_components=2)
        assert found["cca"].report.ranks == (3, 11, 11)
        for i, j in ((0, 1), (1, 0), (1, 2), (2, 1)):
            assert found["cca"][i, j] == pytest.approx(0, abs=atol) and found["pwcca"][i, j] == pytest.approx(
                0, abs=atol
            )
            x, y = reps[i].astype(float), reps[j].astype(float)
            assert found["cka"][i, j] == pytest.approx(1 - reference.linear_cka_from_features(x, y), abs=atol)
            assert found["svcca"][i, j] == pytest.approx(1 - reference.svcca(x, y, components=2), abs=atol)
            assert np.cos(found["procrustes"][i, j]) == pytest.approx(reference.procrustes_similarity(x, y), abs=atol)
