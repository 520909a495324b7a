"""Many networks as one thing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from numpy.typing import ArrayLike, DTypeLike, NDArray

from pyrnnsim.populations import activity, arrays, grid, store
from pyrnnsim.populations.cell import parse_cell
from pyrnnsim.populations.networks import Networks

if TYPE_CHECKING:
    from pyrnnsim.populations.evaluation import Evaluation
    from pyrnnsim.populations.record import TrainingRecord
    from pyrnnsim.populations.settings import TrainingDetails
    from pyrnnsim.tasks import Task


class Population(Networks):
    """A sequence of networks that are made, trained, evaluated and compared together.

    Networks may differ in cell, activation, width, options and type of their numbers; inside, those that agree in all
    of it lie stacked in one group. A population never changes: training returns a new one. ``population[3]`` is a
    :class:`Network`; slices, lists of positions and boolean masks give populations, ``+`` joins two.

    Attributes:
        groups: The stacked networks; ``groups[g].members`` says which ones they are.
    """

    @classmethod
    def create(
        cls,
        cells: Iterable[str] = ("vanilla", "ugrnn", "gru", "lstm"),
        activations: Iterable[str] = ("tanh", "relu"),
        units: Iterable[int] = (64,),
        seeds: Iterable[int] = range(4),
        l2: Iterable[float] = (1e-5,),
        *,
        task: Task | None = None,
        inputs: int | None = None,
        outputs: int | None = None,
        initialisation: Literal["normal", "orthogonal", "identity"] = "normal",
        gain: float = 1.0,
        keep_bias: float | None = None,
        reset_after: bool = False,
        candidate: Literal["activation", "sigmoid"] = "activation",
        dtype: DTypeLike = "float32",
    ) -> Self:
        """New networks for every combination of the first five arguments, the last one varying fastest over seeds.

        The paper's 96 configurations are all four cells, both activations, ``units=(64, 128, 256)`` and
        ``l2=(1e-5, 1e-4, 1e-3, 1e-2)``, each with 30 seeds.

        Args:
            cells: See :class:`pyrnnsim.populations.cell.Cell`, as for ``activations``.
            activations: ``"tanh"``, ``"relu"``.
            units: N.
            seeds: Each at least 0. A network depends on its seed and kind, never on the others in the grid.
            l2: Weight of the penalty that :meth:`train` uses unless told otherwise.
            task: What they are for; decides M and O.
            inputs: M, if there is no task.
            outputs: O, if there is no task.
            initialisation: ``"normal"`` (variance 1/N), ``"orthogonal"`` or ``"identity"``; inputs are always normal
                with variance 1/M, the readout with 1/S, biases and the trained initial state zero.
            gain: Scale of the recurrent weights.
            keep_bias: Constant on the keep gate of gated cells; None is 1 for lstm and 0 for the others (the paper
                gives no value; its authors' code has these).
            reset_after: For gru: torch's order of reset and product in place of the paper's.
            candidate: For lstm: ``"sigmoid"`` reads the paper's printed equation literally.
            dtype: float32 or float64.
        Raises:
            TypeError, ValueError: For an unknown name, a number out of range, an empty or repeated entry.
        Source: Maheswaranathan et al. 2019, 2.1 and Appendix A.
        """
        options = {"keep_bias": keep_bias, "reset_after": reset_after, "candidate": candidate}
        return cls(
            grid.grid_networks(
                cells=cells,
                activations=activations,
                units=units,
                seeds=seeds,
                l2=l2,
                sizes=grid.sizes_of(task, inputs, outputs),
                initialisation=initialisation,
                gain=gain,
                cell_options=options,
                dtype=dtype,
            )
        )

    @classmethod
    def from_arrays(
        cls,
        cell: str,
        activation: str,
        *,
        w_rec: ArrayLike,
        w_in: ArrayLike,
        b: ArrayLike | None = None,
        w_out: ArrayLike | None = None,
        b_out: ArrayLike | None = None,
        h0: ArrayLike | None = None,
        b_rec: ArrayLike | None = None,
        keep_bias: float | None = None,
        reset_after: bool = False,
        candidate: str = "activation",
        names: Sequence[str] | None = None,
        dtype: DTypeLike | None = None,
    ) -> Self:
        """K networks of one kind from stacked arrays; ``pyrnnsim.populations.layouts`` shows it for other libraries.

        Gate order: vanilla [h], ugrnn [c, g], gru [c, g, r], lstm [c, i, f, o], where g keeps the old state and c is
        the candidate. The state s is h, and [c; h] for an lstm (S = 2N).

        Args:
            cell: ``"vanilla"``, ``"ugrnn"``, ``"gru"`` or ``"lstm"``.
            activation: ``"tanh"`` or ``"relu"``.
            w_rec: (K, G, N, N), to unit n from unit m.
            w_in: (K, G, N, M).
            b: (K, G, N), zero by default.
            w_out: (K, O, S); without it there is no readout.
            b_out: (K, O), zero by default.
            h0: (K, S) initial state, zero by default.
            b_rec: (K, G, N), second bias of a gru with ``reset_after=True``.
            keep_bias: Constant on the keep gate; None is 1 for lstm, else 0. Pass 0 where b already contains it.
            reset_after: Of a gru, torch's order.
            candidate: Of an lstm, ``"activation"`` or ``"sigmoid"``.
            names: One per network.
            dtype: float32 or float64; by default float64 if any array is.
        Raises:
            TypeError, ValueError: For shapes that do not fit, numbers that are not finite, unknown names.
        """
        caller = "Population.from_arrays"
        kind = parse_cell(caller, cell, activation, keep_bias=keep_bias, reset_after=reset_after, candidate=candidate)
        given = {"w_rec": w_rec, "w_in": w_in, "b": b, "b_rec": b_rec, "w_out": w_out, "b_out": b_out, "h0": h0}
        return cls(arrays.networks_from_arrays(caller, kind, given, dtype=dtype, names=names))

    @classmethod
    def from_torch(
        cls,
        networks: Any,
        *,
        activation: Literal["tanh", "relu"] | None = None,
        readout: str | None = None,
        names: Sequence[str] | None = None,
        dtype: DTypeLike | None = None,
    ) -> Self:
        """Networks trained by torch: same trajectory, to 1e-12 over 500 steps in float64.

        Args:
            networks: One or a list of: ``torch.nn.RNN/GRU/LSTM`` (or their ``...Cell``), a module that holds one of
                them and at most one ``Linear`` readout of its states, a state_dict of such a module, or a path
                (``.safetensors``, or ``.pt``/``.pth``, which are read as weights only: nothing in them is executed).
                One layer, one direction, no projection.
            activation: Of a vanilla network in a state_dict or file, which does not say it; None is ``"tanh"``.
            readout: Name of the readout in a module with several ``Linear``; ``""`` for none.
            names: One per network; by default file names, or cell, width and position.
            dtype: float32 or float64; by default that of the weights.
        Raises:
            TypeError, ValueError: For anything else, naming the network and what is supported.
            OSError: If a file cannot be read.
        """
        torch_import = import_module("pyrnnsim.populations.torch_import")
        return cls(torch_import.networks_from_torch(networks, activation, readout, names, dtype))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            ValueError: If the file is damaged, or no population of this version.
            OSError: If it cannot be read.
        """
        return cls(store.load_networks(path))

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
