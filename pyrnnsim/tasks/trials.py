"""Trials of a task, and how well outputs answer them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Trials:
    """Inputs of n trials and what a network should answer.

    Attributes:
        inputs: ``(n, T, M)``, float32 or float64.
        targets: ``(n, T, O)``, same dtype.
        mask: ``(n, T, O)`` bool, False where the answer does not matter; None where all of it does.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    mask: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def mean_squared_error(self, outputs: ArrayLike) -> float:
        """Mean squared error over all trials, steps and outputs that matter, summed in float64.

        Args:
            outputs: ``(n, T, O)`` of a network on these trials.
        Raises:
            TypeError: If ``outputs`` is no array of real numbers.
            ValueError: If its shape differs from the targets', it is not finite, or nothing is left to judge.
        """
        given, wanted = self.relevant(outputs, caller="Trials.mean_squared_error")
        return float(np.mean((given - wanted) ** 2))

    def relevant(self, outputs: ArrayLike, *, caller: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Outputs and targets as two float64 vectors of the entries that matter.

        Args:
            outputs: ``(n, T, O)`` of a network on these trials.
            caller: Name of the public function, for the errors.
        Raises:
            TypeError: If ``outputs`` is no array of real numbers.
            ValueError: If its shape differs from the targets', it is not finite, or nothing is left to judge.
        """
        given, wanted = checked_outputs(outputs, self, caller), self.targets.astype(np.float64)
        if self.mask is None:
            return given.ravel(), wanted.ravel()
        if not self.mask.any():
            raise ValueError(f"{caller}: the mask is all False, so nothing can be judged; pass other trials")
        return given[self.mask], wanted[self.mask]


def checked_outputs(outputs: ArrayLike, trials: Trials, caller: str) -> NDArray[np.float64]:
    """The outputs of a network on these trials as float64; raises as :meth:`Trials.relevant` does."""
    array = np.asarray(outputs.detach().cpu() if hasattr(outputs, "detach") else outputs)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{caller}: outputs must be an array of real numbers, got dtype {array.dtype}")
    if array.shape != trials.targets.shape:
        raise ValueError(
            f"{caller}: outputs must have the targets' shape (trials, steps, outputs) {trials.targets.shape}, "
            f"got {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{caller}: there are no trials to judge outputs by; pass at least one")
    if not np.isfinite(array).all():
        trial, step, output = (int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"{caller}: outputs must be finite, got {array[trial, step, output]} at trial {trial}, step {step}, output "
            f"{output}; the network has diverged"
        )
    return array.astype(np.float64)


def variance_explained(outputs: ArrayLike, trials: Trials, *, caller: str) -> float:
    """1 - residual / variance of the targets about their mean: 1 is perfect, 0 no better than a constant, no lower end.

    Args:
        outputs: ``(n, T, O)``.
        trials: The trials they answer.
        caller: Name of the public function, for the errors.
    Raises:
        TypeError: If ``outputs`` is no array of real numbers.
        ValueError: If its shape differs from the targets', it is not finite, or all targets are equal.
    """
    given, wanted = trials.relevant(outputs, caller=caller)
    spread = float(np.sum((wanted - wanted.mean()) ** 2))
    if spread == 0.0:
        raise ValueError(f"{caller}: all targets are equal, so there is no variance to explain; pass more trials")
    return 1.0 - float(np.sum((given - wanted) ** 2)) / spread
