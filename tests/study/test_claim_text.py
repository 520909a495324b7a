"""Claims as text: the numbers and verdicts that a person reads."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from pyrnnsim.report.claim import Claim
from pyrnnsim.study.claim_text import read_claims, tally, to_markdown, to_text

ABOUT = {
    "configuration": {"name": "own"},
    "hash": "a1b2",
    "results": "c3d4",
    "versions": {"pyrnnsim": "0.1.0", "numpy": "2.0"},
    "machine": {"cores": 2},
}


def claim(task="flip_flop", *, supported=True, statement="All is well", **parts) -> Claim:
    known = {"low": 0.25, "high": 0.75, "reference": 0.125, "against": "chance", "reason": ""}
    known |= {"topic": "accuracy", "subject": "svcca", "quantity": "1-NN accuracy of cell", "value": 0.5}
    return Claim(task=task, supported=supported, statement=statement, **(known | parts))


UNKNOWN = claim(supported=None, value=None, low=None, high=None, reference=None, against="")
CLAIMS = [claim(), UNKNOWN, claim("sine_wave", supported=False, statement="Another", value=12345.6)]


def test_text_has_a_line_of_every_claim():
    lines = to_text(CLAIMS).splitlines()
    assert lines[0].split() == ["task", "about", "quantity", "here", "interval", "against", "supported"]
    assert lines[1].split("  ")[0] == "flip_flop"
    assert "0.25 to 0.75" in lines[1]
    assert lines[1].endswith("yes")
    assert lines[2].split()[-4:] == ["-", "-", "-", "undecided"]
    assert "1.23e+04" in lines[3]
    assert lines[3].endswith("no")
    assert lines[-1] == tally(CLAIMS)
    assert tally(CLAIMS) == "3 statements of the paper tested: 1 supported, 1 contradicted, 1 undecided"


def test_text_of_nothing():
    assert to_text([]).startswith("no claims")


def test_markdown_groups_by_task_and_statement():
    text = to_markdown(CLAIMS, ABOUT)
    assert text.index("## flip_flop") < text.index("**All is well**") < text.index("## sine_wave")
    assert text.count("**All is well**") == 1
    assert "configuration `a1b2`, results `c3d4`" in text
    assert "numpy 2.0" in text
    assert "| svcca | 1-NN accuracy of cell | 0.5 | 0.25 to 0.75 | chance 0.125 | yes |" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {7}


def test_claims_are_read_as_they_were_written(tmp_path):
    file = tmp_path / "claims.json"
    file.write_text(json.dumps([asdict(one) for one in CLAIMS]))
    assert read_claims(file) == CLAIMS


@pytest.mark.parametrize("text", ["{", "[1]", '[{"task": "a"}]', "3"])
def test_other_files_are_refused(tmp_path, text):
    file = tmp_path / "claims.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="holds no claims of a study"):
        read_claims(file)
