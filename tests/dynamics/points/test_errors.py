"""Bad input ends in an error that says what to type instead."""

from __future__ import annotations

import numpy as np
import pytest

from pyrnnsim import Network, Population, find_fixed_points
from pyrnnsim.tasks import FlipFlop


@pytest.fixture(scope="module")
def population() -> Population:
    return Population.create(["vanilla"], ["tanh"], [4], [0, 1], inputs=2, outputs=1)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"starts": np.zeros((0, 4))}, ValueError, "starts of network .* are empty; give at least one state"),
        ({"starts": np.zeros((3, 5))}, ValueError, r"\(n, S\) with S = 4 .*got shape \(3, 5\)"),
        ({"starts": np.zeros(4)}, ValueError, r"got shape \(4,\); use starts\[None\]"),
        ({"starts": [np.zeros((3, 4))] * 3}, ValueError, "each of the 2 networks, got 3"),
        ({"starts": np.full((1, 4), np.inf)}, ValueError, "hold NaN or infinity"),
        ({"starts": [["a"]]}, TypeError, "starts must hold real numbers"),
        ({"inputs": [0.0]}, ValueError, r"network 0 .* takes M = 2 inputs, got inputs of shape \(1, 1\)"),
        ({"inputs": np.zeros((1, 1, 2))}, ValueError, r"\(M,\) or \(C, M\)"),
        ({"inputs": np.zeros((0, 2))}, ValueError, "no condition"),
        ({"inputs": [np.nan, 0]}, ValueError, "inputs hold NaN or infinity"),
        ({"n_starts": 0}, ValueError, "n_starts must be an int from 1"),
        ({"noise": -1.0}, ValueError, "noise must be a finite number of at least 0"),
        ({"tolerance": 0.0}, ValueError, "tolerance must be a finite number above 0"),
        ({"closure": 1}, TypeError, "closure must be True or False"),
        ({"seed": -1}, ValueError, "seed must be an int from 0"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be"),
        ({"device": "cuda"}, ValueError, "device must be one of 'cpu', got 'cuda'"),
        ({"task": FlipFlop()}, ValueError, "has 3 inputs, network 0"),
        ({"task": "flip_flop"}, TypeError, "task must be a task"),
    ],
)
def test_options(population, options, error, match):
    with pytest.raises(error, match="find_fixed_points: .*" + match):
        find_fixed_points(population, **options)


@pytest.mark.parametrize("subject", [3, None, Population, np.zeros((2, 2))])
def test_what_has_no_dynamics(subject):
    with pytest.raises(TypeError, match="find_fixed_points: expected a Population"):
        find_fixed_points(subject)


def test_weights_that_are_not_finite(population):
    arrays = {name: array.copy() for name, array in population[0].parameters.items()}
    arrays["w_rec"][0, 1, 2] = np.nan
    broken = Network("broken", population[0].cell, arrays)
    with pytest.raises(ValueError, match="w_rec of network 1 \\('broken'\\) has entries that are NaN"):
        find_fixed_points(Population([population[0], broken]))


def test_a_network_that_explodes_on_trials():
    population = Population.from_arrays("vanilla", "relu", w_rec=np.full((1, 1, 2, 2), 1e9), w_in=np.ones((1, 1, 2, 1)))
    with pytest.raises(ValueError, match="find_fixed_points: the states of network 0 .* overflow"):
        find_fixed_points(population)
    assert find_fixed_points(population, starts=np.zeros((1, 2)))[0, 0].fixed.sum() == 1
