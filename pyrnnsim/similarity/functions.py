"""Distances by a function of two arrays: the user's own, or google/svcca's formula."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._options import RunOptions
from pyrnnsim.similarity.blocks import Advance, Job, run
from pyrnnsim.similarity.google import google_pwcca
from pyrnnsim.similarity.matrix import DistanceMatrix
from pyrnnsim.similarity.usable import Usable

_BLOCK = 64  # networks: small enough that a killed run loses little


@dataclass(frozen=True)
class Function:
    """A function of two (P, N) arrays.

    Attributes:
        name: For reports.
        call: ``(x, y)``, or ``(x, y, x_label=, y_label=)`` if ``labelled``.
        symmetric: Each pair is computed once, as (i, j) with i < j.
        labelled: Whether it takes labels for its errors.
        about: Options for the report.
    """

    name: str
    call: Callable[..., float]
    symmetric: bool = True
    labelled: bool = False
    about: Mapping[str, object] | None = None


def google_function() -> Function:
    """1 - the similarity that google/svcca's ``compute_pwcca`` gives."""

    def distance(x: NDArray[Any], y: NDArray[Any], **labels: object) -> float:
        return 1.0 - google_pwcca(x, y, **labels)

    return Function("pwcca", distance, symmetric=False, labelled=True, about={"definition": "google"})


def pairwise_function(
    caller: str, reps: Any, function: Function, raw_options: Mapping[str, object], *, other: Any = None
) -> DistanceMatrix:
    """Distances by a function, one pair at a time in this thread."""
    return run(caller, reps, other, raw_options, function_job(caller, function))


def function_job(caller: str, function: Function) -> Job:
    """The function as ``blocks.run`` takes it."""

    def distance(left: Usable, i: int, right: Usable, j: int) -> float:
        labels = {"x_label": left.label(i), "y_label": right.label(j)} if function.labelled else {}
        value: object = function.call(_read_only(left.rows(i)), _read_only(right.rows(j)), **labels)
        if not isinstance(value, int | float | np.integer | np.floating) or not math.isfinite(value):
            first, second = (str(label).partition(": ")[2] for label in (left.label(i), right.label(j)))
            raise ValueError(f"{caller}: metric gave {value!r} for {first} and {second}; expected a finite number")
        return float(value)

    def distances(left: Usable, right: Usable | None, _: RunOptions, advance: Advance) -> NDArray[np.float64]:
        columns = left if right is None else right
        mirrored = right is None and function.symmetric
        result = np.zeros((len(left), len(columns)))
        for i in range(len(left)):
            for j in range(i + 1 if mirrored else 0, len(columns)):
                if right is not None or i != j:
                    result[i, j] = distance(left, i, columns, j)
                if mirrored:
                    result[j, i] = result[i, j]
            advance(len(left) - 1 - i if right is None else len(columns))
        return result

    about = function.about if function.about is not None else {"function": _fingerprint(function.call)}
    return Job(
        function.name,
        distances,
        lambda *_: _BLOCK,
        about=about,
        symmetric=function.symmetric,
        is_distance=function.labelled,
    )


def _read_only(rows: NDArray[Any]) -> NDArray[Any]:
    """A view that the user's function cannot write the caller's array through."""
    view = rows.view()
    view.flags.writeable = False
    return view


def _fingerprint(call: Callable[..., float]) -> str:
    """Name and body of a function: tiles of one edited since, or of a namesake, are not taken for its own."""
    code = getattr(call, "__code__", None)
    parts = () if code is None else (code.co_code, code.co_consts, code.co_names)
    body = repr(parts).encode()
    place = f"{getattr(call, '__module__', '')}.{getattr(call, '__qualname__', type(call).__name__)}"
    return f"{place} {hashlib.blake2b(body, digest_size=8).hexdigest()}"
