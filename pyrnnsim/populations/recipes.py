"""Training settings that were found by search, shipped as a table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._frame import as_frame
from pyrnnsim.populations.cell import parse_choice
from pyrnnsim.populations.settings import default_settings
from pyrnnsim.populations.table import Row, to_text
from pyrnnsim.tasks import Task

if TYPE_CHECKING:
    from pyrnnsim.populations.network import Network
    from pyrnnsim.populations.population import Population

_TEXT = ("task", "cell", "activation", "optimizer", "how")
_ALWAYS = ("learning_rate", "decay", "momentum", "clip")
_SETTINGS = (*_ALWAYS, "decay_steps", "beta2", "epsilon")


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

    def settings(
        self, population: Population, task: Task | str, *, missing: Literal["error", "default"] = "error"
    ) -> dict[str, Any]:
        """The optimizer, and settings for each network, to be passed on: ``population.train(task, **settings)``.

        For each network the recipe of its cell and activation whose width is nearest (in ratio).

        Args:
            population: Whose networks.
            task: A task, or its name, such as ``"flip_flop"``.
            missing: What to do about networks without a recipe (:meth:`uncovered` names them): ``"error"``, or
                ``"default"``, which gives them the defaults of :meth:`Population.train`.
        Raises:
            TypeError, ValueError: If there is no recipe for a network's cell and activation on this task, the networks
                need different optimizers, or an argument is of another kind.
        """
        caller = "Recipes.settings"
        fallback = parse_choice(caller, "missing", missing, ("error", "default")) == "default"
        name = _task_name(caller, task)
        chosen = [
            default_settings() if fallback and not self.covers(network, name) else self._nearest(network, name)
            for network in population
        ]
        optimizers = sorted({row["optimizer"] for row in chosen})
        if len(optimizers) > 1:
            raise ValueError(
                f"Recipes.settings: these networks need different optimizers, {' and '.join(optimizers)}; train each "
                "kind as a population of its own"
            )
        names = [name for name in _SETTINGS if any(name in row for row in self.rows)] or list(_ALWAYS)
        return {"optimizer": optimizers[0], **{name: _column(chosen, name) for name in names}}

    def covers(self, network: Network, task: Task | str) -> bool:
        """Whether there is a recipe for a network's cell and activation on a task."""
        return bool(self._fitting(network, _task_name("Recipes.covers", task)))

    def uncovered(self, population: Population, task: Task | str) -> tuple[str, ...]:
        """Kinds of networks, such as ``"lstm relu"``, that have no recipe for a task, in the order of the networks."""
        missing = (network.cell for network in population if not self.covers(network, task))
        return tuple(dict.fromkeys(f"{cell.cell} {cell.activation}" for cell in missing))

    def _fitting(self, network: Network, task: str) -> list[Row]:
        wanted = task, network.cell.cell, network.cell.activation
        return [row for row in self.rows if (row["task"], row["cell"], row["activation"]) == wanted]

    def _nearest(self, network: Network, task: str) -> Row:
        rows = self._fitting(network, task)
        if not rows:
            known = sorted({row["task"] for row in self.rows})
            raise ValueError(
                f"Recipes.settings: no recipe for a {network.cell.activation} {network.cell.cell} on task {task!r} "
                f"(network {network.name!r}; recipes are for {', '.join(known) or 'nothing'}); use random_search, or "
                "missing='default'"
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


def _task_name(caller: str, task: object) -> str:
    if isinstance(task, str):
        return task
    if not isinstance(task, Task):
        raise TypeError(f"{caller}: task must be a task or its name, got {type(task).__name__}")
    return str(task.name)


def _column(rows: Sequence[Row], name: str) -> NDArray[np.float64]:
    for row in rows:
        if name not in row:
            raise ValueError(
                f"Recipes.settings: the recipes of some networks have {name}, those of others have not; train each "
                "kind as a population of its own"
            )
    return np.array([row[name] for row in rows], np.float64)


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)
