"""What a run has measured, and the table that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a script that only writes a table does without the references of the cases
    from cases import Case
    from peak import Peak

OURS = "pyrnnsim"
_HEAD = (
    "measure", "timed", "K", "N", "dtype", "threads", "rival", "rival, ms", "ours, ms", "ratio", "of gemm", "of FMA",
    "rival's error", "our error",
)  # fmt: skip


@dataclass(frozen=True)
class Timing:
    """The fastest of the rounds of one backend: what other people do on the machine can only add time.

    Attributes:
        seconds: Of one whole call.
        items: Pairs (networks, for a preparation) that the call computes.
        error: Largest deviation from the definition before timing; None where it computes another quantity.
    """

    seconds: float
    items: int
    error: float | None

    @property
    def milliseconds(self) -> float:
        return self.seconds / self.items * 1e3


@dataclass
class Results:
    """Timings by case and backend; rows appear in the order in which they were measured."""

    peak: Peak
    timings: dict[Case, dict[str, Timing]] = field(default_factory=dict)

    def add(self, case: Case, backend: str, timing: Timing) -> None:
        """Record a timing."""
        self.timings.setdefault(case, {})[backend] = timing

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Cells of the table, one row per case and rival."""
        for case, timings in self.timings.items():
            for rival in timings if OURS in timings else ():
                if rival != OURS:
                    yield self._row(case, rival, timings[rival], timings[OURS])

    def _row(self, case: Case, rival: str, theirs: Timing, ours: Timing) -> tuple[str, ...]:
        return (
            case.title,
            case.scope,
            str(case.networks),
            str(case.units),
            case.dtype,
            str(case.threads),
            rival,
            f"{theirs.milliseconds:.4g}",
            f"{ours.milliseconds:.4g}",
            f"{ours.seconds / theirs.seconds:.3f}",
            *(f"{share:.0%}" if share else "" for share in self.shares(case, ours)),
            _error(theirs),
            _error(ours),
        )

    def shares(self, case: Case, timing: Timing) -> tuple[float | None, float | None]:
        """Rate of a timing over the peaks: of a large product, and of registers alone."""
        if not case.flops:
            return None, None
        rate = case.flops / timing.seconds
        register = self.peak.fma(case.arithmetic, case.threads)
        return rate / self.peak.gemm(case.arithmetic, case.threads), register and rate / register

    def remarks(self) -> Iterator[str]:
        """Comparisons between rows of our own."""
        for case, timings in self.timings.items():
            if OURS not in timings:
                continue
            ours = timings[OURS].seconds
            single = self._ours(replace(case, threads=1))
            if case.threads > 1 and single:
                yield f"{case}: {single / ours:.2f} times the speed of one thread"
            alone = self._ours(replace(case, measure="pwcca")) if case.measure == "all" else None
            if alone:
                yield f"{case}: {ours / alone:.2f} times our PWCCA alone"

    def _ours(self, case: Case) -> float | None:
        timing = self.timings.get(case, {}).get(OURS)
        return timing and timing.seconds

    def markdown(self, notes: list[str]) -> str:
        """The table, and the notes below it."""
        lines = ["| " + " | ".join(_HEAD) + " |", "|---" * len(_HEAD) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows()]
        return "\n".join([*lines, "", *(f"- {note}" for note in notes)])

    def text(self) -> Iterator[str]:
        """The table in columns, for a terminal."""
        rows = [_HEAD, *self.rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _error(timing: Timing) -> str:
    return "other quantity" if timing.error is None else f"{timing.error:.0e}"


def save_table(path: Path, table: str, mark: str = "table") -> None:
    """Write the table; a file that has the two marks keeps everything outside them."""
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    if begin in old and end in old:
        head, tail = old.split(begin, 1)[0], old.split(end, 1)[1]
        table = f"{head}{begin}\n{table}\n{end}{tail}"
    else:
        table += "\n"
    path.write_text(table, encoding="utf-8")
