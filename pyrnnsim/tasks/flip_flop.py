"""The flip-flop: several bits to be remembered."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pyrnnsim.tasks.built_in import BuiltInTask
from pyrnnsim.tasks.checks import real_number, whole_number
from pyrnnsim.tasks.trials import Trials


class FlipFlop(BuiltInTask):
    """Remember, for each of several channels, the sign of its last pulse.

    Inputs are 0 but for pulses of -1 or +1, each sign equally likely; the target of a channel is its last pulse, from
    the very step of that pulse on, and 0 before the first. M = O = ``bits``.

    Args:
        bits: Channels, 1 to 1024.
        steps: T.
        probability: Of a pulse, per channel and step; above 0, at most 1. A resolution of 2**-32.
    Raises:
        TypeError: For a value of a wrong type.
        ValueError: For a value out of range.
    Source: Maheswaranathan et al. (2019), section 2.1, "K-bit flip-flop": 3 bits, 100 steps, 5%.
    """

    kind = name = "flip_flop"
    accuracy_name = "share of steps with the right sign"

    def __init__(self, *, bits: int = 3, steps: int = 100, probability: float = 0.05) -> None:
        self.bits = self.inputs = self.outputs = whole_number("FlipFlop", "bits", bits, 1, 1024)
        self.steps = whole_number("FlipFlop", "steps", steps, 1, 10**6)
        self.probability = real_number("FlipFlop", "probability", probability, 0.0, 1.0, open_below=True)

    def numbers(self) -> tuple[float, ...]:
        """Bits and probability."""
        return float(self.bits), self.probability

    def baseline_error(self) -> float:
        """Mean over steps of 1 - (1 - probability)**(step + 1): the mean target is 0, its square 1 from a pulse on."""
        return float(np.mean(1.0 - (1.0 - self.probability) ** np.arange(1, self.steps + 1)))

    def accuracy(self, outputs: ArrayLike, trials: Trials) -> float:
        """Share of entries with the target's sign, in [0, 1], among those after a channel's first pulse.

        Args:
            outputs: ``(n, T, O)`` of a network on these trials.
            trials: From :meth:`trials`.
        Raises:
            TypeError: If ``outputs`` is no array of real numbers.
            ValueError: If its shape differs from the targets', it is not finite, or there is no pulse in the trials.
        """
        caller = "flip_flop.accuracy"
        given, wanted = trials.relevant(outputs, caller=caller)
        decided = wanted != 0
        if not decided.any():
            raise ValueError(f"{caller}: no channel has a pulse in these trials, so no sign is right; pass more trials")
        return float(np.mean(np.sign(given[decided]) == wanted[decided]))
