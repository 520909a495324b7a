"""One statement as a number: of the paper about a study, or none but that groups are told apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from pyrnnsim.populations.table import Row
from pyrnnsim.report.bootstrap import Floats, Interval

#: What ``supported`` is called.
VERDICTS = {True: "yes", False: "no", None: "undecided"}


@dataclass(frozen=True)
class Claim:
    """What the paper states, what is measured here, and whether the one supports the other.

    Attributes:
        task: On which it was measured.
        topic: ``"accuracy"``, ``"silhouette"``, ``"fixed points"``, ``"frequency"``, ``"modes"`` or ``"untrained"``.
        subject: Measure, cell or activation that it is about.
        quantity: What the numbers are.
        value: Over all networks; None where it has no meaning.
        low: Lower end of the 95 % interval over seeds; None without one.
        high: Upper end.
        reference: What the value is compared with; None if there is nothing.
        against: What the reference is.
        supported: Whether the numbers agree with the statement; None if they cannot decide.
        reason: Why not, or what was left out.
        statement: The paper's, in other words, with section and figure.
    """

    task: str
    topic: str
    subject: str
    quantity: str
    value: float | None
    low: float | None
    high: float | None
    reference: float | None
    against: str
    supported: bool | None
    reason: str
    statement: str

    @property
    def row(self) -> Row:
        """All attributes, for a table."""
        return asdict(self)


def claim_rows(claims: Iterable[Claim]) -> list[Row]:
    """One row per claim."""
    return [claim.row for claim in claims]


def above(difference: Interval) -> bool | None:
    """Whether a difference is above 0 for (nearly) all seeds; False if it is not above it for any."""
    if difference.low is None or difference.high is None:
        return None
    if difference.low > 0:
        return True
    return False if difference.high <= 0 else None


def inside(interval: Interval, low: float, high: float) -> bool | None:
    """Whether an interval lies inside two bounds; False if it lies outside, None if it crosses one."""
    if interval.low is None or interval.high is None:
        return None
    if low <= interval.low and interval.high <= high:
        return True
    return False if interval.high < low or interval.low > high else None


def undecided(supported: bool | None, interval: Interval, why: str) -> str:
    """The reason of a claim: that of the interval, or why it decides nothing."""
    return interval.reason or (why if supported is None else "")


def number(value: float | Floats | None) -> float | None:
    """A plain number; None for one that has no meaning."""
    return None if value is None or not np.isfinite(value) else float(value)
