"""Compare networks by several measures and leave pictures, matrices and a table in a directory."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._files import write_atomic
from pyrnnsim.embedding import Embedding
from pyrnnsim.groups import infer_groups, read_groups
from pyrnnsim.summary import Row, cautions, reports, summarise, to_csv, to_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURES = ("cca", "svcca", "pwcca", "cka", "procrustes")
FORMATS = (".npy", ".safetensors")
_DPI = 200


@dataclass(frozen=True, eq=False)
class Pass:
    """Matrices that one run over all pairs computed together.

    Attributes:
        distances: Measure -> ``(K, K)`` matrix.
        seconds: Wall time, preparation of the networks included; NaN if a part was done by an earlier run.
    """

    distances: Mapping[str, NDArray[np.float64]]
    seconds: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Networks compared by several measures.

    Attributes:
        names: K names.
        groups: K labels, or None.
        distances: Measure -> ``(K, K)`` matrix.
        embeddings: Measure -> two-dimensional embedding.
        rows: One row of the table per measure.
    """

    names: Sequence[str]
    groups: Sequence[str] | None
    distances: Mapping[str, NDArray[np.float64]]
    embeddings: Mapping[str, Embedding]
    rows: Sequence[Row]


def timed(compute: Callable[[], Mapping[str, NDArray[np.float64]]]) -> Pass:
    """Run one pass and take its wall time."""
    start = time.perf_counter()
    distances = compute()
    return Pass(distances, time.perf_counter() - start)


def summarise_all(passes: Iterable[Pass], names: Sequence[str], groups: Sequence[str] | None) -> Comparison:
    """Embed every matrix and put its numbers into a row.

    Args:
        passes: What was computed; no measure occurs twice.
        names: K names.
        groups: K labels, or None.
    Raises:
        ValueError: If a matrix cannot be embedded (see :func:`pyrnnsim.embed`).
    """
    distances: dict[str, NDArray[np.float64]] = {}
    embeddings: dict[str, Embedding] = {}
    rows = []
    pairs = max(1, len(names) * (len(names) - 1) // 2)
    for done in passes:
        for measure, values in done.distances.items():
            row, embeddings[measure] = summarise(
                measure,
                values,
                groups,
                ms_per_pair=1e3 * done.seconds / pairs,
                measures_in_pass=len(done.distances),
            )
            distances[measure] = values
            rows.append(row)
    return Comparison(names, groups, distances, embeddings, rows)


def write_comparison(comparison: Comparison, folder: Path, *, matrices: bool = True) -> list[Path]:
    """Write pictures, matrices and tables; other files in the directory stay as they are.

    Args:
        comparison: What to write.
        folder: Existing directory.
        matrices: False if the matrices are there already, as ``distances-<measure>.npy``.
    Returns:
        The files, pictures first.
    Raises:
        OSError: If a file cannot be written; the others are whole.
    """
    from pyrnnsim.figures import dendrogram_panels, embedding_panels, matrix_panels

    names, groups = comparison.names, comparison.groups
    pictures = {
        "matrix.png": matrix_panels(comparison.distances, groups=groups),
        "embedding.png": embedding_panels(comparison.embeddings, groups=groups),
        "dendrogram.png": dendrogram_panels(comparison.distances, names=names, groups=groups),
    }
    contents: dict[str, bytes | Callable[[BinaryIO], None]] = {
        name: _picture(figure) for name, figure in pictures.items()
    }
    contents["summary.csv"] = to_csv(comparison.rows).encode()
    contents["networks.csv"] = _networks_csv(names, groups).encode()
    contents["report.txt"] = reports(comparison.distances).encode()
    stored = {f"distances-{measure}.npy": _matrix(values) for measure, values in comparison.distances.items()}
    for name, content in {**contents, **(stored if matrices else {})}.items():
        write_atomic(folder / name, content)
    return [folder / name for name in (*contents, *stored)]


def compare_files(
    sources: Sequence[str],
    folder: Path,
    *,
    measures: Sequence[str],
    groups: str | None,
    say: Callable[[str], None],
    **options: Any,
) -> tuple[Comparison, list[Path]]:
    """Compare representation files: what ``pyrnnsim compare`` does.

    Args:
        sources: Files (``.npy``, ``.safetensors``) and directories of such files.
        folder: Where results go; created if missing.
        measures: Names for :func:`pyrnnsim.pairwise`.
        groups: Text of ``--groups`` (see :func:`pyrnnsim.groups.read_groups`), or None to infer them from the names.
        say: Receives lines about the progress.
        **options: Passed on to :func:`pyrnnsim.pairwise`.
    Returns:
        The comparison and the files written.
    Raises:
        ValueError: If a source, the groups, or an option is not usable.
        TypeError: As :func:`pyrnnsim.pairwise`.
        OSError: If a file cannot be read or written.
    """
    import pyrnnsim
    from pyrnnsim._inputs.collection import collect

    files = find_files(sources)
    networks = collect(files, caller="compare", argument="files")
    names = list(networks.names)
    labels = infer_groups(names) if groups is None else read_groups(groups, names)
    say(_description(names, networks.samples, networks.units, labels))
    folder.mkdir(parents=True, exist_ok=True)
    resumed = any(folder.glob("distances*.npy.tiles"))
    # Filled tile by tile; of several measures, pairwise makes distances-cca.npy and so on.
    out = folder / ("distances.npy" if len(measures) > 1 else f"distances-{''.join(measures)}.npy")
    done = timed(lambda: pyrnnsim.pairwise(files, measures=tuple(measures), names=names, out=out, **options))
    if resumed:
        done = Pass(done.distances, float("nan"))
        say("continued an interrupted run, so its speed is not known")
    else:
        say(speed_line(done, len(names)))
    comparison = summarise_all([done], names, labels)
    return comparison, write_comparison(comparison, folder, matrices=False)


def find_files(sources: Sequence[str]) -> list[Path]:
    """Representation files named, and those in the directories named, in order of their names there.

    Raises:
        ValueError: If a source does not exist, is of another format, or no file is found.
    """
    files: list[Path] = []
    for source in sources:
        path = Path(source)
        if path.is_dir():
            inside = sorted(child for child in path.iterdir() if child.suffix in FORMATS and child.is_file())
            if not inside:
                raise ValueError(f"compare: the directory {source!r} holds no .npy or .safetensors file")
            files += inside
        elif not path.exists():
            raise ValueError(f"compare: there is no file or directory {source!r}")
        elif path.suffix not in FORMATS:
            raise ValueError(
                f"compare: {source!r} is neither .npy nor .safetensors; save arrays by numpy.save, "
                "tensors by safetensors.torch.save_file"
            )
        else:
            files.append(path)
    return files


def speed_line(done: Pass, networks: int) -> str:
    """How fast a pass went: pairs, measures, seconds, pairs per second, and with what."""
    pairs = networks * (networks - 1) // 2
    report = getattr(next(iter(done.distances.values())), "report", None)
    means = f" ({report.n_jobs} thread{'s' * (report.n_jobs > 1)}, {report.dtype})" if report is not None else ""
    rate = pairs / max(done.seconds, 1e-9)
    return (
        f"{pairs:,} pairs by {len(done.distances)} measures in one pass of {done.seconds:.2f} s: "
        f"{rate:,.0f} pairs per second{means}"
    )


def text_report(comparison: Comparison, files: Sequence[Path]) -> str:
    """What a command prints at its end: the table, and where everything is."""
    kinds = {"pictures": (".png",), "tables": (".csv", ".txt"), "matrices": (".npy",)}
    lines = [to_text(comparison.rows), "", f"results in {files[0].parent}:"]
    for kind, suffixes in kinds.items():
        lines.append(f"  {kind:<9} {'  '.join(file.name for file in files if file.suffix in suffixes)}")
    return "\n".join(lines + cautions(comparison.distances))


def _description(names: Sequence[str], samples: int, units: Sequence[int], groups: Sequence[str] | None) -> str:
    widths = f"{min(units)}" if min(units) == max(units) else f"{min(units)} to {max(units)}"
    text = f"{len(names)} networks, {samples:,} samples, {widths} units"
    if groups is None:
        return f"{text}; no groups (their names tell none; see --groups)"
    sizes = {group: list(groups).count(group) for group in dict.fromkeys(groups)}
    shown = ", ".join(f"{group} ({size})" for group, size in list(sizes.items())[:8])
    return f"{text}; {len(sizes)} groups: {shown}{', ...' if len(sizes) > 8 else ''}"


def _picture(figure: Figure) -> Callable[[BinaryIO], None]:
    return lambda file: figure.savefig(file, format="png", dpi=_DPI)


def _matrix(values: NDArray[np.float64]) -> Callable[[BinaryIO], None]:
    return lambda file: np.save(file, np.asarray(values), allow_pickle=False)


def _networks_csv(names: Sequence[str], groups: Sequence[str] | None) -> str:
    """Names in the order of the matrix rows; edited, it serves as ``--groups`` again."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "group"])
    writer.writerows(zip(names, groups if groups is not None else [""] * len(names), strict=True))
    return text.getvalue()
