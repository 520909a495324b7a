"""Gradients and Jacobians of the cells against automatic differentiation and against differences of the definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reference import cells, torch_cells
from reference.networks import SPECS, label, random_networks

from pyrnnsim import _core

every_cell = pytest.mark.parametrize("spec", SPECS, ids=label)
#: units, trials, steps, inputs
SIZES = [(3, 5, 4, 2), (20, 64, 5, 1), (65, 70, 3, 3), (64, 1, 1, 17), (1, 3, 2, 0)]


def problem(rng, spec, sizes, dtype=float, networks=1):
    units, trials, steps, inputs = sizes
    params = random_networks(rng, spec, networks=networks, units=units, inputs=inputs, outputs=1, dtype=dtype)
    del params["w_out"], params["b_out"]
    x = rng.normal(size=(networks, trials, steps, inputs)).astype(dtype)
    return params, x, rng.normal(size=(networks, trials, steps, params["h0"].shape[1])).astype(dtype)


def by_autograd(spec, params, inputs, grad_states, k, initial=None):
    net = torch_cells.tensors({name: value.astype(float) for name, value in params.items()}, k)
    leaves = {**net, "inputs": torch.tensor(inputs[k].astype(float), requires_grad=True)}
    if initial is not None:
        del leaves["h0"]
        leaves["initial"] = torch.tensor(initial[k], requires_grad=True)
    visited = torch_cells.states(spec, net, leaves["inputs"], net["h0"] if initial is None else leaves["initial"])
    total = (visited * torch.tensor(grad_states[k].astype(float))).sum()
    values = torch.autograd.grad(total, list(leaves.values()), materialize_grads=True)
    return {name: value.numpy() for name, value in zip(leaves, values, strict=True)}


def assert_gradients(got, expected, k, tolerance):
    assert set(got) == set(expected)
    largest = max(np.abs(value).max(initial=0) for value in expected.values())
    for name, value in expected.items():
        np.testing.assert_allclose(got[name][k], value, rtol=0, atol=tolerance * largest, err_msg=name)


@every_cell
@pytest.mark.parametrize("sizes", SIZES)
def test_gradients_equal_autograd(rng, spec, sizes):
    params, inputs, grad_states = problem(rng, spec, sizes, networks=2)
    states = _core.cell_rollout(spec, params, inputs, 1)
    got = _core.cell_backward(spec, params, inputs, states, grad_states, 1)
    for k in range(2):
        assert_gradients(got, by_autograd(spec, params, inputs, grad_states, k), k, 1e-13)


@every_cell
def test_gradients_of_given_initial_states(rng, spec):
    params, inputs, grad_states = problem(rng, spec, (7, 66, 3, 2))
    initial = rng.normal(size=(1, 66, params["h0"].shape[1]))
    states = _core.cell_rollout(spec, params, inputs, 1, initial=initial)
    got = _core.cell_backward(spec, params, inputs, states, grad_states, 1, initial=initial)
    assert_gradients(got, by_autograd(spec, params, inputs, grad_states, 0, initial), 0, 1e-13)


@every_cell
def test_float32_gradients_are_as_good_as_float32_allows(rng, spec):
    params, inputs, grad_states = problem(rng, spec, (64, 64, 100, 3), np.float32)
    params["w_rec"] *= 0.3  # trajectories must not part: what is tested is rounding, not its growth by chaos
    states = _core.cell_rollout(spec, params, inputs, 1)
    got = _core.cell_backward(spec, params, inputs, states, grad_states, 1)
    expected = by_autograd(spec, params, inputs, grad_states, 0)
    for name, value in expected.items():
        error = np.abs(got[name][0] - value).max() / np.abs(value).max()
        assert error < (1e-6 if name != "inputs" else 3e-6), (name, error)


@every_cell
def test_backward_bits_do_not_depend_on_threads_or_company(rng, dtype, spec):
    params, inputs, grad_states = problem(rng, spec, (21, 70, 4, 2), dtype, networks=3)
    states = _core.cell_rollout(spec, params, inputs, 1)
    one, two = (_core.cell_backward(spec, params, inputs, states, grad_states, n) for n in (1, 2))
    alone = {name: value[1:2] for name, value in params.items()}
    single = _core.cell_backward(spec, alone, inputs[1:2], states[1:2], grad_states[1:2], 1)
    for name, value in one.items():
        np.testing.assert_array_equal(two[name], value)
        np.testing.assert_array_equal(single[name][0], value[1])


@every_cell
def test_jacobians_equal_autograd(rng, spec):
    params, inputs, states = problem(rng, spec, (19, 35, 1, 3), networks=2)
    states, inputs = np.ascontiguousarray(states[:, :, 0]), np.ascontiguousarray(inputs[:, :, 0])
    following, to_states, to_inputs = _core.cell_jacobian(spec, params, states, inputs, 2)
    np.testing.assert_array_equal(following, _core.cell_step(spec, params, states, inputs, 1))
    for k, p in [(0, 0), (1, 34)]:
        net = torch_cells.tensors(params, k)
        by_state, by_input = torch.autograd.functional.jacobian(
            lambda s, x, net=net: torch_cells.step(spec, net, s[None], x[None])[0],
            (torch.tensor(states[k, p]), torch.tensor(inputs[k, p])),
        )
        np.testing.assert_allclose(to_states[k, p], by_state, rtol=0, atol=1e-14)
        np.testing.assert_allclose(to_inputs[k, p], by_input, rtol=0, atol=1e-14)


@every_cell
@pytest.mark.parametrize("inputs", [0, 2])
def test_jacobians_equal_differences_of_the_definition(rng, dtype, spec, inputs):
    params, x, states = problem(rng, spec, (4, 3, 1, inputs), dtype)
    states, x = np.ascontiguousarray(states[:, :, 0]), np.ascontiguousarray(x[:, :, 0])
    _, to_states, to_inputs = _core.cell_jacobian(spec, params, states, x, 1)
    net = {name: value[0].astype(float) for name, value in params.items()}
    tolerance = 3e-6 if dtype == np.float32 else 1e-11
    for p in range(3):
        by_state, by_input = cells.jacobians(spec, net, states[0, p].astype(float), x[0, p].astype(float))
        np.testing.assert_allclose(to_states[0, p], by_state, rtol=0, atol=tolerance)
        np.testing.assert_allclose(to_inputs[0, p], by_input, rtol=0, atol=tolerance)


def test_the_slope_of_relu_at_zero_is_zero():
    spec = {"cell": "vanilla", "activation": "relu"}
    params = {
        "w_rec": np.ones((1, 1, 2, 2)),
        "w_in": np.ones((1, 1, 2, 1)),
        "b": np.array([[[0.0, 1.0]]]),
        "h0": np.zeros((1, 2)),
    }
    _, to_states, to_inputs = _core.cell_jacobian(spec, params, np.zeros((1, 1, 2)), np.zeros((1, 1, 1)), 1)
    np.testing.assert_array_equal(to_states[0, 0], [[0, 0], [1, 1]])
    np.testing.assert_array_equal(to_inputs[0, 0], [[0], [1]])
