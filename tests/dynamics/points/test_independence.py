"""Nothing but a network, an input and the set of starts decides a result."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from pyrnnsim import FixedPointSet, Population, find_fixed_points

INPUTS = np.array([[0.0, 0.0], [1.0, -0.5]])


def assert_equal_sets(a: FixedPointSet, b: FixedPointSet) -> None:
    for field in fields(FixedPointSet):
        np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name), err_msg=field.name)


@pytest.fixture(scope="module")
def population() -> Population:
    return Population.create(units=(9,), seeds=range(2), inputs=2, outputs=3, gain=2.0)


@pytest.fixture(scope="module")
def found(population):
    return find_fixed_points(population, INPUTS, n_starts=200, n_jobs=1)


def test_threads(population, found):
    again = find_fixed_points(population, INPUTS, n_starts=200, n_jobs=3)
    for k in range(len(population)):
        for c in range(2):
            assert_equal_sets(found[k, c], again[k, c])


def test_other_networks_and_inputs(population, found):
    for k in (1, 6, 15):
        alone = find_fixed_points(population[[k]], INPUTS[1], n_starts=200)
        assert_equal_sets(alone[0, 0], found[k, 1])


def test_order_of_starts(population, rng):
    starts = rng.normal(size=(150, 9))
    tanh = population[[0, 4, 8]]
    first = find_fixed_points(tanh, INPUTS, starts=starts)
    second = find_fixed_points(tanh, INPUTS, starts=starts[rng.permutation(150)])
    for k in range(3):
        assert_equal_sets(first[k, 0], second[k, 0])


def test_seed_and_noise_matter_for_the_basins(population, found):
    other = find_fixed_points(population[[0]], INPUTS, n_starts=200, seed=5, noise=2.0)
    assert found[0, 0].basin.sum() == 200
    assert not np.array_equal(other[0, 0].basin, found[0, 0].basin) or len(other[0, 0]) == 1


def test_callers_arrays_and_generators_are_untouched(population):
    starts, inputs = np.random.default_rng(0).normal(size=(20, 9)), INPUTS.copy()
    before = starts.copy()
    state = np.random.get_state()[1].copy()
    find_fixed_points(population[[3]], inputs, starts=starts)
    np.testing.assert_array_equal(starts, before)
    np.testing.assert_array_equal(inputs, INPUTS)
    np.testing.assert_array_equal(np.random.get_state()[1], state)
