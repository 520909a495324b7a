"""A network's training depends on nothing but itself: company, order, threads, splitting, and failures next door."""

from __future__ import annotations

import numpy as np
import pytest
from reference.networks import SPECS, label, random_networks

from pyrnnsim import _core

every_cell = pytest.mark.parametrize("spec", SPECS, ids=label)
VANILLA = {"cell": "vanilla", "activation": "relu"}
OPTIONS = {
    "learning_rate": [0.05, 0.02, 0.1],
    "momentum": [0.9, 0.5, 0.0],
    "clip": [0.5, np.inf, 1.0],
    "l2": [1e-3, 0, 1],
}


def flip_flop(seeds, steps=12):
    return {"kind": "flip_flop", "steps": steps, "numbers": (3, 0.1), "seeds": np.array(seeds, np.uint64)}


def networks(rng, spec, dtype, count=3):
    return random_networks(rng, spec, networks=count, units=21, inputs=3, outputs=3, dtype=dtype)


def chosen(params, which):
    return {name: np.ascontiguousarray(value[which]) for name, value in params.items()}


def new_slots(params):
    return {order: {name: np.zeros_like(value) for name, value in params.items()} for order in ("first", "second")}


def train(spec, params, task, which=(0, 1, 2), *, iterations=4, first=0, slots=None, n_jobs=1, **options):
    """Trains in place the networks that are the positions ``which`` of OPTIONS."""
    which = list(which)
    hyper = {"optimizer": "adam", "batch": 9, "iterations": iterations, "first_iteration": first}
    hyper |= {name: np.array(value, float)[which] for name, value in OPTIONS.items()}
    hyper |= {"decay_kind": "exponential", "decay": np.full(len(which), 0.5), "decay_steps": np.full(len(which), 3.0)}
    return _core.cell_train(spec, params, slots or new_slots(params), {**hyper, **options}, task, n_jobs)


def assert_equal(got, expected):
    assert set(got) == set(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)


@every_cell
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_bits_depend_on_neither_company_nor_order_nor_threads(rng, dtype, spec, optimizer):
    start = networks(rng, spec, dtype)
    together = chosen(start, [0, 1, 2])
    result = train(spec, together, flip_flop([5, 6, 7]), optimizer=optimizer)
    assert np.isfinite(result["loss"]).all()
    for which in ([0], [1], [2], [2, 0]):
        apart = chosen(start, which)
        seeds = np.array([5, 6, 7])[which]
        alone = train(spec, apart, flip_flop(seeds), which, optimizer=optimizer, n_jobs=2)
        assert_equal(apart, chosen(together, which))
        assert_equal(alone, chosen(result, which))


@every_cell
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_split_calls_equal_one_call(rng, dtype, spec, optimizer):
    start = networks(rng, spec, dtype)
    once, pieces = chosen(start, [0, 1, 2]), chosen(start, [0, 1, 2])
    whole_slots, slots = new_slots(once), new_slots(pieces)
    whole = train(spec, once, flip_flop([5, 6, 7]), iterations=5, slots=whole_slots, optimizer=optimizer)
    losses = [
        train(spec, pieces, flip_flop([5, 6, 7]), iterations=n, first=i, slots=slots, optimizer=optimizer)["loss"]
        for i, n in [(0, 2), (2, 1), (3, 2)]
    ]
    np.testing.assert_array_equal(np.concatenate(losses, axis=1), whole["loss"])
    assert_equal(pieces, once)
    for order in slots:
        assert_equal(slots[order], whole_slots[order])


@pytest.mark.parametrize(
    ("kind", "numbers", "steps", "sizes"),
    [
        ("flip_flop", (3, 0.05), 20, (3, 3)),
        ("sine_wave", (0.01, 0.04), 30, (1, 1)),
        ("context_integration", (2, 1, 1, 0.1), 10, (4, 1)),
        ("ready_set_go", (5, 5, 10, 5, 10), 40, (2, 1)),
    ],
)
def test_generated_trials_are_those_of_the_task(rng, dtype, kind, numbers, steps, sizes):
    params = random_networks(rng, VANILLA, networks=1, units=10, inputs=sizes[0], outputs=sizes[1], dtype=dtype)
    given = chosen(params, [0])
    task = {"kind": kind, "steps": steps, "numbers": numbers, "seeds": np.array([77], np.uint64)}
    inside = train(VANILLA, params, task, [1], iterations=3, first=4)
    batches = [_core.task_trials(kind, steps, numbers, 77, i, 0, 9, dtype) for i in (4, 5, 6)]
    arrays = {
        "kind": "arrays",
        "inputs": np.stack([b[0] for b in batches]),
        "targets": np.stack([b[1] for b in batches]),
    }
    outside = train(VANILLA, given, arrays, [1], iterations=3, first=4)
    assert_equal(outside, inside)
    assert_equal(given, params)


@pytest.mark.parametrize("poison", [np.nan, np.inf, 3e38])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_divergence_stays_in_its_network(rng, activation, poison):
    spec = {"cell": "gru", "activation": activation}
    start = networks(rng, spec, np.dtype(np.float32))
    healthy, sick = chosen(start, [0, 1, 2]), chosen(start, [0, 1, 2])
    sick["w_out"][1, 0, 4] = poison
    before = chosen(sick, [1])
    expected = train(spec, healthy, flip_flop([5, 6, 7]), first=10)
    result = train(spec, sick, flip_flop([5, 6, 7]), first=10)
    np.testing.assert_array_equal(result["diverged_at"], [-1, 10, -1])
    assert np.isnan(result["loss"][1]).all()
    assert np.isnan(result["gradient_norm"][1]).all()
    assert_equal(chosen(sick, [1]), before)
    assert_equal(chosen(sick, [0, 2]), chosen(healthy, [0, 2]))
    np.testing.assert_array_equal(result["loss"][[0, 2]], expected["loss"][[0, 2]])


def test_divergence_on_the_way_keeps_the_last_finite_parameters(rng):
    start = networks(rng, VANILLA, np.dtype(np.float32), 1)
    options = {"optimizer": "sgd", "learning_rate": np.array([1e6]), "clip": np.array([1e30])}
    params = chosen(start, [0])
    result = train(VANILLA, params, flip_flop([5]), [1], iterations=20, **options)
    at = int(result["diverged_at"][0])
    assert 0 < at < 20
    assert np.isfinite(result["loss"][0, :at]).all()
    assert np.isnan(result["loss"][0, at:]).all()
    again = chosen(start, [0])
    train(VANILLA, again, flip_flop([5]), [1], iterations=at, **options)
    assert_equal(params, again)


def test_a_network_stops_below_its_loss(rng, dtype):
    start = networks(rng, VANILLA, dtype)
    free = chosen(start, [0, 1, 2])
    losses = train(VANILLA, free, flip_flop([5, 6, 7]), iterations=6, first=3)["loss"]
    limit = np.array([-np.inf, np.sort(losses[1])[2], np.inf])
    params = chosen(start, [0, 1, 2])
    result = train(VANILLA, params, flip_flop([5, 6, 7]), iterations=6, first=3, until_loss=limit)
    first = int(np.argmax(losses[1] < limit[1]))
    np.testing.assert_array_equal(result["stopped_at"], [-1, 3 + first, 3])
    np.testing.assert_array_equal(result["loss"][1, : first + 1], losses[1, : first + 1])
    assert np.isnan(result["loss"][1, first + 1 :]).all()
    assert np.isfinite(result["gradient_norm"][1, first])
    assert_equal(chosen(params, [0]), chosen(free, [0]))
    assert_equal(chosen(params, [2]), chosen(start, [2]))


def test_inactive_networks_are_left_alone(rng, dtype):
    start = networks(rng, VANILLA, dtype)
    params = chosen(start, [0, 1, 2])
    result = train(VANILLA, params, flip_flop([5, 6, 7]), active=np.array([True, False, True]))
    assert_equal(chosen(params, [1]), chosen(start, [1]))
    assert np.isnan(result["loss"][1]).all()
    assert np.isfinite(result["loss"][[0, 2]]).all()
    np.testing.assert_array_equal(result["diverged_at"], [-1, -1, -1])


@pytest.mark.parametrize("count", [0, 1])
def test_no_network_and_no_iteration_are_allowed(rng, dtype, count):
    params = networks(rng, VANILLA, dtype, count)
    before = chosen(params, slice(None))
    result = train(VANILLA, params, flip_flop([5] * count), range(count), iterations=0)
    assert result["loss"].shape == (count, 0)
    assert_equal(params, before)


def test_denormal_settings_of_the_calling_thread_return(rng):
    train(VANILLA, networks(rng, VANILLA, np.dtype(np.float32)), flip_flop([5, 6, 7]))
    assert np.float32(1e-38) * np.float32(0.1) > 0
