"""The report of a study: one HTML file that opens offline."""

from __future__ import annotations

import base64
import html
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib import resources
from string import Template
from typing import Any

import numpy as np

from pyrnnsim._files import write_atomic
from pyrnnsim.study.claim_text import VERDICTS
from pyrnnsim.study.results import GEOMETRY, TOPOLOGY, TaskResults

_CALLER = "write_report"
_MAGIC = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"<svg": "image/svg+xml"}
_DIGITS = 6  # of coordinates: a hundredth of a pixel
_CLAIM = ("topic", "statement", "quantity", "value", "low", "high", "supported")
_ABOUT_CLAIM = ("task", "subject", "against", "reason")
_NUMBER = ' class="number"'


def write_report(
    path: str | os.PathLike[str],
    results: Sequence[TaskResults],
    claims: Sequence[Any],
    figures: Mapping[str, bytes],
    about: Mapping[str, Any],
) -> None:
    """Write one self-contained HTML file with everything that a study found.

    The page needs no network and no library: embeddings with linked selection, the tables of networks and claims, the
    figures, configuration, versions and timings. The same arguments give the same bytes.

    Args:
        path: File to write; its directory must exist.
        results: One per task.
        claims: Objects or mappings with ``topic``, ``statement`` (the paper's), ``quantity``, ``value``, ``low`` and
            ``high`` (ours with its interval; None where there is none), ``supported`` (True, False, None: undecided);
            and, shown where there are any, ``task``, ``subject``, ``reference``, ``against`` and ``reason``, as
            :class:`pyrnnsim.study.claim.Claim` has them.
        figures: Title -> content of a PNG, JPEG or SVG file, in the order of the page.
        about: What was run: text and numbers, or mappings of these such as ``configuration`` and ``versions``.
    Raises:
        ValueError: If an embedding and the networks of its task differ in number, two tasks have one name, or a figure
            is of no known kind.
        TypeError: If a claim lacks a field or a figure is no bytes.
        OSError: If the file cannot be written; an earlier one of that name is intact.
    """
    _check(results)
    page = resources.files("pyrnnsim.study").joinpath("report_page")
    files = ("page.css", "tables.js", "page.js")
    css, *scripts = (page.joinpath(name).read_text(encoding="utf-8") for name in files)
    script = "\n".join(scripts)
    text = Template(page.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        css=css,
        script=script,
        css_hash=_digest(css),
        script_hash=_digest(script),
        data=_json([_task(one) for one in results]),
        tasks=_tasks(results),
        claims=_claims(claims),
        failed=_failed(results),
        figures="".join(_figure(title, content) for title, content in figures.items()) or "<p>There are none.</p>",
        about=_about(about),
        timings=_timings(results),
    )
    write_atomic(path, text.encode("utf-8"))


def _check(results: Sequence[TaskResults]) -> None:
    names = [one.task for one in results]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"{_CALLER}: results[{names.index(twice[0])}] and a later one are both of task {twice[0]!r}")
    for one in results:
        for measure, embedding in one.embeddings.items():
            shape = embedding.coordinates.shape
            if len(shape) != 2 or shape[0] != len(one.networks) or shape[1] < 1:
                raise ValueError(
                    f"{_CALLER}: results of {one.task!r}: embeddings[{measure!r}] has coordinates of shape {shape}, "
                    f"expected ({len(one.networks)}, 2): one row per network"
                )


def _task(one: TaskResults) -> dict[str, Any]:
    """What the page's script knows of a task."""
    order = {name: k for k, name in enumerate((*GEOMETRY, TOPOLOGY))}
    measures = [
        {
            "name": measure,
            "topology": measure == TOPOLOGY,
            "stress": embedding.stress,
            "points": [_rounded(point) for point in np.pad(embedding.coordinates, ((0, 0), (0, 1)))[:, :2]],
            "pointStress": _rounded(embedding.point_stress),
        }
        for measure, embedding in sorted(one.embeddings.items(), key=lambda item: order.get(item[0], len(order) - 1.5))
    ]
    return {"task": one.task, "networks": [dict(row) for row in one.networks], "measures": measures}


def _rounded(values: Iterable[float]) -> list[float | None]:
    return [float(f"{x:.{_DIGITS}g}") if math.isfinite(x) else None for x in map(float, values)]


def _json(value: Any) -> str:
    """JSON that may stand inside a script element: no tag, comment or entity begins in it."""
    text = json.dumps(_plain(value), allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _plain(value: Any) -> Any:
    """The value in types that JSON knows; numbers that are not finite become None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _tasks(results: Sequence[TaskResults]) -> str:
    rows = [(one.task, len(one.networks), len(one.failed), sum(one.seconds.values())) for one in results]
    return _table(("task", "learned", "failed", "seconds"), rows)


def _failed(results: Sequence[TaskResults]) -> str:
    columns = list(dict.fromkeys(column for one in results for row in one.failed for column in row))
    rows = [(one.task, *(row.get(column) for column in columns)) for one in results for row in one.failed]
    return _table(("task", *columns), rows) if rows else "<p>Every network learned its task.</p>"


def _timings(results: Sequence[TaskResults]) -> str:
    total = sum(seconds for one in results for seconds in one.seconds.values())
    rows = [
        (one.task, stage, seconds, f"{seconds / total:.1%}" if total else None)
        for one in results
        for stage, seconds in one.seconds.items()
    ]
    return _table(("task", "stage", "seconds", "share"), rows) if rows else "<p>Not measured.</p>"


def _claims(claims: Sequence[Any]) -> str:
    rows = []
    for k, claim in enumerate(claims):
        topic, statement, quantity, value, low, high, supported = (_field(claim, k, name) for name in _CLAIM)
        supported = bool(supported) if isinstance(supported, np.bool_) else supported
        if not (supported is None or isinstance(supported, bool)):
            raise TypeError(f"{_CALLER}: claims[{k}].supported must be True, False or None, got {supported!r}")
        verdict = VERDICTS[supported]
        interval = "" if low is None or high is None else f"{_shown(low)} to {_shown(high)}"
        task, subject, against, reason = (_optional(claim, name) or "" for name in _ABOUT_CLAIM)
        reference = _optional(claim, "reference")
        compared = "" if reference is None else f"{_shown(reference)}, {against}" if against else _shown(reference)
        cells = [f"<td>{_escape(text)}</td>" for text in (topic, task, subject, statement, quantity)]
        cells += [f"<td{_NUMBER}>{_escape(text)}</td>" for text in (_shown(value), interval)]
        cells += [f"<td>{_escape(text)}</td>" for text in (compared,)]
        why = f' title="{_escape(reason)}"' if reason else ""
        rows.append(f'<tr>{"".join(cells)}<td{why}><span class="verdict {verdict}">{verdict}</span></td></tr>')
    if not rows:
        return "<p>None was tested.</p>"
    head = ("topic", "task", "about", "the paper says", "quantity", "here", "interval", "compared with", "supported")
    return _framed(head, rows, tuple(name in ("here", "interval") for name in head))


def _field(claim: Any, index: int, name: str) -> Any:
    if isinstance(claim, Mapping) and name in claim:
        return claim[name]
    if isinstance(claim, Mapping) or not hasattr(claim, name):
        raise TypeError(f"{_CALLER}: claims[{index}] has no {name!r}; expected the fields {', '.join(_CLAIM)}")
    return getattr(claim, name)


def _optional(claim: Any, name: str) -> Any:
    return claim.get(name) if isinstance(claim, Mapping) else getattr(claim, name, None)


def _about(about: Mapping[str, Any]) -> str:
    parts = {title: inner for title, inner in about.items() if isinstance(inner, Mapping)}
    single = {title: inner for title, inner in about.items() if title not in parts}
    sections = ({"run": single} if single else {}) | parts
    return "".join(
        f"<h3>{_escape(title)}</h3>{_table(('name', 'value'), list(_flat(inner)))}" for title, inner in sections.items()
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _figure(title: str, content: bytes) -> str:
    if not isinstance(content, bytes):
        raise TypeError(f"{_CALLER}: figures[{title!r}] must be bytes of an image file, got {type(content).__name__}")
    # An SVG file may begin with a declaration.
    kind = next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), None)
    if kind is None and content.lstrip().startswith(b"<?xml") and b"<svg" in content[:2000]:
        kind = "image/svg+xml"
    if kind is None:
        raise ValueError(f"{_CALLER}: figures[{title!r}] is neither PNG, JPEG nor SVG; it begins with {content[:8]!r}")
    source = f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
    label = _escape(title)
    return f'<figure><img src="{source}" alt="{label}" loading="lazy"><figcaption>{label}</figcaption></figure>'


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    def cell(value: Any) -> str:
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        return f"<td{_NUMBER if number else ''}>{_escape(_shown(value))}</td>"

    numbers = [all(isinstance(row[k], (int, float, np.number)) for row in rows) for k in range(len(head))]
    return _framed(head, [f"<tr>{''.join(cell(value) for value in row)}</tr>" for row in rows], numbers)


def _framed(head: Sequence[str], rows: Sequence[str], numbers: Sequence[bool]) -> str:
    cells = "".join(
        f'<th scope="col"{_NUMBER if number else ""}>{_escape(name)}</th>'
        for name, number in zip(head, numbers, strict=True)
    )
    body = "".join(rows)
    table = f'<table class="sortable"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.4g}" if math.isfinite(value) else "–"
    return str(value)


def _escape(text: Any) -> str:
    return html.escape(str(text), quote=True)


def _digest(text: str) -> str:
    """What the page's security policy calls the one script and the one style that it lets in."""
    return base64.b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")
