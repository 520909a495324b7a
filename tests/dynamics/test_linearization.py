"""Jacobians against the definition; modes against what eigenvectors are."""

from __future__ import annotations

import numpy as np
import pytest
from dynamics.cases import vanilla
from reference.cells import jacobians

from pyrnnsim import Linearization, Population, linearize


@pytest.fixture(scope="module", params=["vanilla", "ugrnn", "gru", "lstm"])
def case(request):
    rng = np.random.default_rng(7)
    population = Population.create([request.param], ["tanh"], [6], [1], inputs=2, outputs=1, gain=1.4, dtype="float64")
    states, inputs = rng.normal(size=(3, population[0].state_size)), rng.normal(size=(3, 2))
    return population, states, inputs, linearize(population, states, inputs)


def test_jacobians_are_derivatives(case):
    population, states, inputs, made = case
    spec, net = population[0].cell.record(), dict(population[0].parameters)
    for i in range(3):
        by_state, by_input = jacobians(spec, net, states[i], inputs[i])
        np.testing.assert_allclose(made.jacobian[i], by_state, atol=1e-10)
        np.testing.assert_allclose(made.input_jacobian[i], by_input, atol=1e-10)


def test_modes_decompose_the_jacobian(case):
    made = case[3]
    size = made.states.shape[-1]
    sound = ~made.ill_conditioned
    product = made.right * made.eigenvalues[:, None, :] @ made.left
    np.testing.assert_allclose(product[sound], made.jacobian[sound], atol=1e-9)
    np.testing.assert_allclose(
        (made.left @ made.right)[sound], np.broadcast_to(np.eye(size), made.right.shape)[sound], atol=1e-8
    )
    np.testing.assert_allclose(np.linalg.norm(made.right, axis=1), 1, atol=1e-12)
    length = np.linalg.norm(made.left, axis=2)
    np.testing.assert_allclose(made.condition[sound], length[sound], rtol=1e-8)


def test_modes_are_in_order(case):
    values = case[3].eigenvalues
    assert (np.diff(np.abs(values), axis=1) <= 1e-12).all()
    for row in values:
        for i in np.flatnonzero(row.imag > 0):
            assert row[i + 1] == row[i].conj()


def test_a_rotation_has_its_frequency_and_time_constant():
    turn, growth = 2 * np.pi * 0.07, 0.9
    weights = growth * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    made = linearize(vanilla(weights, np.zeros(2)), np.zeros((1, 2)), np.zeros(0))
    np.testing.assert_allclose(made.frequencies, [[0.07, -0.07]], atol=1e-12)
    np.testing.assert_allclose(made.time_constants, -1 / np.log(growth), rtol=1e-12)
    assert made.unstable_modes.tolist() == [0] and not made.ill_conditioned[0]


def test_a_defective_jacobian_is_flagged():
    made = linearize(vanilla([[0.5, 1.0], [0.0, 0.5]], np.zeros(2)), np.zeros((1, 2)), np.zeros(0))
    assert made.ill_conditioned.tolist() == [True]
    np.testing.assert_allclose(made.eigenvalues, 0.5, atol=1e-7)


def test_several_networks(tmp_path):
    population = Population.create(["gru"], ["tanh", "relu"], [4], [0], inputs=1, outputs=1)
    states = np.random.default_rng(0).normal(size=(2, 5, 4))
    made = linearize(population, states, [0.3])
    assert made.jacobian.shape == (2, 5, 4, 4) and made.ill_conditioned.shape == (2, 5)
    for k in range(2):
        alone = linearize(population[k], states[k], [0.3])
        np.testing.assert_array_equal(alone.eigenvalues, made.eigenvalues[k])
    made.save(tmp_path / "modes")
    again = Linearization.load(tmp_path / "modes")
    np.testing.assert_array_equal(again.left, made.left)
    assert len(made.frame) == 40 and made.frame.columns[0] == "network"
    assert made.plot().axes


@pytest.mark.parametrize(
    ("states", "inputs", "match"),
    [
        (np.zeros(4), [0.0], r"states must be \(n, S\), got shape \(4,\); use states\[None\]"),
        (np.zeros((2, 3)), [0.0], r"S = 4 .*got shape \(2, 3\)"),
        (np.zeros((0, 4)), [0.0], "states are empty"),
        (np.full((1, 4), np.nan), [0.0], "states of network .* hold NaN"),
        (np.zeros((2, 4)), [0.0, 1.0], r"inputs of network .* \(2, 1\), got shape \(2,\)"),
        (np.zeros((2, 4)), [np.inf], "inputs hold NaN or infinity"),
    ],
)
def test_bad_input(states, inputs, match):
    population = Population.create(["gru"], ["tanh"], [4], [0], inputs=1, outputs=1)
    with pytest.raises(ValueError, match=match):
        linearize(population, states, inputs)


def test_networks_of_different_sizes_go_one_at_a_time():
    population = Population.create(["gru"], ["tanh"], [3, 4], [0], inputs=1, outputs=1)
    with pytest.raises(ValueError, match=r"differ in state size \(\[3, 4\]\)"):
        linearize(population, np.zeros((2, 1, 4)), [0.0])
