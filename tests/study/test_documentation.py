"""The table of the configuration in docs/ names every key and its default."""

from __future__ import annotations

import re
from pathlib import Path

from pyrnnsim.study.schema import SECTIONS, TASK_KEYS
from pyrnnsim.study.stages import _ALL

TEXT = (Path(__file__).parents[2] / "docs" / "study.md").read_text(encoding="utf-8")
SECTION = TEXT[TEXT.index("## Configuration") : TEXT.index("## Your own task")]
ROWS = dict(re.findall(r"^\| `([a-zA-Z0-9_.]+)` \| (.*?) \|", SECTION, flags=re.MULTILINE))


def written(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return (
        str(value).replace("'", '"')
        if isinstance(value, list)
        else f'"{value}"'
        if isinstance(value, str)
        else str(value)
    )


def test_every_key_is_documented_with_its_default():
    expected = {
        f"{section}.{key}": written(default) for section, keys in SECTIONS.items() for key, (_, default) in keys.items()
    }
    own = {f"tasks.NAME.{key}" for key in ("arguments", "module", "class", *TASK_KEYS)}
    assert {key: default for key, default in ROWS.items() if key in expected} == expected
    assert set(ROWS) - set(expected) == own | {"seed"}


def test_every_stage_is_named():
    assert [stage.name for stage in _ALL if f"`{stage.name}`" not in TEXT] == []
