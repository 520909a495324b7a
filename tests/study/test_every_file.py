"""Every file of a study, complete or half done, is cut, changed and deleted in turn: named, and made good again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from study import small

from pyrnnsim.cli import main
from pyrnnsim.dynamics.graphs.distances import MatchedRows
from pyrnnsim.populations import training
from pyrnnsim.similarity.tiles import TileStore
from pyrnnsim.study import geometry
from pyrnnsim.study.run import report_study, verify_study
from pyrnnsim.study.stage_folder import DamagedError, StageFolder


def cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES = [cut, flip, Path.unlink]
damages = pytest.mark.parametrize("damage", DAMAGES, ids=["cut", "flip", "delete"])

#: What is damaged while it runs -> where it is interrupted.
MOMENTS = {
    "search": (training.Checkpoint, "write", 8),
    "training": (StageFolder, "finish", 1),
    "checkpoint": (training.Checkpoint, "write", 14),
    "representations": (geometry, "_save", 7),
    "tiles": (TileStore, "write", 1),
    "geometry": (TileStore, "write", 4),
    "topology": (MatchedRows, "distances", 2),
}
#: Of an interrupted stage, files that are computed again without a look.
UNREAD = {"lock"}


@pytest.fixture(autouse=True)
def short(monkeypatch):
    small.shorten(monkeypatch)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        small.shorten(patch)
        return small.run(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def copy(whole, tmp_path):
    return Path(shutil.copytree(whole.folder, tmp_path / "copy"))


@damages
def test_of_a_complete_study(damage, whole, copy):
    names = small.contents(copy)
    assert len(names) == 41
    for name in names:
        damage(copy / name)
        assert [line for line in verify_study(copy) if f"{copy / name} " in line], name
        again = small.run(copy, rebuild=True)
        assert again.fingerprint == whole.fingerprint, name
        assert verify_study(copy) == [], name
        found = small.contents(copy)
        assert found.keys() == names.keys(), name
        assert {one for one in names if not small.is_timed(one) and found[one] != names[one]} == set(), name


@pytest.mark.parametrize("moment", MOMENTS)
@damages
def test_of_a_study_that_was_interrupted(damage, moment, whole, tmp_path):
    with small.interrupted(*MOMENTS[moment]):
        small.run(tmp_path / "half")
    (stage,) = (path.with_name(path.name[1:-6]) for path in (tmp_path / "half").rglob(".*.begun"))
    (tmp_path / "half" / ".lock").write_text("{")  # of a process that was killed as it took the lock
    names = [one for one in small.contents(tmp_path / "half") if one.startswith(f"flip_flop/{stage.name}/")]
    recorded = {step.name for step in stage.glob(".step-*")}
    for name in [*names, f"flip_flop/.{stage.name}.begun"]:
        copy, lines = Path(shutil.copytree(tmp_path / "half", tmp_path / "copy")), []
        damage(copy / name)
        problems = [line for line in verify_study(copy) if f"{copy / name} " in line]
        unrecorded = name.endswith(".npy") and not recorded and ".tiles" not in name
        if damage is Path.unlink:
            assert bool(problems) or not name.endswith(".begun"), name
        else:
            assert bool(problems) != (unrecorded or Path(name).name in UNREAD), (name, problems)
        again = small.run(copy, rebuild=True, report=False, say=lines.append)
        assert again.fingerprint == whole.fingerprint, name
        assert f"flip_flop: {stage.name} (continued)" in lines, name
        assert verify_study(copy) == [], name
        shutil.rmtree(copy)


@pytest.mark.parametrize("moment", ["search", "checkpoint", "tiles"])
@pytest.mark.parametrize("content", [b"", b"something else", None], ids=["empty", "other", "format"])
def test_what_is_dear_goes_only_when_it_is_asked_for(content, moment, whole, tmp_path, capsys):
    with small.interrupted(*MOMENTS[moment]):
        small.run(tmp_path)
    name = "manifest.json" if moment == "tiles" else ".checkpoint-*"
    dear = next(tmp_path.rglob(name))
    other = whole.folder / "flip_flop" / "training" / "networks-0000.pyrnnsim"  # sound, and of another format
    dear.write_bytes(other.read_bytes() if content is None else content)
    before = small.contents(tmp_path)
    assert main(["resume", str(tmp_path), "--n-jobs", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{dear} cannot be used" in line and line.endswith("add --repair to compute it again")
    assert small.contents(tmp_path) == before
    with pytest.raises(DamagedError, match="--repair"):
        small.run(tmp_path)
    assert main(["resume", str(tmp_path), "--n-jobs", "1", "--repair"]) == 0
    assert "it is computed again" in capsys.readouterr().err
    assert small.run(tmp_path).fingerprint == whole.fingerprint


def test_the_loss_of_a_note_loses_no_work(tmp_path, whole):
    for name in (".training.begun", "training/.key"):
        folder = tmp_path / Path(name).name
        with small.interrupted(*MOMENTS["training"]):
            small.run(folder)
        flip(folder / "flip_flop" / name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("pyrnnsim.populations.training.Training.run", None)
            assert small.run(folder).fingerprint == whole.fingerprint


def test_files_of_unknown_origin_are_named_and_go(tmp_path, whole):
    with small.interrupted(*MOMENTS["training"]):
        small.run(tmp_path)
    for name in (".training.begun", "training/.key"):
        (tmp_path / "flip_flop" / name).unlink()
    assert any("training.json is missing" in line for line in verify_study(tmp_path))
    lines: list[str] = []
    assert small.run(tmp_path, say=lines.append).fingerprint == whole.fingerprint
    assert "flip_flop: training" in lines


def test_representations_and_distances_of_an_interrupted_run_are_kept(tmp_path, whole):
    for name, part in (("representations", "_represent"), ("geometry", "pairwise")):
        folder = tmp_path / name
        with small.interrupted(*{"geometry": MOMENTS["geometry"], "representations": (StageFolder, "finish", 2)}[name]):
            small.run(folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(geometry, part, lambda *_, **__: pytest.fail("computed again"))
            assert small.run(folder).fingerprint == whole.fingerprint


def test_a_sound_publication_of_the_same_results_is_not_drawn_again(copy, monkeypatch):
    monkeypatch.setattr("pyrnnsim.figures.paper.paper_figures", None)
    assert sorted(one.name for one in small.run(copy).files) == [
        "U1.pdf", "U1.png", "claims.json", "claims.md", "report.html"
    ]  # fmt: skip
    with pytest.raises(TypeError):
        report_study(copy)
    (line,) = verify_study(copy)
    assert line == f"study: {copy / 'published.json'} is missing; write it again by 'pyrnnsim report {copy}'"


def test_a_report_of_other_results_is_stale(copy, whole, capsys):
    study = small.run(copy)
    stage = StageFolder(copy / "flip_flop" / "embeddings")
    key = stage.manifest().key
    stage.begin(key)
    stage.finish(key)  # without any file
    assert study.fingerprint == whole.fingerprint
    (line,) = verify_study(copy)
    assert f"{copy / 'report.html'} is of other results than are there now" in line
    assert main(["status", str(copy)]) == 0
    assert "report           out of date" in capsys.readouterr().out
    assert main(["report", str(copy)]) == 0
    assert main(["status", str(copy)]) == 0
    assert "out of date" not in capsys.readouterr().out
    assert verify_study(copy) == []


def test_a_configuration_without_a_sound_copy_is_refused(copy):
    cut(copy / "study.json")
    with pytest.raises(ValueError, match=r"study\.json is damaged .*add --repair to write it again"):
        small.run(copy)
    cut(copy / ".study.json")
    with pytest.raises(ValueError, match=r"study\.json is damaged .*there is no sound copy"):
        small.run(copy, rebuild=True)


def test_a_study_from_before_there_were_copies_and_records_of_reports_goes_on(tmp_path, whole):
    with small.interrupted(*MOMENTS["training"]):
        small.run(tmp_path)
    (tmp_path / "flip_flop" / "training" / ".key").unlink()
    (tmp_path / ".study.json").unlink()
    lines: list[str] = []
    assert small.run(tmp_path, say=lines.append).fingerprint == whole.fingerprint
    assert lines[0] == "flip_flop: training (continued)"
    (tmp_path / "published.json").unlink()
    (tmp_path / ".study.json").unlink()
    assert small.run(tmp_path).fingerprint == whole.fingerprint
    assert verify_study(tmp_path) == []


def test_a_note_that_outlived_its_stage_goes(copy):
    stage = StageFolder(copy / "flip_flop" / "topology")
    key = stage.manifest().key
    stage.forget()
    with small.interrupted(StageFolder, "settle", 5):  # as it is recorded
        small.run(copy)
    note = copy / "flip_flop" / ".topology.begun"
    assert note.exists()
    assert stage.manifest().key == key
    assert verify_study(copy) == []
    small.run(copy)
    assert not note.exists()
