"""The native task generators: known answers, equality with the NumPy definition bit by bit, and refusals."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from reference import tasks as reference

from pyrnnsim import _core

#: Sizes around blocks of four words, pairs of normals and chunks of 256; single steps; all numbers off their defaults.
CASES = [
    ("flip_flop", 100, (3, 0.05)),
    ("flip_flop", 1, (1, 0.5)),
    ("flip_flop", 257, (1, 0.01)),
    ("flip_flop", 37, (7, 1.0)),
    ("flip_flop", 64, (4, 1e-12)),
    ("sine_wave", 500, (0.01, 0.04)),
    ("sine_wave", 1, (0.0, 0.0)),
    ("sine_wave", 37, (0.5, 0.0)),
    ("context_integration", 30, (2, 1.0, 1.0, 1 / 30)),
    ("context_integration", 1, (1, 0.0, 2.0, 1.0)),
    ("context_integration", 129, (3, 2.0, 0.5, -0.1)),
    ("context_integration", 9, (64, 1.0, 1.0, 1.0)),
    ("ready_set_go", 340, (10, 20, 30, 30, 120)),
    ("ready_set_go", 150, (5, 5, 5, 20, 50)),
    ("ready_set_go", 3, (1, 0, 0, 1, 1)),
]
#: Small, beyond 32 bits, and the largest possible.
STREAMS = [(0, 0, 0), (7, 2**40 + 3, 5), (2**64 - 1, 2**64 - 1, 2**32 - 3)]


def native(kind, steps, numbers, *, seed=0, iteration=0, first=0, count=3, dtype=np.float64):
    return _core.task_trials(kind, steps, numbers, seed, iteration, first, count, np.dtype(dtype))


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_known_answers_of_philox(counter, key, words):
    """The known-answer vectors that Salmon et al. publish with their generator."""
    assert list(_core.philox4x32(counter, key)) == words
    assert reference.philox4x32(counter, key).tolist() == words


@pytest.mark.parametrize(("seed", "iteration", "first"), STREAMS)
@pytest.mark.parametrize(("kind", "steps", "numbers"), CASES)
def test_equals_the_definition_bit_by_bit(kind, steps, numbers, seed, iteration, first, dtype):
    inputs, targets, mask = native(kind, steps, numbers, seed=seed, iteration=iteration, first=first, dtype=dtype)
    expected = reference.trials(kind, steps, numbers, seed, iteration, first, 3)
    assert mask is None
    assert inputs.dtype == targets.dtype == dtype
    np.testing.assert_array_equal(inputs, expected[0].astype(dtype), strict=True)
    np.testing.assert_array_equal(targets, expected[1].astype(dtype), strict=True)


@pytest.mark.parametrize(("kind", "steps", "numbers"), CASES)
def test_no_trials(kind, steps, numbers):
    inputs, targets, _ = native(kind, steps, numbers, first=2**32, count=0)
    assert inputs.shape[:2] == targets.shape[:2] == (0, steps)


@pytest.mark.parametrize(("kind", "steps", "numbers"), CASES)
def test_all_of_a_built_in_task_counts(kind, steps, numbers, dtype):
    _, targets, mask = _core.task_trials(kind, steps, numbers, 1, 0, 0, 2, np.dtype(dtype), mask=True)
    np.testing.assert_array_equal(mask, np.ones(targets.shape, bool), strict=True)


def test_the_logarithm_is_one():
    x = np.concatenate([[2.0**-33, 1 - 2.0**-33, np.sqrt(0.5), 0.5], np.random.default_rng(1).uniform(size=200)])
    exact = np.array([float(mpmath.log(mpmath.mpf(float(v)))) for v in x])
    np.testing.assert_allclose(reference.logarithm(x), exact, rtol=1e-15)


def test_the_sine_and_cosine_are_one(rng):
    x = np.concatenate([np.arange(-16, 17) / 8, rng.uniform(-30, 30, size=300)])
    sine, cosine = reference.sine_cosine_turns(x)
    with mpmath.workdps(40):
        turns = [2 * mpmath.pi * mpmath.mpf(float(v)) for v in x]
        np.testing.assert_allclose(sine, [float(mpmath.sin(v)) for v in turns], rtol=0, atol=5e-16)
        np.testing.assert_allclose(cosine, [float(mpmath.cos(v)) for v in turns], rtol=0, atol=5e-16)


@pytest.mark.parametrize(
    ("kind", "steps", "numbers", "message"),
    [
        ("flipflop", 9, (3, 0.1), "one of flip_flop, sine_wave, context_integration, ready_set_go, got 'flipflop'"),
        ("flip_flop", 9, (3,), r"flip_flop: numbers must be \(bits, probability\), got 1 of them"),
        ("sine_wave", 9, (0.1,) * 9, r"sine_wave: numbers must be .* got 9 of them"),
        ("flip_flop", 0, (3, 0.1), "steps must be from 1 to 1000000"),
        ("flip_flop", 1_000_001, (3, 0.1), "steps must be"),
        ("flip_flop", 9, (2.5, 0.1), "bits must be from 1 to 1024"),
        ("flip_flop", 9, (0, 0.1), "bits must be"),
        ("flip_flop", 9, (3, 0.0), "probability must be above 0"),
        ("flip_flop", 9, (3, np.nan), "numbers must be finite"),
        ("sine_wave", 9, (0.3, 0.3), "within 0 and 0.5"),
        ("sine_wave", 9, (-0.1, 0.3), "within 0 and 0.5"),
        ("context_integration", 9, (65, 1, 1, 1), "contexts must be from 1 to 64"),
        ("context_integration", 9, (2, -1, 1, 1), "must not be negative"),
        ("context_integration", 9, (2, 1, 1, np.inf), "numbers must be finite"),
        ("ready_set_go", 340, (10, 20, 30.5, 30, 120), "whole steps"),
        ("ready_set_go", 340, (10, 30, 20, 30, 120), "must not end before it starts"),
        ("ready_set_go", 279, (10, 20, 30, 30, 120), "steps must hold"),
        ("ready_set_go", 340, (1e300, 20, 30, 30, 120), "whole steps"),
    ],
)
def test_refusals(kind, steps, numbers, message):
    with pytest.raises(ValueError, match=message):
        native(kind, steps, numbers)


@pytest.mark.parametrize(("first", "count"), [(2**32 - 2, 3), (2**64 - 1, 2), (0, -1), (0, 2**62)])
def test_trials_outside_the_counter_are_refused(first, count):
    with pytest.raises(ValueError, match="trials must lie within"):
        native("sine_wave", 9, (0.01, 0.04), first=first, count=count)


@pytest.mark.parametrize("dtype", [np.int32, np.float16, ">f4"])
def test_other_types_are_refused(dtype):
    with pytest.raises(ValueError, match="dtype must be float32 or float64"):
        native("sine_wave", 9, (0.01, 0.04), dtype=dtype)
