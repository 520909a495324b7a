"""Where populations come from: the grid of a study, arrays, torch, and files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Self

from numpy.typing import ArrayLike, DTypeLike

from pyrnnsim.populations import arrays, grid, store
from pyrnnsim.populations.cell import parse_cell
from pyrnnsim.populations.networks import Networks

if TYPE_CHECKING:
    from pyrnnsim.tasks import Task


class Origins(Networks):
    """The constructors of :class:`pyrnnsim.Population`."""

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
        initialisation: Literal["auto", "normal", "orthogonal", "identity"] = "auto",
        gain: float | None = None,
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
            l2: Weight of the penalty that :meth:`Population.train` uses unless told otherwise.
            task: What they are for; decides M and O.
            inputs: M, if there is no task.
            outputs: O, if there is no task.
            initialisation: Of the recurrent weights: ``"normal"`` (variance 1/N), ``"orthogonal"`` or ``"identity"``;
                inputs are always normal with variance 1/M, the readout with 1/S, biases and the trained initial state
                zero. ``"auto"`` is normal with gain 1, and for relu lstms, unless a gain is given, orthogonal with gain
                0.3: their c can grow by a factor in every step, so that with normal weights of gain 1 three of eight
                diverge within 20 updates of flip-flop, and nearly all overflow before the first one of the sine wave.
            gain: Scale of the recurrent weights; None is 1, but see ``"auto"``.
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
        """Read what :meth:`Population.save` wrote.

        Raises:
            ValueError: If the file is damaged, or no population of this version.
            OSError: If it cannot be read.
        """
        return cls(store.load_networks(path))
