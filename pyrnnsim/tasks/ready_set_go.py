"""Ready-set-go: reproduce the interval between two pulses."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim.tasks.built_in import BuiltInTask
from pyrnnsim.tasks.checks import step_range, whole_number
from pyrnnsim.tasks.trials import Trials, checked_outputs

_PROBES = 16


class ReadySetGo(BuiltInTask):
    """Answer a pulse on channel 0 (Ready) and one on channel 1 (Set) by a third as long after Set as Set after Ready.

    With Ready at step r and interval s, channel 0 is 1 from r on, channel 1 from r + s, the target from r + 2 s, each
    for ``pulse`` steps; all else is 0. r and s are drawn independently and uniformly. M = 2, O = 1.

    Args:
        pulse: Steps that a pulse lasts.
        ready: First and last step at which Ready may come, both included; one int for a fixed step.
        interval: Shortest and longest interval in steps; one int for a fixed one.
        steps: T; None is twice the longest interval plus 100. It must hold the latest answer.
    Raises:
        TypeError: For a value of a wrong type.
        ValueError: For a value out of range, or a trial too short.
    Source: Turner et al. (2021), supplement, section 2.1.2: pulses of 10 steps, Ready after 20 to 30, intervals of 30
    to 120, 2 x 120 + 100 steps. The networks published with that paper for intervals up to 50 solve
    ``ReadySetGo(pulse=5, ready=5, interval=(20, 50), steps=150)``.
    """

    kind = name = "ready_set_go"
    accuracy_name = "error of the produced interval (steps)"
    higher_is_better = False

    def __init__(
        self,
        *,
        pulse: int = 10,
        ready: tuple[int, int] | int = (20, 30),
        interval: tuple[int, int] | int = (30, 120),
        steps: int | None = None,
    ) -> None:
        caller, most = "ReadySetGo", 10**6
        self.inputs, self.outputs = 2, 1
        self.pulse = whole_number(caller, "pulse", pulse, 1, most)
        self.ready = step_range(caller, "ready", ready, 0, most)
        self.interval = step_range(caller, "interval", interval, 1, most)
        self.steps = whole_number(caller, "steps", 2 * self.interval[1] + 100 if steps is None else steps, 1, most)
        needed = self.ready[1] + 2 * self.interval[1] + self.pulse
        if self.steps < needed:
            raise ValueError(
                f"{caller}: steps must be at least {needed} (latest ready {self.ready[1]} + 2 x longest interval "
                f"{self.interval[1]} + pulse {self.pulse}), got {self.steps}"
            )

    def numbers(self) -> tuple[float, ...]:
        """Pulse, range of Ready, range of intervals."""
        return tuple(float(number) for number in (self.pulse, *self.ready, *self.interval))

    def probe_inputs(self, n: int | None = None) -> NDArray[np.float64]:
        """Trials with evenly spaced intervals from the shortest to the longest, Ready at its earliest: ``(n, T, 2)``.

        Args:
            n: Trials; None is 16, or as many as make 3200 samples.
        Raises:
            TypeError: If ``n`` is no int.
            ValueError: If ``n`` is not positive.
        """
        count = self._probe_count(n, least=_PROBES)
        inputs = np.zeros((count, self.steps, 2))
        first = self.ready[0]
        for trial, interval in enumerate(np.rint(np.linspace(*self.interval, count)).astype(int)):
            inputs[trial, first : first + self.pulse, 0] = 1.0
            inputs[trial, first + interval : first + interval + self.pulse, 1] = 1.0
        return inputs

    def baseline_error(self) -> float:
        """Mean over steps of p (1 - p), p being the probability that the target is 1 at that step."""
        start = np.zeros(self.steps)
        starts = np.zeros(self.steps)
        start[self.ready[0] : self.ready[1] + 1] = 1.0 / (self.ready[1] - self.ready[0] + 1)
        intervals = np.arange(self.interval[0], self.interval[1] + 1)
        for interval in intervals:
            starts[2 * interval :] += start[: self.steps - 2 * interval] / len(intervals)
        total = np.concatenate([np.zeros(self.pulse), np.cumsum(starts)])
        p = total[self.pulse :] - total[: self.steps]
        return float(np.mean(p * (1.0 - p)))

    def accuracy(self, outputs: ArrayLike, trials: Trials) -> float:
        """Mean error of the produced interval in steps, 0 being perfect.

        An answer begins at the first step from Set on whose output exceeds 1/2; a network that stays silent is charged
        as if it answered after the last step.

        Args:
            outputs: ``(n, T, 1)`` of a network on these trials.
            trials: From :meth:`trials`.
        Raises:
            TypeError: If ``outputs`` is no array of real numbers.
            ValueError: If its shape differs from the targets', it is not finite, or there are no trials.
        """
        given = checked_outputs(outputs, trials, "ready_set_go.accuracy")[:, :, 0]
        set_step = np.argmax(trials.inputs[:, :, 1] > 0, axis=1)
        go_step = np.argmax(trials.targets[:, :, 0] > 0, axis=1)
        answered = (given > 0.5) & (np.arange(self.steps) >= set_step[:, None])
        produced = np.where(answered.any(axis=1), np.argmax(answered, axis=1), self.steps)
        return float(np.mean(np.abs(produced - go_step)))
