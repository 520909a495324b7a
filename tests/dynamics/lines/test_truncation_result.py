"""Truncated responses as results: populations, files, which points count, errors."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from dynamics.cases import vanilla
from dynamics.integrators import grid, integrator, linear, points_of

from pyrnnsim import ModeTruncation, ModeTruncations, Population, mode_truncation


@pytest.fixture(scope="module")
def several():
    small = integrator(np.random.default_rng(0), (1.0, 0.5), 2)
    large = integrator(np.random.default_rng(1), (0.99, 0.5, 0.2), 2)
    population = Population([*small.population, replace(large.population[0], name="other")])
    rows = [
        [points_of(population[k], one.at(np.arange(2.0 + k)), x) for x in (np.zeros(2), np.full(2, 0.1))]
        for k, one in enumerate((small, large))
    ]
    pulses = np.array([[1.0, 0.0], [0.0, -2.0]])
    return population, grid(*rows), pulses, mode_truncation(population, grid(*rows), pulses, steps=[1, 9])


@pytest.fixture(scope="module")
def units():
    """One tanh unit with points at -r, 0, r, and a state that moves."""
    network = vanilla([[1.5]], [0.0])
    network = Population.from_arrays(
        "vanilla", "tanh", w_rec=[[[[1.5]]]], w_in=[[[[1.0]]]], w_out=[[[2.0]]], h0=[[0.7]], dtype="float64"
    )
    root = 0.858559
    for _ in range(200):
        root = np.tanh(1.5 * root)
    return network, points_of(network, [[0.1], [root], [-root], [0.0]], [0.0])


class TestPopulations:
    def test_each_is_what_it_is_alone(self, several):
        population, points, pulses, made = several
        alone = mode_truncation(population[1], points[1, 1], pulses[1], steps=[1, 9])
        for field in fields(ModeTruncation):
            np.testing.assert_array_equal(getattr(alone, field.name), getattr(made[1, 1], field.name))
        np.testing.assert_array_equal(made[0, 1].pulse, pulses[1])

    def test_a_channel_is_a_unit_vector(self, several):
        population, points, _, made = several
        again = mode_truncation(population, points, 0, steps=[1, 9])
        np.testing.assert_array_equal(again[1, 0].response, made[1, 0].response)

    def test_files(self, several, tmp_path):
        made = several[3]
        made.save(tmp_path / "modes")
        again = ModeTruncations.load(tmp_path / "modes")
        assert again.settings == made.settings
        for field in fields(ModeTruncation):
            np.testing.assert_array_equal(getattr(again[1, 0], field.name), getattr(made[1, 0], field.name))
        made[0, 0].save(tmp_path / "one")
        np.testing.assert_array_equal(ModeTruncation.load(tmp_path / "one").eigenvalues, made[0, 0].eigenvalues)

    def test_tables_and_figures(self, several):
        made = several[3]
        assert len(made.frame) == 4 and "modes_for_90" in made.frame and len(made[1, 0].frame) == 3
        assert repr(made[1, 0]) == "<ModeTruncation of 'other' at 3 points, 0 ill-conditioned>"
        assert made.plot().axes and made[0, 1].plot().axes and str(made[0, 1])


class TestWhichPoints:
    def test_options(self, units):
        network, points = units
        assert mode_truncation(network, points, 0).points.tolist() == [0, 1, 2, 3]
        assert mode_truncation(network, points, 0, points="fixed").points.tolist() == [1, 2, 3]
        near = mode_truncation(network, points, 0, points="start", steps=2)
        assert near.points.tolist() == [1]
        slope = 1 - points.states[1, 0] ** 2
        np.testing.assert_allclose(near.full[0, 0, 0], 2 * 1.5 * slope**2)

    @pytest.mark.parametrize("count", [0, 1])
    def test_few_points(self, units, count):
        network, _ = units
        made = mode_truncation(
            network, points_of(network, np.zeros((count, 1)), [0.0]), 0, steps=[1, 2], points="start"
        )
        assert len(made) == count and made.response.shape == (count, 2, 2, 1) and made.share.shape == (count, 2)
        assert made.modes_needed().tolist() == [1] * count and np.isnan(made.standard_error).all()
        assert len(made.rows) == count and made.summary["points"] == count and made.plot().axes


@pytest.mark.parametrize(
    ("pulse", "options", "kind", "match"),
    [
        (3, {}, ValueError, "pulse must be an int from 0 to 2, got 3"),
        (-1, {}, ValueError, "pulse must be an int from 0 to 2"),
        (True, {}, TypeError, "pulse must hold real numbers"),
        ([1.0, 2.0], {}, ValueError, r"pulse must be a channel, \(M,\) = \(3,\) or .* got shape \(2,\)"),
        ([1.0, np.nan, 0], {}, ValueError, "pulse holds NaN"),
        ("relevant", {}, TypeError, "pulse must hold real numbers"),
        (0, {"steps": 0}, ValueError, "steps must be an int from 1"),
        (0, {"steps": []}, ValueError, "steps are empty"),
        (0, {"steps": [3, 2]}, ValueError, r"steps must ascend, got \[3, 2\]"),
        (0, {"steps": "3"}, TypeError, "steps must be an int or several"),
        (0, {"steps": 2.5}, TypeError, "steps must be an int or several"),
        (0, {"points": "some"}, ValueError, "points must be 'all', 'fixed', 'start' or what line_attractor returned"),
        (0, {"points": 3}, TypeError, "points must be 'all'.*got int"),
        (0, {"readout": np.ones((1, 4))}, ValueError, r"readout must be \(O, S\) with S = 5 .*got shape \(1, 4\)"),
        (0, {"readout": np.full((1, 5), np.inf)}, ValueError, "readout holds NaN or infinity"),
        (0, {"readout": np.ones((0, 5))}, ValueError, r"has no readout; pass readout, \(O, S\) with S = 5"),
    ],
)
def test_bad_input(pulse, options, kind, match):
    case = integrator(np.random.default_rng(0))
    points = points_of(case.population, case.at([0.0]), np.zeros(3))
    with pytest.raises(kind, match=f"mode_truncation: .*{match}"):
        mode_truncation(case.population, points, pulse, **options)


def test_a_function_has_neither_readout_nor_start():
    network = linear(np.eye(2) / 2, np.zeros(2), np.eye(2))
    points = points_of(network, np.zeros((1, 2)), np.zeros(2))
    with pytest.raises(ValueError, match="has no readout; pass readout"):
        mode_truncation(network, points, 0)
    with pytest.raises(TypeError, match="a function has no initial state"):
        mode_truncation(network, points, 0, readout=np.eye(2), points="start")


def test_a_network_without_inputs_takes_no_channel():
    network = vanilla([[0.5]], [0.0])
    with pytest.raises(ValueError, match="these networks have none"):
        mode_truncation(network, points_of(network, [[0.0]]), 0)
