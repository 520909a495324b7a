"""Training settings that were found by search, shipped as a table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrnnsim._frame import as_frame
from pyrnnsim.populations.table import Row, to_text

if TYPE_CHECKING:
    from pyrnnsim.populations.network import Network
    from pyrnnsim.populations.population import Population

_TEXT = ("task", "cell", "activation", "optimizer", "how")
_SETTINGS = ("learning_rate", "decay", "momentum", "clip", "decay_steps", "beta2", "epsilon")


@dataclass(frozen=True, eq=False, repr=False)
class Recipes:
    """Settings by task, cell, activation and width.

    Attributes:
        rows: One row per recipe: ``task``, ``cell``, ``activation``, ``units``, the settings, what they reached and
            how they were found. ``decay`` is over the whole training (``decay_steps`` left at its default).
    """

    rows: Sequence[Row]

    @property
    def frame(self) -> Any:
        """The rows as a pandas table."""
        return as_frame(self.rows, "Recipes.frame")

    def settings(self, population: Population, task: str) -> dict[str, Any]:
        """The optimizer, and settings for each network, to be passed on: ``population.train(task, **settings)``.

        For each network the recipe of its cell and activation whose width is nearest (in ratio).

        Args:
            population: Whose networks.
            task: Name of the task, such as ``"flip_flop"``.
        Raises:
            ValueError: If there is no recipe for a network's cell and activation on this task, or they need different
                optimizers.
        """
        chosen = [self._nearest(network, task) for network in population]
        optimizers = sorted({row["optimizer"] for row in chosen})
        if len(optimizers) > 1:
            raise ValueError(
                f"Recipes.settings: these networks need different optimizers, {' and '.join(optimizers)}; train each "
                "kind as a population of its own"
            )
        names = [name for name in _SETTINGS if all(name in row for row in chosen)]
        values: dict[str, Any] = {name: np.array([row[name] for row in chosen]) for name in names}
        return {"optimizer": optimizers[0], **values}

    def covers(self, network: Network, task: str) -> bool:
        """Whether there is a recipe for a network's cell and activation on a task."""
        return bool(self._fitting(network, task))

    def _fitting(self, network: Network, task: str) -> list[Row]:
        wanted = task, network.cell.cell, network.cell.activation
        return [row for row in self.rows if (row["task"], row["cell"], row["activation"]) == wanted]

    def _nearest(self, network: Network, task: str) -> Row:
        rows = self._fitting(network, task)
        if not rows:
            known = sorted({row["task"] for row in self.rows})
            raise ValueError(
                f"Recipes.settings: no recipe for a {network.cell.activation} {network.cell.cell} on task {task!r} "
                f"(network {network.name!r}; recipes are for {', '.join(known) or 'nothing'}); use random_search"
            )
        return min(rows, key=lambda row: abs(math.log(row["units"] / network.units)))

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        return to_text(self.rows)


@cache
def load_recipes() -> Recipes:
    """The settings that come with pyrnnsim.

    Each row says on which task, for which cell, activation and width it was found, by how large a search, and which
    loss it reached on the validation trials. What is not listed has not been searched.
    """
    text = resources.files("pyrnnsim.populations").joinpath("recipes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return Recipes(tuple({name: one if name in _TEXT else _number(one) for name, one in row.items()} for row in rows))


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)
