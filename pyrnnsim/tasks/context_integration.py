"""Context-dependent integration: sum one of several noise streams, the one that is cued."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.tasks.built_in import BuiltInTask
from pyrnnsim.tasks.checks import real_number, whole_number


class ContextIntegration(BuiltInTask):
    """Report the running sum of the cued stream, times ``scale``, and ignore the other streams.

    Inputs are K context channels, one of them 1 for the whole trial (each equally likely) and the others 0, then K
    streams: at each step a fresh normal number of standard deviation ``noise`` around a mean that is constant in a
    trial, independent between streams, and uniform between -``mean_range`` and ``mean_range``. The target at a step
    includes that step's input. M = 2 K, O = 1.

    Args:
        contexts: K, 1 to 64.
        steps: T.
        mean_range: Largest mean of a stream.
        noise: Standard deviation of a stream about its mean.
        scale: Factor of the sum; None is 1 / ``steps``, so that targets are of order 1 (a standard deviation of 0.61 at
            the end with the defaults, where the bare sum would reach 18). Its value is part of the spec.
    Raises:
        TypeError: For a value of a wrong type.
        ValueError: For a value out of range.
    Source: Maheswaranathan et al. (2019), section 2.1, "Context-dependent integration": K = 2, T = 30, noise N(mu, 1),
    mu uniform between -1 and 1; they report no scale.
    """

    kind = name = "context_integration"
    accuracy_name = "R^2"

    def __init__(
        self,
        *,
        contexts: int = 2,
        steps: int = 30,
        mean_range: float = 1.0,
        noise: float = 1.0,
        scale: float | None = None,
    ) -> None:
        caller = "ContextIntegration"
        self.contexts = whole_number(caller, "contexts", contexts, 1, 64)
        self.inputs, self.outputs = 2 * self.contexts, 1
        self.steps = whole_number(caller, "steps", steps, 1, 10**6)
        self.mean_range = real_number(caller, "mean_range", mean_range, 0.0, 1e6)
        self.noise = real_number(caller, "noise", noise, 0.0, 1e6)
        self.scale = 1.0 / self.steps if scale is None else real_number(caller, "scale", scale, -1e6, 1e6)

    def numbers(self) -> tuple[float, ...]:
        """Contexts, range of the means, noise and scale."""
        return float(self.contexts), self.mean_range, self.noise, self.scale

    def condition_inputs(self) -> NDArray[np.float64]:
        """Each context with silent streams: ``(K, 2 K)``."""
        return np.eye(self.contexts, self.inputs)

    def baseline_error(self) -> float:
        """Mean over n = 1, ..., T of scale^2 (n^2 mean_range^2 / 3 + n noise^2), the variance of a sum of n inputs."""
        n = np.arange(1, self.steps + 1)
        return float(self.scale**2 * np.mean(n**2 * self.mean_range**2 / 3 + n * self.noise**2))
