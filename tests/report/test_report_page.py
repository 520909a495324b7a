"""The report in a real browser: what it draws, and what hovering, dragging, clicking and keys do."""

import re
from pathlib import Path

import pytest
from report.browser import BROWSER, BROWSERS, browse, drive
from study.cases import PNG, Claim, task

from pyrnnsim.report.writer import write_report

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason=f"no browser: none of {', '.join(BROWSERS)} on the path, PYRNNSIM_BROWSER not set"
)


def seen(folder: Path, results: list, steps: str) -> dict:
    """What the steps found in the page of some results."""
    path = folder / "report.html"
    write_report(path, results, [Claim(), Claim(supported=None), Claim(topic="a")], {"one": PNG}, {"hash": "1f2e"})
    return drive(path.read_text(encoding="utf-8"), folder, steps)


def test_the_page_as_written_runs_under_its_own_policy(tmp_path):
    path = tmp_path / "report.html"
    write_report(path, [task()], [Claim()], {"one": PNG}, {"hash": "1f2e"})
    dom = browse(path, "--dump-dom")
    assert len(re.findall(r'class="mark ', dom)) == 2 * 12
    assert "svcca, 12 networks, stress" in dom
    picture = tmp_path / "page.png"
    browse(path, f"--screenshot={picture}")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000


def test_a_script_in_a_name_never_runs(tmp_path):
    evil = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    found = seen(tmp_path, [task(first=evil)], 'pointer("pointermove", marks(0)[0], [9, 9]); seen.t = document.title;'
                 'seen.name = rows()[0]; seen.tip = tip.textContent; seen.images = all("img").length;')  # fmt: skip
    assert found["t"] == "pyrnnsim: report of a study"
    assert found["name"] == evil
    assert evil in found["tip"]
    assert found["images"] == 1


def test_hover_names_the_network_in_both_panels(tmp_path):
    found = seen(tmp_path, [task()], """
      pointer("pointermove", marks(0)[4], centre(marks(0)[4]));
      seen.hot = [classed(0, "hot"), classed(1, "hot")]; seen.tip = tip.textContent; seen.hidden = tip.hidden;
      pointer("pointerleave", svgs[0], [0, 0]);
      seen.after = [classed(0, "hot"), tip.hidden];""")  # fmt: skip
    assert found["hot"] == [[4], [4]]
    assert found["hidden"] is False
    for text in ("ugrnn-1", "cell: ugrnn", "activation: relu", "units: 128", "loss: ", "stress here: "):
        assert text in found["tip"], text
    assert found["after"] == [[], True]


def test_a_box_selects_in_both_panels_and_in_the_table(tmp_path):
    found = seen(tmp_path, [task(missing=(1,))], """
      const at = centre(marks(0)[0]);
      drag(0, at.map((v) => v - 9), at.map((v) => v + 9));
      const chosen = marks(0).map(number).filter((i) => !classed(0, "dim").includes(i));
      seen.chosen = chosen; seen.dim = classed(1, "dim").length; seen.rows = rows();
      seen.count = document.querySelector("#count").textContent;
      const far = marks(0).map(centre).findLast((b) => Math.hypot(b[0] - at[0], b[1] - at[1]) > 30);
      drag(0, far.map((v) => v - 9), far.map((v) => v + 9), { shiftKey: true }); seen.more = rows();
      drag(0, far.map((v) => v - 9), far.map((v) => v + 9)); seen.instead = rows();
      drag(1, ...corners(1)); seen.all = classed(0, "dim").length; seen.wide = rows().length;
      document.querySelector("#clear").click();
      seen.cleared = [classed(0, "dim").length, rows().length];""")  # fmt: skip
    assert 0 in found["chosen"]
    assert found["dim"] == 11 - len(found["chosen"])
    assert len(found["rows"]) == len(found["chosen"])
    assert "vanilla-0" in found["rows"]
    assert found["count"] == f"{len(found['chosen'])} of 12 selected"
    assert set(found["more"]) == set(found["rows"]) | set(found["instead"])
    assert not set(found["rows"]) & set(found["instead"])
    assert (found["all"], found["wide"]) == (0, 11)
    assert found["cleared"] == [0, 12]


def test_click_legend_and_keys_select(tmp_path):
    found = seen(tmp_path, [task()], """
      const where = centre(marks(1)[7]);
      pointer("pointerdown", marks(1)[7], where); pointer("pointerup", marks(1)[7], where); seen.click = rows();
      key("Escape"); seen.escape = rows().length;
      seen.legend = all("#legend button").map((b) => b.textContent);
      all("#legend button")[1].click(); seen.lstm = rows();
      key("Escape"); key("ArrowRight"); key("ArrowRight"); key("Enter"); seen.keys = rows();
      key("ArrowLeft"); key("ArrowLeft"); seen.around = classed(0, "hot");""")  # fmt: skip
    assert found["click"] == ["gru-1"]
    assert found["escape"] == 12
    assert found["legend"] == ["gru (3)", "lstm (3)", "ugrnn (3)", "vanilla (3)"]
    assert found["lstm"] == ["lstm-0", "lstm-1", "lstm-2"]
    assert found["keys"] == ["vanilla-1"]
    assert found["around"] == [11]


def test_menus_of_measure_colour_and_task(tmp_path):
    found = seen(tmp_path, [task(), task("sine_wave", 4)], """
      const names = (menu) => [...menu.options].map((o) => o.textContent);
      const menus = all(".panel select"), colour = document.querySelector("#colour");
      seen.menus = menus.map((m) => [names(m)[m.value], names(m)]); seen.colours = names(colour);
      choose(menus[0], 2); seen.caption = all("figcaption")[0].textContent;
      seen.shapes = new Set(marks(0).map((m) => m.getAttribute("d") + m.classList[1])).size;
      choose(colour, names(colour).indexOf("loss"));
      seen.shades = new Set(marks(0).map((m) => m.getAttribute("fill"))).size;
      seen.legend = document.querySelector("#legend").textContent;
      choose(document.querySelector("#task"), 1);
      seen.second = [marks(0).length, rows().length, colour.value];""")  # fmt: skip
    measures = ["svcca", "cka", "topology"]
    assert found["menus"] == [["svcca", measures], ["topology", measures]]
    assert found["colours"] == ["cell", "activation", "units", "loss", "cell and activation", "seed"]
    assert found["caption"].startswith("topology, 12 networks")
    assert found["shapes"] == 4
    assert found["shades"] > 8
    assert found["legend"].startswith("loss (log)")
    assert found["second"] == [16, 16, "3"]


def test_tables_sort_up_and_down(tmp_path):
    found = seen(tmp_path, [task()], """
      const loss = () => all("#networks tbody tr").map((row) => Number(row.cells[5].textContent));
      const head = () => all("#networks th button")[5];
      head().click(); seen.up = loss(); head().click(); seen.down = loss();
      seen.mark = all("#networks th")[5].getAttribute("aria-sort");
      const claims = document.querySelector("#claims table");
      claims.querySelector("th button").click();
      seen.topics = [...claims.tBodies[0].rows].map((row) => row.cells[0].textContent);""")  # fmt: skip
    assert found["up"] == sorted(found["up"])
    assert found["down"] == sorted(found["up"], reverse=True)
    assert found["mark"] == "descending"
    assert found["topics"] == ["a", "flip-flop", "flip-flop"]


def test_many_networks_are_listed_on_demand(tmp_path):
    found = seen(tmp_path, [task(seeds=60)], """
      seen.few = rows().length; const more = document.querySelector("#all"); seen.says = more.textContent;
      seen.before = more.hidden; more.click(); seen.many = rows().length; seen.hidden = more.hidden;""")  # fmt: skip
    assert found == {"few": 200, "before": False, "says": "Show all 240 networks", "many": 240, "hidden": True}


@pytest.mark.parametrize(
    "results", [[], [task(seeds=0)], [task(seeds=1, missing=(0, 1))]], ids=["none", "empty", "one"]
)
def test_hardly_any_networks(tmp_path, results):
    assert seen(tmp_path, results, "seen.ok = svgs.length;") == {"ok": 2}


def test_a_figure_is_enlarged_by_a_click_or_enter(tmp_path):
    found = seen(tmp_path, [task()], """
      const [image] = all(".figures img"), wide = () => image.parentNode.classList.contains("wide");
      seen.before = wide(); image.click(); seen.click = wide();
      image.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
      seen.enter = wide();""")  # fmt: skip
    assert found == {"before": False, "click": True, "enter": False}
