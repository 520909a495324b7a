"""Files of arrays (samples, units) or (conditions, time, units)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.files import open_file
from pyrnnsim._inputs.labels import Label
from pyrnnsim._inputs.sources import Source
from pyrnnsim.comparison.sources import CALLER


class Rows:
    """One network in a file as an array of which only the rows that are asked for are read.

    Attributes:
        shape: ``(P, N)``.
        dtype: Of the values.
    """

    def __init__(self, source: Source, label: Label) -> None:
        self.shape, self.dtype = source.shape, source.dtype
        self._source, self._label = source, label

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        start, stop, _ = rows.indices(self.shape[0])
        return self._source.read(start, stop, self._label)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        del copy
        return np.asarray(self[:], dtype=dtype)


def open_arrays(paths: Sequence[Path]) -> tuple[list[Any], list[str]]:
    """What :func:`pyrnnsim.pairwise` takes for these files, and the names of the networks in them.

    Rows of a recording are its conditions and times in C order: all times of the first condition, then of the next.

    Args:
        paths: Files with an array each, or several in a .safetensors file.
    Raises:
        TypeError, ValueError: If a file holds no such array, or recordings differ in conditions or time.
    """
    sources: list[Source] = []
    places: list[Path] = []
    for path in paths:
        opened = open_file(path, Label(CALLER, "files", len(sources)), recordings=True)
        sources += opened
        places += [path] * len(opened)
    _check_axes(sources, places)
    short = [source.name or str(k) for k, source in enumerate(sources)]
    count = Counter(short)
    names = [
        name if count[name] == 1 else source.unambiguous_name(k) or name
        for k, (name, source) in enumerate(zip(short, sources, strict=True))
    ]
    labels = [Label(CALLER, "files", k, name) for k, name in enumerate(names)]
    return [Rows(source, label) for source, label in zip(sources, labels, strict=True)], names


def _check_axes(sources: Sequence[Source], places: Sequence[Path]) -> None:
    """Refuse recordings that do not fit together; arrays of two axes say their samples only, which others check."""
    recordings = [k for k, source in enumerate(sources) if len(source.axes) == 3]
    if not recordings:
        return
    usual = Counter(sources[k].axes[:2] for k in recordings).most_common(1)[0][0]
    model = next(k for k in recordings if sources[k].axes[:2] == usual)
    odd = next((k for k, source in enumerate(sources) if source.axes[:-1] != usual), None)
    if odd is None:
        return
    both = " and ".join(f"{places[k]} has shape {sources[k].axes}" for k in (model, odd))
    if len(sources[odd].axes) == 2:
        raise ValueError(
            f"{CALLER}: {both}; expected (conditions, time, units) in all files or (samples, units) in all: save the "
            f"second one by x.reshape({usual[0]}, {usual[1]}, -1)"
        )
    raise ValueError(
        f"{CALLER}: {both}; expected the same {usual[0]} conditions and {usual[1]} steps in every file: cut them to "
        "the conditions and times that all have"
    )
