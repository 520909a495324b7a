"""Networks of one kind, their parameters stacked: what the native code works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.populations.cell import PARAMETERS, Cell
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.sizes import Sizes


@dataclass(frozen=True, eq=False)
class Group(Sizes):
    """K networks of equal (cell, options, N, M, O, dtype).

    Attributes:
        cell: Their update rule.
        members: Positions of the K networks in the population, ascending.
        parameters: As :attr:`Network.parameters` with a leading axis K; read-only.
    """

    cell: Cell
    members: tuple[int, ...]
    parameters: Mapping[str, NDArray[Any]] = field(repr=False)

    def of_member(self, position: int) -> dict[str, NDArray[Any]]:
        """Parameters of one network, views without the leading axis."""
        return {name: array[position] for name, array in self.parameters.items()}


def gather(networks: Sequence[Network]) -> tuple[Group, ...]:
    """Stack networks of equal kind, in the order of their first members."""
    members: dict[Any, list[int]] = {}
    for position, network in enumerate(networks):
        members.setdefault(network.kind, []).append(position)
    return tuple(
        Group(networks[positions[0]].cell, tuple(positions), _stacked([networks[i] for i in positions]))
        for positions in members.values()
    )


def _stacked(networks: Sequence[Network]) -> Mapping[str, NDArray[Any]]:
    stacks = {}
    for name in PARAMETERS:
        if name in networks[0].parameters:
            stacks[name] = np.stack([network.parameters[name] for network in networks])
            stacks[name].flags.writeable = False
    return MappingProxyType(stacks)
