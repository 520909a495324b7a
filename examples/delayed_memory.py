"""Two stimuli with a pause between them: which was the stronger? A task of your own for pyrnnsim.

    pyrnnsim study --config examples/delayed_memory.toml

The first stimulus has to be held as a number (parametric working memory), the answer is one bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyrnnsim.tasks import Task, Trials


class DelayedComparison(Task):
    """Answer +1 if the first of two stimuli was the stronger one, else -1.

    The only input is the stimulus: f1 for ``stimulus`` steps, nothing for ``shortest`` to ``longest`` steps, f2 for
    ``stimulus`` steps, nothing. The output is 0 until f2 begins, and the answer once it is over; in between anything.
    f1 and f2 are uniform on (0.2, 1) and differ by at least ``difference``.

    Args:
        stimulus: Steps of each stimulus.
        shortest: Pause between them, in steps.
        longest: Of the same.
        answer: Steps after f2 that count.
        difference: Least difference between the stimuli.
    Source: Romo, Brody, Hernandez & Lemus (1999), flutter discrimination, f between 10 and 34 Hz.
    """

    inputs = outputs = 1
    accuracy_name = "share of right answers"

    def __init__(
        self, *, stimulus: int = 4, shortest: int = 8, longest: int = 16, answer: int = 6, difference: float = 0.1
    ) -> None:
        self.stimulus, self.shortest, self.longest = stimulus, shortest, longest
        self.answer, self.difference = answer, difference
        self.steps = 2 * stimulus + longest + answer + 1

    def trial(self, rng: np.random.Generator) -> Any:
        """Inputs, targets and mask of one trial."""
        f1, f2 = rng.uniform(0.2, 1.0, size=2)
        while abs(f1 - f2) < self.difference:
            f1, f2 = rng.uniform(0.2, 1.0, size=2)
        second = 1 + self.stimulus + rng.integers(self.shortest, self.longest + 1)
        end = second + self.stimulus
        inputs, targets, mask = np.zeros((self.steps, 1)), np.zeros((self.steps, 1)), np.ones((self.steps, 1), bool)
        inputs[1 : 1 + self.stimulus] = f1
        inputs[second:end] = f2
        targets[end : end + self.answer] = np.sign(f1 - f2)
        mask[second:end] = mask[end + self.answer :] = False
        return inputs, targets, mask

    def accuracy(self, outputs: Any, trials: Trials) -> float:
        """Share of trials in which the mean output has the sign of the answer, while that is asked for."""
        asked = (trials.targets != 0).astype(np.float64)
        right = np.sign((asked * outputs).sum(axis=1)) == np.sign((asked * trials.targets).sum(axis=1))
        return float(right.mean())
