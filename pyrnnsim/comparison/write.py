"""The files of a comparison: pictures, matrices, tables, and the report."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._files import write_atomic
from pyrnnsim.comparison.definitions import definitions
from pyrnnsim.comparison.result import Comparison
from pyrnnsim.dissection import Dissection, write_dissection
from pyrnnsim.populations.table import to_csv as table_csv
from pyrnnsim.report.about import installation
from pyrnnsim.report.group_claims import group_claims
from pyrnnsim.report.results import TaskResults
from pyrnnsim.report.words import COMPARISON
from pyrnnsim.report.writer import write_report
from pyrnnsim.summary import cautions, reports, to_csv, to_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REPORT, DISSECTION = "report.html", "dissection"
_DPI = 200
_TITLES = {
    "matrix.png": "Distances, networks sorted by group",
    "embedding.png": "Embeddings by classical scaling",
    "dendrogram.png": "Average linkage",
}
# Of a dissection, those that show what the pictures above do not.
_DISSECTED = {
    "counts": "Fixed points by number of unstable modes",
    "points": "Fixed points of one network of each group",
    "spectra": "Eigenvalues at fixed points of one network of each group",
    "graphs": "What leads where in one network of each group",
    "oscillations": "Linear frequency against the commanded one",
    "lines": "Line attractor of one network of each group",
    "eigenvalues": "Sorted eigenvalues on line attractors",
    "modes": "Response to a pulse by modes kept",
}


def write_comparison(
    comparison: Comparison, folder: Path, *, about: Mapping[str, Any], present: Sequence[str] = ()
) -> Comparison:
    """Write pictures, matrices, tables and the report; other files in the directory stay as they are.

    Args:
        comparison: What to write.
        folder: Existing directory.
        about: What was run, for the report: text and numbers, or mappings of these.
        present: Measures whose matrices are there already, as ``distances-<measure>.npy``.
    Returns:
        The comparison with its ``files``, pictures first, the report last.
    Raises:
        OSError: If a file cannot be written; the others are whole.
    """
    from pyrnnsim.figures import dendrogram_panels, embedding_panels, matrix_panels

    names, groups = comparison.names, comparison.groups
    figures = {
        "matrix.png": matrix_panels(comparison.distances, groups=groups),
        "embedding.png": embedding_panels(comparison.embeddings, groups=groups),
        "dendrogram.png": dendrogram_panels(comparison.distances, names=names, groups=groups),
    }
    pictures = {name: _picture(figure) for name, figure in figures.items()}
    contents: dict[str, bytes | Callable[[BinaryIO], None]] = dict(pictures)
    contents["summary.csv"] = to_csv(comparison.rows).encode()
    contents["networks.csv"] = _networks_csv(names, groups).encode()
    if comparison.task is not None:
        contents["evaluation.csv"] = table_csv(comparison.networks).encode()
    contents["report.txt"] = reports(comparison.distances).encode()
    stored = {f"distances-{measure}.npy": _matrix(values) for measure, values in comparison.distances.items()}
    for name, content in {**contents, **stored}.items():
        if name not in {f"distances-{measure}.npy" for measure in present}:
            write_atomic(folder / name, content)
    files = [folder / name for name in (*contents, *stored)]
    shown = {_TITLES[name]: picture for name, picture in pictures.items()}
    if comparison.dissection is not None:
        own = _dissection(comparison.dissection, folder / DISSECTION)
        files += own
        found = {file.stem: file for file in own if file.suffix == ".png"}
        shown |= {title: found[name].read_bytes() for name, title in _DISSECTED.items() if name in found}
    files.append(folder / REPORT)
    _report(comparison, files[-1], shown, about)
    return replace(comparison, files=files)


def text_report(comparison: Comparison) -> str:
    """What a command prints at its end: the table, and where everything is."""
    files = comparison.files
    folder = files[0].parent
    kinds = {"pictures": (".png",), "tables": (".csv", ".txt"), "matrices": (".npy",)}
    lines = [to_text(comparison.rows), "", f"results in {folder}:"]
    for kind, suffixes in kinds.items():
        names = (file.name for file in files if file.suffix in suffixes and file.parent == folder)
        lines.append(f"  {kind:<9} {'  '.join(names)}")
    if comparison.dissection is not None:
        lines.append(f"  {'dynamics':<9} {DISSECTION}/")
    lines.append(f"open {files[-1]}")
    return "\n".join(lines + _flagged(comparison) + cautions(comparison.distances))


def _flagged(comparison: Comparison) -> list[str]:
    not_done = [str(row["name"]) for row in comparison.networks if row.get("does task", "yes") != "yes"]
    if not not_done:
        return []
    shown = ", ".join(not_done[:5]) + (", .." if len(not_done) > 5 else "")
    return ["", f"note: networks that do not do {comparison.kind}: {len(not_done)} ({shown}); see evaluation.csv"]


def _dissection(made: Dissection, folder: Path) -> list[Path]:
    folder.mkdir(exist_ok=True)
    return write_dissection(made, folder)


def _report(comparison: Comparison, path: Path, figures: Mapping[str, bytes], about: Mapping[str, Any]) -> None:
    results = TaskResults(
        task=comparison.kind,
        networks=comparison.networks,
        failed=(),
        distances={measure: np.asarray(values) for measure, values in comparison.distances.items()},
        embeddings=comparison.embeddings,
        untrained=None,
        dynamics={},
        frequencies=None,
        commanded=None,
        seconds=comparison.seconds,
    )
    made = comparison.dissection
    kinds = ("graphs", "oscillations", "modes")
    compared = next((kind for kind in kinds if getattr(made, kind, None) is not None), None)
    said = {**about, "definitions": definitions(comparison.distances, comparison.task, compared), **installation()}
    write_report(path, [results], group_claims(results), figures, said, words=COMPARISON)


def _picture(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=_DPI)
    return content.getvalue()


def _matrix(values: NDArray[np.float64]) -> Callable[[BinaryIO], None]:
    return lambda file: np.save(file, np.asarray(values), allow_pickle=False)


def _networks_csv(names: Sequence[str], groups: Sequence[str] | None) -> str:
    """Names in the order of the matrix rows; edited, it serves as ``--groups`` again."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "group"])
    writer.writerows(zip(names, groups if groups is not None else [""] * len(names), strict=True))
    return text.getvalue()
