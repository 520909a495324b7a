"""The table of claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pyrnnsim.report.claim import VERDICTS
from pyrnnsim.report.markup import NUMBER, escape, framed, shown
from pyrnnsim.report.words import Words

_FIELDS = ("topic", "statement", "quantity", "value", "low", "high", "supported")
_ABOUT = ("task", "subject", "against", "reason")
_STATEMENT = "the paper says"
_HEAD = ("topic", "task", "about", _STATEMENT, "quantity", "here", "interval", "compared with")


def claim_table(claims: Sequence[Any], words: Words, caller: str) -> str:
    """One row per claim; without a column of statements where no claim has one.

    Args:
        claims: See :func:`pyrnnsim.report.writer.write_report`.
        words: Of the page.
        caller: Function named in the errors.
    Raises:
        TypeError: If a claim lacks a field, or its verdict is none.
    """
    if not claims:
        return f"<p>{escape(words.no_claims)}</p>"
    cells = [_cells(claim, k, caller) for k, claim in enumerate(claims)]
    stated = any(_field(claim, k, "statement", caller) for k, claim in enumerate(claims))
    left_out = {_STATEMENT} if not stated else set()
    left_out |= {"task"} if words.one_task else set()
    kept = [k for k, name in enumerate((*_HEAD, words.verdict)) if name not in left_out]
    head = [(*_HEAD, words.verdict)[k] for k in kept]
    rows = [f"<tr>{''.join(row[k] for k in kept)}</tr>" for row in cells]
    return framed(head, rows, tuple(name in ("here", "interval") for name in head))


def _cells(claim: Any, index: int, caller: str) -> list[str]:
    topic, statement, quantity, value, low, high, supported = (_field(claim, index, name, caller) for name in _FIELDS)
    supported = bool(supported) if isinstance(supported, np.bool_) else supported
    if not (supported is None or isinstance(supported, bool)):
        raise TypeError(f"{caller}: claims[{index}].supported must be True, False or None, got {supported!r}")
    verdict = VERDICTS[supported]
    interval = "" if low is None or high is None else f"{shown(low)} to {shown(high)}"
    task, subject, against, reason = (_optional(claim, name) or "" for name in _ABOUT)
    reference = _optional(claim, "reference")
    compared = "" if reference is None else f"{shown(reference)}, {against}" if against else shown(reference)
    cells = [f"<td>{escape(text)}</td>" for text in (topic, task, subject, statement, quantity)]
    cells += [f"<td{NUMBER}>{escape(text)}</td>" for text in (shown(value), interval)]
    cells += [f"<td>{escape(text)}</td>" for text in (compared,)]
    why = f' title="{escape(reason)}"' if reason else ""
    return [*cells, f'<td{why}><span class="verdict {verdict}">{verdict}</span></td>']


def _field(claim: Any, index: int, name: str, caller: str) -> Any:
    if isinstance(claim, Mapping) and name in claim:
        return claim[name]
    if isinstance(claim, Mapping) or not hasattr(claim, name):
        raise TypeError(f"{caller}: claims[{index}] has no {name!r}; expected the fields {', '.join(_FIELDS)}")
    return getattr(claim, name)


def _optional(claim: Any, name: str) -> Any:
    return claim.get(name) if isinstance(claim, Mapping) else getattr(claim, name, None)
