"""Fixed points, frequencies and modes of each cell. Sections 3.1 to 3.3, figures 1e, 2f, 3e and 3f."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.report.bootstrap import Floats, Interval, Resamples
from pyrnnsim.report.claim import Claim, above, inside, undecided
from pyrnnsim.report.results import TaskResults

NEAR_ONE = 0.95  # magnitude from which an eigenvalue counts
PULSE_SHARE = 0.9  # of the pulse response
_ALIGNED = 0.9  # least correlation of linear with commanded frequency that is called good
_SLOPES = (0.8, 1.2)  # likewise
_ONE_MODE = (0.5, 1.5)  # means that round to one


def fixed_point_claims(results: TaskResults, resamples: Resamples) -> Iterator[Claim]:
    """Stable points and saddles of each cell on a K-bit flip-flop.

    2^K stable points at the corners of a cube are expected, and 3^K - 2^K saddles at the middles of its edges and faces
    and of itself, with 1 to K unstable modes. Decided by the networks one by one: supported if more than half have
    exactly 2^K stable points, or saddles with each number of unstable modes; no interval is needed.
    """
    points = results.dynamics.get("points")
    if points is None or results.task != "flip_flop":
        return
    one_each = [points[k, 0] for k in range(len(results.networks))]
    kinds = [np.asarray(one.unstable_modes)[one.fixed] for one in one_each]
    complete = np.array([one.complete for one in one_each], bool)
    stable = np.array([(modes == 0).sum() for modes in kinds], float)
    saddles = np.array([(modes > 0).sum() for modes in kinds], float)
    bits = max((one.outputs.shape[1] for one in one_each), default=0)
    every = np.array([set(range(1, bits + 1)) <= set(modes.tolist()) for modes in kinds], bool)
    for cell, members in _cells(results):
        left_out = int((~complete[members]).sum())
        reason = f"{left_out} of {int(members.sum())} searches cannot be called complete" if left_out else ""
        for quantity, values, reference, as_stated, statement in (
            ("stable fixed points", stable, 2**bits, stable == 2**bits,
             f"All {2**bits} outputs are stored as {2**bits} stable fixed points (3.1, figure 1e)"),
            ("saddles", saddles, 3**bits - 2**bits, every,
             f"Saddles with 1 to {bits} unstable modes lead from one stable point to another (3.1, figure 1e)"),
        ):  # fmt: skip
            made = resamples.interval(resamples.means(np.where(members, values, np.nan)), members)
            share = float(as_stated[members].mean())
            notes = [f"{share:.0%} of the networks as stated", reason, made.reason]
            yield Claim(
                results.task, "fixed points", cell, f"{quantity}, mean", made.value, made.low, made.high,
                float(reference), "a cube", share > 0.5, "; ".join(filter(None, notes)), statement,
            )  # fmt: skip


def frequency_claims(results: TaskResults, resamples: Resamples) -> Iterator[Claim]:
    """Correlation and slope of linear over commanded frequency, mean over the networks of each cell.

    Pearson's correlation and the slope of least squares, of each network over the commands at which it has an
    oscillatory mode, at least two. Good is a correlation above 0.9 and a slope from 0.8 to 1.2.
    """
    if results.frequencies is None or results.commanded is None:
        return
    commanded = np.asarray(results.commanded, dtype=np.float64)
    slope, correlation = np.array([_line(commanded, row) for row in results.frequencies]).reshape(-1, 2).T
    for cell, members in _cells(results):
        for quantity, values, bounds in (("correlation", correlation, (_ALIGNED, np.inf)), ("slope", slope, _SLOPES)):
            known = members & np.isfinite(values)
            made = resamples.interval(resamples.means(np.where(members, values, np.nan)), known)
            lost = int((members & ~known).sum())
            if made.value is None:
                made = Interval(None, None, None, "no network has oscillatory modes at two commands")
            supported = inside(made, *bounds)
            notes = [
                undecided(supported, made, f"the interval crosses {bounds[0]:g} or {bounds[1]:g}"),
                f"{lost} networks without such modes left out" if lost and made.value is not None else "",
            ]
            yield Claim(
                results.task, "frequency", cell, f"{quantity} of linear and commanded frequency", made.value,
                made.low, made.high, 1.0, "identity", supported, "; ".join(filter(None, notes)),
                "The frequency of the oscillatory mode aligns well with the commanded one (3.2, figure 2f)",
            )  # fmt: skip


def mode_claims(results: TaskResults, resamples: Resamples) -> Iterator[Claim]:
    """Eigenvalues with magnitude above 0.95, and modes that 90 % of the pulse response needs, of each cell.

    Each network counts with its mean over all points of its lines, or of the pulse responses that are well conditioned.
    Vanilla networks need one if the interval lies from 0.5 to 1.5; others need more than vanilla ones if the interval
    of the difference is above 0.
    """
    lines, modes = results.dynamics.get("lines"), results.dynamics.get("modes")
    count = len(results.networks)
    if lines is not None:
        values = [[(np.abs(one.eigenvalues) > NEAR_ONE).sum(axis=1) for one in lines[k]] for k in range(count)]
        statement = "Vanilla networks integrate by one mode near 1, gated ones have many more (3.3, figure 3e)"
        yield from _by_cell(results, resamples, f"eigenvalues above {NEAR_ONE:g}", _averages(values), statement)
    if modes is not None:
        values = [[one.modes_needed(PULSE_SHARE) for one in modes[k]] for k in range(count)]
        statement = "Vanilla networks respond to a pulse by one linear mode, gated ones by more (3.3, figure 3f)"
        quantity = f"modes for {PULSE_SHARE:.0%} of the pulse response"
        yield from _by_cell(results, resamples, quantity, _averages(values), statement)


def _by_cell(
    results: TaskResults, resamples: Resamples, quantity: str, values: Floats, statement: str
) -> Iterator[Claim]:
    cells = dict(_cells(results))
    plain = cells.get("vanilla")
    single = resamples.means(np.where(plain, values, np.nan)) if plain is not None else None
    for cell, members in cells.items():
        known = members & np.isfinite(values)
        draws = resamples.means(np.where(members, values, np.nan))
        made = resamples.interval(draws, known)
        if made.value is None:
            made = Interval(None, None, None, "no network has points to tell it from")
        if cell == "vanilla":
            reference, against, supported = 1.0, "one mode", inside(made, *_ONE_MODE)
            reason = undecided(supported, made, "the interval crosses 0.5 or 1.5")
        elif single is None or not np.isfinite(single[0]):
            reference, against, supported, reason = None, "", None, made.reason or "no vanilla network to compare with"
        else:
            difference = resamples.interval(draws - single, known | (np.asarray(plain) & np.isfinite(values)))
            reference, against, supported = float(single[0]), "vanilla", above(difference)
            reason = made.reason or undecided(supported, difference, "the interval of the difference covers 0")
        yield Claim(
            results.task, "modes", cell, f"{quantity}, mean", made.value, made.low, made.high, reference, against,
            supported, reason, statement,
        )  # fmt: skip


def _cells(results: TaskResults) -> list[tuple[str, NDArray[np.bool_]]]:
    """Each cell with (K,) whether a network is of it."""
    cells = np.array(results.labels("cell"), dtype=str)
    return [(str(cell), cells == cell) for cell in dict.fromkeys(cells.tolist())]


def _averages(values: Sequence[Sequence[NDArray[Any]]]) -> Floats:
    """(K,) mean over all conditions and points, negative numbers left out; NaN for none."""
    joined = [np.concatenate([np.zeros(0), *row]) for row in values]
    return np.array([one[one >= 0].mean() if (one >= 0).any() else np.nan for one in joined], dtype=np.float64)


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and correlation where both are known; NaN if that is at fewer than two places, or one does not vary."""
    known = np.isfinite(x) & np.isfinite(y)
    across, up = x[known], np.asarray(y)[known]
    if len(across) < 2 or np.ptp(across) == 0:
        return np.nan, np.nan
    across, up = across - across.mean(), up - up.mean()
    size = np.sqrt((across**2).sum() * (up**2).sum())
    product = (across * up).sum()
    return float(product / (across**2).sum()), float(product / size) if size > 0 else np.nan
