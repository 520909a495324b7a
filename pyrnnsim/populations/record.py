"""What a training leaves: the trained population and its curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._frame import as_frame
from pyrnnsim.populations.table import Row, to_text

if TYPE_CHECKING:
    from pyrnnsim.populations.population import Population
    from pyrnnsim.populations.state import TrainingState

_LAST = 100  # updates whose mean is called the final training loss


@dataclass(frozen=True, eq=False, repr=False)
class TrainingRecord:
    """The outcome of :meth:`Population.train`; arrays are read-only.

    Attributes:
        population: The trained networks, in the order of the untrained ones. A network that diverged has the weights
            it had before that iteration.
        task: Settings of the task.
        settings: Settings of the training, defaults included.
        loss: (K, I) loss of each batch before its update, without the penalty; NaN where there was no update.
        gradient_norm: (K, I) global norm before clipping.
        validation: (K, V) loss on trials that no training sees, after ``validation_iterations`` iterations.
        validation_iterations: (V,).
        stopped: (K,) iteration in which the loss fell below ``until_loss``, -1 where it did not.
        diverged: (K,) iteration in which loss or gradient stopped being finite, -1 where they did not; 0 for a network
            that overflows as it was made (see ``gain`` of :meth:`Population.create`).
        dropped: (K,) iteration after which a search gave the network up, -1 where it did not.
        updates: (K,) updates made.
        seconds: Wall time, summed over restarts.
    """

    population: Population
    task: Mapping[str, Any]
    settings: Mapping[str, Any]
    loss: NDArray[np.float64]
    gradient_norm: NDArray[np.float64]
    validation: NDArray[np.float64]
    validation_iterations: NDArray[np.int64]
    stopped: NDArray[np.int64]
    diverged: NDArray[np.int64]
    dropped: NDArray[np.int64]
    updates: NDArray[np.int64]
    seconds: float

    @classmethod
    def of(
        cls, population: Population, state: TrainingState, identity: Mapping[str, Any], boundaries: list[int]
    ) -> Self:
        """The record of a finished training of ``population``."""
        task = str(identity["task"]["task"])
        trained = type(population)(state.networks(population, f"trained on {task}"))
        return cls(
            population=trained,
            task=identity["task"],
            settings=identity["settings"],
            loss=_sealed(state.loss),
            gradient_norm=_sealed(state.gradient_norm),
            validation=_sealed(state.validation),
            validation_iterations=_sealed(np.array(boundaries, np.int64)),
            stopped=_sealed(state.stopped_at),
            diverged=_sealed(state.diverged_at),
            dropped=_sealed(state.dropped_at),
            updates=_sealed(state.updates),
            seconds=state.seconds,
        )

    @property
    def final_loss(self) -> NDArray[np.float64]:
        """(K,) mean loss of the last 100 batches; NaN for a network that diverged."""
        last = np.full(len(self.population), np.nan)
        for k, updates in enumerate(self.updates):
            if self.diverged[k] < 0 and updates > 0:
                last[k] = self.loss[k, max(0, updates - _LAST) : updates].mean()
        return last

    @property
    def final_validation(self) -> NDArray[np.float64]:
        """(K,) last loss on the validation trials; NaN for a network that diverged."""
        last = np.full(len(self.population), np.nan)
        for k, row in enumerate(self.validation):
            seen = np.flatnonzero(~np.isnan(row))
            if self.diverged[k] < 0 and len(seen):
                last[k] = row[seen[-1]]
        return last

    @property
    def rows(self) -> list[Row]:
        """One row of numbers per network."""
        loss, validation = self.final_loss, self.final_validation
        return [
            {
                "name": network.name,
                "cell": network.cell.cell,
                "activation": network.cell.activation,
                "units": network.units,
                "l2": network.l2,
                "seed": network.seed,
                "iterations": int(self.updates[k]),
                "loss": float(loss[k]),
                "validation": float(validation[k]),
                "end": self._end(k),
            }
            for k, network in enumerate(self.population)
        ]

    @property
    def frame(self) -> Any:
        """The rows as a pandas table."""
        return as_frame(self.rows, "TrainingRecord.frame")

    def _end(self, k: int) -> str:
        for word, at in (("diverged", self.diverged), ("stopped", self.stopped), ("dropped", self.dropped)):
            if at[k] >= 0:
                return word
        return "done"

    def __repr__(self) -> str:
        return f"<TrainingRecord of {len(self.population)} networks, {self.seconds:.0f} s>"

    def __str__(self) -> str:
        return to_text(self.rows)


def _sealed(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
