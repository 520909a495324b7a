"""The page of a comparison: what stands in it, and what it does in a real browser."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from comparison.cases import trained
from report.browser import BROWSER, browse, drive

import pyrnnsim
from pyrnnsim.comparison.result import MEASURES
from pyrnnsim.comparison.run import _command, _spec, compare_files
from pyrnnsim.trained_task import parse_task

needs_browser = pytest.mark.skipif(BROWSER is None, reason="no browser: none on the path, PYRNNSIM_BROWSER not set")


def save(folder: Path, names: list[str], *, recordings: bool = False) -> Path:
    """Networks whose group decides what they share."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    shared = {name.partition("_")[0]: rng.standard_normal((60, 4)) for name in names}
    for name in names:
        mixed = shared[name.partition("_")[0]] @ rng.standard_normal((4, 6)) + 0.2 * rng.standard_normal((60, 6))
        np.save(folder / f"{name}.npy", mixed.reshape(6, 10, 6) if recordings else mixed)
    return folder


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    """The page of 6 recordings in two groups."""
    folder = tmp_path_factory.mktemp("arrays")
    names = [f"{group}_{k}" for group in ("monkey", "mouse") for k in range(3)]
    compare_files([save(folder / "states", names, recordings=True)], folder / "out", n_jobs=1)
    return folder / "out" / "report.html"


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """The page of 4 networks with their dynamics."""
    folder = tmp_path_factory.mktemp("networks")
    compare_files([trained(folder / "trained")], folder / "out", measures=("svcca", "cka"), n_jobs=1)
    return folder / "out" / "report.html"


def data(path: Path) -> dict:
    (found,) = json.loads(re.search(r'id="data">(.*?)</script>', path.read_text("utf-8"))[1])
    return found


def test_recordings_have_groups_definitions_versions_and_the_command(arrays):
    text = arrays.read_text("utf-8")
    for part in ("<h1>Report of a comparison</h1>", "<h2>Groups</h2>", "above chance", "svcca",
                 "pyrnnsim compare ", "6 array files", "numpy", "1-NN accuracy of the group"):  # fmt: skip
        assert part in text, part
    for part in ("the paper", "Failed networks", "learned", "flip_flop"):
        assert part not in text, part
    found = data(arrays)
    assert found["networks"][0] == {"name": "monkey_0", "group": "monkey", "units": 6}
    assert [one["name"] for one in found["measures"]] == ["svcca", "pwcca", "cka", "procrustes", "cca"]
    assert text.count("<figure><img") == 3


def test_networks_have_topology_evaluation_and_their_dynamics(networks):
    found = data(networks)
    assert found["task"] == "flip_flop"
    assert list(found["networks"][0]) == [
        "name", "group", "cell", "activation", "units", "seed", "loss", "accuracy", "does task",
        "fixed points",
    ]  # fmt: skip
    assert [(one["name"], one["topology"]) for one in found["measures"]] == [
        ("svcca", False), ("cka", False), ("topology", True)
    ]  # fmt: skip
    text = networks.read_text("utf-8")
    for part in ("share of steps with the right sign", "transition graphs between fixed points", "dynamics"):
        assert part in text, part
    assert text.count("<figure><img") == 3 + 4


def test_threads_change_neither_data_nor_pictures(tmp_path):
    states = save(tmp_path / "states", ["a_1", "a_2", "b_1", "b_2"])
    pages = []
    for jobs in (1, 2):
        compare_files([states], tmp_path / str(jobs), measures=["cka"], n_jobs=jobs)
        pages.append(tmp_path / str(jobs) / "report.html")
    assert data(pages[0]) == data(pages[1])
    first, second = (re.findall('base64,[^"]*', page.read_text("utf-8")) for page in pages)
    assert first == second
    assert len(first) == 3


@pytest.mark.parametrize(
    "names",
    [["one"], ["a", "b"], ["x_1", "y_1", "y_2"], [f"{group}_{k}" for group in "abcde" for k in range(10, 50)]],
    ids=["one", "two", "group of one", "200"],
)
def test_few_and_many_networks(tmp_path, names):
    made = compare_files([save(tmp_path / "states", names)], tmp_path / "out", n_jobs=2)
    assert len(data(tmp_path / "out" / "report.html")["networks"]) == len(names)
    assert all(file.is_file() for file in made.files)
    assert [row["name"] for row in made.networks] == names


def test_networks_are_a_table(tmp_path):
    pytest.importorskip("pandas")
    made = compare_files([save(tmp_path / "states", ["a_1", "a_2", "b_1", "b_2"])], tmp_path / "out", n_jobs=1)
    assert list(made.frame["group"]) == ["a", "a", "b", "b"]


@needs_browser
def test_the_page_runs_under_its_own_policy(networks, tmp_path):
    page = shutil.copy(networks, tmp_path / "report.html")
    dom = browse(Path(page), "--dump-dom")
    assert len(re.findall(r'class="mark ', dom)) == 2 * 4
    assert "topology, 4 networks, stress" in dom


@needs_browser
def test_selection_is_linked_and_colours_are_those_of_groups(arrays, tmp_path):
    found = drive(arrays.read_text("utf-8"), tmp_path, """
      const names = (menu) => [...menu.options].map((o) => o.textContent);
      seen.title = document.title; seen.colours = names(document.querySelector("#colour"));
      seen.task = document.querySelector("#task").getClientRects().length;
      seen.measures = all(".panel select").map((m) => names(m)[m.value]);
      seen.legend = all("#legend button").map((b) => b.textContent);
      all("#legend button")[1].click(); seen.rows = rows(); seen.dim = [classed(0, "dim"), classed(1, "dim")];
      key("Escape"); pointer("pointermove", marks(0)[4], centre(marks(0)[4]));
      seen.tip = tip.textContent;""")  # fmt: skip
    assert found["title"] == "pyrnnsim: report of a comparison"
    assert found["colours"] == ["group", "units"]
    assert found["task"] == 0  # there is but one
    assert found["measures"] == ["svcca", "pwcca"]
    assert found["legend"] == ["monkey (3)", "mouse (3)"]
    assert found["rows"] == ["mouse_0", "mouse_1", "mouse_2"]
    assert found["dim"] == [[0, 1, 2], [0, 1, 2]]
    assert "mouse_1" in found["tip"] and "group: mouse" in found["tip"]


@needs_browser
def test_networks_are_coloured_by_what_is_known_of_them(networks, tmp_path):
    found = drive(networks.read_text("utf-8"), tmp_path, """
      seen.colours = [...document.querySelector("#colour").options].map((o) => o.textContent);
      seen.measures = all(".panel select").map((m) => m.selectedOptions[0].textContent);
      seen.links = all("nav a").map((a) => a.textContent);
      seen.broken = all("img").filter((i) => !i.src.startsWith("data:")).length;""")  # fmt: skip
    assert found["colours"] == [
        "group", "cell", "activation", "units", "loss", "cell and activation", "seed", "accuracy", "does task",
        "fixed points",
    ]  # fmt: skip
    assert found["measures"] == ["svcca", "topology"]
    assert found["links"] == ["Embeddings", "Groups", "Figures", "Run"]
    assert found["broken"] == 0


def test_a_command_line_ends_with_the_page(tmp_path):
    states = save(tmp_path / "states", ["a_1", "a_2", "b_1", "b_2"])
    command = [sys.executable, "-m", "pyrnnsim", "compare", str(states), "--measures", "cka", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "open out/report.html" in done.stdout.splitlines()
    assert (tmp_path / "out" / "report.html").is_file()


def test_the_command_in_the_page_does_the_same_again():
    task = pyrnnsim.tasks.FlipFlop(steps=30)
    assert shlex.split(_command(["a b.pt"], Path("out"), MEASURES, {"task": _spec(task), "dynamics": False})) == [
        "pyrnnsim", "compare", "a b.pt", "--out", "out", "--task", _spec(task), "--no-dynamics"
    ]  # fmt: skip
    assert parse_task(_spec(task), "compare").spec() == task.spec()
    assert _spec(pyrnnsim.tasks.FlipFlop()) == "flip_flop"
    many = _command([f"{k}.npy" for k in range(9)], Path("out"), ("cka",), {"groups": None, "n_jobs": 2})
    assert many.endswith("'(and 3 more)' --out out --measures cka --n-jobs 2")
