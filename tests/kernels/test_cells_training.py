"""Training in the native loop against automatic differentiation and plain PyTorch on the same trials."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reference import cells, torch_cells
from reference.networks import SPECS, label, random_networks

from pyrnnsim import _core

every_cell = pytest.mark.parametrize("spec", SPECS, ids=label)
VANILLA = {"cell": "vanilla", "activation": "tanh"}
#: units, inputs, outputs, trials, steps
SIZES = [(3, 2, 1, 5, 4), (65, 3, 3, 7, 3), (20, 1, 2, 64, 5), (64, 3, 3, 70, 2), (50, 4, 17, 1, 1), (1, 0, 1, 1, 2)]


def problem(rng, spec, sizes, *, dtype=float, networks=1, iterations=1):
    units, inputs, outputs, trials, steps = sizes
    params = random_networks(rng, spec, networks=networks, units=units, inputs=inputs, outputs=outputs, dtype=dtype)
    x = rng.normal(size=(iterations, trials, steps, inputs)).astype(dtype)
    return params, {"kind": "arrays", "inputs": x, "targets": rng.normal(size=(*x.shape[:3], outputs)).astype(dtype)}


def copies(params):
    return {name: value.copy() for name, value in params.items()}


def new_slots(params):
    return {order: {name: np.zeros_like(value) for name, value in params.items()} for order in ("first", "second")}


def train(spec, params, task, iterations, *, slots=None, batch=None, n_jobs=1, **options):
    """Trains copies; returns the result, the trained parameters and the slots."""
    params, networks = copies(params), len(params["w_rec"])
    slots = new_slots(params) if slots is None else {order: copies(value) for order, value in slots.items()}
    options = {"optimizer": "sgd", "learning_rate": 0.01, **options}
    hyper = {name: np.full(networks, value) if isinstance(value, float) else value for name, value in options.items()}
    if "loss_factor" in options:
        hyper["loss_factor"] = options["loss_factor"]
    hyper |= {"batch": task["inputs"].shape[1] if batch is None else batch, "iterations": iterations}
    return _core.cell_train(spec, params, slots, hyper, task, n_jobs), params, slots


def assert_equal(got, expected):
    assert set(got) == set(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)


def gradients(params, spec, task, mask=None, k=0):
    net = torch_cells.tensors(params, k)
    loss = torch_cells.loss(spec, net, task["inputs"][0], task["targets"][0], mask)
    values = torch.autograd.grad(loss, list(net.values()))
    return loss.item(), {name: value.numpy() for name, value in zip(net, values, strict=True)}


@every_cell
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("masked", [False, True])
def test_loss_and_gradients_equal_autograd(rng, spec, sizes, masked):
    params, task = problem(rng, spec, sizes)
    mask = None
    if masked:
        mask = rng.random(task["targets"].shape) < 0.6
        mask[0, 0, 0, 0] = True
        task["mask"] = mask
    loss, expected = gradients(params, spec, task, mask[0] if masked else None)
    result, _, slots = train(spec, params, task, 1)
    norm = np.sqrt(sum((value**2).sum() for value in expected.values()))
    assert result["loss"][0, 0] == pytest.approx(loss, rel=1e-13)
    assert result["gradient_norm"][0, 0] == pytest.approx(norm, rel=1e-12)
    largest = max(np.abs(value).max(initial=0) for value in expected.values())
    for name, value in expected.items():
        np.testing.assert_allclose(slots["first"][name][0], value, rtol=0, atol=1e-13 * largest, err_msg=name)


@every_cell
def test_loss_equals_the_definition(rng, spec):
    params, task = problem(rng, spec, (4, 2, 3, 6, 5))
    mask = rng.random(task["targets"].shape) < 0.5
    net = {name: value[0] for name, value in params.items()}
    expected = cells.loss(spec, net, task["inputs"][0], task["targets"][0], mask[0])
    result, *_ = train(spec, params, {**task, "mask": mask}, 1)
    assert result["loss"][0, 0] == pytest.approx(expected, rel=1e-13)


@every_cell
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_ten_iterations_agree_with_plain_pytorch(rng, dtype, spec, optimizer):
    params, task = problem(rng, spec, (24, 3, 2, 16, 12), dtype=dtype, iterations=10)
    params["w_rec"] *= 0.5
    clip, rate = 0.7, 0.02 if optimizer == "sgd" else 0.002
    result, trained, _ = train(spec, params, task, 10, optimizer=optimizer, learning_rate=rate, momentum=0.9, clip=clip)
    net = torch_cells.tensors(params)
    leaves = list(net.values())
    rival = torch.optim.SGD(leaves, rate, momentum=0.9) if optimizer == "sgd" else torch.optim.Adam(leaves, rate)
    batches = list(zip(task["inputs"], task["targets"], strict=True))
    losses = list(torch_cells.training(spec, net, batches, rival, clip))
    single = dtype == np.float32
    np.testing.assert_allclose(result["loss"][0], losses, rtol=1e-6 if single else 1e-13)
    for name, value in net.items():
        np.testing.assert_allclose(
            trained[name][0], value.detach(), rtol=0, atol=2e-6 if single else 1e-13, err_msg=name
        )


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("kind", ["none", "exponential", "linear"])
def test_updates_follow_their_definition(rng, optimizer, kind):
    params, task = problem(rng, VANILLA, (5, 2, 1, 4, 3), iterations=6)
    task = {name: value if name == "kind" else np.repeat(value[:1], 6, axis=0) for name, value in task.items()}
    options = {"optimizer": optimizer, "decay_kind": kind, "decay": 0.3, "decay_steps": 4.0, "momentum": 0.5}
    options |= {"clip": 0.05, "learning_rate": 0.1}
    slots, current = new_slots(params), params
    seen, expected = [], []
    for i in range(6):
        _, grad = gradients(current, VANILLA, task)
        seen.append(grad)
        rate = cells.learning_rate(kind, 0.1, 0.3, 4.0, i)
        _, following, slots = train(VANILLA, current, task_of(task, i), 1, slots=slots, first_iteration=i, **options)
        start = {name: value[0] for name, value in current.items()}
        expected = moved(start, seen, optimizer, rate)
        for name, value in expected.items():
            np.testing.assert_allclose(following[name][0], value, rtol=0, atol=1e-14, err_msg=name)
        current = following


def task_of(task, i, count=1):
    return {name: value if name == "kind" else value[i : i + count] for name, value in task.items()}


def moved(start, grads, optimizer, rate):
    """Parameters after the last of the gradients, whose moments all of them have formed."""
    zero = {name: np.zeros_like(value) for name, value in start.items()}
    settings = {"rate": rate, "momentum": 0.5, "clip": 0.05}
    *_, before, after = [zero, *cells.updates(grads, zero, optimizer, **settings)]
    return {name: start[name] + after[name] - before[name] for name in start}


@pytest.mark.parametrize("form", ["half", "full"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("on", ["weights", "all"])
def test_every_form_of_the_penalty(rng, form, after, on):
    params, task = problem(rng, VANILLA, (5, 2, 1, 4, 3))
    options = {"l2": 0.1, "l2_form": form, "l2_on": on, "clip_after_l2": after, "clip": 0.3}
    result, _, slots = train(VANILLA, params, task, 1, **options)
    _, grad = gradients(params, VANILLA, task)
    punished = params if on == "all" else {"w_rec", "w_in", "w_out"}
    factor = 0.1 if form == "half" else 0.2
    penalty = {name: factor * params[name][0] * (name in punished) for name in grad}
    clipped = {name: grad[name] + penalty[name] * after for name in grad}
    norm = np.sqrt(sum((value**2).sum() for value in clipped.values()))
    assert norm > 0.3
    assert result["gradient_norm"][0, 0] == pytest.approx(norm)
    for name, value in clipped.items():
        expected = value * 0.3 / norm + penalty[name] * (not after)
        np.testing.assert_allclose(slots["first"][name][0], expected, rtol=0, atol=1e-15, err_msg=name)


def test_loss_factor_scales_loss_and_gradient(rng):
    params, task = problem(rng, VANILLA, (5, 2, 1, 4, 3))
    one, _, slots = train(VANILLA, params, task, 1)
    half, _, half_slots = train(VANILLA, params, task, 1, loss_factor=0.5)
    assert half["loss"][0, 0] == one["loss"][0, 0] / 2
    assert half["gradient_norm"][0, 0] == pytest.approx(one["gradient_norm"][0, 0] / 2)
    np.testing.assert_allclose(half_slots["first"]["w_rec"], slots["first"]["w_rec"] / 2)


def test_h0_stays_where_it_is_not_trained(rng):
    params, task = problem(rng, VANILLA, (5, 2, 1, 4, 3))
    result, trained, slots = train(VANILLA, params, task, 1, train_h0=False, l2=0.1, l2_on="all")
    _, grad = gradients(params, VANILLA, task)
    np.testing.assert_array_equal(trained["h0"], params["h0"])
    assert not slots["first"]["h0"].any()
    norm = np.sqrt(sum((value**2).sum() for name, value in grad.items() if name != "h0"))
    assert result["gradient_norm"][0, 0] == pytest.approx(norm)


def test_masked_targets_may_be_anything(rng, dtype):
    params, task = problem(rng, VANILLA, (5, 2, 2, 4, 3), dtype=dtype)
    task["mask"] = rng.random(task["targets"].shape) < 0.5
    expected = train(VANILLA, params, task, 1)
    task["targets"][~task["mask"]] = np.nan
    got = train(VANILLA, params, task, 1)
    assert_equal(got[1], expected[1])
    assert got[0]["loss"][0, 0] == expected[0]["loss"][0, 0]
