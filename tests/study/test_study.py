"""A tiny study from end to end: same bits every time, whatever happens on the way."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from study import tiny

import pyrnnsim
from pyrnnsim.report.results import GEOMETRY, TOPOLOGY
from pyrnnsim.study import dynamics
from pyrnnsim.study.configuration import parse_configuration
from pyrnnsim.study.run import forget_stage, open_study, status_rows, verify_study
from pyrnnsim.study.stages import stages_of


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return tiny.run(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def copy(whole, tmp_path):
    return Path(shutil.copytree(whole.folder, tmp_path / "copy"))


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_it_has_the_same_results_again_with_any_number_of_threads(whole, tmp_path):
    again = tiny.run(tmp_path / "again", n_jobs=1)
    assert again.fingerprint == whole.fingerprint
    for one, two in zip(whole.results, again.results, strict=True):
        for measure, values in one.distances.items():
            np.testing.assert_array_equal(values, two.distances[measure])


def test_another_seed_has_other_results(whole, tmp_path):
    other = tiny.run_study({**tiny.TINY, "seed": 1}, tmp_path / "other", report=False, progress=False)
    assert other.fingerprint != whole.fingerprint


def test_it_goes_on_although_nothing_is_left_to_do(whole):
    lines: list[str] = []
    assert tiny.run(whole.folder, say=lines.append).fingerprint == whole.fingerprint
    assert lines == []


def test_results_are_what_the_parts_give_when_called_by_hand(whole):
    configuration = parse_configuration(tiny.TINY)
    found = {one.task: one for one in whole.results}["flip_flop"]
    task = configuration.task("flip_flop")
    made = configuration.population("flip_flop")
    recipes = pyrnnsim.load_recipes().settings(made, task, missing="default")
    trained = made.train(task, iterations=40, batch=8, progress=False, **recipes).population
    assert found.names == list(trained.names)
    representations = trained.representations(task.probe_inputs(8))
    distances = pyrnnsim.pairwise(representations, measures=GEOMETRY)
    for measure in GEOMETRY:
        np.testing.assert_array_equal(found.distances[measure], distances[measure])
    both = [*representations, *made.representations(task.probe_inputs(8))]
    np.testing.assert_array_equal(found.untrained, pyrnnsim.pairwise_svcca(both))
    points = pyrnnsim.find_fixed_points(trained, task=task, n_starts=8)
    assert [len(row[0]) for row in found.dynamics["points"]] == [len(row[0]) for row in points]
    graphs = pyrnnsim.transition_graph(trained, points, perturbations=5)
    expected = pyrnnsim.pairwise_graph_distances(graphs, method="matching")
    np.testing.assert_array_equal(found.distances[TOPOLOGY], expected)
    np.testing.assert_array_equal(found.embeddings["cka"].coordinates, pyrnnsim.embed(distances["cka"]).coordinates)


def test_networks_are_joined_in_their_order_from_parts(whole):
    for one in whole.results:
        assert len(one.networks) == 6 > dynamics._AT_ONCE
        assert [row[0].name for row in one.dynamics["points"]] == one.names
        assert set(one.distances) == {*GEOMETRY, TOPOLOGY} == set(one.embeddings)


def test_every_task_has_its_own_dynamics(whole):
    flip_flop, sine, integration = whole.results
    assert set(flip_flop.dynamics) == {"points", "graphs"}
    assert sine.frequencies.shape == (6, len(sine.commanded))
    np.testing.assert_allclose(sine.commanded[[0, -1]], [0.01, 0.05])
    assert set(integration.dynamics) == {"points", "lines", "modes"}
    for c, one in enumerate(integration.dynamics["modes"][0]):  # a pulse in the stream of the context
        assert one.pulse.tolist() == [0.0] * (2 + c) + [1.0] + [0.0] * (1 - c)


def test_networks_that_did_not_learn_are_listed_with_the_reason_and_left_out(tmp_path):
    strict = {**tiny.TINY, "train": {**tiny.TINY["train"], "learned": 1e-6}, "tasks": {"flip_flop": {}}}
    found = tiny.run_study(strict, tmp_path, report=False, progress=False).results[0]
    assert found.networks == []
    assert len(found.failed) == 6
    assert all("of an answer that ignores the inputs" in row["reason"] for row in found.failed)
    assert found.distances["cka"].shape == (0, 0)
    assert found.embeddings == {}


def test_a_run_that_explodes_is_told_from_one_that_did_not_learn(tmp_path):
    wild = {"settings": "given", "optimizer": "sgd", "learning_rate": 10.0, "momentum": 0.99, "clip": 1e8}
    values = {**tiny.TINY, "train": {**tiny.TINY["train"], **wild}, "tasks": {"flip_flop": {}}}
    values["networks"] = {"cells": ["vanilla"], "activations": ["relu"], "units": [8]}
    found = tiny.run_study(values, tmp_path, report=False, progress=False).results[0]
    assert any(row["reason"].startswith("diverged at update") for row in found.failed)
    assert len(found.failed) == 2


def test_settings_can_be_searched_and_given(tmp_path):
    small = {"tasks": {"flip_flop": {"iterations": 8}}, "networks": {"cells": ["gru"], "activations": ["tanh"]}}
    small["networks"] |= {"units": [4, 5], "seeds": 1}
    search = {"settings": "search", "candidates": 4, "learned": 100.0, "batch": 4}
    values = {**tiny.TINY, **small, "train": search}
    found = tiny.run_study(values, tmp_path / "searched", report=False, progress=False)
    assert [len(one.networks) for one in found.results] == [2]
    assert "search" in found.results[0].seconds
    wanted = pyrnnsim.random_search(
        found.configuration.task("flip_flop"),
        {"cells": ["gru"], "activations": ["tanh"], "units": [5]},
        trials=4,
        iterations=8,
        batch=4,
        progress=False,
    ).best[0]
    record = json.loads((found.folder / "flip_flop/search/settings-0001.json").read_text())["content"]
    assert record["kind"]["units"] == 5
    assert record["settings"] == {name: wanted[name] for name in ("learning_rate", "decay", "momentum", "clip")}


STAGES = [stage.name for stage in stages_of(parse_configuration(tiny.TINY))]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_damage_is_named_refused_and_repaired_to_the_same_bits(copy, whole, stage, damage):
    file = max(
        (one for one in (copy / "sine_wave" / stage).rglob("*") if one.is_file()), key=lambda f: f.stat().st_size
    )
    if damage == "flipped":
        flip(file)
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-3])
    else:
        file.unlink()
    assert [line for line in verify_study(copy) if file.name in line]
    reader = {"training": "dynamics", "representations": "geometry"}.get(stage)
    if reader is not None:  # nothing else looks inside these when all is done
        forget_stage(copy, reader)
    with pytest.raises(ValueError, match=f"{file.name}.*--repair"):
        tiny.run(copy)
    assert tiny.run(copy, rebuild=True).fingerprint == whole.fingerprint
    assert verify_study(copy) == []


def test_a_damaged_record_is_named_and_repaired(copy, whole):
    flip(copy / "flip_flop" / "geometry.json")
    with pytest.raises(ValueError, match=r"geometry\.json is damaged"):
        tiny.run(copy)
    states = {(row["task"], row["stage"]): row["state"] for row in status_rows(open_study(copy))}
    assert states["flip_flop", "geometry"] == "damaged"
    assert tiny.run(copy, rebuild=True).fingerprint == whole.fingerprint


def test_one_stage_can_be_computed_again_alone(copy, whole):
    forget_stage(copy, "dynamics")
    states = [row["state"] for row in status_rows(open_study(copy)) if row["stage"] == "dynamics"]
    assert states == ["to do"] * 3
    lines: list[str] = []
    assert tiny.run(copy, say=lines.append).fingerprint == whole.fingerprint
    assert {line.split()[1] for line in lines} == {"dynamics"}
    with pytest.raises(ValueError, match="did you mean 'geometry'"):
        forget_stage(copy, "geometri")


def test_results_of_other_inputs_are_out_of_date_and_computed_again(copy, whole):
    study = open_study(copy)
    stage = study.stage("flip_flop", "topology")
    key = stage.manifest().key
    stage.forget()
    stage.begin(key)
    np.save(stage.path / "distances.npy", 2 * whole.results[0].distances[TOPOLOGY])
    stage.finish(key)
    states = {(row["task"], row["stage"]): row["state"] for row in status_rows(study)}
    assert [name for name, state in states.items() if state != "done"] == [("flip_flop", "embeddings")]
    again = tiny.run(copy)
    assert again.fingerprint != whole.fingerprint
    twice = 2 * whole.results[0].embeddings[TOPOLOGY].coordinates
    np.testing.assert_allclose(again.results[0].embeddings[TOPOLOGY].coordinates, twice, atol=1e-12)


def test_nothing_of_another_key_is_left_when_a_stage_begins(copy):
    stage = open_study(copy).stage("flip_flop", "geometry")
    stage.forget()
    stage.begin("one")
    (stage.path / "old").write_text("x")
    stage.begin("one")
    assert (stage.path / "old").exists()
    stage.begin("two")
    assert [one.name for one in stage.path.iterdir()] == [".key"]


def test_directories_of_others_are_refused_and_left_alone(copy, whole, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"another configuration: train\.iterations was 40, now 41"):
        tiny.run_study({**tiny.TINY, "train": {**tiny.TINY["train"], "iterations": 41}}, copy, report=False)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("!")
    with pytest.raises(ValueError, match=r"holds other files \(thesis\.tex\)"):
        tiny.run(tmp_path / "other")
    assert [one.name for one in (tmp_path / "other").iterdir()] == ["thesis.tex"]
    monkeypatch.setattr(pyrnnsim, "__version__", "99.0")
    with pytest.raises(ValueError, match=r"made by pyrnnsim .*, this is 99\.0"):
        tiny.run(copy)
    with pytest.raises(ValueError, match="holds no study"):
        open_study(tmp_path / "nothing")
    monkeypatch.undo()
    assert verify_study(copy) == []


def test_a_damaged_configuration_is_named(copy):
    flip(copy / "study.json")
    with pytest.raises(ValueError, match=r"study\.json is damaged"):
        tiny.run(copy)


def test_an_untrained_network_that_overflows_has_no_distances(tmp_path, monkeypatch):
    represent = pyrnnsim.Population.representations

    def overflowing(self, *arguments, **options):
        if self[0].origin.endswith("initialisation") and self[0].name.startswith("gru") and self[0].seed == 1:
            raise ValueError("overflow")
        return represent(self, *arguments, **options)

    monkeypatch.setattr(pyrnnsim.Population, "representations", overflowing)
    values = {**tiny.TINY, "tasks": {"flip_flop": {}}}
    found = tiny.run_study(values, tmp_path, report=False, progress=False).results[0]
    gone = len(found.names) + found.names.index("gru_tanh_8_l2-1e-05_s1")
    assert np.isnan(found.untrained[gone]).all()
    assert np.isfinite(np.delete(np.delete(found.untrained, gone, 0), gone, 1)).all()


def test_no_global_state_is_touched(tmp_path):
    np.random.seed(3)
    before = np.random.get_state()[1].tolist()
    tiny.run_study({**tiny.TINY, "tasks": {"flip_flop": {}}}, tmp_path, report=False, progress=False)
    assert np.random.get_state()[1].tolist() == before
