"""What the steps of a comparison cost relative to each other, for honest progress; no result depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Multiply-adds of the product of a core that take as long as one n x n x m step of what follows it (measured).
_SOLVE = {"cca": 10.0, "svcca": 10.0, "pwcca": 22.0, "cka": 0.5, "procrustes": 10.0}
# Preparation of a network: Gram matrix and basis are products in double, the rest grows with N^3 (measured).
_PRODUCTS, _DECOMPOSITION = 4.0, 60.0
_REMAKING = 2.0  # a basis from rows that have to be fetched


@dataclass(frozen=True)
class Work:
    """Costs in multiply-adds of a core's product."""

    samples: int
    measures: tuple[str, ...]

    def preparation(self, units: int) -> float:
        """Of one network of this many units."""
        return _PRODUCTS * self.samples * units**2 + _DECOMPOSITION * units**3

    def remaking(self, units: int, width: int) -> float:
        """Of a network's basis, made again for a tile."""
        return _REMAKING * self.samples * units * width

    def tile(self, rows: Sequence[int], columns: Sequence[int], *, triangular: bool) -> float:
        """Of a tile of networks of these widths."""
        product = self.samples * float(sum(rows)) * float(sum(columns))
        share = 0.5 if triangular else 1.0
        widths = sum(rows) / len(rows), sum(columns) / len(columns)
        solve = sum(_SOLVE[name] for name in self.measures) * min(widths) ** 2 * max(widths)
        pairs = len(rows) * (len(rows) - 1) / 2 if triangular else len(rows) * len(columns)
        return share * product + solve * pairs
