"""The sequence of networks that a population is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.populations.group import Group, gather
from pyrnnsim.populations.network import Network


class Networks(Sequence[Network]):
    """Networks in order, those of one kind stacked in one group; see :class:`pyrnnsim.Population`."""

    groups: tuple[Group, ...]

    def __init__(self, networks: Iterable[Network]) -> None:
        """Take networks into a population.

        Args:
            networks: At least one; their arrays are copied.
        Raises:
            TypeError, ValueError: If one is no :class:`Network`, or there is none.
        """
        members = list(networks)
        for position, network in enumerate(members):
            if not isinstance(network, Network):
                raise TypeError(
                    f"Population: networks[{position}] must be a Network, got {type(network).__name__}; "
                    "use Population.create, from_arrays or from_torch"
                )
        if not members:
            raise ValueError("Population: networks is empty; a population has at least one network")
        self.groups = gather(members)
        self._networks: dict[int, Network] = {}
        for group in self.groups:
            for k, position in enumerate(group.members):
                old = members[position]
                own = group.of_member(k)  # views: every number is held once
                self._networks[position] = Network(old.name, old.cell, own, old.seed, old.l2, old.origin)

    @property
    def names(self) -> tuple[str, ...]:
        """One name per network."""
        return tuple(network.name for network in self)

    def __len__(self) -> int:
        return len(self._networks)

    @overload
    def __getitem__(self, index: int) -> Network: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | NDArray[Any]) -> Self: ...
    def __getitem__(self, index: int | slice | Sequence[int] | NDArray[Any]) -> Network | Self:
        if isinstance(index, slice):
            return type(self)(self._networks[i] for i in range(len(self))[index])
        if isinstance(index, int | np.integer):
            return self._networks[range(len(self))[index]]
        chosen = np.arange(len(self))[np.asarray(index)]
        return type(self)(self._networks[int(i)] for i in chosen)

    def __iter__(self) -> Iterator[Network]:
        return (self._networks[i] for i in range(len(self)))

    def __add__(self, other: object) -> Self:
        return type(self)([*self, *other]) if isinstance(other, Networks) else NotImplemented

    def __reduce__(self) -> tuple[type[Self], tuple[list[Network]]]:
        return type(self), (list(self),)

    def __repr__(self) -> str:
        kinds = {f"{g.cell.cell} {g.cell.activation} {g.units}": len(g.members) for g in self.groups}
        return f"<Population of {len(self)}: " + ", ".join(f"{count} x {kind}" for kind, count in kinds.items()) + ">"
