"""Every error names the function, the argument and the network, says what was expected, and comes before any work."""

import re
import warnings

import numpy as np
import pytest
import safetensors.numpy
from reliability.errors import ERRORS, LIST, REPS
from reliability.functions import BY_NAME
from reliability.spoils import networks

import pyrnnsim

# Function, a sentence, and a word about what is right or what to do; the function is named once.
EVERY = re.compile(
    r"(?P<caller>pairwise\w*|cross_distances|canonical_correlations|chance_similarity|prepare): "
    r"(?!.*(?P=caller): ).{4,}(expected|must|pass |use |did you mean|takes|leave|write|needs|twice|passing|"
    r"is not an option|is an option|has no closed form)",
    re.DOTALL,
)


@pytest.mark.parametrize("name", ERRORS)
def test_texts(name):
    call, kind, text = ERRORS[name]
    with pytest.raises(kind, match=text) as caught:
        call()
    assert EVERY.match(str(caught.value)), str(caught.value)


class Counted:
    """A lazy sequence that counts what is loaded from it."""

    def __init__(self, arrays=LIST):
        self.arrays, self.loads = arrays, 0

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, index):
        self.loads += 1
        return self.arrays[index]


LATE = {
    "out": ("pairwise_cca", {"out": np.empty((4, 4))}),
    "out-rbf": ("pairwise_cka", {"kernel": "rbf", "out": np.empty((4, 4))}),
    "out-google": ("pairwise_pwcca", {"definition": "google", "out": np.empty((4, 4))}),
    "out-several": ("pairwise", {"out": np.empty((5, 5))}),
    "calibrated": ("pairwise_pwcca", {"calibrated": np.zeros((4, 4))}),
    "calibrated-rsa": ("pairwise_rsa", {"calibrated": np.zeros((4, 4))}),
    "no-closed-form": ("pairwise_procrustes", {"calibrated": True}),
    "no-closed-form-several": ("pairwise", {"calibrated": True}),
    "no-closed-form-google": ("pairwise_pwcca", {"definition": "google", "calibrated": True}),
    "memory": ("pairwise_cca", {"max_memory": "1MB"}),
    "memory-rbf": ("pairwise_cka", {"kernel": "rbf", "max_memory": "1MB"}),
    "block": ("chance_similarity", {"permutations": 2, "block": 7}),
    "debiased": ("pairwise_cka", {"debiased": True}),
}


@pytest.mark.parametrize("name", LATE)
def test_what_can_be_known_from_shapes_is_refused_before_the_second_look_at_the_data(name):
    function, options = LATE[name]
    reps = Counted()
    if "memory" in name:
        reps = Counted([np.tile(x, (10, 60)) for x in LIST])
    if name == "debiased":
        reps = Counted([x[:3, :2] for x in LIST])
    with pytest.raises((ValueError, TypeError, MemoryError), match=rf"^{function}: "):
        getattr(pyrnnsim, function)(reps, **options)
    assert reps.loads <= len(reps)


def test_26_the_bad_one_of_2880_networks_is_named():
    reps = np.random.default_rng(0).normal(size=(2880, 6, 2))
    reps[1234, 4, 1] = np.inf
    with pytest.raises(
        ValueError, match=r"^pairwise_cca: reps\[1234\] \('gru 1234'\) holds inf at row 4, unit 1; expected"
    ):
        pyrnnsim.pairwise_cca(reps, names=[f"gru {k}" for k in range(2880)])


@pytest.mark.parametrize(
    "function", [BY_NAME[k] for k in BY_NAME if k.startswith(("pairwise", "cross"))], ids=lambda one: one.name
)
def test_the_warning_of_few_samples_points_at_the_line_of_the_user(function):
    if function.measure in ("google", "rbf", "rsa", "callable"):
        pytest.skip("does not warn")
    reps = networks((8, 9), 8)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function.call(reps)
    assert len(caught) == 1 and caught[0].category is UserWarning
    assert re.match(
        rf"{function.caller}: .* 8 samples and [89] units: .* of 1 by chance; use more samples", str(caught[0].message)
    )
    assert caught[0].filename.endswith("functions.py")


def test_a_file_of_several_networks_is_no_single_one(tmp_path):
    path = tmp_path / "two.safetensors"
    safetensors.numpy.save_file({"a": LIST[0], "b": LIST[3]}, path)
    for call, label in (
        (lambda: pyrnnsim.prepare(path), "prepare: rep"),
        (lambda: pyrnnsim.canonical_correlations(path, LIST[0]), "canonical_correlations: x"),
    ):
        with pytest.raises((ValueError, TypeError), match=rf"^{label} .*expected (one|a 2-D array)"):
            call()


def test_a_name_that_looks_like_an_option_does_not_hide_an_error():
    reps = {**REPS, "nan_policy": LIST[0] * 1e200}
    with pytest.raises(
        ValueError, match=r"^pairwise_cca: reps\[5\] \('nan_policy'\) holds .* beyond the float32 range"
    ):
        pyrnnsim.pairwise_cca(reps, nan_policy="skip", dtype="float32")


def test_values_of_the_user_s_metric_are_kept_or_refused():
    try:
        made = pyrnnsim.pairwise_distances(LIST, metric=lambda x, y: -1.5)
    except ValueError as refusal:
        assert "-1.5" in str(refusal)
    else:
        assert made[0, 1] == -1.5
