"""The nasty list, entries 1 to 50, and every function: the right answer, or an error that says what to type next.

The entries on resources are elsewhere: memory, huge inputs and Ctrl-C in ``test_streaming``, n_jobs and CUDA in
``test_options_public``, forks and threads in ``test_politeness``, checkpoints and disks in ``test_resume``.
"""

import re
import warnings

import numpy as np
import pytest
from reliability.cases import CONTAINERS, LAYOUTS, SHAPES, VALUES
from reliability.functions import FUNCTIONS
from reliability.spoils import NAMES, networks

import pyrnnsim

CASES = [*LAYOUTS, *CONTAINERS, *VALUES, *SHAPES]
CORRELATED = {"cca", "svcca", "pwcca", "cka", "procrustes"}  # measures that P <= N drives towards 1
functions = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.name)
taking_options = pytest.mark.parametrize(
    "function", [one for one in FUNCTIONS if one.takes_options], ids=lambda one: one.name
)


def call(function, reps, warns=False):
    """The answer; with ``warns`` check that few samples are pointed out once, else that nothing is."""
    if not warns:
        return function.call(reps)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = function.call(reps)
    texts = [str(one.message) for one in caught]
    if function.caller in ("prepare", "chance_similarity") or function.measure not in CORRELATED:
        assert texts == []
    else:
        assert len(texts) == 1 and re.match(rf"{function.caller}: .* by chance; use more samples", texts[0])
    return answer


def flat(answer):
    return np.concatenate([np.ravel(part) for part in answer])


def check_good(function, case, nasty):
    clean = case.clean(nasty)
    given = {name: np.ascontiguousarray(x) for name, x in zip(nasty, clean, strict=True)}
    if function.measure in case.may_refuse:
        try:
            function.call(nasty)
        except ValueError as refusal:
            named = rf"{function.caller}: {function.argument}\[\d\] \('\w+'\)"
            assert re.match(named, str(refusal)), str(refusal)
            return
    right = function.right(clean) if function.right else call(function, given, case.warns)
    answer = call(function, nasty, case.warns)
    tolerance = case.loose.get(function.measure, case.tolerance)
    np.testing.assert_allclose(flat(answer), flat(right), rtol=0, atol=tolerance)
    if case.exact:
        np.testing.assert_array_equal(flat(answer), flat(call(function, given)))


def check_bad(function, case, nasty, kind, text):
    with pytest.raises(kind) as caught:
        function.call(nasty)
    name = NAMES[case.place]
    named = "" if function.argument == "[xy]" else rf"(\[{case.place}\])? \('{name}'\)"
    if function.caller == "prepare":
        named = rf"( \('{name}'\))?"
    if text.startswith("metric gave"):
        named, text = "", "metric gave"
    pattern = rf"{function.caller}: ({function.argument}{named}|metric gave)(?!\[)"
    assert re.match(pattern, str(caught.value)), str(caught.value)
    assert re.search(text, str(caught.value)), str(caught.value)


@functions
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_right_answer_or_clear_error(function, case):
    if case.pairs_only and function.caller == "prepare":
        pytest.skip("one network alone is as good as any")
    nasty = case.spoil(networks())
    refusal = case.refused.get(function.measure)
    if case.error is not None:
        check_bad(function, case, nasty, case.kind, refusal or case.error)
    elif refusal is not None:
        with pytest.raises(ValueError, match=rf"^{function.caller}: {function.argument}\S* .*{refusal}"):
            function.call(nasty)
    else:
        check_good(function, case, nasty)


@taking_options
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_26_one_bad_network_of_many_can_be_skipped(function, value):
    clean = networks((4, 6, 5, 4, 3))
    reps = {**clean, "extra": clean["beta"].copy()}
    reps["extra"][3, 1] = value
    answer = function.call(reps, nan_policy="skip")
    whole = np.asarray(answer)
    assert np.isnan(whole[..., -1]).all()
    if whole.shape[-1] == whole.shape[-2]:
        assert np.isnan(whole[..., -1, :]).all()
        whole = whole[..., :-1, :]
    np.testing.assert_array_equal(whole[..., :-1], function.call(clean))


@taking_options
def test_34_a_constant_network_can_be_skipped(function):
    if function.measure == "callable":
        pytest.skip("the user's own function decides what it can compare")
    reps = {**networks(), "extra": np.full((40, 3), 0.1)}
    whole = np.asarray(function.call(reps, nan_policy="skip"))
    assert np.isnan(whole[..., -1]).all()
    assert not np.isnan(whole[..., 0, :-1]).any()


@taking_options
def test_47_no_network_is_refused_and_one_is_at_distance_zero(function):
    with pytest.raises(
        ValueError, match=rf"^{function.caller}: {function.argument[:4]}.* has length 0; expected at least 1"
    ):
        function.call({})
    answer = np.asarray(function.call(networks((4,))))
    assert answer.shape[-2:] == (1, 1)
    if function.caller != "chance_similarity":
        np.testing.assert_allclose(answer, 0.0, atol=1e-12)
        assert function.caller == "cross_distances" or not answer.any()


@taking_options
def test_49_a_stack_of_networks_is_taken_and_a_stack_of_trials_refused(function):
    stack = np.stack(list(networks((4, 4, 4)).values()))
    if function.caller == "cross_distances":
        pytest.skip("takes two arguments")
    np.testing.assert_array_equal(function.call(stack), function.call(dict(zip("abc", stack, strict=True))))
    with pytest.raises(ValueError, match=rf"^{function.caller}: reps has shape .*pass reps\.reshape\(3, -1, 4\)"):
        function.call(stack.reshape(3, 5, 8, 4))
    with pytest.raises(ValueError, match=rf"^{function.caller}: reps is one array of shape .*pass \[reps\]"):
        function.call(stack[0])


def test_50_many_mismatches_are_counted_and_the_first_five_listed():
    reps = [np.random.default_rng(0).normal(size=(40 - (i % 3 == 2), 3)) for i in range(24)]
    with pytest.raises(ValueError, match=r"^pairwise_cca: 8 of 24 networks in reps .*reps\[14\] has 39, and 3 more; "):
        pyrnnsim.pairwise_cca(reps)


@taking_options
def test_58_a_file_that_would_run_code_is_refused_unread(function, tmp_path):
    np.save(tmp_path / "evil.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    if function.caller == "cross_distances":
        pytest.skip("takes two arguments")
    with pytest.raises(ValueError, match=rf"^{function.caller}: reps\[0\] \('evil'\): .*pickled Python objects"):
        function.call(tmp_path)


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("the pickle was executed",)


@taking_options
def test_59_folders_and_names_in_any_language(function, tmp_path):
    folder = tmp_path / "réseaux à état caché \u795e\u7ecf"
    folder.mkdir()
    clean = networks()
    for name, x in clean.items():
        np.save(folder / f"{name} \u03c3 \U0001f9e0.npy", x)
    if function.caller == "cross_distances":
        pytest.skip("takes two arguments")
    np.testing.assert_array_equal(function.call(folder), function.call(clean))


@pytest.mark.parametrize("seed", [0, 2**64, np.int32(7)])
def test_60_seeds_that_work_and_repeat(seed):
    levels = [pyrnnsim.chance_similarity(networks(), permutations=2, seed=one) for one in (seed, seed, 99)]
    np.testing.assert_array_equal(levels[0], levels[1])
    assert not np.array_equal(levels[0], levels[2])


@pytest.mark.parametrize(
    ("seed", "kind", "text"),
    [
        (None, TypeError, "seed must be an int, got None"),
        (-1, ValueError, "seed must be 0 or more, got -1"),
        (True, TypeError, "seed must be an int, got True"),
        (1.5, TypeError, "seed must be an int, got 1.5"),
        (np.random.default_rng(0), TypeError, r"seed must be an int, got Generator"),
    ],
)
def test_60_seeds_that_are_refused(seed, kind, text):
    with pytest.raises(kind, match=f"^chance_similarity: {text}"):
        pyrnnsim.chance_similarity(networks(), permutations=2, seed=seed)
