"""Lines whose order, arc length, tangent and selection vector are known."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from dynamics.cases import vanilla
from dynamics.integrators import integrator, linear, points_of

from pyrnnsim import LineAttractor, Population, line_attractor

BEND = 0.3
PLACES = np.array([0.0, -4.0, 7.0, 2.5, -1.0, 9.5, -6.0, 4.0])


@pytest.fixture(scope="module")
def case():
    made = integrator(np.random.default_rng(3))
    return made, line_attractor(made.population, points_of(made.population, made.at(PLACES), np.zeros(3)))


@pytest.fixture(scope="module")
def curve():
    """z' = (z1, c z1^2 + (z2 - c z1^2) / 2, z3 / 5) in coordinates z turned at random: fixed where z2 = c z1^2."""
    import torch

    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    q, c = torch.as_tensor(turn), BEND

    def network(h, x):
        z = h @ q
        bottom = c * z[:, 0] ** 2
        return torch.stack([z[:, 0], bottom + (z[:, 1] - bottom) / 2, z[:, 2] / 5], 1) @ q.T + 0 * x.sum()

    places = np.linspace(-2, 2, 401)
    states = np.stack([places, c * places**2, 0 * places], axis=1) @ turn.T
    line = line_attractor(network, points_of(network, states, np.zeros(1)))
    return turn, places * np.sign((line.states[-1] - line.states[0]) @ turn[:, 0]), line


class TestStraightLine:
    def test_order_and_arc_length(self, case):
        _, line = case
        np.testing.assert_array_equal(line.order, np.argsort(PLACES))
        np.testing.assert_allclose(line.arc_length, np.sort(PLACES) - PLACES.min(), atol=1e-12)
        assert line.on_path.all() and line.branched == 0 and line.thickness == 0
        assert (np.diff(line.outputs[:, 0]) > 0).all()
        np.testing.assert_allclose([line.dimension, line.first_share], 1, atol=1e-12)

    def test_tangent_and_mode(self, case):
        made, line = case
        np.testing.assert_allclose(line.tangent, np.tile(made.right[:, 0], (8, 1)), atol=1e-12)
        np.testing.assert_allclose(line.right, line.tangent, atol=1e-10)
        np.testing.assert_allclose(line.alignment, 1, atol=1e-12)
        np.testing.assert_allclose(line.line_eigenvalues, 1, atol=1e-12)
        assert (line.slow_modes == 1).all() and line.is_line and line.single_mode

    def test_selection_vector(self, case):
        made, line = case
        np.testing.assert_allclose(line.selection, np.tile(made.left[0], (8, 1)), atol=1e-10)
        np.testing.assert_allclose(line.input_projection, np.tile(made.left[0] @ made.drive, (8, 1)), atol=1e-10)
        assert not line.ill_conditioned.any()

    def test_the_network_moves_as_the_selection_vector_says(self, case):
        made, line = case
        push = np.random.default_rng(0).normal(size=5)
        state = line.states[3] + push
        for _ in range(400):
            state = np.maximum(made.matrix @ state + made.centre - made.matrix @ made.centre, 0)
        np.testing.assert_allclose(state - line.states[3], (line.selection[3] @ push) * line.right[3], atol=1e-9)

    def test_a_falling_readout_turns_the_line_round(self, case):
        made, line = case
        arrays = {name: array[None] for name, array in made.population[0].parameters.items()}
        arrays["w_out"] = -arrays["w_out"]
        other = Population.from_arrays("vanilla", "relu", **arrays)
        back = line_attractor(other, points_of(other, made.at(PLACES), np.zeros(3)))
        np.testing.assert_array_equal(back.order, line.order[::-1])
        np.testing.assert_allclose(back.selection, -line.selection, atol=1e-12)

    def test_the_order_of_the_points_changes_nothing(self, case):
        made, line = case
        shuffle = np.random.default_rng(1).permutation(8)
        again = line_attractor(made.population, points_of(made.population, made.at(PLACES[shuffle]), np.zeros(3)))
        for field in fields(LineAttractor):
            if field.name != "order":
                np.testing.assert_array_equal(getattr(again, field.name), getattr(line, field.name))
        np.testing.assert_array_equal(shuffle[again.order], line.order)

    def test_float32_weights(self):
        made = integrator(np.random.default_rng(3), dtype="float32")
        line = line_attractor(made.population, points_of(made.population, made.at(PLACES), np.zeros(3)))
        np.testing.assert_allclose(line.selection, np.tile(made.left[0], (8, 1)), atol=1e-5)


class TestCurve:
    def test_arc_length(self, curve):
        _, places, line = curve
        slope = 2 * BEND * np.sort(places)
        exact = (slope * np.sqrt(1 + slope**2) + np.arcsinh(slope)) / (4 * BEND)
        np.testing.assert_allclose(line.arc_length, exact - exact[0], atol=1e-4)
        assert 1 < line.dimension < 1.5 and line.is_line

    def test_tangent_and_selection(self, curve):
        turn, places, line = curve
        sign = np.sign(places[-1])
        z1 = (line.states @ turn)[:, 0]
        norm = np.sqrt(1 + (2 * BEND * z1) ** 2)
        exact = np.stack([1 / norm, 2 * BEND * z1 / norm, 0 * z1], axis=1) * sign @ turn.T
        np.testing.assert_allclose(line.right, exact, atol=1e-9)
        inner = slice(40, -40)
        np.testing.assert_allclose(line.tangent[inner], exact[inner], atol=5e-3)
        assert line.alignment.min() > 0.99
        np.testing.assert_allclose(line.selection, np.outer(norm * sign, turn[:, 0]), atol=1e-8)

    def test_without_a_readout_the_state_gives_the_direction(self, curve):
        _, _, line = curve
        moves = line.states[-1] - line.states[0]
        assert moves[np.flatnonzero(np.abs(moves) > 1e-3)[0]] > 0


class TestFewPoints:
    @pytest.mark.parametrize("count", [0, 1, 2])
    def test_explicit_results(self, case, count):
        made, _ = case
        points = points_of(made.population, made.at(PLACES[:count]).reshape(count, 5), np.zeros(3))
        line = line_attractor(made.population, points)
        assert len(line) == count and not line.is_line and f"no line: {count} points" in line.evidence
        assert line.eigenvalues.shape == line.selection.shape == (count, 5)
        assert line.adjacency.shape == (count, count) and line.input_projection.shape == (count, 3)
        assert len(line.rows) == count and line.summary["points"] == count
        assert line.plot().axes and str(line) and repr(line)
        if count == 2:
            np.testing.assert_allclose(line.arc_length, [0, 4])
            np.testing.assert_array_equal(line.adjacency, [[False, True], [True, False]])
        if count == 1:
            assert np.isnan(line.alignment).all() and np.isnan(line.tangent).all()
            np.testing.assert_allclose(line.line_eigenvalues, 1)
            np.testing.assert_allclose(np.abs(line.selection[0]), np.abs(made.left[0]), atol=1e-10)

    def test_points_that_coincide(self, case):
        made, _ = case
        line = line_attractor(made.population, points_of(made.population, made.at(np.zeros(4)), np.zeros(3)))
        assert line.length == 0 and np.isnan(line.alignment).all() and not line.is_line
        assert line.dimension == line.first_share == line.thickness == 0

    def test_one_unit(self):
        network = vanilla([[1.0]], [0.0], "relu")
        line = line_attractor(network, points_of(network, [[1.0], [3.0], [2.0]]))
        np.testing.assert_array_equal(line.arc_length, [0, 1, 2])
        np.testing.assert_array_equal(line.selection, np.ones((3, 1)))
        assert line.is_line


class TestDegenerateSpectra:
    def test_a_repeated_eigenvalue_acts_through_its_eigenspace(self, rng):
        right = np.linalg.qr(rng.normal(size=(4, 4)))[0] @ np.diag([1, 1, 1, 2]) + 0.2 * rng.normal(size=(4, 4))
        left = np.linalg.inv(right)
        still = linear(right @ np.diag([1, 1, 0.5, 0.2]) @ left, np.zeros(4))
        along = right[:, 0] - 2 * right[:, 1]
        along /= np.linalg.norm(along)
        line = line_attractor(still, points_of(still, np.outer(np.arange(5.0), along), [0.0]))
        np.testing.assert_allclose(line.alignment, 1, atol=1e-9)
        np.testing.assert_allclose(np.einsum("ns,ns->n", line.selection, line.right), 1, atol=1e-9)
        spectral = right[:, :2] @ left[:2]
        np.testing.assert_allclose(line.selection, line.right @ spectral, atol=1e-7)

    def test_a_slow_pair_is_taken_as_a_plane(self):
        turn = 0.01
        matrix = np.zeros((3, 3))
        matrix[:2, :2] = 0.995 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        matrix[2, 2] = 0.3
        still = linear(matrix, np.zeros(3))
        line = line_attractor(still, points_of(still, np.outer(np.arange(5.0), [0.6, 0.8, 0]), [0.0]), max_speed=1.0)
        np.testing.assert_allclose(line.alignment, 1, atol=1e-12)
        np.testing.assert_allclose(line.selection, np.tile([0.6, 0.8, 0], (5, 1)), atol=1e-9)
        assert (line.line_eigenvalues.imag != 0).all() and line.is_line

    def test_a_defective_mode_is_flagged(self):
        still = linear(np.array([[1.0, 1.0], [0.0, 1.0]]), np.zeros(2))
        line = line_attractor(still, points_of(still, [[0.0, 0], [1, 0], [2, 0]], [0.0]))
        assert line.ill_conditioned.all()
