"""Random search of training settings: one population in which candidates compete."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._frame import as_frame
from pyrnnsim.populations.halving import Halving, standing
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.recipes import Recipes
from pyrnnsim.populations.record import TrainingRecord
from pyrnnsim.populations.table import Row, to_text
from pyrnnsim.populations.training import train
from pyrnnsim.tasks.checks import whole_number

if TYPE_CHECKING:
    from pyrnnsim.tasks import Task

_CALLER = "random_search"
#: Maheswaranathan et al. 2019, 2.1: (lowest, highest, how values are spread between them).
PAPER_RANGES: dict[str, tuple[float, float, str]] = {
    "learning_rate": (1e-5, 0.1, "log"),
    "clip": (0.1, 10.0, "log"),
    "decay": (0.1, 0.9, "uniform"),
    "momentum": (0.0, 1.0, "uniform"),
}
_SEARCHED = (*PAPER_RANGES, "decay_steps", "beta2", "epsilon")


@dataclass(frozen=True, eq=False, repr=False)
class SearchResult:
    """The outcome of :func:`random_search`.

    Attributes:
        rows: One row per candidate: its configuration, settings, loss on the validation trials (the worst of its
            networks that did not diverge), iterations, and how many networks diverged.
        best: For each configuration the row with the fewest diverged networks, then the lowest loss, among those that
            were not given up.
        record: The training of all candidates.
    """

    rows: list[Row]
    best: list[Row]
    record: TrainingRecord

    @property
    def frame(self) -> Any:
        """The rows as a pandas table."""
        return as_frame(self.rows, "SearchResult.frame")

    def settings(self, population: Population) -> dict[str, Any]:
        """The optimizer and the best settings for each network of a population, for ``train(task, **settings)``.

        Raises:
            ValueError: If a network is of a kind that was not searched.
        """
        return Recipes(self.best).settings(population, str(self.record.task["task"]))

    def __str__(self) -> str:
        return to_text(self.best)


def random_search(
    task: Task,
    configs: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    trials: int = 16,
    repeats: int = 1,
    ranges: Mapping[str, tuple[float, float] | tuple[float, float, str]] | None = None,
    iterations: int = 20_000,
    halving: bool = True,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    **options: Any,
) -> SearchResult:
    """Find training settings for each configuration by trying random ones.

    All candidates of a configuration start from the same weights and see the same trials, so that their settings
    alone tell them apart. What is drawn for one configuration does not depend on the others.

    Args:
        task: What is learned.
        configs: Arguments of :meth:`Population.create` but ``seeds`` and ``task``, such as
            ``{"cells": ["gru"], "units": [64]}``, or a list of such; every combination is one configuration.
        trials: Candidates per configuration.
        repeats: Networks per candidate, with seeds ``seed``, ``seed + 1``, ...; a candidate is judged by the worst of
            them, so that settings win which work for every seed.
        ranges: By name of a setting, (lowest, highest) or (lowest, highest, ``"log"``); None is the paper's: rate 1e-5
            to 0.1 and clip 0.1 to 10, both ``"log"``, decay 0.1 to 0.9, momentum 0 to 1, with its optimizer, sgd.
        iterations: Of the candidates that stay to the end.
        halving: Give up the worse half after 1/2^r, ..., 1/4, 1/2 of the iterations, by the loss on the validation
            trials: with 16 candidates the search costs as much as 3 full trainings instead of 16. False trains all.
        seed: Of the candidates, their weights and their trials.
        checkpoint: As for :meth:`Population.train`, as are all other options.
        **options: Settings of the training that are not searched.
    Raises:
        TypeError, ValueError: For an unknown setting or a range that makes no sense, before any work.
    Source: Maheswaranathan et al. 2019, 2.1; halving: Jamieson & Talwalkar 2016.
    """
    count = whole_number(_CALLER, "trials", trials, 1, 2**16)
    copies = whole_number(_CALLER, "repeats", repeats, 1, 2**16)
    limit = whole_number(_CALLER, "iterations", iterations, 1, 10**9)
    start = whole_number(_CALLER, "seed", seed, 0, 2**63 - 1)
    if ranges is None:
        ranges, options = PAPER_RANGES, {"optimizer": "sgd", **options}
    chosen = _parse_ranges(ranges, options)
    kinds = _configurations(task, configs, range(start, start + copies))
    drawn = [_draw(chosen, count, start, kind[0]) for kind in kinds]
    settings = {name: np.concatenate([draws[name] for draws in drawn]) for name in chosen}
    candidates = [_copy(network, trial) for kind in kinds for trial in range(count) for network in kind]
    families = [family for family in range(len(kinds)) for _ in range(count)]
    plan = Halving(np.repeat(families, copies).tolist(), limit, count if halving else 1, copies)
    each = {name: np.repeat(values, copies) for name, values in settings.items()}
    given = {**options, **each, "iterations": limit, "seed": start}
    record = train(Population(candidates), task, checkpoint, given, caller=_CALLER, halving=plan)
    rows = _rows(record, [kinds[family][0] for family in families], copies, settings)
    return SearchResult(rows, _best(rows, families, record.dropped[::copies] < 0), record)


def _configurations(task: Task, configs: Any, seeds: range) -> list[list[Network]]:
    """For each configuration its networks, one per seed."""
    entries = [configs] if isinstance(configs, Mapping) else list(configs)
    found: list[Network] = []
    for position, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or {"seeds", "task"} & entry.keys():
            raise TypeError(
                f"{_CALLER}: configs[{position}] must hold arguments of Population.create but seeds and task, got "
                f"{entry!r}"
            )
        found += Population.create(**entry, seeds=seeds, task=task)
    if not found:
        raise ValueError(f"{_CALLER}: configs is empty; give one such as {{'cells': ['gru'], 'units': [64]}}")
    return [found[first : first + len(seeds)] for first in range(0, len(found), len(seeds))]


def _copy(kind: Network, trial: int) -> Network:
    return Network(f"{kind.name}_t{trial}", kind.cell, kind.parameters, kind.seed, kind.l2, kind.origin)


def _draw(
    ranges: Mapping[str, tuple[float, float, str]], count: int, seed: int, kind: Network
) -> dict[str, NDArray[np.float64]]:
    """Settings of the candidates; the first ones stay the same when more are asked for."""
    key = int.from_bytes(blake2b(kind.name.encode(), digest_size=8).digest(), "little")
    drawn = {}
    for position, name in enumerate(ranges):
        low, high, spread = ranges[name]
        uniform = np.random.default_rng([seed, key, position]).random(count)
        if spread == "log":
            drawn[name] = np.exp(math.log(low) + uniform * (math.log(high) - math.log(low)))
        else:
            drawn[name] = low + uniform * (high - low)
    return drawn


def _parse_ranges(ranges: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, tuple[float, float, str]]:
    parsed = {}
    for name, value in ranges.items():
        if name not in _SEARCHED:
            raise ValueError(f"{_CALLER}: ranges cannot hold {name!r}; expected some of {', '.join(_SEARCHED)}")
        if name in options:
            raise TypeError(f"{_CALLER}: {name} is searched (ranges) and given as an option; drop one of them")
        low, high, spread = (*value, "uniform")[:3] if isinstance(value, tuple | list) else (value, value, "uniform")
        if not (isinstance(low, int | float) and isinstance(high, int | float)) or spread not in ("log", "uniform"):
            raise TypeError(f"{_CALLER}: ranges[{name!r}] must be (lowest, highest) or (..., 'log'), got {value!r}")
        if not (math.isfinite(low) and low <= high < math.inf) or (spread == "log" and low <= 0):
            raise ValueError(f"{_CALLER}: ranges[{name!r}] must rise, and be positive for 'log', got {value!r}")
        parsed[name] = (float(low), float(high), str(spread))
    return parsed


def _rows(
    record: TrainingRecord, kinds: Sequence[Network], copies: int, settings: Mapping[str, NDArray[np.float64]]
) -> list[Row]:
    """One row per candidate, whose networks are ``copies`` neighbours in the record."""
    validation, updates = record.final_validation.reshape(-1, copies), record.updates.reshape(-1, copies)
    rows = []
    for k, kind in enumerate(kinds):
        row: Row = {"task": record.task["task"], "cell": kind.cell.cell, "activation": kind.cell.activation}
        row |= {"units": kind.units, "l2": kind.l2, "optimizer": record.settings["optimizer"]}
        row |= {name: float(values[k]) for name, values in settings.items()}
        failed, worst = standing(validation[k])
        row |= {"validation": worst if failed < copies else math.nan, "iterations": int(updates[k].max())}
        rows.append({**row, "diverged": failed})
    return rows


def _best(rows: Sequence[Row], families: Sequence[int], stayed: NDArray[np.bool_]) -> list[Row]:
    """The best candidate of each family among those that were not given up."""
    best: dict[int, Row] = {}
    for row, family, left in zip(rows, families, stayed, strict=True):
        if left and (family not in best or _standing(row) < _standing(best[family])):
            best[family] = row
    return list(best.values())


def _standing(row: Row) -> tuple[int, float]:
    return row["diverged"], math.inf if math.isnan(row["validation"]) else row["validation"]
