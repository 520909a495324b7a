"""What stands in the report's file, and what must not."""

import dataclasses
import json
import re
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from study.cases import PNG, Claim, task

from pyrnnsim.report.claim import Claim as StudyClaim
from pyrnnsim.report.writer import write_report

ABOUT = {"hash": "1f2e", "configuration": {"train": {"iterations": 5000}}, "versions": {"numpy": "2.4"}}
EVIL = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>&amp;\u2028\"'"


class Reader(HTMLParser):
    """Tags with their attributes, the text outside scripts, and the scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.text, self.scripts, self._inside = [], "", [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag in {"script", "style"}
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if not self._inside:
            self.text += data
        elif self.tags[-1][0] == "script":
            self.scripts[-1] += data

    def named(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


def written(folder: Path, results=None, claims=(), figures=None, about=ABOUT) -> Reader:
    path = folder / "report.html"
    write_report(path, [task()] if results is None else results, claims, figures or {}, about)
    return Reader(path.read_text(encoding="utf-8"))


def test_needs_nothing_from_outside(tmp_path):
    page = written(tmp_path, figures={"U fig. 1": PNG})
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    addresses = [a[key] for _, a in page.tags for key in ("src", "href", "data", "action") if key in a]
    assert [one for one in addresses if not one.startswith(("#", "data:image/png;base64,"))] == []
    assert not re.search(r"@import|url\(|<link|<iframe|fetch\(|XMLHttpRequest", text)
    policy = next(a["content"] for a in page.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; ")
    assert "unsafe" not in policy
    assert not [a for _, a in page.tags if any(key.startswith("on") or key == "style" for key in a)]


def test_links_lead_to_sections(tmp_path):
    page = written(tmp_path)
    targets = {a.get("id") for _, a in page.tags}
    assert {a["href"][1:] for a in page.named("a")} <= targets


def test_data_are_those_of_the_results(tmp_path):
    one = task(missing=(2,))
    (data,) = json.loads(written(tmp_path, [one]).scripts[0])
    assert data["task"] == "flip_flop"
    assert data["networks"] == one.networks
    assert [m["name"] for m in data["measures"]] == ["svcca", "cka", "topology"]  # geometry first
    for measure in data["measures"]:
        embedding = one.embeddings[measure["name"]]
        np.testing.assert_allclose(np.array(measure["points"], float), embedding.coordinates, rtol=1e-5)
        np.testing.assert_allclose(np.array(measure["pointStress"], float), embedding.point_stress, rtol=1e-5)
        assert measure["points"][2] == [None, None]
        assert measure["stress"] == embedding.stress


def test_one_dimension_is_drawn_along_the_first_axis(tmp_path):
    one = task()
    flat = {k: dataclasses.replace(e, coordinates=e.coordinates[:, :1]) for k, e in one.embeddings.items()}
    (data,) = json.loads(written(tmp_path, [dataclasses.replace(one, embeddings=flat)]).scripts[0])
    assert all(len(p) == 2 and p[1] == 0 for p in data["measures"][0]["points"])


def test_claims_failed_networks_configuration_and_times_are_shown(tmp_path):
    claims = [
        Claim(),
        Claim(topic="sine", value=None, low=None, high=None, supported=None),
        {**dataclasses.asdict(Claim()), "value": 0.123456, "supported": np.False_},
    ]
    page = written(tmp_path, claims=claims)
    verdicts = [a["class"] for a in page.named("span") if a.get("class", "").startswith("verdict")]
    assert verdicts == ["verdict yes", "verdict undecided", "verdict no"]
    for text in ("0.88 to 0.97", "0.1235", "diverged", "train.iterations", "5000", "75.0%", "1f2e"):
        assert text in page.text, text


def test_a_claim_says_what_it_is_about_and_compared_with(tmp_path):
    made = StudyClaim("flip_flop", "accuracy", "svcca", "1-NN", 0.5, 0.4, 0.6, 0.25, "chance", None, "crosses it", "x")
    page = written(tmp_path, claims=[made])
    for text in ("flip_flop", "svcca", "0.25, chance"):
        assert text in page.text, text
    assert [a.get("title") for a in page.named("td") if "title" in a] == ["crosses it"]


@pytest.mark.parametrize("place", ["task", "name", "column", "claim", "figure", "about", "failed"])
def test_evil_names_stay_text(tmp_path, place):
    plain = written(tmp_path, figures={"one": PNG}, claims=[Claim()])
    one, claims, figures, about = task(), [Claim()], {"one": PNG}, dict(ABOUT)
    if place == "task":
        one = dataclasses.replace(one, task=EVIL)
    elif place == "name":
        one = task(first=EVIL)
    elif place == "column":
        one = dataclasses.replace(one, networks=[{**row, EVIL: EVIL} for row in one.networks])
    elif place == "claim":
        claims = [Claim(topic=EVIL, statement=EVIL, quantity=EVIL)]
    elif place == "figure":
        figures = {EVIL: PNG}
    elif place == "about":
        about = {"hash": EVIL, "configuration": {"train": {"iterations": EVIL}}, EVIL: {"numpy": "2.4"}}
        about["versions"] = about.pop(EVIL)
    else:
        one = dataclasses.replace(one, failed=[{**one.failed[0], "reason": EVIL}])
    page = written(tmp_path, [one], claims, figures, about)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert EVIL in page.text or EVIL in str(json.loads(page.scripts[0])) or place in {"name", "column"}
    if place in {"name", "column"}:
        assert EVIL in json.loads(page.scripts[0])[0]["networks"][0].values()
    assert page.named("img") == [{**plain.named("img")[0], "alt": EVIL if place == "figure" else "one"}]
    for script in page.scripts:
        assert "<!--" not in script
        assert "</" not in script


def test_values_of_other_types_and_numbers_that_are_none(tmp_path):
    one = task()
    rows = [{**row, "loss": np.float32("nan"), "seed": np.int64(3), "path": Path("a")} for row in one.networks]
    (data,) = json.loads(written(tmp_path, [dataclasses.replace(one, networks=rows)]).scripts[0])
    assert data["networks"][0]["loss"] is None
    assert data["networks"][0]["seed"] == 3
    assert data["networks"][0]["path"] == "a"


def test_same_arguments_give_the_same_bytes(tmp_path):
    written(tmp_path, figures={"one": PNG}, claims=[Claim()])
    first = (tmp_path / "report.html").read_bytes()
    written(tmp_path, figures={"one": PNG}, claims=[Claim()])
    assert (tmp_path / "report.html").read_bytes() == first


def test_size_per_network_is_small(tmp_path):
    written(tmp_path, [task(seeds=720)])
    large = (tmp_path / "report.html").stat().st_size
    written(tmp_path, [task(seeds=1)])
    assert large - (tmp_path / "report.html").stat().st_size < 250 * 2880


@pytest.mark.parametrize("seeds", [0, 1])
def test_few_networks_and_no_tasks(tmp_path, seeds):
    assert json.loads(written(tmp_path, [task(seeds=seeds)]).scripts[0])[0]["task"] == "flip_flop"
    assert json.loads(written(tmp_path, [], about={}).scripts[0]) == []


def test_every_kind_of_image(tmp_path):
    svg = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    figures = {"a": PNG, "b": svg, "c": svg.split(b"\n")[1], "d": b"\xff\xd8\xff\xe0"}
    kinds = [a["src"].partition(";")[0] for a in written(tmp_path, figures=figures).named("img")]
    assert kinds == ["data:image/png", "data:image/svg+xml", "data:image/svg+xml", "data:image/jpeg"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"figures": {"one": b"%PDF-1.7"}}, ValueError, r"figures\['one'\] is neither PNG, JPEG nor SVG; .*%PDF"),
        ({"figures": {"one": "text"}}, TypeError, r"figures\['one'\] must be bytes of an image file, got str"),
        ({"claims": [Claim(), 3]}, TypeError, r"claims\[1\] has no 'topic'; expected the fields topic, statement"),
        ({"claims": [{"topic": "a"}]}, TypeError, r"claims\[0\] has no 'statement'"),
        ({"claims": [Claim(supported="yes")]}, TypeError, r"claims\[0\].supported must be True, False or None"),
        ({"results": [task(), task()]}, ValueError, r"results\[0\] and a later one are both of task 'flip_flop'"),
        (
            {"results": [dataclasses.replace(task(), networks=task().networks[1:])]},
            ValueError,
            r"results of 'flip_flop': embeddings\['topology'\] has coordinates of shape \(12, 2\), expected \(11, 2\)",
        ),
    ],
)
def test_bad_arguments_are_refused_and_leave_the_old_file(tmp_path, change, error, message):
    (tmp_path / "report.html").write_text("old")
    with pytest.raises(error, match=f"write_report: {message}"):
        written(tmp_path, **change)
    assert (tmp_path / "report.html").read_text() == "old"


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(OSError, match="create the directory first"):
        write_report(tmp_path / "none" / "report.html", [], [], {}, {})


def test_the_page_is_part_of_the_package():
    folder = resources.files("pyrnnsim.report").joinpath("page")
    assert {one.name for one in folder.iterdir()} == {"page.css", "page.html", "page.js", "tables.js"}
