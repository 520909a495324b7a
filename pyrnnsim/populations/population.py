"""Many networks as one thing."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from numpy.typing import ArrayLike, DTypeLike, NDArray

from pyrnnsim.populations import activity, arrays, store
from pyrnnsim.populations.origins import Origins

if TYPE_CHECKING:
    from pyrnnsim.populations.evaluation import Evaluation
    from pyrnnsim.populations.record import TrainingRecord
    from pyrnnsim.populations.settings import TrainingDetails
    from pyrnnsim.tasks import Task


class Population(Origins):
    """A sequence of networks that are made, trained, evaluated and compared together.

    Networks may differ in cell, activation, width, options and type of their numbers; inside, those that agree in all
    of it lie stacked in one group. A population never changes: training returns a new one. ``population[3]`` is a
    :class:`Network`; slices, lists of positions and boolean masks give populations, ``+`` joins two.

    Attributes:
        groups: The stacked networks; ``groups[g].members`` says which ones they are.
    """

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all networks to one file, atomically and with a checksum; nothing in it is code.

        Raises:
            OSError: If the file cannot be written; an earlier one of that name is intact.
        """
        store.save_networks(path, list(self))

    def to_torch(self, index: int) -> Any:
        """Network ``index`` as a ``torch.nn.Module`` in its own type of numbers.

        ``module(inputs)`` takes (B, T, M) and returns outputs (B, T, O) and states (B, T, S). Where torch has this
        cell, ``module.rnn`` is a ``torch.nn.RNN/GRU/LSTM`` and ``module.readout`` a ``Linear``; otherwise (relu in
        gated cells, ugrnn, reset before, a readout of an lstm's c) plain differentiable operations step by step.
        """
        return import_module("pyrnnsim.populations.torch_export").module_of(self[index])

    @property
    def frame(self) -> Any:
        """A pandas table with one row per network: kind, sizes, seed, penalty, options, origin."""
        return activity.frame(self)

    def astype(self, dtype: DTypeLike) -> Self:
        """All networks in float32 or float64."""
        chosen = arrays.parse_dtype("Population.astype", dtype)
        return type(self)(network.astype(chosen) for network in self)

    def states(self, inputs: ArrayLike, *, n_jobs: int | None = None) -> list[NDArray[Any]]:
        """States after each step: for each of ``groups`` an array (K, B, T, S) over its members.

        Args:
            inputs: (B, T, M) for all networks, or (K, B, T, M) with one entry per network of the population.
            n_jobs: Threads; None is every core. No result depends on it.
        Raises:
            TypeError, ValueError: For inputs of another shape, or not finite.
        """
        return activity.states(self, inputs, n_jobs, "Population.states")

    def outputs(self, inputs: ArrayLike, *, n_jobs: int | None = None) -> list[NDArray[Any]]:
        """Outputs after each step, (K, B, T, O) for each of ``groups``; arguments as :meth:`states`."""
        return activity.outputs(self, inputs, n_jobs)

    def representations(self, source: Task | ArrayLike, *, n_jobs: int | None = None) -> list[NDArray[Any]]:
        """One (P, S) array per network, P = trials x steps, ready for the ``pairwise_*`` functions.

        Args:
            source: A task, whose probe inputs are used, or inputs (B, T, M).
            n_jobs: Threads.
        Raises:
            TypeError, ValueError: As :meth:`states`.
        """
        return activity.representations(self, source, n_jobs)

    def evaluate(self, task: Task, *, trials: int = 512, seed: int = 1, n_jobs: int | None = None) -> Evaluation:
        """Loss and accuracy of every network on fresh trials of a task.

        Args:
            task: What they do.
            trials: How many, the same for every network.
            seed: Of the trials; other than those of training and validation.
            n_jobs: Threads.
        Returns:
            A table with one row per network; print it, or use its ``frame``.
        Raises:
            TypeError, ValueError: If the task does not fit a network.
        """
        from pyrnnsim.populations.evaluation import evaluate

        return evaluate(self, task, trials=trials, seed=seed, n_jobs=n_jobs)

    def train(
        self,
        task: Task,
        *,
        iterations: int = 20_000,
        batch: int = 64,
        optimizer: Literal["sgd", "adam"] = "adam",
        learning_rate: ArrayLike | None = None,
        decay: ArrayLike = 1.0,
        momentum: ArrayLike = 0.9,
        clip: ArrayLike | None = 1.0,
        l2: ArrayLike | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        until_loss: ArrayLike | None = None,
        n_jobs: int | None = None,
        device: Literal["cpu"] = "cpu",
        seed: int = 0,
        progress: bool | Literal["auto"] = "auto",
        **details: Unpack[TrainingDetails],
    ) -> TrainingRecord:
        """Train every network on its own trials; the trained population is ``record.population``, this one stays.

        Every number marked (K,) is one number or one per network. A network's result depends on its own weights,
        settings and seeds alone: not on the other networks, their order, the number of threads, or restarts.

        Args:
            task: Gives trials; its M and O must be those of every network.
            iterations: Updates of every network.
            batch: B, trials per update.
            optimizer: ``"adam"`` (``momentum`` is beta1), or the paper's ``"sgd"`` with momentum (v = m v + g,
                w -= rate v).
            learning_rate: (K,) initial rate; None is 0.02 for sgd and 0.002 for adam.
            decay: (K,) factor by which the rate falls within ``decay_steps``.
            momentum: (K,) in [0, 1).
            clip: (K,) largest global norm of a gradient; None or inf for no limit.
            l2: (K,) weight of the penalty; None takes each network's own.
            checkpoint: File that is written now and then, and continued from if it exists: a killed run ends
                bit-identical to an uninterrupted one. It must belong to the same population, task and settings.
            until_loss: (K,) a network whose batch loss falls below stops there.
            n_jobs: Threads; None is every core.
            device: ``"cpu"``.
            seed: Of the trials, together with each network's own seed.
            progress: Show progress and remaining time.
            **details: See :class:`pyrnnsim.populations.settings.TrainingDetails`.
        Raises:
            TypeError, ValueError: For settings out of range, a task that does not fit, a checkpoint that is damaged
                or belongs to something else; before any work, and nothing is overwritten.
            OSError: If the checkpoint cannot be written, or another process is writing it.
        Cost: about 6 B T G N (N + M) flops per network and iteration, and 16 bytes of loss curves.
        Source: Maheswaranathan et al. 2019, 2.1.
        """
        from pyrnnsim.populations.training import train

        given: dict[str, Any] = {
            "learning_rate": learning_rate,
            "decay": decay,
            "momentum": momentum,
            "clip": clip,
            "l2": l2,
        }
        given |= {"iterations": iterations, "batch": batch, "optimizer": optimizer, "until_loss": until_loss}
        given |= {"device": device, "n_jobs": n_jobs, "seed": seed, "progress": progress, **details}
        return train(self, task, checkpoint, given)
