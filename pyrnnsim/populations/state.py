"""What a training has reached: everything that changes while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.populations.network import Network

if TYPE_CHECKING:
    from pyrnnsim.populations.population import Population

Arrays = dict[str, NDArray[Any]]
#: Moments that the optimisers keep for every parameter.
MOMENTS = {"sgd": ("first",), "adam": ("first", "second")}
_CURVES = ("loss", "gradient_norm", "validation", "stopped_at", "diverged_at", "dropped_at", "updates")


@dataclass(eq=False)
class TrainingState:
    """Weights, moments and curves of a training between two iterations.

    Attributes:
        parameters: For each group, writable copies of its parameters.
        slots: For each group, moments by name, each with an array per parameter.
        loss: (K, I) batch loss, NaN where there was no update.
        gradient_norm: (K, I) global norm before clipping.
        validation: (K, V) loss on the validation trials.
        stopped_at: (K,) iteration in which the loss fell below ``until_loss``, -1 if it did not.
        diverged_at: (K,) iteration in which loss or gradient were not finite, -1 if they always were.
        dropped_at: (K,) iteration after which a search gave the network up, -1 if it did not.
        updates: (K,) updates made.
        iteration: Iterations done.
        seconds: Wall time spent, over all runs.
    """

    parameters: list[Arrays]
    slots: list[dict[str, Arrays]]
    loss: NDArray[np.float64]
    gradient_norm: NDArray[np.float64]
    validation: NDArray[np.float64]
    stopped_at: NDArray[np.int64]
    diverged_at: NDArray[np.int64]
    dropped_at: NDArray[np.int64]
    updates: NDArray[np.int64]
    iteration: int = 0
    seconds: float = 0.0

    @property
    def active(self) -> NDArray[np.bool_]:
        """(K,) networks that still train."""
        return (self.stopped_at < 0) & (self.diverged_at < 0) & (self.dropped_at < 0)

    def networks(self, population: Population, origin: str) -> list[Network]:
        """The networks of ``population`` with the weights reached here."""
        made: dict[int, Network] = {}
        for group, arrays in zip(population.groups, self.parameters, strict=True):
            for k, position in enumerate(group.members):
                old, own = population[position], {name: array[k].copy() for name, array in arrays.items()}
                made[position] = Network(old.name, old.cell, own, old.seed, old.l2, origin)
        return [made[position] for position in range(len(population))]

    def tensors(self) -> Arrays:
        """All arrays under flat names, for a file."""
        flat = {f"p{g}.{name}": array for g, arrays in enumerate(self.parameters) for name, array in arrays.items()}
        for g, moments in enumerate(self.slots):
            for moment, arrays in moments.items():
                flat |= {f"{moment}{g}.{name}": array for name, array in arrays.items()}
        return flat | {name: getattr(self, name) for name in _CURVES}

    def restore(self, tensors: Mapping[str, NDArray[Any]], iteration: int, seconds: float) -> None:
        """Take over what :meth:`tensors` gave, into the arrays of this state.

        Raises:
            ValueError: If an array is missing, or of another shape or type.
        """
        for name, own in self.tensors().items():
            stored = tensors.get(name)
            if stored is None or stored.shape != own.shape or stored.dtype != own.dtype:
                raise ValueError(f"{name} is missing or does not fit")
            own[...] = stored
        self.iteration, self.seconds = int(iteration), float(seconds)


def fresh_state(population: Population, optimizer: str, iterations: int, validations: int) -> TrainingState:
    """The state before the first iteration."""
    parameters: list[Arrays] = []
    slots: list[dict[str, Arrays]] = []
    for group in population.groups:
        parameters.append({name: array.copy() for name, array in group.parameters.items()})
        slots.append(
            {
                moment: {name: np.zeros_like(array) for name, array in group.parameters.items()}
                for moment in MOMENTS[optimizer]
            }
        )
    networks = len(population)
    never = np.full(networks, -1, np.int64)
    return TrainingState(
        parameters=parameters,
        slots=slots,
        loss=np.full((networks, iterations), np.nan),
        gradient_norm=np.full((networks, iterations), np.nan),
        validation=np.full((networks, validations), np.nan),
        stopped_at=never.copy(),
        diverged_at=never.copy(),
        dropped_at=never.copy(),
        updates=np.zeros(networks, np.int64),
    )
