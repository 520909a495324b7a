"""Training: the first iterations are those of torch, options do what they say, and networks do not touch each other."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from populations.echo import Echo, same_weights

from pyrnnsim import Population
from pyrnnsim.populations import training
from pyrnnsim.populations.torch_export import SteppedNetwork
from pyrnnsim.populations.trials import trial_seed
from pyrnnsim.tasks import FlipFlop

SHORT = {"iterations": 12, "batch": 8, "validation_trials": 8, "learning_rate": 0.05, "progress": False}
TASK = FlipFlop(bits=2, steps=20)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # for steps this small the others only wait for each other
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def population():
    return Population.create(units=(6,), seeds=range(2), task=TASK)


def torch_training(network, task, *, iterations, batch, optimizer, learning_rate, decay=1.0, momentum=0.9, clip=1.0,
                   l2=0.0, l2_form="half", l2_on="weights", clip_after_l2=True, loss_factor=1.0, train_h0=True,
                   schedule="exponential", decay_steps=None, seed=0, beta2=0.999, epsilon=1e-8):  # fmt: skip
    """The same by plain PyTorch in float64; returns losses and the parameters at the end."""
    module = SteppedNetwork(network.astype("float64"))
    module.h0.requires_grad_(train_h0)
    trained = [one for one in module.parameters() if one.requires_grad]
    penalised = {"w_rec", "w_in", "w_out"}
    if optimizer == "sgd":
        update = torch.optim.SGD(trained, lr=learning_rate, momentum=momentum)
    else:
        update = torch.optim.Adam(trained, lr=learning_rate, betas=(momentum, beta2), eps=epsilon)
    losses = []
    for i in range(iterations):
        trials = task.trials(batch, seed=trial_seed(seed, network.seed), iteration=i, dtype=np.float64)
        error = (module(torch.from_numpy(trials.inputs)) - torch.from_numpy(trials.targets)) ** 2
        if trials.mask is not None:
            error = error[torch.from_numpy(trials.mask)]
        loss = loss_factor * error.mean()
        penalty = sum(
            (one**2).sum() for name, one in module.named_parameters() if l2_on == "all" or name in penalised
        ) * (l2 / 2 if l2_form == "half" else l2)
        update.zero_grad()
        (loss + penalty if clip_after_l2 else loss).backward()
        norm = float(torch.sqrt(sum((one.grad**2).sum() for one in trained)))
        for one in trained:
            one.grad *= min(1.0, clip / norm)
        if not clip_after_l2:
            penalty.backward()
        progress = i / (iterations if decay_steps is None else decay_steps)
        fall = {"exponential": decay**progress, "linear": 1 - (1 - decay) * min(progress, 1), "none": 1.0}[schedule]
        update.param_groups[0]["lr"] = learning_rate * fall
        update.step()
        losses.append(loss.item())
    return np.array(losses), module


VARIANTS = [
    {},
    {"optimizer": "adam", "learning_rate": 0.01},
    {"optimizer": "adam", "learning_rate": 0.01, "momentum": 0.5, "beta2": 0.9, "epsilon": 1e-3},
    {"momentum": 0.0, "clip": None},
    {"clip": 0.05},
    {"l2": 0.1},
    {"l2": 0.1, "l2_form": "full", "l2_on": "all"},
    {"l2": 0.1, "clip_after_l2": False, "clip": 0.05},
    {"decay": 0.2},
    {"decay": 0.2, "schedule": "linear", "decay_steps": 5},
    {"decay": 0.2, "schedule": "none"},
    {"decay": 0.2, "decay_steps": 3},
    {"loss_factor": 0.5},
    {"train_h0": False},
]


@pytest.mark.parametrize("options", VARIANTS, ids=lambda one: " ".join(f"{k}={v}" for k, v in one.items()) or "plain")
def test_the_first_iterations_are_those_of_torch(population, options):
    wide = Population.create(units=(6,), seeds=[3], task=TASK, dtype="float64", l2=[0.0])
    plain = {**SHORT, "optimizer": "sgd", **options}
    record = wide.train(TASK, **plain)
    del plain["validation_trials"], plain["progress"]
    plain["clip"] = plain.get("clip", 1.0) or np.inf
    for k, network in enumerate(wide):
        losses, module = torch_training(network, TASK, **plain)
        np.testing.assert_allclose(record.loss[k], losses, rtol=1e-8, err_msg=network.name)
        inputs = TASK.trials(3, seed=9, dtype=np.float64).inputs
        found = record.population[[k]].outputs(inputs)[0][0]
        with torch.no_grad():
            np.testing.assert_allclose(found, module(torch.from_numpy(inputs)).numpy(), atol=1e-7)


def test_float32_agrees_with_torch_to_six_digits(population):
    record = population.train(TASK, **{**SHORT, "iterations": 10}, optimizer="sgd", l2=1e-4)
    for k, network in enumerate(population):
        losses, _ = torch_training(network, TASK, iterations=10, batch=8, optimizer="sgd", learning_rate=0.05, l2=1e-4)
        np.testing.assert_allclose(record.loss[k], losses, rtol=2e-6, err_msg=network.name)


def test_a_task_of_the_users_own_trains_as_in_torch():
    task = Echo()
    made = Population.create(units=(5,), seeds=[1], task=task, dtype="float64", l2=[0.0], reset_after=True)
    record = made.train(task, **SHORT, optimizer="sgd")
    for k, network in enumerate(made):
        losses, _ = torch_training(network, task, iterations=12, batch=8, optimizer="sgd", learning_rate=0.05)
        np.testing.assert_allclose(record.loss[k], losses, rtol=1e-8, err_msg=network.name)


def test_the_validation_loss_is_that_of_the_weights_reached(population):
    record = population.train(TASK, **SHORT, validate_every=5)
    assert record.validation_iterations.tolist() == [5, 10, 12]
    early = population.train(TASK, **{**SHORT, "iterations": 5}, decay_steps=12)
    trials = TASK.trials(8, seed=training.VALIDATION_SEED)
    for made, column in ((early.population, 0), (record.population, 2)):
        for g, outputs in enumerate(made.outputs(trials.inputs)):
            for k, position in enumerate(made.groups[g].members):
                expected = trials.mean_squared_error(outputs[k])
                np.testing.assert_allclose(record.validation[position, column], expected, rtol=1e-5)


def test_validation_and_stretches_never_change_the_training(population, monkeypatch):
    first = population.train(TASK, **SHORT, validate_every=100)
    second = population.train(TASK, **SHORT, validate_every=1)
    monkeypatch.setattr(training, "_LONGEST_STRETCH", 5)
    third = population.train(TASK, **SHORT, validate_every=100)
    for other in (second, third):
        np.testing.assert_array_equal(first.loss, other.loss)
        assert same_weights(first.population, other.population)


@pytest.mark.parametrize("task", [TASK, Echo()], ids=["native", "own"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_result_does_not_depend_on_company_order_or_threads(task, optimizer):
    made = Population.create(units=(4, 5), seeds=range(2), task=task)
    rates = np.linspace(0.001, 0.1, len(made))
    options = {**SHORT, "optimizer": optimizer}
    together = made.train(task, **{**options, "learning_rate": rates}, n_jobs=3)
    order = np.random.default_rng(0).permutation(len(made))
    shuffled = made[order].train(task, **{**options, "learning_rate": rates[order]}, n_jobs=1)
    np.testing.assert_array_equal(together.loss[order], shuffled.loss)
    np.testing.assert_array_equal(together.validation[order], shuffled.validation)
    assert same_weights(together.population[order], shuffled.population)
    alone = made[[5]].train(task, **{**options, "learning_rate": rates[5]}, n_jobs=2)
    np.testing.assert_array_equal(together.loss[5], alone.loss[0])
    assert same_weights(together.population[[5]], alone.population)


def test_the_population_given_stays_as_it_is(population):
    before = Population(population)
    record = population.train(TASK, **SHORT)
    assert same_weights(before, population)
    assert not same_weights(record.population, population)
    assert record.population.names == population.names
    assert {network.origin for network in record.population} == {"trained on flip_flop"}
    with pytest.raises(ValueError, match="read-only"):
        record.loss[0, 0] = 1


def test_seeds_decide_the_trials(population):
    record = population.train(TASK, **SHORT, seed=0)
    again = population.train(TASK, **SHORT, seed=0)
    other = population.train(TASK, **SHORT, seed=1)
    np.testing.assert_array_equal(record.loss, again.loss)
    assert (record.loss[:, 0] != other.loss[:, 0]).all()
    assert trial_seed(0, 1) != trial_seed(1, 0)


def test_a_network_that_diverges_is_recorded_and_touches_nobody(population):
    rates = np.full(len(population), 0.05)
    bad = [k for k, n in enumerate(population) if (n.cell.cell, n.cell.activation) == ("vanilla", "relu")]
    rates[bad] = 10.0
    options = {**SHORT, "iterations": 60, "clip": None, "momentum": 0.99, "n_jobs": 2}
    record = population.train(TASK, **{**options, "learning_rate": rates})
    assert (record.diverged[bad] > 0).all()
    assert {"diverged"} == {record.rows[k]["end"] for k in bad}
    assert np.isnan(record.final_loss[bad]).all() and np.isnan(record.final_validation[bad]).all()
    for k in bad:
        assert record.updates[k] == record.diverged[k]
        assert np.isfinite(record.loss[k, : record.diverged[k]]).all()
        assert np.isnan(record.loss[k, record.diverged[k] :]).all()
        assert all(np.isfinite(array).all() for array in record.population[k].parameters.values())
    good = [k for k in range(len(population)) if k not in bad and record.diverged[k] < 0]
    assert good
    quiet = population[good].train(TASK, **options)
    np.testing.assert_array_equal(record.loss[good], quiet.loss)


def test_networks_stop_where_they_are_good_enough(population):
    free = population.train(TASK, **SHORT)
    limits = np.full(len(population), -np.inf)
    limits[3] = np.sort(free.loss[3])[4]  # reached in the course of the training
    record = population.train(TASK, **SHORT, until_loss=limits)
    stop = int(np.argmax(free.loss[3] < limits[3]))
    assert record.stopped.tolist() == [stop if k == 3 else -1 for k in range(len(population))]
    np.testing.assert_array_equal(record.loss[3, :stop], free.loss[3, :stop])
    assert record.updates[3] == stop and record.rows[3]["end"] == "stopped"
    others = [k for k in range(len(population)) if k != 3]
    np.testing.assert_array_equal(record.loss[others], free.loss[others])
    short = population[[3]].train(TASK, **{**SHORT, "iterations": max(stop, 1)}, decay_steps=12)
    assert stop == 0 or same_weights(short.population, record.population[[3]])


def test_a_training_ends_when_all_have_stopped(population):
    record = population.train(TASK, **{**SHORT, "iterations": 10**6}, until_loss=1e9)
    assert (record.stopped == 0).all()
    assert same_weights(record.population, population)


def test_each_networks_own_penalty_is_the_default():
    made = Population.create(["gru"], ["tanh"], [4], [0], l2=(0.0, 1.0), task=TASK)
    record = made.train(TASK, **SHORT)
    np.testing.assert_array_equal(record.settings["l2"], [0.0, 1.0])
    np.testing.assert_array_equal(record.loss, made.train(TASK, **SHORT, l2=[0.0, 1.0]).loss)
    assert not np.array_equal(record.loss, made.train(TASK, **SHORT, l2=0.0).loss)


def test_networks_learn_with_nothing_but_the_defaults(population):
    record = population.train(TASK, iterations=400, batch=16, validation_trials=64, progress=False)
    assert record.settings["optimizer"] == "adam" and set(record.settings["learning_rate"]) == {0.002}
    assert np.median(record.final_validation) < 0.5 * record.validation[:, 0].min()
    assert len(record.frame) == len(population)
    assert str(record).splitlines()[0].split()[:3] == ["name", "cell", "activation"]


def test_progress_is_shown_when_wanted(population, capsys):
    population[:1].train(TASK, **{**SHORT, "progress": True})
    assert "Population.train: 100% 12.0/12.0 iterations" in capsys.readouterr().err


def test_an_interrupt_ends_the_threads(population, monkeypatch):
    original, calls = training.kernels.train, iter(range(10**6))

    def interrupted(*args):
        if next(calls) == 5:
            raise KeyboardInterrupt
        return original(*args)

    monkeypatch.setattr(training.kernels, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        population.train(TASK, **SHORT, n_jobs=2)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pyrnnsim")]
