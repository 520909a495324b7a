"""States and single steps of the cells against the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from reference import cells
from reference.networks import SPECS, label, random_networks

from pyrnnsim import _core

every_cell = pytest.mark.parametrize("spec", SPECS, ids=label)
#: networks, units, trials, steps, inputs: single, odd, around the tile sizes, and nothing at all.
SIZES = [(2, 3, 5, 4, 2), (1, 20, 64, 3, 1), (1, 50, 7, 2, 3), (1, 65, 70, 2, 3), (1, 130, 1, 3, 17), (1, 1, 1, 1, 0)]
EMPTY = [(0, 4, 3, 2, 1), (2, 4, 0, 2, 1), (2, 4, 3, 0, 1)]
TOLERANCE = {np.dtype(np.float32): 4e-6, np.dtype(np.float64): 2e-14}


def problem(rng, spec, sizes, dtype):
    networks, units, trials, steps, inputs = sizes
    params = random_networks(rng, spec, networks=networks, units=units, inputs=inputs, outputs=2, dtype=dtype)
    return params, rng.normal(size=(networks, trials, steps, inputs)).astype(dtype)


def network(params, k):
    return {name: value[k].astype(float) for name, value in params.items()}


@every_cell
@pytest.mark.parametrize("sizes", SIZES)
def test_states_follow_the_definition(rng, dtype, spec, sizes):
    params, inputs = problem(rng, spec, sizes, dtype)
    states = _core.cell_rollout(spec, params, inputs, 1)
    assert states.dtype == dtype
    for k in range(len(inputs)):
        expected = cells.rollout(spec, network(params, k), inputs[k].astype(float))
        np.testing.assert_allclose(states[k], expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@every_cell
@pytest.mark.parametrize("sizes", EMPTY)
def test_nothing_in_nothing_out(rng, dtype, spec, sizes):
    params, inputs = problem(rng, spec, sizes, dtype)
    states = _core.cell_rollout(spec, params, inputs, 2)
    assert states.shape == (*inputs.shape[:3], params["h0"].shape[1])
    gradients = _core.cell_backward(spec, params, inputs, states, np.zeros_like(states), 2)
    assert {name: value.shape for name, value in gradients.items()} == {
        "inputs": inputs.shape,
        **{name: value.shape for name, value in params.items() if name not in {"w_out", "b_out"}},
    }
    assert not any(value.any() for value in gradients.values())


@every_cell
def test_initial_states_take_the_place_of_h0(rng, spec):
    params, inputs = problem(rng, spec, (2, 5, 3, 4, 2), float)
    initial = rng.normal(size=(2, 3, params["h0"].shape[1]))
    states = _core.cell_rollout(spec, params, inputs, 1, initial=initial)
    for k in range(2):
        expected = cells.rollout(spec, network(params, k), inputs[k], initial[k])
        np.testing.assert_allclose(states[k], expected, rtol=0, atol=1e-13)


@every_cell
def test_a_step_is_a_rollout_of_length_one(rng, dtype, spec):
    params, _ = problem(rng, spec, (2, 9, 1, 1, 2), dtype)
    states = rng.normal(size=(2, 11, params["h0"].shape[1])).astype(dtype)
    inputs = rng.normal(size=(2, 11, 2)).astype(dtype)
    expected = _core.cell_rollout(spec, params, inputs[:, :, None], 1, initial=states)[:, :, 0]
    np.testing.assert_array_equal(_core.cell_step(spec, params, states, inputs, 1), expected)


@every_cell
def test_shared_inputs_are_everyones_inputs(rng, dtype, spec):
    params, inputs = problem(rng, spec, (3, 6, 4, 5, 2), dtype)
    repeated = np.repeat(inputs[:1], 3, axis=0)
    np.testing.assert_array_equal(
        _core.cell_rollout(spec, params, inputs[:1], 1), _core.cell_rollout(spec, params, repeated, 1)
    )


@every_cell
def test_bits_depend_on_no_neighbour_and_no_thread(rng, dtype, spec):
    params, inputs = problem(rng, spec, (3, 21, 130, 4, 2), dtype)
    states = _core.cell_rollout(spec, params, inputs, 1)
    np.testing.assert_array_equal(_core.cell_rollout(spec, params, inputs, 2), states)
    alone = {name: value[1:2] for name, value in params.items()}
    some = np.ascontiguousarray(inputs[1:2, 5:12])
    np.testing.assert_array_equal(_core.cell_rollout(spec, alone, some, 1)[0], states[1, 5:12])


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_extreme_inputs_saturate_and_nan_stays(dtype, activation):
    spec = {"cell": "vanilla", "activation": activation}
    params = {
        "w_rec": np.zeros((1, 1, 1, 1), dtype),
        "w_in": np.ones((1, 1, 1, 1), dtype),
        "b": np.zeros((1, 1, 1), dtype),
        "h0": np.zeros((1, 1), dtype),
    }
    x = np.array([-np.inf, -1e30, -9, -1e-30, 0, 1e-30, 9, 1e30, np.inf, np.nan], dtype)
    h = _core.cell_rollout(spec, params, x[None, :, None, None], 1)[0, :, 0, 0]
    expected = np.tanh(x) if activation == "tanh" else np.where(x < 0, 0, x)
    np.testing.assert_allclose(h, expected, rtol=4e-7 if dtype == np.float32 else 1e-15)
    assert np.nanmax(np.abs(h)) <= 1 or activation == "relu"


@pytest.mark.parametrize("cell", ["ugrnn", "lstm"])
def test_gates_keep_their_relative_accuracy_when_they_close(cell):
    """A unit that only forgets: h or c is the product of its gates' values, also where those are tiny."""
    spec = {"cell": cell, "activation": "tanh", "keep_bias": 0.0}
    gates, keep = (2, 1) if cell == "ugrnn" else (4, 2)
    params = {
        "w_rec": np.zeros((1, gates, 1, 1), np.float32),
        "w_in": np.zeros((1, gates, 1, 1), np.float32),
        "b": np.zeros((1, gates, 1), np.float32),
        "h0": np.ones((1, gates // 2), np.float32),
    }
    params["w_in"][0, keep] = 1
    x = np.linspace(-60, 5, 131, dtype=np.float32)
    state = _core.cell_rollout(spec, params, x[None, :, None, None], 1)[0, :, 0, 0]
    np.testing.assert_allclose(state, 1 / (1 + np.exp(-x.astype(float))), rtol=5e-7)
