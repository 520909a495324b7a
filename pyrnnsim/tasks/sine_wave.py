"""The sine wave: an oscillation whose frequency a constant input commands."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim.tasks.built_in import BuiltInTask
from pyrnnsim.tasks.checks import real_number, whole_number

_COMMANDS = 20


class SineWave(BuiltInTask):
    """Answer a constant command x, uniform on (0, 1), by a sine of unit amplitude whose frequency is affine in x.

    The target at step t = 0, 1, ... is sin(2 pi w t), w = ``lowest + (highest - lowest) x`` cycles per step.
    M = O = 1.

    Args:
        steps: T.
        lowest: Frequency at x = 0, in cycles per step; not negative.
        highest: Frequency at x = 1; at least ``lowest``, at most 0.5.
    Raises:
        TypeError: For a value of a wrong type.
        ValueError: For a value out of range.
    Source: Maheswaranathan et al. (2019), section 2.1, "Frequency-cued sine wave": w = 0.04 x + 0.01, T = 500. The
    paper adds dt = 0.01; t counts steps here, which gives 5 to 25 cycles in a trial (t in seconds would give at most a
    quarter of one).
    """

    kind = name = "sine_wave"

    def __init__(self, *, steps: int = 500, lowest: float = 0.01, highest: float = 0.05) -> None:
        self.inputs = self.outputs = 1
        self.steps = whole_number("SineWave", "steps", steps, 1, 10**6)
        self.lowest = real_number("SineWave", "lowest", lowest, 0.0, 0.5)
        self.highest = real_number("SineWave", "highest", highest, 0.0, 0.5)
        if self.highest < self.lowest:
            raise ValueError(f"SineWave: highest must be at least lowest={self.lowest}, got {self.highest}")

    def numbers(self) -> tuple[float, ...]:
        """Lowest frequency and width of the range."""
        return self.lowest, self.highest - self.lowest

    def frequency(self, command: ArrayLike) -> NDArray[np.float64]:
        """Cycles per step that commands ask for, same shape."""
        return np.asarray(self.lowest + (self.highest - self.lowest) * np.asarray(command, dtype=np.float64))

    def probe_inputs(self, n: int | None = None) -> NDArray[np.float64]:
        """Evenly spaced commands from 0 to 1, each for a whole trial: ``(n, T, 1)``.

        Args:
            n: Commands; None is 20, or as many as make 3200 samples. One command alone is 0.5.
        Raises:
            TypeError: If ``n`` is no int.
            ValueError: If ``n`` is not positive.
        """
        commands = _spaced(self._probe_count(n, least=_COMMANDS))
        return np.repeat(commands[:, None, None], self.steps, axis=1)

    def condition_inputs(self) -> NDArray[np.float64]:
        """20 commands evenly spaced from 0 to 1: ``(20, 1)``."""
        return _spaced(_COMMANDS)[:, None]

    def baseline_error(self) -> float:
        """Mean over steps of the variance of sin(2 pi w t) over w uniform between ``lowest`` and ``highest``."""
        t = np.arange(self.steps)
        middle, width = (self.lowest + self.highest) / 2, self.highest - self.lowest
        mean = np.sinc(width * t) * np.sin(2 * np.pi * middle * t)
        mean_square = 0.5 - 0.5 * np.sinc(2 * width * t) * np.cos(4 * np.pi * middle * t)
        return float(np.mean(mean_square - mean**2))


def _spaced(n: int) -> NDArray[np.float64]:
    return np.linspace(0.0, 1.0, n) if n > 1 else np.array([0.5])
