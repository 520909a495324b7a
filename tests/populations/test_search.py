"""Random search: draws from its ranges, gives up the worse half, and depends on nothing but its arguments."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pyrnnsim import Population, load_recipes, random_search
from pyrnnsim.populations.halving import Halving, standing
from pyrnnsim.populations.recipes import Recipes
from pyrnnsim.populations.search import PAPER_RANGES
from pyrnnsim.populations.state import fresh_state
from pyrnnsim.tasks import BUILT_IN, FlipFlop

TASK = FlipFlop(bits=1, steps=10)
KIND = {"cells": ["gru"], "activations": ["tanh"], "units": [4]}
SHORT = {"iterations": 16, "batch": 4, "validation_trials": 8, "progress": False}


def test_the_worse_half_is_given_up_at_each_rung():
    result = random_search(TASK, KIND, trials=8, **SHORT)
    validation, dropped = result.record.validation, result.record.dropped
    assert sorted(dropped.tolist()) == [-1, 2, 2, 2, 2, 4, 4, 8]
    left = np.ones(8, bool)
    for rung in (2, 4, 8):
        column = result.record.validation_iterations.tolist().index(rung)
        leaving = left & (dropped == rung)
        left &= ~leaving
        assert validation[leaving, column].min() >= validation[left, column].max()
    assert result.best[0]["validation"] == validation[left, -1][0]
    assert {row["iterations"] for row in result.rows} == {2, 4, 8, 16}


def test_without_halving_all_are_trained_to_the_end():
    result = random_search(TASK, KIND, trials=3, halving=False, **SHORT)
    assert {row["iterations"] for row in result.rows} == {16}
    assert result.best[0]["validation"] == min(row["validation"] for row in result.rows)


def test_the_survivor_trained_as_it_would_have_alone():
    result = random_search(TASK, KIND, trials=4, **SHORT)
    best = result.best[0]
    settings = {name: best[name] for name in PAPER_RANGES}
    alone = Population.create(**KIND, seeds=[0], task=TASK).train(TASK, **SHORT, optimizer="sgd", **settings)
    assert alone.final_validation[0] == best["validation"]


def test_a_candidate_is_judged_by_the_worst_of_its_networks():
    result = random_search(TASK, KIND, trials=8, repeats=3, seed=5, **SHORT)
    record, rungs = result.record, (2, 4, 8)
    assert [network.seed for network in record.population] == [5, 6, 7] * 8
    dropped = record.dropped.reshape(8, 3)
    assert (dropped == dropped[:, :1]).all()
    assert sorted(dropped[:, 0].tolist()) == [-1, 2, 2, 2, 2, 4, 4, 8]
    left = np.ones(8, bool)
    for rung in rungs:
        column = record.validation_iterations.tolist().index(rung)
        worst = record.validation[:, column].reshape(8, 3).max(axis=1)
        leaving = left & (dropped[:, 0] == rung)
        left &= ~leaving
        assert worst[leaving].min() >= worst[left].max()
    (winner,) = np.flatnonzero(left)
    assert result.best == [result.rows[winner]]
    assert result.best[0]["validation"] == record.final_validation.reshape(8, 3)[winner].max()
    made = record.population[[3 * winner, 3 * winner + 1, 3 * winner + 2]]
    fresh = Population.create(**KIND, seeds=[5, 6, 7], task=TASK)
    settings = {name: result.best[0][name] for name in PAPER_RANGES}
    alone = fresh.train(TASK, **SHORT, seed=5, optimizer="sgd", **settings).population
    for own, other in zip(made, alone, strict=True):
        np.testing.assert_array_equal(own.parameters["w_rec"], other.parameters["w_rec"])


def test_a_candidate_with_a_diverging_network_loses_to_one_without():
    calm, wild = np.array([0.5, 0.6]), np.array([0.1, np.nan])
    assert standing(calm) == (0, 0.6)
    assert standing(wild) == (1, 0.1)
    assert standing(np.array([np.inf, np.nan])) == (2, -np.inf)
    state = fresh_state(Population.create(["gru"], ["tanh"], [2], range(4), task=TASK), "sgd", 8, 1)
    state.iteration = 4
    Halving([0] * 4, 8, 2, 2).drop(state, np.concatenate([wild, calm]))
    assert state.dropped_at.tolist() == [4, 4, -1, -1]
    rate, kind = {"learning_rate": (1e-3, 1e-3)}, {**KIND, "cells": ["vanilla"], "activations": ["relu"], "gain": 1e9}
    (row,) = random_search(TASK, kind, trials=1, repeats=2, ranges=rate, **SHORT).best
    assert row["diverged"] == 2 and np.isnan(row["validation"])


def test_draws_fill_the_ranges_of_the_paper():
    result = random_search(TASK, KIND, trials=300, **{**SHORT, "iterations": 1})
    assert result.record.settings["optimizer"] == "sgd", "the paper's too"
    for name, (low, high, spread) in PAPER_RANGES.items():
        drawn = np.array([row[name] for row in result.rows])
        scale = np.log if spread == "log" else np.asarray
        share = (scale(drawn) - scale(low)) / (scale(high) - scale(low))
        assert stats.kstest(share, "uniform").pvalue > 1e-3, name


def test_what_is_drawn_depends_on_the_configuration_and_the_seed_alone():
    more = random_search(TASK, [KIND, {**KIND, "cells": ["vanilla"]}], trials=4, **SHORT)
    rows = random_search(TASK, KIND, trials=4, **SHORT).rows
    assert more.rows[:4] == rows
    assert rows[0]["learning_rate"] != more.rows[4]["learning_rate"]
    assert random_search(TASK, KIND, trials=2, **SHORT).rows[0]["clip"] == rows[0]["clip"]
    assert random_search(TASK, KIND, trials=4, seed=1, **SHORT).rows[0]["clip"] != rows[0]["clip"]


def test_a_search_continues_from_its_checkpoint(tmp_path):
    first = random_search(TASK, KIND, trials=4, checkpoint=tmp_path / "c", **SHORT)
    again = random_search(TASK, KIND, trials=4, checkpoint=tmp_path / "c", **SHORT)
    assert first.rows == again.rows
    with pytest.raises(ValueError, match="random_search: checkpoint=.*belongs to another training"):
        random_search(TASK, KIND, trials=4, halving=False, checkpoint=tmp_path / "c", **SHORT)


def test_the_best_settings_are_ready_for_training():
    result = random_search(TASK, {**KIND, "cells": ["gru", "lstm"]}, trials=2, **SHORT)
    made = Population.create(["lstm", "gru"], ["tanh"], [6], range(2), task=TASK)
    settings = result.settings(made)
    assert settings["clip"].tolist() == [result.best[1]["clip"]] * 2 + [result.best[0]["clip"]] * 2
    assert made.train(TASK, **SHORT, **settings).loss.shape == (4, 16)
    assert len(result.frame) == 4 and str(result).count("\n") == 2


def test_ranges_can_be_chosen():
    ranges = {"learning_rate": (0.01, 0.01), "beta2": (0.9, 0.99), "momentum": (0.1, 0.2, "log")}
    result = random_search(TASK, KIND, trials=5, ranges=ranges, optimizer="adam", **SHORT)
    assert {row["learning_rate"] for row in result.rows} == {0.01}
    assert all(0.9 <= row["beta2"] <= 0.99 and 0.1 <= row["momentum"] <= 0.2 for row in result.rows)
    assert "clip" not in result.rows[0]


def test_losses_that_are_not_finite_go_first_and_ties_by_position():
    made = Population.create(["gru"], ["tanh"], [2], range(6), task=TASK)
    state = fresh_state(made, "sgd", 8, 1)
    halving = Halving([0, 0, 0, 0, 1, 1], 8, 4)
    assert halving.rungs == [2, 4]
    state.iteration = 3
    halving.drop(state, np.zeros(6))
    assert (state.dropped_at == -1).all()
    state.iteration = 2
    halving.drop(state, np.array([np.nan, 1.0, np.inf, 1.0, 5.0, 5.0]))
    assert state.dropped_at.tolist() == [2, -1, 2, -1, -1, 2]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"trials": 0}, ValueError, "trials must be an int from 1"),
        ({"repeats": 0}, ValueError, "repeats must be an int from 1"),
        ({"iterations": 0}, ValueError, "iterations must be an int from 1"),
        ({"seed": -1}, ValueError, "seed must be an int from 0"),
        ({"ranges": {"batch": (1, 2)}}, ValueError, "ranges cannot hold 'batch'"),
        ({"ranges": {"clip": (2, 1)}}, ValueError, r"ranges\['clip'\] must rise"),
        ({"ranges": {"clip": (0, 1, "log")}}, ValueError, "be positive for 'log'"),
        ({"ranges": {"clip": (1, 2, "cubic")}}, TypeError, r"must be \(lowest, highest\)"),
        ({"ranges": {"clip": "1-2"}}, TypeError, r"must be \(lowest, highest\)"),
        ({"ranges": {"learning_rate": (5, 50)}}, ValueError, r"learning_rate must be in \(0, 10\]"),
        ({"clip": 1.0}, TypeError, "clip is searched"),
        ({"configs": {**KIND, "seeds": [1]}}, TypeError, r"configs\[0\] must hold arguments of Population.create but"),
        ({"configs": []}, ValueError, "configs is empty"),
        ({"configs": {**KIND, "cells": ["x"]}}, ValueError, "unknown cell 'x'"),
        ({"moment": 1}, TypeError, "unknown option 'moment'; did you mean 'momentum'"),
    ],
)
def test_bad_searches_are_refused(change, kind, message):
    given = {"configs": KIND, "trials": 2, **SHORT, **change}
    with pytest.raises(kind, match=message):
        random_search(TASK, given.pop("configs"), **given)


def test_shipped_recipes_are_settings_that_say_how_they_were_found():
    recipes = load_recipes()
    for row in recipes.rows:
        task = BUILT_IN[row["task"]]()
        made = Population.create([row["cell"]], [row["activation"]], [row["units"]], [0], task=task)
        assert recipes.covers(made[0], row["task"])
        settings = recipes.settings(made, row["task"])
        assert settings["learning_rate"].tolist() == [row["learning_rate"]]
        made.train(task, iterations=1, batch=1, validation_trials=1, progress=False, **settings)
        assert 0 < row["validation"] < task.baseline_error()
        assert row["how"]
    keys = [(row["task"], row["cell"], row["activation"], row["units"]) for row in recipes.rows]
    assert len(set(keys)) == len(keys)


def test_networks_without_a_recipe_are_refused_or_get_the_defaults():
    row = {"task": "t", "optimizer": "adam", "cell": "gru", "activation": "tanh", "units": 4}
    rates = {"learning_rate": 0.1, "decay": 0.5, "momentum": 0.8, "clip": 3.0}
    recipes = Recipes([{**row, **rates}])
    made = Population.create(["gru", "lstm"], ["tanh", "relu"], [4], range(2), task=TASK)
    assert recipes.uncovered(made, "t") == ("gru relu", "lstm tanh", "lstm relu")
    with pytest.raises(ValueError, match="no recipe for a relu gru on task 't'.*or missing='default'"):
        recipes.settings(made, "t")
    settings = recipes.settings(made, "t", missing="default")
    plain = made.train(TASK, **SHORT)
    for name, value in rates.items():
        assert settings[name].tolist() == [value] * 2 + list(plain.settings[name][2:])
    trained = made.train(TASK, **SHORT, **settings)
    np.testing.assert_array_equal(trained.loss[2:], plain.loss[2:])
    assert (trained.loss[:2, 1:] != plain.loss[:2, 1:]).all()
    alone = made.train(TASK, **SHORT, **Recipes([]).settings(made, "u", missing="default"))
    np.testing.assert_array_equal(alone.loss, plain.loss)
    with pytest.raises(ValueError, match="missing must be one of 'error', 'default', got 'skip'"):
        recipes.settings(made, "t", missing="skip")
    with pytest.raises(TypeError, match="task must be a task or its name, got int"):
        recipes.settings(made, 3)
    with pytest.raises(ValueError, match="some networks have decay_steps, those of others have not"):
        Recipes([{**row, **rates, "decay_steps": 9}]).settings(made, "t", missing="default")
    longer = Recipes([{**row, **rates, "beta2": 0.9}]).settings(made, "t", missing="default")
    assert longer["beta2"].tolist() == [0.9] * 2 + [0.999] * 6


def test_a_task_may_be_given_itself():
    task = FlipFlop(bits=1, steps=10)
    made = Population.create(["lstm"], ["tanh"], [4], range(2), task=task)
    recipes = load_recipes()
    assert recipes.covers(made[0], task) and recipes.uncovered(made, task) == ()
    by_name, by_task = recipes.settings(made, "flip_flop"), recipes.settings(made, task)
    assert all(np.array_equal(by_name[name], by_task[name]) for name in by_name)


def test_the_nearest_width_counts_in_ratio():
    plain = {
        "task": "t",
        "optimizer": "sgd",
        "cell": "gru",
        "activation": "tanh",
        "decay": 0.5,
        "momentum": 0.9,
        "clip": 1.0,
    }
    recipes = Recipes([{**plain, "units": 10, "learning_rate": 1.0}, {**plain, "units": 100, "learning_rate": 2.0}])
    made = Population.create(["gru"], ["tanh"], [20, 40], [0], task=TASK)
    assert recipes.settings(made, "t")["learning_rate"].tolist() == [1.0, 2.0]
    assert recipes.settings(made, "t")["optimizer"] == "sgd"
    mixed = Recipes([{**recipes.rows[0], "optimizer": "adam"}, recipes.rows[1]])
    with pytest.raises(ValueError, match="different optimizers, adam and sgd"):
        mixed.settings(made, "t")
    with pytest.raises(ValueError, match="no recipe for a tanh gru on task 'u'"):
        recipes.settings(made, "u")
