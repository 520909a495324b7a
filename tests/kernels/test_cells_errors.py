"""What the native cells refuse, and how they say it."""

from __future__ import annotations

import numpy as np
import pytest
from reference.networks import random_networks

from pyrnnsim import _core

SPEC = {"cell": "gru", "activation": "tanh"}


@pytest.fixture
def params(rng):
    return random_networks(rng, SPEC, networks=2, units=4, inputs=3, outputs=3, dtype=np.float32)


def train(params, *, spec=None, slots=None, hyper=None, task=None):
    if slots is None:
        slots = {order: {name: np.zeros_like(value) for name, value in params.items()} for order in ("first", "second")}
    hyper = {"optimizer": "adam", "batch": 2, "iterations": 1, "learning_rate": np.ones(2)} | (hyper or {})
    task = {"kind": "flip_flop", "steps": 5, "numbers": (3, 0.1), "seeds": np.arange(2, dtype=np.uint64)} | (task or {})
    return _core.cell_train({**SPEC, **(spec or {})}, params, slots, hyper, task, 1)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"cell": "rnn"}, r"spec\['cell'\] must be one of 'vanilla', 'ugrnn', 'gru', 'lstm', got 'rnn'"),
        ({"activation": "elu"}, r"spec\['activation'\] must be one of 'tanh', 'relu', got 'elu'"),
        ({"candidate": "sigmoid"}, r"spec\['candidate'\] is an option of the lstm only"),
        ({"cell": "vanilla", "reset_after": True}, r"spec\['reset_after'\] is an option of the gru only"),
        (
            {"cell": "lstm"},
            r"params\['w_rec'\] must be \(networks, 4, units, units\) for this cell, got \(2, 3, 4, 4\)",
        ),
        ({"reset_after": True}, r"params has no 'b_rec'"),
    ],
)
def test_cells(params, spec, message):
    with pytest.raises(ValueError, match=message):
        train(params, spec=spec)


@pytest.mark.parametrize("name", ["w_rec", "w_in", "b", "w_out", "b_out", "h0"])
def test_shapes_and_types_of_parameters(params, name):
    good = params[name]
    for bad in (good[..., :1, :1] if name == "w_rec" else good[:1], good.astype(float)):
        params[name] = np.ascontiguousarray(bad)
        with pytest.raises(ValueError, match=r"params\['\w+'\] must be"):
            train(params)
    params[name] = good.astype(good.dtype.newbyteorder())
    with pytest.raises(ValueError, match="must be a C-contiguous float"):
        train(params)
    params[name] = good.copy()
    params[name].flags.writeable = False
    with pytest.raises(ValueError, match=rf"params\['{name}'\] must be writable"):
        train(params)
    del params[name]
    with pytest.raises(ValueError, match=f"cell_train: params has no '{name}'"):
        train(params)


def test_a_failed_call_changes_nothing(params):
    before = {name: value.copy() for name, value in params.items()}
    with pytest.raises(ValueError, match="clip"):
        train(params, hyper={"clip": np.array([1.0, -1.0])})
    for name, value in before.items():
        np.testing.assert_array_equal(params[name], value)


@pytest.mark.parametrize(
    ("hyper", "error", "message"),
    [
        ({"optimizer": "lion"}, ValueError, "must be one of 'sgd', 'adam', got 'lion'"),
        ({"learning_rate": np.ones(3)}, ValueError, r"must be \(2,\), one value per network, got \(3,\)"),
        ({"learning_rate": ["a", "b"]}, TypeError, "must hold one number per network"),
        ({"decay_steps": np.zeros(2)}, ValueError, "must be positive, got 0.000000 for network 0"),
        ({"clip": np.array([1.0, 0.0])}, ValueError, "for network 1; use inf for no clipping"),
        ({"batch": 0}, ValueError, "must be at least 1, got 0"),
        ({"batch": 2.5}, TypeError, "must be a whole number, got 2.5"),
        ({"iterations": -1}, ValueError, "must be 0 or more"),
        ({"decay_kind": "cosine"}, ValueError, "must be one of 'none', 'exponential', 'linear', got 'cosine'"),
    ],
)
def test_hyper_parameters(params, hyper, error, message):
    with pytest.raises(error, match=message):
        train(params, hyper=hyper)


def test_slots(params):
    slots = {"first": {name: np.zeros_like(value) for name, value in params.items()}}
    with pytest.raises(ValueError, match="cell_train: slots has no 'second'"):
        train(params, slots=slots)
    train(params, slots=slots, hyper={"optimizer": "sgd"})
    slots["first"]["h0"] = slots["first"]["h0"][:1]
    with pytest.raises(
        ValueError, match=r"slots\['first'\]\['h0'\] must be a C-contiguous float32 array of shape \(2, 4\)"
    ):
        train(params, slots=slots, hyper={"optimizer": "sgd"})


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"numbers": (2, 0.1)}, r"the task has 2 inputs, but params\['w_in'\] has 3"),
        ({"kind": "chess"}, "chess"),
        ({"seeds": np.zeros(1, np.uint64)}, r"task\['seeds'\] must be \(2,\), one value per network, got \(1,\)"),
        ({"kind": "arrays", "inputs": np.zeros((1, 2, 5)), "targets": np.zeros((1, 2, 5, 3))}, "must have four axes"),
    ],
)
def test_tasks(params, task, message):
    with pytest.raises(ValueError, match=message):
        train(params, task=task)


def test_arrays_of_trials(params):
    inputs, targets = np.zeros((1, 2, 5, 3), np.float32), np.zeros((1, 2, 5, 3), np.float32)
    task = {"kind": "arrays", "inputs": inputs, "targets": targets}
    train(params, task=task)
    with pytest.raises(ValueError, match=r"must be a C-contiguous float32 array of shape \(1, 2, 5, 3\), got float64"):
        train(params, task={**task, "inputs": inputs.astype(float)})
    with pytest.raises(ValueError, match=r"task\['targets'\] must be .* got float32 \(1, 2, 4, 3\)"):
        train(params, task={**task, "targets": targets[:, :, :4].copy()})
    with pytest.raises(ValueError, match=r"task\['mask'\] must be a C-contiguous bool array of shape \(1, 2, 5, 3\)"):
        train(params, task={**task, "mask": np.ones((1, 2, 5, 3))})
    with pytest.raises(ValueError, match="must leave something to learn: iteration 0 is all False"):
        train(params, task={**task, "mask": np.zeros((1, 2, 5, 3), bool)})


def test_building_blocks(params):
    inputs = np.zeros((2, 3, 4, 3), np.float32)
    states = _core.cell_rollout(SPEC, params, inputs, 1)
    with pytest.raises(ValueError, match=r"cell_rollout: inputs must be for 1 or 2 networks, got 3"):
        _core.cell_rollout(SPEC, params, np.zeros((3, 3, 4, 3), np.float32), 1)
    with pytest.raises(ValueError, match=r"cell_rollout: inputs must be a C-contiguous float32 array"):
        _core.cell_rollout(SPEC, params, inputs[..., :2].copy(), 1)
    with pytest.raises(
        ValueError, match=r"cell_rollout: initial must be .* of shape \(2, 3, 4\), got float32 \(2, 2, 4\)"
    ):
        _core.cell_rollout(SPEC, params, inputs, 1, initial=states[:, :2, 0].copy())
    with pytest.raises(ValueError, match=r"cell_backward: grad_states must be .* got float64"):
        _core.cell_backward(SPEC, params, inputs, states, states.astype(float), 1)
    with pytest.raises(ValueError, match="cell_step: states must have 3 axes"):
        _core.cell_step(SPEC, params, states, inputs, 1)
    with pytest.raises(ValueError, match=r"cell_jacobian: inputs must be .* of shape \(2, 3, 3\)"):
        _core.cell_jacobian(SPEC, params, states[:, :, 0].copy(), inputs[:, :2, 0].copy(), 1)
    with pytest.raises(ValueError, match="states must be a NumPy array"):
        _core.cell_step(SPEC, params, [[1.0]], inputs, 1)
