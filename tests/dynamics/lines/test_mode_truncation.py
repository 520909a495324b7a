"""Responses to a pulse against closed forms, matrix powers and an independent decomposition."""

from __future__ import annotations

import numpy as np
import pytest
from dynamics.integrators import integrator, linear, points_of
from reference.cells import step

from pyrnnsim import ModeTruncation, Population, line_attractor, mode_truncation

STEPS = (1, 2, 5, 30)


def by_definition(matrix, moved, readout, t, kept):
    """sum over the leading modes of w r lambda^(t-1) l b, with L = R^-1; pairs that the limit divides are left out."""
    values, right = np.linalg.eig(matrix)
    left = np.linalg.inv(right)
    order = np.lexsort((-values.imag, -np.abs(values)))
    chosen = order[:kept]
    if kept and values[chosen[-1]].imag > 1e-12:
        chosen = chosen[:-1]
    total = readout @ ((right[:, chosen] * values[chosen] ** (t - 1)) @ (left[chosen] @ moved))
    assert np.abs(total.imag).max(initial=0.0) < 1e-12
    return total.real


@pytest.fixture(scope="module")
def spiral():
    """A linear system of ten real modes and pairs, its readout and what was made of it at two points."""
    rng = np.random.default_rng(2)
    matrix, drive = rng.normal(size=(10, 10)) * 0.3, rng.normal(size=(10, 3))
    assert (np.linalg.eigvals(matrix).imag > 0).sum() >= 2
    network, readout = linear(matrix, np.zeros(10), drive), rng.normal(size=(2, 10))
    points = points_of(network, rng.normal(size=(2, 10)), np.zeros(3))
    pulse = np.array([0.5, -1.0, 2.0])
    return matrix, drive @ pulse, readout, mode_truncation(network, points, pulse, steps=STEPS, readout=readout)


class TestLinearSystem:
    def test_all_modes_are_powers_of_the_matrix(self, spiral):
        matrix, moved, readout, made = spiral
        for t, one in zip(STEPS, made.full[1], strict=True):
            np.testing.assert_allclose(one, readout @ np.linalg.matrix_power(matrix, t - 1) @ moved, rtol=1e-12)
        np.testing.assert_allclose(made.response[:, -1], made.full, atol=1e-12)

    @pytest.mark.parametrize("kept", range(11))
    def test_some_modes_are_their_sum(self, spiral, kept):
        matrix, moved, readout, made = spiral
        for i, t in enumerate(STEPS):
            expected = by_definition(matrix, moved, readout, t, kept)
            np.testing.assert_allclose(made.response[0, kept, i], expected, atol=1e-12)

    def test_pairs_are_not_divided(self, spiral):
        made = spiral[3]
        assert made.response.dtype == np.float64
        first = np.flatnonzero(made.eigenvalues[0].imag > 0)
        assert len(first) >= 2
        np.testing.assert_array_equal(made.response[0, first + 1], made.response[0, first])
        assert (made.response[0, first + 2] != made.response[0, first]).any(axis=(1, 2)).all()

    def test_the_network_does_the_same(self, spiral):
        made = spiral[3]
        np.testing.assert_allclose(made.nonlinear, made.full, atol=1e-12)

    def test_a_file_holds_complex_numbers(self, spiral, tmp_path):
        spiral[3].save(tmp_path / "made")
        np.testing.assert_array_equal(ModeTruncation.load(tmp_path / "made").eigenvalues, spiral[3].eigenvalues)

    def test_shares(self, spiral):
        made = spiral[3]
        missing = np.linalg.norm((made.response - made.full[:, None]).reshape(2, 11, -1), axis=2)
        np.testing.assert_allclose(made.share, 1 - missing / np.linalg.norm(made.full.reshape(2, -1), axis=1)[:, None])
        np.testing.assert_allclose(made.share[:, [0, -1]], [[0, 1], [0, 1]], atol=1e-12)
        needed = made.modes_needed(0.9)
        for share, count in zip(made.share, needed, strict=True):
            assert (share[count:] >= 0.9).all() and (count == 0 or share[count - 1] < 0.9)
        assert made.modes_needed(0.0).max() <= needed.min() <= made.modes_needed(1.0).min()

    def test_averages(self, spiral):
        made = spiral[3]
        np.testing.assert_allclose(made.average, made.response.mean(axis=0), atol=1e-15)
        np.testing.assert_allclose(made.standard_error, made.response.std(axis=0, ddof=1) / np.sqrt(2), atol=1e-15)


class TestIntegrator:
    def test_one_mode_holds_the_sum_for_ever(self, rng):
        case = integrator(rng, (1.0, 0.5, -0.4, 0.2))
        points = points_of(case.population, case.at([0.0, 3.0]), np.zeros(3))
        made = mode_truncation(case.population[0], points, 1, steps=[1, 10, 1000])
        held = case.readout @ case.right[:, 0] * (case.left[0] @ case.drive[:, 1])
        np.testing.assert_allclose(made.response[:, 1, :, 0], np.full((2, 3), held), rtol=1e-10)
        np.testing.assert_allclose(made.full[:, 2], [held, held], rtol=1e-10)
        late = mode_truncation(case.population, points, 1, steps=1000)
        assert late.modes_needed(0.999).tolist() == [1, 1]
        assert late.nonlinear[0, 0, 0] == pytest.approx(held[0], rel=1e-9)

    def test_units_that_are_off(self, rng):
        """Half of the units: a null space whose single vectors mean nothing, and yet nothing is ill-conditioned."""
        case = integrator(rng, (1.0, 0.5, 0.2), units_off=6)
        states = np.concatenate([case.at([0.0, 1.0]), np.zeros((2, 6))], axis=1)
        made = mode_truncation(case.population, points_of(case.population, states, np.zeros(3)), 0, steps=[1, 4])
        assert not made.ill_conditioned.any()
        for kept in range(1, 4):
            for i, t in enumerate((1, 4)):
                scaled = case.right[:, :kept] * np.array([1.0, 0.5, 0.2][:kept]) ** (t - 1)
                expected = case.readout[:, :3] @ scaled @ case.left[:kept] @ case.drive[:, 0]
                np.testing.assert_allclose(made.response[:, kept, i], np.tile(expected, (2, 1)), atol=1e-12)
        np.testing.assert_array_equal(made.response[:, 4:-1], made.response[:, [3] * 5])
        np.testing.assert_allclose(made.response[:, -1], made.full, atol=1e-12)

    def test_the_points_of_a_line(self, rng):
        case = integrator(rng, (1.0, 0.5))
        points = points_of(case.population, case.at([5.0, 0.0, 9.0]), np.zeros(3))
        line = line_attractor(case.population, points)
        made = mode_truncation(case.population, points, 0, points=line)
        np.testing.assert_array_equal(made.points, line.order)
        aside = case.at(5.0) + 0.5 * np.array([-1, 1]) * case.right[::-1, 0]
        points = points_of(case.population, [*points.states, aside], np.zeros(3))
        line = line_attractor(case.population, points, max_speed=1.0)
        made = mode_truncation(case.population, points, 0, points=line)
        assert len(line) == 4 and line.branched == 0.25 and made.points.tolist() == line.order[line.on_path].tolist()
        other = points_of(case.population, case.at([1.0, 0.0, 9.0]), np.zeros(3))
        with pytest.raises(ValueError, match="points are lines of other fixed points"):
            mode_truncation(case.population, other, 0, points=line)


class TestNonlinear:
    @pytest.mark.parametrize("cell", ["vanilla", "ugrnn", "gru", "lstm"])
    def test_the_network_itself(self, cell):
        population = Population.create([cell], ["tanh"], [5], [3], inputs=2, outputs=2, gain=1.5, dtype="float64")
        rng = np.random.default_rng(1)
        network, x, pulse = population[0], np.array([0.3, -0.2]), np.array([1.0, 0.5])
        points = points_of(population, rng.normal(size=(2, network.state_size)) * 0.3, x)
        made = mode_truncation(population, points, pulse, steps=[1, 3])
        spec, net = network.cell.record(), dict(network.parameters)
        for i, state in enumerate(points.states):
            kicked, calm = step(spec, net, state, x + pulse), step(spec, net, state, x)
            np.testing.assert_allclose(made.nonlinear[i, 0], net["w_out"] @ (kicked - calm), atol=1e-12)
            for _ in range(2):
                kicked, calm = step(spec, net, kicked, x), step(spec, net, calm, x)
            np.testing.assert_allclose(made.nonlinear[i, 1], net["w_out"] @ (kicked - calm), atol=1e-12)

    def test_small_pulses_are_linear(self):
        population = Population.create(["gru"], ["tanh"], [6], [3], inputs=2, outputs=1, dtype="float64")
        state = np.zeros((1, 6))
        for _ in range(2000):
            state = points_step(population, state)
        made = mode_truncation(population, points_of(population, state, np.zeros(2)), [1e-6, 0.0], steps=10)
        assert made.fixed.all()
        np.testing.assert_allclose(made.nonlinear, made.full, rtol=1e-4)


def points_step(population, state):
    network = population[0]
    return step(network.cell.record(), dict(network.parameters), state[0], np.zeros(2))[None]


class TestDegenerateSpectra:
    def test_repeated_eigenvalues_stay_together(self, rng):
        right = np.eye(5) + 0.3 * rng.normal(size=(5, 5))
        left = np.linalg.inv(right)
        values = np.array([0.9, 0.6, 0.6, 0.6, 0.1])
        network, readout = linear((right * values) @ left, np.zeros(5), np.eye(5)), rng.normal(size=(1, 5))
        points = points_of(network, np.zeros((1, 5)), np.zeros(5))
        made = mode_truncation(network, points, rng.normal(size=5), steps=[1, 4], readout=readout)
        assert not made.ill_conditioned[0]
        np.testing.assert_allclose(made.response[0, 2:4], made.response[0, [1, 1]], atol=1e-15)
        for kept in (1, 4, 5):
            for i, t in enumerate((1, 4)):
                expected = readout @ (right[:, :kept] * values[:kept] ** (t - 1)) @ left[:kept] @ made.pulse
                np.testing.assert_allclose(made.response[0, kept, i], expected, atol=1e-9)

    def test_a_defective_matrix_is_flagged_and_left_out(self):
        jordan = linear(np.array([[0.5, 1.0], [0.0, 0.5]]), np.zeros(2), np.eye(2))
        made = mode_truncation(jordan, points_of(jordan, np.zeros((1, 2)), np.zeros(2)), 1, readout=np.ones((1, 2)))
        assert made.ill_conditioned.tolist() == [True] and made.modes_needed().tolist() == [-1]
        assert np.isnan(made.response).all() and np.isnan(made.average).all() and np.isnan(made.share).all()
        np.testing.assert_allclose(made.full[0, 0, 0], 0.5**29 + 29 * 0.5**28)
        assert made.summary["ill_conditioned"] == 1 and made.summary["modes_for_90"] is None
        assert made.plot().axes

    def test_a_delay_line(self):
        """Nilpotent, and so defective, but only where nothing remains: it is done with after three steps."""
        shift = linear(np.diag([1.0, 1.0, 0.0], 1) + np.diag([0, 0, 0, 0.5]), np.zeros(4), np.eye(4))
        made = mode_truncation(
            shift, points_of(shift, np.zeros((1, 4)), np.zeros(4)), np.ones(4), steps=[1, 2, 3, 4], readout=np.eye(4)
        )
        assert not made.ill_conditioned[0]
        np.testing.assert_allclose(made.full[0, :, 0], [1, 1, 1, 0])
        np.testing.assert_allclose(made.response[0, -1], made.full[0], atol=1e-15)
        np.testing.assert_allclose(made.response[0, 1, :, 3], [1, 0.5, 0.25, 0.125])
        np.testing.assert_array_equal(made.response[0, 2:4], made.response[0, [1, 1]])

    def test_a_network_without_memory(self):
        still = linear(np.zeros((3, 3)), np.zeros(3), np.eye(3))
        points = points_of(still, np.zeros((1, 3)), np.zeros(3))
        made = mode_truncation(still, points, 0, steps=[1, 2], readout=np.ones((1, 3)))
        np.testing.assert_array_equal(made.full[0, :, 0], [1, 0])
        assert made.modes_needed().tolist() == [3] and not made.ill_conditioned[0]

    def test_a_pulse_that_does_nothing(self, rng):
        case = integrator(rng)
        made = mode_truncation(case.population, points_of(case.population, case.at([0.0]), np.zeros(3)), np.zeros(3))
        assert np.isnan(made.share).all() and made.modes_needed().tolist() == [-1]
        assert (made.response == 0).all() and (made.nonlinear == 0).all()


def test_shares_are_checked(spiral):
    with pytest.raises(ValueError, match="ModeTruncation.modes_needed: share must be a finite number"):
        spiral[3].modes_needed(1.5)
