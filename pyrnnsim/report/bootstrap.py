"""Intervals by resampling seeds: what other seeds of the same configurations might have given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.populations.table import Row

Floats = NDArray[np.float64]

CONFIGURATION = ("cell", "activation", "units", "l2")
_SHARE = 0.95
_LEAST_DEFINED = 0.8  # of the resamples; with fewer, the interval is that of a selection


class Interval(NamedTuple):
    """A number and where it would lie for 95 % of the resamples; None where that cannot be told, for a reason."""

    value: float | None
    low: float | None
    high: float | None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Resamples:
    """How often each of K networks occurs in each of R resamples.

    Seeds are drawn with replacement inside each configuration (cell, activation, units, l2), because the study chose
    the configurations and chance the seeds; likewise the networks of each group of a comparison. Of two seeds a
    configuration, intervals are too narrow by a factor of about sqrt(2), of n by sqrt(n / (n - 1)).

    Attributes:
        weights: (R + 1, K) counts; the first row is 1 everywhere, the sample itself.
        sizes: (K,) networks of the configuration of each.
        drawn: What is drawn, as in ``"seed per configuration"``.
    """

    weights: Floats
    sizes: NDArray[np.int64]
    drawn: str = "seed per configuration"

    def means(self, values: Floats) -> Floats:
        """(R + 1,) mean of (K,) values, NaN left out; NaN where nothing is left."""
        known = np.isfinite(values)
        return _ratio(self.weights @ np.where(known, values, 0.0), self.weights @ known.astype(np.float64))

    def pair_means(self, values: Floats, pairs: NDArray[np.bool_]) -> Floats:
        """(R + 1,) mean of (K, K) values over some pairs, each as often as its two networks occur together."""
        chosen = pairs & np.isfinite(values)
        total = ((self.weights @ np.where(chosen, values, 0.0)) * self.weights).sum(axis=1)
        return _ratio(total, ((self.weights @ chosen.astype(np.float64)) * self.weights).sum(axis=1))

    def interval(self, draws: Floats, networks: NDArray[np.bool_]) -> Interval:
        """The first of (R + 1,) draws and the central 95 % of the others.

        Args:
            draws: What :meth:`means` or :meth:`pair_means` returned, or a function of these.
            networks: (K,) those that had a part in it.
        """
        if not np.isfinite(draws[0]):
            return Interval(None, None, None, "no network to tell it from")
        value = float(draws[0])
        if not (self.sizes[networks] > 1).any():
            return Interval(value, None, None, f"one {self.drawn}: no interval")
        known = draws[1:][np.isfinite(draws[1:])]
        if len(known) < _LEAST_DEFINED * (len(draws) - 1):
            return Interval(value, None, None, "undefined in many resamples: no interval")
        low, high = np.quantile(known, ((1 - _SHARE) / 2, (1 + _SHARE) / 2))
        return Interval(value, float(low), float(high))


def resample(
    networks: Sequence[Row],
    *,
    seed: int,
    resamples: int,
    inside: Sequence[str] = CONFIGURATION,
    drawn: str = "seed per configuration",
) -> Resamples:
    """Draw seeds inside each configuration.

    Args:
        networks: K rows with the columns of ``inside``; a missing one counts as equal.
        seed: Of the draws, at least 0.
        resamples: R, at least 1.
        inside: Columns that networks which stand for each other agree in.
        drawn: See :class:`Resamples`.
    Raises:
        TypeError, ValueError: If ``seed`` or ``resamples`` is no such integer.
    """
    _check("seed", seed, 0)
    _check("resamples", resamples, 1)
    strata: dict[tuple[Any, ...], list[int]] = {}
    for k, row in enumerate(networks):
        strata.setdefault(tuple(row.get(column) for column in inside), []).append(k)
    weights = np.ones((resamples + 1, len(networks)))
    sizes = np.ones(len(networks), np.int64)
    generator = np.random.default_rng(seed)
    for members in strata.values():
        count = len(members)
        sizes[members] = count
        weights[1:, members] = generator.multinomial(count, np.full(count, 1 / count), size=resamples)
    return Resamples(weights, sizes, drawn)


def _check(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"claims: {name} must be an integer >= {least}, got {value!r}")
    if value < least:
        raise ValueError(f"claims: {name} must be an integer >= {least}, got {int(value)}")


def _ratio(total: Floats, count: Floats) -> Floats:
    return np.asarray(np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0))
