"""Configurations: presets, files, single values, and what is refused."""

from __future__ import annotations

import pytest

from pyrnnsim.study.configuration import PRESETS, load_configuration, parse_configuration


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_complete_and_their_networks_can_be_made(preset):
    made = load_configuration(preset)
    assert made.tasks == ("flip_flop", "sine_wave", "context_integration")
    assert parse_configuration({"name": preset, **made.values}).hash == made.hash


def test_the_paper_has_96_configurations_of_30_seeds():
    networks = load_configuration("paper").values["networks"]
    kinds = [len(networks[key]) for key in ("cells", "activations", "units", "l2")]
    assert kinds == [4, 2, 3, 4]
    assert networks["seeds"] == 30


def test_a_file_replaces_what_it_names_and_all_tasks(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[tasks.flip_flop]\narguments = {bits = 2}\n[networks]\nunits = [5]\n")
    made = load_configuration("quick", file)
    assert made.name == "mine"
    assert made.tasks == ("flip_flop",)
    assert made.task("flip_flop").bits == 2
    assert {network.units for network in made.population("flip_flop")} == {5}
    assert made.values["networks"]["cells"] == load_configuration("quick").values["networks"]["cells"]


def test_single_values_come_last_and_may_be_words_or_leave_a_task_out(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[train]\niterations = 7\n")
    changes = ["train.iterations=5", "networks.initialisation=orthogonal", "tasks.sine_wave=false"]
    made = load_configuration("standard", file, changes)
    assert made.values["train"]["iterations"] == 5
    assert made.values["networks"]["initialisation"] == "orthogonal"
    assert made.tasks == ("flip_flop", "context_integration")


def test_a_task_may_be_trained_otherwise_than_the_rest():
    made = load_configuration(changes=["train.iterations=5", "tasks.sine_wave.iterations=9"])
    assert made.training("sine_wave")["iterations"] == 9
    assert made.training("flip_flop")["iterations"] == 5, "a preset gives each task iterations of its own"
    assert load_configuration().training("flip_flop")["iterations"] != 5


def test_the_hash_knows_every_value_but_not_the_name_or_the_order():
    made = load_configuration("quick")
    values = dict(reversed(made.values.items()))
    assert parse_configuration({"name": "other", **values}).hash == made.hash
    assert load_configuration("quick", changes=["dynamics.starts=129"]).hash != made.hash


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("train.iteratons=5", "unknown key train.iteratons; did you mean 'iterations'?"),
        ("trian.iterations=5", "unknown key trian; did you mean 'train'?"),
        ("tasks.sine_wav.iterations=5", "unknown task 'sine_wav'"),
        ("tasks.sine_wave.iteration=5", "did you mean 'iterations'?"),
        ("tasks.sine_wave.arguments.stepps=5", "steps"),
        ("networks.cells=gru", r"networks.cells must be a list, got 'gru'; write \['gru'\]"),
        ('networks.cells=["grü"]', "did you mean 'gru'?"),
        ("networks.units=[8, 8]", "has an entry twice"),
        ("networks.l2=[]", "is empty"),
        ("train.iterations=0", "train.iterations must be from 1"),
        ("train.iterations=true", "must be a whole number"),
        ("train.learned=nan", "train.learned must be above 0"),
        ("geometry.untrained=1", "must be true or false"),
        ("train.clip=1.0", "train.clip is read only with train.settings = 'given'"),
        ("train.candidates=4", "train.candidates is read only with train.settings = 'search'"),
        ("train.iterations", "--set must be KEY=VALUE"),
        ("networks=3", "networks must be a table"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_meant(change, text):
    with pytest.raises((TypeError, ValueError), match=text):
        load_configuration("quick", changes=[change])


def test_unknown_presets_files_and_text_that_is_no_toml_are_refused(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'quick'"):
        load_configuration("quik")
    with pytest.raises(OSError, match="cannot read"):
        load_configuration("quick", tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("a = = 1")
    with pytest.raises(ValueError, match=r"bad\.toml is no TOML"):
        load_configuration("quick", tmp_path / "bad.toml")
    with pytest.raises(ValueError, match="there is no task"):
        parse_configuration({})
