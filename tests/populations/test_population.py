"""A population is a sequence of networks, made as a grid, whose members depend on nothing but themselves."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from populations.echo import Echo, same_weights
from reference.cells import rollout

import pyrnnsim
from pyrnnsim import Network, Population
from pyrnnsim.populations import activity
from pyrnnsim.tasks import FlipFlop

ALL = {"units": (5,), "seeds": range(2), "inputs": 3, "outputs": 2}


def spec(network):
    return network.cell.record()


@pytest.fixture
def population():
    return Population.create(**ALL)


def test_the_grid_has_every_combination_once(population):
    assert len(population) == 4 * 2 * 1 * 2
    assert len(set(population.names)) == 16
    assert population.names[0] == "vanilla_tanh_5_l2-1e-05_s0"
    kinds = {(n.cell.cell, n.cell.activation, n.units, n.seed, n.l2) for n in population}
    assert len(kinds) == 16


def test_the_paper_has_96_configurations():
    paper = Population.create(units=(2, 3, 4), seeds=(0,), l2=(1e-5, 1e-4, 1e-3, 1e-2), inputs=1, outputs=1)
    assert len(paper) == 96
    assert len(paper.groups) == 24  # penalties and seeds share one


def test_defaults_of_the_keep_bias_are_those_of_the_papers_code(population):
    found = {network.cell.cell: network.cell.keep_bias for network in population}
    assert found == {"vanilla": 0.0, "ugrnn": 0.0, "gru": 0.0, "lstm": 1.0}


def test_options_reach_the_cells_that_have_them():
    made = Population.create(**ALL, keep_bias=0.5, reset_after=True, candidate="sigmoid")
    found = {n.cell.cell: (n.cell.keep_bias, n.cell.reset_after, n.cell.candidate) for n in made}
    assert found == {
        "vanilla": (0.0, False, "activation"),
        "ugrnn": (0.5, False, "activation"),
        "gru": (0.5, True, "activation"),
        "lstm": (0.5, False, "sigmoid"),
    }


def test_sizes_come_from_the_task():
    (network,) = Population.create(cells=["gru"], activations=["tanh"], units=[4], seeds=[1], task=FlipFlop(bits=2))
    assert (network.inputs, network.outputs, network.state_size) == (2, 2, 4)


def test_it_is_a_sequence(population):
    assert population[-1] is population[15]
    assert [network.name for network in population] == list(population.names)
    assert population[3] in population
    assert population.index(population[3]) == 3
    assert population[2:5].names == population.names[2:5]
    assert population[[7, 0, 7]].names == tuple(population.names[i] for i in (7, 0, 7))
    mask = np.array([network.cell.cell == "gru" for network in population])
    assert {network.cell.cell for network in population[mask]} == {"gru"}
    assert same_weights(population[:3] + population[3:], population)
    with pytest.raises(IndexError):
        population[16]
    with pytest.raises(ValueError, match="at least one network"):
        population[:0]


def test_nothing_can_be_changed(population):
    network = population[0]
    with pytest.raises(FrozenInstanceError):
        network.name = "other"
    with pytest.raises(ValueError, match="read-only"):
        network.parameters["w_rec"][0, 0, 0] = 1
    with pytest.raises(TypeError):
        network.parameters["w_rec"] = np.zeros(1)
    with pytest.raises(ValueError, match="read-only"):
        population.groups[0].parameters["b"][0] = 1


def test_arrays_given_are_copied():
    weights = np.ones((1, 1, 2, 2))
    made = Population.from_arrays("vanilla", "tanh", w_rec=weights, w_in=np.ones((1, 1, 2, 1)))
    weights[...] = 5
    assert (made[0].parameters["w_rec"] == 1).all()
    assert weights.flags.writeable


def test_networks_survive_pickling(population):
    again = pickle.loads(pickle.dumps(population))
    assert same_weights(again, population)
    assert again.names == population.names


def test_a_network_is_the_same_in_every_grid(population):
    alone = Population.create(cells=["gru"], activations=["relu"], units=[5], seeds=[1], inputs=3, outputs=2)
    assert same_weights(alone, population[[population.names.index(alone.names[0])]])


def test_seeds_kinds_and_sizes_give_different_weights(population):
    first = {network.parameters["w_rec"][0].tobytes() for network in population}
    assert len(first) == len(population)


def test_float32_weights_are_the_rounded_float64_ones(population):
    wide = Population.create(**ALL, dtype="float64")
    assert {network.dtype.name for network in wide} == {"float64"}
    assert same_weights(wide.astype("float32"), population)


@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_normal_weights_are_scaled_by_their_fan_in(gain):
    (made,) = Population.create(["lstm"], ["tanh"], [200], [0], inputs=50, outputs=40, dtype="float64", gain=gain)
    for name, variance in (("w_rec", gain**2 / 200), ("w_in", 1 / 50), ("w_out", 1 / 400)):
        array = made.parameters[name]
        np.testing.assert_allclose(array.var() / variance, 1, atol=6 / np.sqrt(array.size))
        assert abs(array.mean()) < 6 * np.sqrt(variance / array.size)
    assert not any(made.parameters[name].any() for name in ("b", "b_out", "h0"))


def test_orthogonal_and_identity_weights():
    options = {"inputs": 2, "outputs": 1, "dtype": "float64"}
    (made,) = Population.create(["gru"], ["tanh"], [7], [0], initialisation="orthogonal", **options)
    for gate in made.parameters["w_rec"]:
        np.testing.assert_allclose(gate @ gate.T, np.eye(7), atol=1e-12)
    (made,) = Population.create(["gru"], ["relu"], [7], [0], initialisation="identity", gain=0.9, **options)
    np.testing.assert_array_equal(made.parameters["w_rec"][0], 0.9 * np.eye(7))
    assert np.count_nonzero(made.parameters["w_rec"][1:]) == 2 * 49


def test_states_outputs_and_representations_agree_with_the_definition(population, rng):
    wide = Population.create(**ALL, dtype="float64", reset_after=True)
    inputs = rng.normal(size=(4, 6, 3))
    states, outputs = wide.states(inputs, n_jobs=2), wide.outputs(inputs)
    reps = wide.representations(inputs)
    for g, group in enumerate(wide.groups):
        for k, position in enumerate(group.members):
            network = wide[position]
            expected = rollout(spec(network), dict(network.parameters), inputs)
            np.testing.assert_allclose(states[g][k], expected, atol=1e-13)
            np.testing.assert_array_equal(reps[position], states[g][k].reshape(24, -1))
            answer = expected @ network.parameters["w_out"].T + network.parameters["b_out"]
            np.testing.assert_allclose(outputs[g][k], answer, atol=1e-13)


def test_every_network_may_have_inputs_of_its_own(population, rng):
    inputs = rng.normal(size=(16, 2, 3, 3))
    reps = population.representations(inputs)
    for k in range(16):
        np.testing.assert_array_equal(reps[k], population[[k]].representations(inputs[k])[0])


def test_representations_of_a_task_are_those_of_its_probe_inputs():
    task = Echo()
    made = Population.create(units=(4,), seeds=(0,), task=task)
    reps, again = made.representations(task), made.representations(task.probe_inputs())
    assert all(np.array_equal(a, b) for a, b in zip(reps, again, strict=True))
    distances = pyrnnsim.pairwise_svcca(reps, names=made.names)
    assert distances.shape == (8, 8)


def test_results_do_not_depend_on_company_or_threads(population, rng):
    inputs = rng.normal(size=(3, 5, 3))
    together = population.representations(inputs, n_jobs=3)
    for k in (0, 7, 15):
        np.testing.assert_array_equal(population[[k]].representations(inputs, n_jobs=1)[0], together[k])


def test_frame_has_one_row_per_network(population):
    frame = population.frame
    assert len(frame) == 16
    row = frame.iloc[-1]
    assert (row["cell"], row["activation"], row["units"], row["seed"], row["keep_bias"]) == ("lstm", "relu", 5, 1, 1.0)
    assert row["parameters"] == sum(array.size for array in population[-1].parameters.values())


def test_repr_counts_kinds(population):
    assert repr(population[:3]) == "<Population of 3: 2 x vanilla tanh 5, 1 x vanilla relu 5>"
    assert "parameters" not in repr(population[0])


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"cells": "gru"}, TypeError, r"cells must be a list, got 'gru'; write cells=\('gru',\)"),
        ({"cells": ["rnn"]}, ValueError, "unknown cell 'rnn'; did you mean 'vanilla'?"),
        ({"cells": ["gruu"]}, ValueError, "did you mean 'gru'?"),
        ({"cells": [3]}, TypeError, "cell must be one of"),
        ({"cells": []}, ValueError, "cells is empty"),
        ({"activations": ["sin"]}, ValueError, "activations must be one of 'tanh', 'relu', got 'sin'"),
        ({"units": [0]}, ValueError, "units must be an int from 1"),
        ({"units": [2.5]}, TypeError, "units must be an int"),
        ({"units": 64}, TypeError, "units must be a list"),
        ({"seeds": [-1]}, ValueError, "seeds must be an int from 0"),
        ({"seeds": [1, 1]}, ValueError, "has an entry twice"),
        ({"l2": [-1e-5]}, ValueError, "l2 must be from 0 to 10"),
        ({"l2": [float("nan")]}, ValueError, "l2 must be from 0 to 10"),
        ({"l2": ["x"]}, TypeError, "l2 must hold numbers"),
        ({"initialisation": "zero"}, ValueError, "initialisation must be one of"),
        ({"gain": float("inf")}, ValueError, "gain must be a finite number"),
        ({"dtype": "float16"}, TypeError, "dtype must be float32 or float64, got 'float16'"),
        ({"keep_bias": float("nan")}, ValueError, "keep_bias must be finite"),
        ({"keep_bias": "1"}, TypeError, "keep_bias must be a number"),
        ({"candidate": "tanh"}, ValueError, "candidate must be one of"),
        ({"reset_after": 1}, TypeError, "reset_after must be True or False"),
        ({"task": FlipFlop()}, TypeError, "either task or inputs and outputs"),
        ({"inputs": None}, TypeError, "task is missing"),
        ({"inputs": -1}, ValueError, "inputs must be an int from 0"),
    ],
)
def test_bad_grids_are_refused(change, kind, message):
    with pytest.raises(kind, match=message) as caught:
        Population.create(**{**ALL, **change})
    assert str(caught.value).startswith("Population.create: ")


@pytest.mark.parametrize(
    ("inputs", "kind", "message"),
    [
        (np.zeros((5, 3)), ValueError, r"inputs must be \(B, T, M\)"),
        (np.zeros((3, 1, 5, 3)), ValueError, r"or \(16, B, T, M\) with one entry per network"),
        (np.zeros((1, 5, 2)), ValueError, r"network 0 \('vanilla_tanh_5_l2-1e-05_s0'\) takes M = 3 inputs"),
        (np.full((1, 5, 3), np.nan), ValueError, "NaN or infinity"),
        (np.zeros((1, 5, 3), complex), TypeError, "real numbers"),
        ([[[1, 2, 3]], [[1, 2]]], TypeError, "rows of different lengths"),
        (None, TypeError, "real numbers"),
    ],
)
def test_bad_inputs_are_refused(population, inputs, kind, message):
    for method in (population.states, population.outputs, population.representations):
        with pytest.raises(kind, match=message) as caught:
            method(inputs)
        assert str(caught.value).startswith(f"Population.{'outputs' if method == population.outputs else ''}"[:11])


def test_a_network_that_explodes_is_named():
    made = Population.from_arrays("vanilla", "relu", w_rec=np.full((1, 1, 2, 2), 1e300), w_in=np.ones((1, 1, 2, 1)))
    with pytest.raises(ValueError, match=r"states of network 0 \('vanilla_relu_2_0'\) overflow"):
        made.states(np.ones((1, 9, 1)))


def test_states_that_do_not_fit_into_memory_are_refused_before_the_work(population, monkeypatch):
    monkeypatch.setattr(activity, "available_memory", lambda: 10**6)
    with pytest.raises(ValueError, match=r"Population.states: the states take 0.4 GB and 0.001 GB are free; use fewer"):
        population.states(np.zeros((10**6, 1, 3)))


def test_outputs_need_a_readout():
    made = Population.from_arrays("vanilla", "relu", w_rec=np.ones((1, 1, 2, 2)), w_in=np.ones((1, 1, 2, 1)))
    assert made.states(np.zeros((1, 0, 1)))[0].shape == (1, 1, 0, 2)
    with pytest.raises(ValueError, match="has no readout"):
        made.outputs(np.zeros((1, 1, 1)))


def test_only_networks_can_be_members():
    with pytest.raises(TypeError, match=r"networks\[1\] must be a Network, got int"):
        Population([*Population.create(**ALL)[:1], 3])
    with pytest.raises(ValueError, match="empty"):
        Population([])
    assert isinstance(Population.create(**ALL)[0], Network)


def test_relu_lstms_begin_where_they_do_not_overflow():
    """The others begin as with normal weights, and so does a relu lstm whose gain is given."""

    def weights(**options):
        made = Population.create(units=[12], seeds=[3], inputs=2, outputs=1, **options)
        return {network.name: network.parameters["w_rec"] for network in made}

    auto, normal, orthogonal = weights(), weights(initialisation="normal"), weights(initialisation="orthogonal")
    for name, array in auto.items():
        expected = 0.3 * orthogonal[name] if name.startswith("lstm_relu") else normal[name]
        np.testing.assert_allclose(array, expected, rtol=1e-6)
    scaled = weights(gain=1.5)
    assert all(np.allclose(scaled[name], 1.5 * normal[name]) for name in normal)
