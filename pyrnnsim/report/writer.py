"""The report of a study or a comparison: one HTML file that opens offline."""

from __future__ import annotations

import base64
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
from pyrnnsim.report.claim_table import claim_table
from pyrnnsim.report.markup import escape, figure, table
from pyrnnsim.report.results import GEOMETRY, TOPOLOGY, TaskResults
from pyrnnsim.report.words import STUDY, Words

_CALLER = "write_report"
_DIGITS = 6  # of coordinates: a hundredth of a pixel


def write_report(
    path: str | os.PathLike[str],
    results: Sequence[TaskResults],
    claims: Sequence[Any],
    figures: Mapping[str, bytes],
    about: Mapping[str, Any],
    *,
    words: Words = STUDY,
) -> None:
    """Write one self-contained HTML file with everything that was found.

    The page needs no network and no library: embeddings with linked selection, the tables of networks and claims, the
    figures, configuration, versions and timings. The same arguments give the same bytes.

    Args:
        path: File to write; its directory must exist.
        results: One per task.
        claims: Objects or mappings with ``topic``, ``statement`` (the paper's), ``quantity``, ``value``, ``low`` and
            ``high`` (ours with its interval; None where there is none), ``supported`` (True, False, None: undecided);
            and, shown where there are any, ``task``, ``subject``, ``reference``, ``against`` and ``reason``, as
            :class:`pyrnnsim.report.claim.Claim` has them. Without any statement there is no column for it.
        figures: Title -> content of a PNG, JPEG or SVG file, in the order of the page.
        about: What was run: text and numbers, or mappings of these such as ``configuration`` and ``versions``.
        words: How the page speaks of what it shows.
    Raises:
        ValueError: If an embedding and the networks of its task differ in number, two tasks have one name, or a figure
            is of no known kind.
        TypeError: If a claim lacks a field or a figure is no bytes.
        OSError: If the file cannot be written; an earlier one of that name is intact.
    """
    _check(results)
    page = resources.files("pyrnnsim.report").joinpath("page")
    files = ("page.css", "tables.js", "page.js")
    css, *scripts = (page.joinpath(name).read_text(encoding="utf-8") for name in files)
    script = "\n".join(scripts)
    text = Template(page.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        css=css,
        script=script,
        css_hash=_digest(css),
        script_hash=_digest(script),
        data=_json([_task(one) for one in results]),
        title=escape(words.title),
        tab=escape(words.title[:1].lower() + words.title[1:]),
        tasks=_tasks(results, words),
        task_menu="hidden" if words.one_task else "",
        claims_title=escape(words.claims),
        claims_link=escape(words.claims.partition(" ")[0]),
        claims=claim_table(claims, words, _CALLER),
        failed_link=f'<a href="#failed">{escape(words.failed)}</a>' if words.failed else "",
        failed=_failed(results, words),
        figures="".join(figure(title, one, _CALLER) for title, one in figures.items()) or "<p>There are none.</p>",
        about=_about(about),
        timings=_timings(results, words),
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


def _tasks(results: Sequence[TaskResults], words: Words) -> str:
    head = (words.of, words.counted, *(("failed",) if words.failed else ()), "seconds")
    return table(
        head,
        [
            (one.task, len(one.networks), *((len(one.failed),) if words.failed else ()), sum(one.seconds.values()))
            for one in results
        ],
    )


def _failed(results: Sequence[TaskResults], words: Words) -> str:
    if not words.failed:
        return ""
    columns = list(dict.fromkeys(column for one in results for row in one.failed for column in row))
    rows = [(one.task, *(row.get(column) for column in columns)) for one in results for row in one.failed]
    listed = table(("task", *columns), rows) if rows else "<p>Every network learned its task.</p>"
    return f'<section id="failed">\n<h2>{escape(words.failed)}</h2>\n{listed}\n</section>\n'


def _timings(results: Sequence[TaskResults], words: Words) -> str:
    total = sum(seconds for one in results for seconds in one.seconds.values())
    rows = [
        (one.task, stage, seconds, f"{seconds / total:.1%}" if total else None)
        for one in results
        for stage, seconds in one.seconds.items()
    ]
    return table((words.of, "stage", "seconds", "share"), rows) if rows else "<p>Not measured.</p>"


def _about(about: Mapping[str, Any]) -> str:
    parts = {title: inner for title, inner in about.items() if isinstance(inner, Mapping)}
    single = {title: inner for title, inner in about.items() if title not in parts}
    sections = ({"run": single} if single else {}) | parts
    return "".join(
        f"<h3>{escape(title)}</h3>{table(('name', 'value'), list(_flat(inner)))}" for title, inner in sections.items()
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _digest(text: str) -> str:
    """What the page's security policy calls the one script and the one style that it lets in."""
    return base64.b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")
