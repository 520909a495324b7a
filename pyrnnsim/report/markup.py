"""Tables and figures as HTML text; nothing from the data is ever markup."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

NUMBER = ' class="number"'
_MAGIC = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"<svg": "image/svg+xml"}


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table that sorts; columns of numbers are aligned as such."""

    def cell(value: Any) -> str:
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        return f"<td{NUMBER if number else ''}>{escape(shown(value))}</td>"

    numbers = [all(isinstance(row[k], (int, float, np.number)) for row in rows) for k in range(len(head))]
    return framed(head, [f"<tr>{''.join(cell(value) for value in row)}</tr>" for row in rows], numbers)


def framed(head: Sequence[str], rows: Sequence[str], numbers: Sequence[bool]) -> str:
    """A table that sorts, from rows that are markup already."""
    cells = "".join(
        f'<th scope="col"{NUMBER if number else ""}>{escape(name)}</th>'
        for name, number in zip(head, numbers, strict=True)
    )
    body = "".join(rows)
    made = f'<table class="sortable"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="scroll">{made}</div>'


def figure(title: str, content: bytes, caller: str) -> str:
    """A picture that is part of the page.

    Raises:
        TypeError: If the content is no bytes.
        ValueError: If it is of no known kind.
    """
    if not isinstance(content, bytes):
        raise TypeError(f"{caller}: figures[{title!r}] must be bytes of an image file, got {type(content).__name__}")
    # An SVG file may begin with a declaration.
    kind = next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), None)
    if kind is None and content.lstrip().startswith(b"<?xml") and b"<svg" in content[:2000]:
        kind = "image/svg+xml"
    if kind is None:
        raise ValueError(f"{caller}: figures[{title!r}] is neither PNG, JPEG nor SVG; it begins with {content[:8]!r}")
    source = f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
    label = escape(title)
    return f'<figure><img src="{source}" alt="{label}" loading="lazy"><figcaption>{label}</figcaption></figure>'


def shown(value: Any) -> str:
    """A value as the page shows it."""
    if value is None:
        return "–"
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.4g}" if math.isfinite(value) else "–"
    return str(value)


def escape(text: Any) -> str:
    """Text in which no tag or entity begins."""
    return html.escape(str(text), quote=True)
