"""A box of states that a network never leaves, where the equations of its cell give one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.populations.cell import Cell

Floats = NDArray[np.float64]


class Box(NamedTuple):
    """Bounds of each entry of the state; every fixed point lies within.

    Attributes:
        lower: (S,), -inf where there is none.
        upper: (S,), inf where there is none.
        compact: Whether all bounds are finite and F maps the box into itself, so that the degrees of all fixed points
            sum to 1 (Brouwer).
    """

    lower: Floats
    upper: Floats
    compact: bool

    def clip(self, states: Floats) -> Floats:
        """The nearest states in the box."""
        return np.clip(states, self.lower, self.upper)

    def holds(self, states: Floats) -> NDArray[np.bool_]:
        """Which of states (n, S) lie in the box, up to rounding."""
        slack = 1e-12 * (1 + np.abs(states))
        return np.asarray(((states >= self.lower - slack) & (states <= self.upper + slack)).all(axis=1))


def everywhere(size: int) -> Box:
    """No bounds."""
    return Box(np.full(size, -np.inf), np.full(size, np.inf), compact=False)


def state_bounds(cell: Cell, parameters: Mapping[str, Floats], x: Floats) -> Box:
    """The box of one network at a constant input.

    tanh: h lies in [-1, 1], also where it is a mixture of old state and candidate. relu: h is not negative and has no
    upper bound. lstm: c' = f c + i z gives |c| <= max(i) max|z| / (1 - max(f)), with the largest gates that h in
    [-1, 1] allows; relu gives no bound above.

    Args:
        cell: Its update rule.
        parameters: Its arrays without a leading axis.
        x: (M,).
    """
    units = parameters["w_rec"].shape[-1]
    positive = cell.activation == "relu"
    zero, one = np.zeros(units), np.ones(units)
    lower, upper = (zero, np.inf * one) if positive else (-one, one)
    if cell.cell != "lstm":
        return Box(lower, upper, compact=not positive)
    if positive:
        return Box(np.concatenate([zero, zero]), np.concatenate([upper, upper]), compact=False)
    drive = parameters["w_in"] @ x + parameters["b"] + np.abs(parameters["w_rec"]).sum(axis=-1)
    opened = 1 / (1 + np.exp(-drive[1]))
    leak = 1 / (1 + np.exp(drive[2] + cell.keep_bias))  # 1 - f without cancellation
    largest = opened / leak
    if cell.candidate == "sigmoid":
        return Box(np.concatenate([zero, zero]), np.concatenate([largest, one]), compact=True)
    return Box(np.concatenate([-largest, -one]), np.concatenate([largest, one]), compact=True)
