"""One network: its cell, its weights, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pyrnnsim._dtypes import float_type
from pyrnnsim.populations.cell import PARAMETERS, Cell
from pyrnnsim.populations.sizes import Sizes


@dataclass(frozen=True, eq=False)
class Network(Sizes):
    """One recurrent network with a linear readout y = w_out s + b_out of its whole state s.

    Attributes:
        name: How tables and errors call it.
        cell: Its update rule.
        parameters: Read-only arrays by name: ``w_rec`` (G, N, N), to unit n from unit m; ``w_in`` (G, N, M);
            ``b`` (G, N); ``b_rec`` (G, N) for a gru with ``reset_after``; ``w_out`` (O, S); ``b_out`` (O,);
            ``h0`` (S,). The gate order is that of ``cell.gates``.
        seed: Seed of its initialisation and of its trials; None for an import.
        l2: Weight of the L2 penalty it is meant to be trained with; 0 for an import.
        origin: How it came about, such as ``"normal initialisation"`` or ``"torch.nn.GRU"``.
    """

    name: str
    cell: Cell
    parameters: Mapping[str, NDArray[Any]] = field(repr=False)
    seed: int | None = None
    l2: float = 0.0
    origin: str = "arrays"

    def __post_init__(self) -> None:
        sealed = {name: _sealed(self.parameters[name]) for name in PARAMETERS if name in self.parameters}
        object.__setattr__(self, "parameters", MappingProxyType(sealed))

    @property
    def parameter_count(self) -> int:
        """Trained numbers: weights, biases, readout and initial state."""
        return sum(array.size for array in self.parameters.values())

    @property
    def kind(self) -> tuple[Cell, int, int, int, str]:
        """What networks must share to lie in one group: cell, N, M, O and type of the numbers."""
        return self.cell, self.units, self.inputs, self.outputs, self.dtype.name

    def astype(self, dtype: DTypeLike) -> Self:
        """The same network in float32 or float64."""
        wanted = float_type(dtype)
        if wanted is None:
            raise TypeError(f"Network.astype: dtype must be float32 or float64, got {dtype!r}")
        return replace(self, parameters={name: array.astype(wanted) for name, array in self.parameters.items()})

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "parameters": dict(self.parameters)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()


def _sealed(array: NDArray[Any]) -> NDArray[Any]:
    """The array itself if nobody can write to it, else a copy that nobody can write to."""
    base: Any = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            copy = array.copy(order="C")
            copy.flags.writeable = False
            return copy
        base = base.base
    return array
