"""Claims to be read: as lines for a terminal and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyrnnsim.populations.table import to_text as table_text
from pyrnnsim.report.claim import VERDICTS, Claim


def read_claims(file: Path) -> list[Claim]:
    """The claims that a study wrote to a file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it holds something else.
    """
    try:
        return [Claim(**row) for row in json.loads(file.read_text(encoding="utf-8"))]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{file} holds no claims of a study; write them again by 'pyrnnsim report DIR'") from error


def to_text(claims: Sequence[Claim]) -> str:
    """One line per claim, and how many of them the study supports."""
    if not claims:
        return "no claims: no network learned its task"
    rows = [{"task": claim.task, **_cells(claim)} for claim in claims]
    return f"{table_text(rows)}\n\n{tally(claims)}"


def tally(claims: Iterable[Claim]) -> str:
    """How many claims are supported, contradicted or undecided."""
    verdicts = [claim.supported for claim in claims]
    return (
        f"{len(verdicts)} statements of the paper tested: {verdicts.count(True)} supported, "
        f"{verdicts.count(False)} contradicted, {verdicts.count(None)} undecided"
    )


def to_markdown(claims: Sequence[Claim], about: Mapping[str, Any]) -> str:
    """One table per task and statement, with what is needed to get the numbers again, and without a date.

    Args:
        claims: Of a study.
        about: ``hash``, ``results``, ``configuration``, ``versions``, ``machine``, as the report has them.
    """
    lines = [f"# Claims of the study {about['configuration']['name']}", ""]
    lines += [f"- configuration `{about['hash']}`, results `{about['results']}`"]
    for name in ("versions", "machine"):
        lines.append(f"- {name}: {', '.join(f'{key} {value}' for key, value in about[name].items())}")
    lines += ["", f"{tally(claims)}. Intervals: 95 %, bootstrap over seeds."]
    for task, mine in _grouped(claims, lambda claim: claim.task):
        lines += ["", f"## {task}"]
        for statement, group in _grouped(mine, lambda claim: claim.statement):
            rows = [_cells(claim) for claim in group]
            lines += ["", f"**{statement}**", "", _line(rows[0]), _line(["---"] * len(rows[0]))]
            lines += [_line(row.values()) for row in rows]
    return "\n".join([*lines, ""])


def _cells(claim: Claim) -> dict[str, str]:
    interval = "-" if claim.low is None or claim.high is None else f"{_short(claim.low)} to {_short(claim.high)}"
    against = "-" if claim.reference is None else f"{claim.against} {_short(claim.reference)}".strip()
    return {
        "about": claim.subject,
        "quantity": claim.quantity,
        "here": _short(claim.value),
        "interval": interval,
        "against": against,
        "supported": VERDICTS[claim.supported],
    }


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _grouped(claims: Sequence[Claim], key: Any) -> list[tuple[str, list[Claim]]]:
    """Claims by a key, in the order in which each first occurs."""
    found: dict[str, list[Claim]] = {}
    for claim in claims:
        found.setdefault(key(claim), []).append(claim)
    return list(found.items())
