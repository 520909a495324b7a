"""Limit cycles of populations: independence, tables, files, figures, bad input."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from dynamics.cases import vanilla
from matplotlib.figure import Figure

from pyrnnsim import LimitCycles, LimitCycleSet, Network, Population, find_limit_cycles
from pyrnnsim.figures import plot_cycle_shares, plot_limit_cycles
from pyrnnsim.tasks import FlipFlop, SineWave

FAST = {"transient": 300, "longest": 64}
INPUTS = [[0.0], [1.0]]


def assert_equal(a: LimitCycleSet, b: LimitCycleSet) -> None:
    for field in fields(LimitCycleSet):
        one, two = getattr(a, field.name), getattr(b, field.name)
        if isinstance(one, tuple):
            assert len(one) == len(two)
            for x, y in zip(one, two, strict=True):
                np.testing.assert_array_equal(x, y, err_msg=field.name)
        else:
            np.testing.assert_array_equal(one, two, err_msg=field.name)


@pytest.fixture(scope="module")
def population() -> Population:
    """Two widths, two cells, states of an lstm among them."""
    made = Population.create(["vanilla", "gru"], ["tanh"], [12], [0, 1], inputs=1, outputs=2, gain=2.0)
    turn = np.pi / 5
    weights = 1.4 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    named = {"w_rec": weights[None, None], "w_in": np.zeros((1, 1, 2, 1)), "w_out": np.eye(2)[None]}
    small = Population.from_arrays("vanilla", "tanh", **named, names=["decagon"])
    return made + small + Population.create(["lstm"], ["tanh"], [5], [0], inputs=1, outputs=2, gain=3.0)


@pytest.fixture(scope="module")
def found(population) -> LimitCycles:
    return find_limit_cycles(population, INPUTS, n_starts=6, n_jobs=1, **FAST)


def test_threads(population, found):
    again = find_limit_cycles(population, INPUTS, n_starts=6, n_jobs=3, **FAST)
    for k, c in np.ndindex(6, 2):
        assert_equal(found[k, c], again[k, c])


def test_other_networks_and_inputs(population, found):
    for k in (1, 4):
        alone = find_limit_cycles(population[[k]], INPUTS[1], n_starts=6, **FAST)
        assert_equal(alone[0, 0], found[k, 1])


def test_order_of_starts(population, rng):
    starts = rng.normal(size=(8, 12))
    one = find_limit_cycles(population[:4], [0.0], starts=starts, **FAST)
    two = find_limit_cycles(population[:4], [0.0], starts=starts[rng.permutation(8)], **FAST)
    for k in range(4):
        assert_equal(one[k, 0], two[k, 0])


def test_callers_arrays_and_generators_are_untouched(population):
    starts = np.random.default_rng(0).normal(size=(3, 2))
    before, state = starts.copy(), np.random.get_state()[1].copy()
    find_limit_cycles(population[[4]], INPUTS, starts=starts, **FAST)
    np.testing.assert_array_equal(starts, before)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_every_start_is_counted_once(found):
    assert sum(len(one) for row in found for one in row) >= 2  # not about nothing
    for row in found:
        for one in row:
            assert one.basin.sum() + one.at_rest + one.diverged + one.unsettled == one.starts == 6
            assert sum(one.shares.values()) == pytest.approx(1)


def test_orbits_are_orbits_of_their_networks(population, found):
    for k, network in enumerate(population):
        for one in found[k]:
            for i in np.flatnonzero(one.periodic):
                assert len(one.orbits[i]) == one.periods[i]
                readout = one.orbits[i] @ network.parameters["w_out"].T.astype(float) + network.parameters["b_out"]
                np.testing.assert_allclose(one.outputs[i], readout, atol=1e-12)
                assert one.multipliers[i].shape == (network.state_size,) and one.residual[i] < 1e-9


def test_tables(found):
    frame = found.frame
    assert len(frame) == 12 and list(frame["condition"][:2]) == [0, 1]
    one = found[4, 0]
    assert len(one.frame) == len(one) and "% orbit" in str(one) and "condition" in str(found)
    assert found.names[4] == "decagon" and [row[0].name for row in found] == list(found.names)
    assert repr(found).startswith("<LimitCycles of 6 networks at 2 inputs") and "'decagon'" in repr(one)


def test_files(found, tmp_path):
    found.save(tmp_path / "cycles")
    again = LimitCycles.load(tmp_path / "cycles")
    np.testing.assert_array_equal(again.inputs, found.inputs)
    assert again.settings == found.settings
    for k, c in np.ndindex(6, 2):
        assert_equal(found[k, c], again[k, c])
    content = bytearray((tmp_path / "cycles").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "cycles").write_bytes(bytes(content))
    with pytest.raises(ValueError, match="damaged"):
        LimitCycles.load(tmp_path / "cycles")


def test_figures(found):
    assert found.plot().axes and found[4, 0].plot().axes
    nothing = find_limit_cycles(vanilla([[0.5]], [0.1]), starts=[[0.0]])
    assert plot_limit_cycles(nothing[0, 0]).axes and plot_cycle_shares(nothing).axes
    two_cycle = find_limit_cycles(vanilla([[-2.0]], [0.0]), starts=[[0.3]])[0, 0]
    axes = Figure().add_subplot()
    assert plot_limit_cycles(two_cycle, ax=axes) is axes.get_figure()
    assert len(axes.lines) == 1


def test_a_task_gives_inputs_and_starts():
    task = SineWave(steps=40)
    population = Population.create(["gru"], ["tanh"], [6], [0], task=task)
    found = find_limit_cycles(population, task=task, n_starts=3, **FAST)
    np.testing.assert_array_equal(found.inputs, task.condition_inputs())


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"starts": np.zeros((0, 12))}, ValueError, "starts of network .* are empty; give at least one state"),
        ({"starts": np.zeros((3, 5))}, ValueError, r"\(n, S\) with S = 12 .*got shape \(3, 5\)"),
        ({"starts": np.full((1, 12), np.nan)}, ValueError, "hold NaN or infinity"),
        ({"inputs": [0.0, 1.0]}, ValueError, "network 0 .* takes M = 1 inputs"),
        ({"inputs": [np.inf]}, ValueError, "inputs hold NaN or infinity"),
        ({"n_starts": 0}, ValueError, "n_starts must be an int from 1"),
        ({"noise": -1.0}, ValueError, "noise must be a finite number of at least 0"),
        ({"transient": 0}, ValueError, "transient must be an int from 1"),
        ({"longest": 1}, ValueError, "longest must be an int from 2"),
        ({"longest": 2.5}, TypeError, "longest must be an int from 2"),
        ({"tolerance": 0.0}, ValueError, "tolerance must be a finite number above 0"),
        ({"seed": -1}, ValueError, "seed must be an int from 0"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be"),
        ({"task": FlipFlop()}, ValueError, "has 3 inputs, network 0"),
    ],
)
def test_bad_options(population, options, error, match):
    with pytest.raises(error, match="find_limit_cycles: .*" + match):
        find_limit_cycles(population[:2], **options)


def test_bad_subjects(population):
    with pytest.raises(TypeError, match="find_limit_cycles: a function needs starts"):
        find_limit_cycles(lambda h, x: h, np.zeros(0))
    with pytest.raises(TypeError, match="find_limit_cycles: a function needs inputs"):
        find_limit_cycles(lambda h, x: h, starts=np.zeros((1, 1)))
    with pytest.raises(TypeError, match="find_limit_cycles: expected a Population"):
        find_limit_cycles(3)
    arrays = {name: array.copy() for name, array in population[0].parameters.items()}
    arrays["b"][0, 0] = np.inf
    with pytest.raises(ValueError, match="b of network 0 \\('broken'\\) has entries that are NaN"):
        find_limit_cycles(Network("broken", population[0].cell, arrays))
