"""What every comparison checks of its input before any row is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrnnsim._inputs.collection import Collection, collect
from pyrnnsim._options import RunOptions
from pyrnnsim._warnings import warn_user
from pyrnnsim.similarity.chance import expected_cca

if TYPE_CHECKING:
    from pyrnnsim.similarity.measure import Measure


def collect_sides(caller: str, reps: Any, other: Any, options: RunOptions) -> list[Collection]:
    """One collection, or two of equal dtype and sample count."""
    names = options.names if other is None else None
    argument = "reps" if other is None else "a"
    first = collect(reps, caller=caller, argument=argument, names=names, dtype=options.dtype)
    if other is None:
        return [first]
    second = collect(other, caller=caller, argument="b", dtype=options.dtype)
    if first.samples != second.samples:
        model = str(first.label(0)).partition(": ")[2]
        raise ValueError(
            f"{second.label(0)} has {second.samples} samples, expected {first.samples} as in {model}; "
            "rows must be the same probe inputs in every network"
        )
    if first.dtype != second.dtype:
        first = collect(reps, caller=caller, argument="a", dtype=np.float64)
        second = collect(other, caller=caller, argument="b", dtype=np.float64)
    return [first, second]


def warn_few_samples(collections: Sequence[Collection]) -> None:
    """Say once that chance alone correlates networks with as many units as samples."""
    for collection in collections:
        wide = next((i for i, units in enumerate(collection.units) if units >= collection.samples), None)
        if wide is None:
            continue
        samples, units = collection.samples, collection.units[wide]
        rank = min(units, samples - 1)
        chance = expected_cca(rank, rank, samples)
        warn_user(
            f"{collection.label(wide)} has {samples} samples and {units} units: two unrelated networks of this size "
            f"reach a mean canonical correlation of {chance:.3g} by chance; use more samples, fewer directions "
            "(pairwise_svcca(n_components=...)), or calibrated=True",
        )
        return


def check_request(
    caller: str, options: RunOptions, measures: Sequence[Measure], collections: Sequence[Collection]
) -> None:
    """Refuse what cannot work before any row is read."""
    rows, columns = len(collections[0]), len(collections[-1])
    check_calibration(caller, options, rows, columns)
    check_out(caller, options, rows, columns)
    if isinstance(options.out, np.ndarray) and len(measures) > 1:
        raise ValueError(
            f"{caller}: out is one array for {len(measures)} measures; pass a path, it names one file each"
        )
    if options.calibrated is True:
        check_closed_forms(caller, measures)
    for measure in measures:
        if collections[0].samples < measure.least_samples:
            raise ValueError(
                f"{caller}: debiased=True needs at least {measure.least_samples} samples, got "
                f"{collections[0].samples}: pass debiased=False or more samples"
            )


def check_out(caller: str, options: RunOptions, rows: int, columns: int) -> None:
    """Refuse an array of another shape."""
    if isinstance(options.out, np.ndarray) and options.out.shape != (rows, columns):
        raise ValueError(f"{caller}: out has shape {options.out.shape}, expected {(rows, columns)}")


def check_closed_forms(caller: str, measures: Sequence[Measure]) -> None:
    """Refuse ``calibrated=True`` for a measure without a closed form of its chance level."""
    for measure in measures:
        if measure.chance is None:
            raise ValueError(
                f"{caller}: the chance level of {measure.name} has no closed form; pass "
                f"calibrated=pyrnnsim.chance_similarity(reps, metric={measure.name!r}, permutations=20)"
            )


def check_calibration(caller: str, options: RunOptions, rows: int, columns: int) -> None:
    """Refuse chance levels of another shape."""
    given = options.calibrated
    if isinstance(given, np.ndarray) and given.shape != (rows, columns):
        raise ValueError(f"{caller}: calibrated has shape {given.shape}, expected {(rows, columns)}")
