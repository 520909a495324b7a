"""The last stages: claims as numbers, figures, and the report."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from pyrnnsim._files import write_atomic
from pyrnnsim.populations.table import Row
from pyrnnsim.report.claim import Claim
from pyrnnsim.report.results import TaskResults
from pyrnnsim.study.claim_text import to_markdown

CLAIMS, TABLE, FIGURES, REPORT = "claims.json", "claims.md", "figures", "report.html"
_DPI = 200


def publish(
    folder: Path, results: Sequence[TaskResults], about: Mapping[str, Any], *, seed: int, say: Callable[[str], None]
) -> list[Path]:
    """Write claims, figures and the report into the directory of a study.

    Args:
        folder: The directory.
        results: One per task.
        about: Configuration, versions and timings, for the report.
        seed: Of the resampling behind the intervals.
        say: Receives lines about the progress.
    Returns:
        The files written.
    Raises:
        OSError: If a file cannot be written; the others are whole.
    """
    claims = list(import_module("pyrnnsim.study.claims").claims(results, seed=seed))
    write_atomic(folder / CLAIMS, json.dumps([_plain(claim) for claim in claims], indent=1).encode())
    write_atomic(folder / TABLE, to_markdown(claims, about).encode())
    say(f"{len(claims)} claims")
    pictures, files = {}, [folder / CLAIMS, folder / TABLE]
    (folder / FIGURES).mkdir(exist_ok=True)
    for name, figure in import_module("pyrnnsim.figures.paper").paper_figures(results).items():
        pictures[name] = _drawn(figure, "png")
        for suffix, content in (("png", pictures[name]), ("pdf", _drawn(figure, "pdf"))):
            files.append(folder / FIGURES / f"{name}.{suffix}")
            write_atomic(files[-1], content)
    say(f"{len(pictures)} figures")
    import_module("pyrnnsim.report.writer").write_report(folder / REPORT, results, claims, pictures, about)
    return [*files, folder / REPORT]


def _drawn(figure: Any, form: str) -> bytes:
    """A picture without the time of its making, so that equal pictures have equal bytes."""
    content = io.BytesIO()
    about = {"CreationDate": None} if form == "pdf" else {}
    figure.savefig(content, format=form, dpi=_DPI, metadata=about)
    return content.getvalue()


def _plain(claim: Claim) -> Row:
    """A claim for JSON, which knows neither NaN nor infinity."""
    return {name: None if isinstance(one, float) and not math.isfinite(one) else one for name, one in claim.row.items()}
