"""How the page of a report speaks of what it shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Titles, headings and heads of columns.

    Attributes:
        title: Of the page.
        claims: Heading of the claims.
        verdict: Head of the column that says whether a claim holds.
        no_claims: Where there is none.
        of: What a set of results is of, ``"task"``; the head of its column.
        counted: Head of the number of networks shown.
        failed: Heading of the networks that are left out; "" for a page without them.
        one_task: Whether there is a single task by nature, which needs no menu.
    """

    title: str
    claims: str
    verdict: str
    no_claims: str
    of: str
    counted: str
    failed: str = ""
    one_task: bool = False


STUDY = Words(
    title="Report of a study",
    claims="Claims of the paper",
    verdict="supported",
    no_claims="None was tested.",
    of="task",
    counted="learned",
    failed="Failed networks",
)
COMPARISON = Words(
    title="Report of a comparison",
    claims="Groups",
    verdict="above chance",
    no_claims="The networks have no groups.",
    of="compared",
    counted="networks",
    one_task=True,
)
