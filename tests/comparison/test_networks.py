"""Saved networks of every kind: what is found in a file, and what is refused."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import torch
from comparison.cases import model, save_torch, trained
from safetensors.numpy import save_file

import pyrnnsim
from pyrnnsim.comparison.networks import LEARNED, check_fit, judge, load_networks, representations
from pyrnnsim.comparison.run import compare_files
from pyrnnsim.comparison.sources import ARRAY, POPULATION, TORCH, find_files

SMALL = pyrnnsim.tasks.FlipFlop(steps=20)
QUICK = {"measures": ("svcca", "cka"), "dynamics": False, "n_jobs": 1}


@pytest.fixture
def models(tmp_path):
    """Two GRUs and two LSTMs of different widths, as state_dicts in three formats."""
    folder = tmp_path / "models"
    folder.mkdir()
    for k, (kind, ending) in enumerate([("GRU", "pt"), ("GRU", "pth"), ("LSTM", "safetensors"), ("LSTM", "pt")]):
        save_torch(folder / f"{kind.lower()}_{k}.{ending}", model(kind, 5 + k, seed=k))
    return folder


@pytest.fixture(scope="module")
def train_folder(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("trained"))


def test_content_tells_what_a_file_holds(tmp_path, models, train_folder):
    assert [file.kind for file in find_files([str(models)])] == [TORCH] * 4
    assert [(file.path.name, file.kind) for file in find_files([str(train_folder)])] == [
        ("networks.pyrnnsim", POPULATION)  # neither the checkpoint nor the loss curves beside it
    ]
    save_file({"rnn.states": np.ones((4, 2))}, tmp_path / "states.safetensors")
    assert [file.kind for file in find_files([str(tmp_path / "states.safetensors")])] == [ARRAY]


def test_torch_files_give_the_representations_of_their_modules(models):
    files = find_files([str(models)])
    population = load_networks(files, activation=None, readout=None)
    assert population.names == ("gru_0", "gru_1", "lstm_2", "lstm_3")
    reps = representations(judge(population, SMALL, n_jobs=1))
    inputs = SMALL.probe_inputs()
    for k in (0, 1):
        with torch.no_grad():
            expected = model("GRU", 5 + k, seed=k).rnn(torch.from_numpy(inputs).float())[0].numpy()
        np.testing.assert_allclose(reps[k], expected.reshape(-1, 5 + k), atol=1e-5)
    assert [rep.shape[1] for rep in reps] == [5, 6, 14, 16]  # an LSTM's state is c and h


def test_networks_are_compared_judged_and_reported(tmp_path, models):
    said = []
    made = compare_files([models], tmp_path / "out", task=SMALL, say=said.append, **QUICK)
    assert said[0].startswith("4 torch networks: 4 networks, ")
    assert made.groups == ["gru", "gru", "lstm", "lstm"]
    assert made.kind == "flip_flop"
    evaluation = load_networks(find_files([str(models)]), activation=None, readout=None).evaluate(SMALL, n_jobs=1)
    with (tmp_path / "out" / "evaluation.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == evaluation.loss.tolist()
    assert [row["does task"] for row in rows] == ["no"] * 4
    assert [row["units"] for row in rows] == ["5", "6", "7", "8"]
    assert not (tmp_path / "out" / "dissection").exists()


def test_networks_that_do_the_task_are_told_by_their_loss(train_folder, monkeypatch):
    population = pyrnnsim.Population.load(train_folder / "networks.pyrnnsim")
    evaluation = population.evaluate(pyrnnsim.tasks.FlipFlop(), n_jobs=1)
    limit = float(np.median(evaluation.loss)) / evaluation.baseline
    monkeypatch.setattr("pyrnnsim.comparison.networks.LEARNED", limit)
    rows = judge(population, pyrnnsim.tasks.FlipFlop(), n_jobs=1).rows
    assert [row["does task"] == "yes" for row in rows] == [x <= limit * evaluation.baseline for x in evaluation.loss]
    assert len({row["does task"] for row in rows}) == 2
    assert 0 < LEARNED < 1


def test_a_directory_of_training_knows_its_task(tmp_path, train_folder):
    made = compare_files([train_folder], tmp_path / "out", **QUICK)
    population = pyrnnsim.Population.load(train_folder / "networks.pyrnnsim")
    assert made.kind == "flip_flop"
    assert list(made.names) == list(population.names)
    expected = pyrnnsim.pairwise(population.representations(made.task), measures=("svcca", "cka"), n_jobs=1)
    for measure, values in expected.items():
        np.testing.assert_array_equal(np.asarray(made.distances[measure]), np.asarray(values))


def test_a_task_may_be_a_spec(tmp_path, models):
    spec = json.dumps({"task": "flip_flop", "steps": 30})
    made = compare_files([models], tmp_path / "out", task=spec, **QUICK)
    assert made.task.steps == 30
    with pytest.raises(ValueError, match=r"compare: task '\{flip' is no JSON"):
        compare_files([models], tmp_path / "out", task="{flip")


def test_populations_and_torch_networks_together(tmp_path, models, train_folder):
    both = compare_files([models, train_folder], tmp_path / "out", task="flip_flop", **QUICK)
    assert len(both.names) == 8
    alone = compare_files([models], tmp_path / "one", task="flip_flop", **QUICK)
    assert {row["name"]: row["loss"] for row in alone.networks}.items() <= {
        row["name"]: row["loss"] for row in both.networks
    }.items()
    np.testing.assert_array_equal(np.asarray(both.distances["cka"])[:4, :4], np.asarray(alone.distances["cka"]))


def test_networks_of_one_name_are_called_by_their_file(tmp_path):
    networks = pyrnnsim.Population.create(("gru",), ("tanh",), (4,), (0,), task=SMALL)
    for name in "ab":
        networks.save(tmp_path / f"{name}.pyrnnsim")
    population = load_networks(find_files([str(tmp_path)]), activation=None, readout=None)
    assert [name.removeprefix(f"{tmp_path.as_posix()}/") for name in population.names] == [
        f"a/{networks.names[0]}", f"b/{networks.names[0]}"
    ]  # fmt: skip
    for name in "cd":
        (tmp_path / name).mkdir()
        save_torch(tmp_path / name / "x.pt", model())
    both = load_networks(find_files([str(tmp_path / "c"), str(tmp_path / "d")]), activation=None, readout=None)
    assert both.names == tuple(f"{tmp_path.as_posix()}/{name}/x" for name in "cd")
    with pytest.raises(ValueError, match="two networks are called .*; give each file once"):
        load_networks(find_files([str(tmp_path), str(tmp_path)]), activation=None, readout=None)


def test_activation_is_for_vanilla_networks_only(tmp_path):
    save_torch(tmp_path / "a.pt", model("RNN", nonlinearity="relu"))
    save_torch(tmp_path / "b.pt", model("GRU"))
    files = find_files([str(tmp_path)])
    kinds = [network.cell.activation for network in load_networks(files, activation="relu", readout=None)]
    assert kinds == ["relu", "tanh"]
    assert load_networks(files, activation=None, readout=None)[0].cell.activation == "tanh"
    said = []
    compare_files(tmp_path, tmp_path / "out", task=SMALL, say=said.append, **QUICK)  # one directory needs no list
    assert said[0].startswith("vanilla networks of torch do not say their activation and are taken as tanh")


def test_overflowing_networks_are_kept_without_distances(tmp_path):
    save_torch(tmp_path / "a.pt", model("RNN", seed=1))
    save_torch(tmp_path / "b.pt", model("RNN", seed=2))
    wild = model("RNN", seed=3)
    with torch.no_grad():
        wild.rnn.weight_hh_l0.mul_(1000.0)
    save_torch(tmp_path / "c.pt", wild)
    options = {**QUICK, "dynamics": True}
    made = compare_files([tmp_path], tmp_path / "out", task="flip_flop", activation="relu", **options)
    assert [row["does task"] for row in made.networks] == ["no", "no", "overflows"]
    for values in made.distances.values():
        assert np.isnan(np.asarray(values)[2]).all()
        assert np.isfinite(np.asarray(values)[:2, :2]).all()
    assert len(made.dissection.population) == 2
    with pytest.raises(ValueError, match="the states of all networks overflow"):
        compare_files([tmp_path / "c.pt"], tmp_path / "out", task="flip_flop", activation="relu")


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (model("GRU", inputs=2), r"'net' has 2 inputs and 3 outputs, task 'flip_flop' has 3 and 3; .* by --task"),
        (model("GRU", outputs=1), r"'net' has 3 inputs and 1 outputs"),
        (model("GRU").rnn, r"'net' has no readout"),
        (model("GRU", num_layers=2), r"net.pt: it has 2 recurrent layers; supported are"),
        (torch.nn.Linear(3, 3), r"net.pt: no recurrent layer"),
    ],
)
def test_networks_that_do_not_fit_are_named(tmp_path, made, message):
    save_torch(tmp_path / "net.pt", made)
    with pytest.raises(ValueError, match=message):
        compare_files([tmp_path / "net.pt"], tmp_path / "out", task="flip_flop")
    assert not (tmp_path / "out").exists()


def test_a_wrong_task_is_refused(train_folder, tmp_path):
    with pytest.raises(ValueError, match="has 3 inputs and 3 outputs, task 'sine_wave' has"):
        compare_files([train_folder], tmp_path / "out", task="sine_wave")
    with pytest.raises(ValueError, match="did you mean 'flip_flop'"):
        compare_files([train_folder], tmp_path / "out", task="flipflop")


def test_no_task_says_what_to_type(models, tmp_path):
    with pytest.raises(ValueError, match="gru_0.pt and 3 more do not say .*; add --task with one of flip_flop, sine"):
        compare_files([models], tmp_path / "out")


def test_arrays_do_no_task(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((4, 2)))
    with pytest.raises(ValueError, match="a.npy holds an array, which does no task; leave out --task"):
        compare_files([tmp_path / "a.npy"], tmp_path / "out", task="flip_flop")


def test_arrays_and_networks_are_not_mixed(models, tmp_path):
    np.save(models / "states.npy", np.ones((4, 2)))
    with pytest.raises(
        ValueError, match=r"states.npy holds an array, .*gru_0.pt a network of torch; compare arrays or"
    ):
        compare_files([models], tmp_path / "out", task="flip_flop")


def test_code_in_a_file_is_never_run(tmp_path):
    flag = tmp_path / "flag"
    code = b"cos\nsystem\n(S'touch " + str(flag).encode() + b"'\ntR."
    (tmp_path / "raw.pt").write_bytes(code)
    torch.save(model("GRU"), tmp_path / "module.pt")
    for name, message in (("raw", "raw.pt: is damaged"), ("module", "module.pt: holds code .* torch.save")):
        with pytest.raises(ValueError, match=message):
            compare_files([tmp_path / f"{name}.pt"], tmp_path / "out", task="flip_flop")
    assert not flag.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.pyrnnsim is damaged, or no file of pyrnnsim"),
        (b"\xff" * 100, "x.pyrnnsim is damaged, or no file of pyrnnsim; expected what Population.save writes"),
    ],
)
def test_files_that_are_none_are_named(tmp_path, content, message):
    (tmp_path / "x.pyrnnsim").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        find_files([str(tmp_path / "x.pyrnnsim")])


def test_other_results_are_no_population(train_folder, tmp_path):
    population = pyrnnsim.Population.load(train_folder / "networks.pyrnnsim")[:1]
    pyrnnsim.find_fixed_points(population, np.zeros(3), n_starts=4, n_jobs=1).save(tmp_path / "points.pyrnnsim")
    with pytest.raises(ValueError, match="points.pyrnnsim is a 'pyrnnsim .*points.*'; expected what Population.save"):
        find_files([str(tmp_path / "points.pyrnnsim")])
    with pytest.raises(ValueError, match="holds no .npy"):
        find_files([str(tmp_path)])


def test_a_damaged_population_is_named(train_folder, tmp_path):
    content = bytearray((train_folder / "networks.pyrnnsim").read_bytes())
    content[-100] ^= 1
    (tmp_path / "x.pyrnnsim").write_bytes(content)
    with pytest.raises(ValueError, match="x.pyrnnsim is damaged"):
        compare_files([tmp_path / "x.pyrnnsim"], tmp_path / "out")


def test_check_fit_lets_the_right_ones_pass(train_folder):
    check_fit(pyrnnsim.Population.load(train_folder / "networks.pyrnnsim"), pyrnnsim.tasks.FlipFlop())


def test_states_are_computed_on_demand_where_memory_is_short(train_folder, monkeypatch):
    population = pyrnnsim.Population.load(train_folder / "networks.pyrnnsim")
    judged = judge(population, SMALL, n_jobs=1)
    held = representations(judged)
    monkeypatch.setattr("pyrnnsim.comparison.networks.available_memory", lambda: 0)
    lazy = representations(judged)
    assert not isinstance(lazy, list)
    np.testing.assert_array_equal(
        np.asarray(pyrnnsim.pairwise(lazy, measures=["cka"])["cka"]),
        np.asarray(pyrnnsim.pairwise(held, measures=["cka"])["cka"]),
    )
