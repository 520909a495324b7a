"""Lines, modes and slow points are the same to the last bit on any number of threads, in any company."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from pyrnnsim import Population, add_slow_points, find_fixed_points, line_attractor, mode_truncation

INPUTS = np.array([[0.0, 0.0], [1.0, -0.5]])


@pytest.fixture(scope="module")
def population() -> Population:
    return Population.create(["vanilla", "lstm"], units=(7,), seeds=range(1), inputs=2, outputs=1, gain=1.2)


def results(population, n_jobs):
    points = find_fixed_points(population, INPUTS, n_starts=50, n_jobs=n_jobs)
    slow = add_slow_points(population, points, n_starts=50, max_speed=0.3, steps=5, n_jobs=n_jobs)
    lines = line_attractor(population, slow, max_speed=1.0, n_jobs=n_jobs)
    return slow, lines, mode_truncation(population, slow, 0, points=lines, n_jobs=n_jobs)


def assert_equal(one, other):
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)


def test_threads_and_other_networks_do_not_matter(population):
    alone = results(population, 1)
    assert sum(len(one) for row in alone[1].parts for one in row) > 50, "there must be something to compare"
    for made, again in zip(alone, results(population, 3), strict=True):
        for k in range(len(population)):
            for c in range(len(INPUTS)):
                assert_equal(made[k, c], again[k, c])
    for made, again in zip(alone, results(population[[3]], 2), strict=True):
        assert_equal(made[3, 1], again[0, 1])


@pytest.mark.parametrize("function", [line_attractor, lambda *given, **options: mode_truncation(*given, 0, **options)])
def test_threads_must_be_a_number(population, function):
    with pytest.raises((TypeError, ValueError), match="n_jobs"):
        function(population, find_fixed_points(population, INPUTS, n_starts=5), n_jobs="two")
