"""The sizes of a network, or of stacked ones, read from the shapes of their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.populations.cell import Cell


class Sizes:
    """Letters and type of the numbers; base of what has a cell and parameters whose last axes are a network's."""

    cell: Cell
    parameters: Mapping[str, NDArray[Any]]

    @property
    def units(self) -> int:
        """N."""
        return int(self.parameters["w_rec"].shape[-1])

    @property
    def inputs(self) -> int:
        """M."""
        return int(self.parameters["w_in"].shape[-1])

    @property
    def outputs(self) -> int:
        """O; 0 without a readout."""
        return int(self.parameters["b_out"].shape[-1])

    @property
    def state_size(self) -> int:
        """S: N, and 2N for an lstm."""
        return self.cell.state_size(self.units)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self.parameters["w_rec"].dtype
