"""What a user's own task returns, checked and brought to one dtype."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.tasks.trials import Trials


class Sizes(Protocol):
    """The sizes that a task declares."""

    inputs: int
    outputs: int
    steps: int


@dataclass(frozen=True)
class Origin:
    """Which method returned the arrays, for the errors.

    Attributes:
        method: Its full name.
        first: Index of the first trial.
        single: Whether it returns one trial, without a leading axis.
    """

    method: str
    first: int
    single: bool


def checked_trials(task: Sizes, n: int, made: object, dtype: np.dtype[Any], origin: Origin) -> Trials:
    """Trials from (inputs, targets) or (inputs, targets, mask).

    Args:
        task: Declares M, O and T.
        n: Number of trials; 1 if the method returns a single one.
        made: What the method returned: arrays (n, T, M), (n, T, O) and perhaps (n, T, O), without n for a single one.
        dtype: float32 or float64.
        origin: The method.
    Raises:
        TypeError: For something else than two or three arrays of real numbers, or a mask that is not bool.
        ValueError: For a wrong shape, a number that is not finite in ``dtype``, or a trial whose mask is all False.
    """
    if not isinstance(made, tuple | list) or len(made) not in (2, 3):
        got = f"{len(made)} values" if isinstance(made, tuple | list) else type(made).__name__
        raise TypeError(f"{origin.method} must return (inputs, targets) or (inputs, targets, mask), got {got}")
    inputs = _numbers(made[0], (n, task.steps, task.inputs), "inputs", dtype, origin)
    targets = _numbers(made[1], (n, task.steps, task.outputs), "targets", dtype, origin)
    mask = None if len(made) == 2 or made[2] is None else _mask(made[2], targets.shape, origin)
    return Trials(inputs, targets, mask)


def joined(rows: Sequence[Trials], task: Sizes, dtype: np.dtype[Any]) -> Trials:
    """Trials one after the other; where only some have a mask, all of the others matters."""
    if not rows:
        return Trials(np.empty((0, task.steps, task.inputs), dtype), np.empty((0, task.steps, task.outputs), dtype))
    inputs, targets = np.concatenate([row.inputs for row in rows]), np.concatenate([row.targets for row in rows])
    if all(row.mask is None for row in rows):
        return Trials(inputs, targets)
    masks = [np.ones(row.targets.shape, bool) if row.mask is None else row.mask for row in rows]
    return Trials(inputs, targets, np.concatenate(masks))


def _array(value: Any, shape: tuple[int, ...], what: str, origin: Origin) -> NDArray[Any]:
    """The value as an array with a leading axis of trials, of the expected shape."""
    try:
        array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    except ValueError as error:
        raise ValueError(f"{origin.method}: {what} must be an array: {error}") from None
    expected, got = (shape[1:], array.shape) if origin.single else (shape, array.shape)
    if got != expected:
        axes = "steps, inputs" if what == "inputs" else "steps, outputs"
        axes = axes if origin.single else f"trials, {axes}"
        raise ValueError(f"{origin.method}: {what} must have shape ({axes}) {expected}, got {got}")
    return array.reshape(shape)


def _numbers(value: Any, shape: tuple[int, ...], what: str, dtype: np.dtype[Any], origin: Origin) -> NDArray[Any]:
    array = _array(value, shape, what, origin)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{origin.method}: {what} must be an array of real numbers, got dtype {array.dtype}")
    with np.errstate(over="ignore"):  # found as infinity below
        result = np.array(array, dtype=dtype, order="C")
    if not np.isfinite(result).all():
        trial, step, channel = (int(i) for i in np.argwhere(~np.isfinite(result))[0])
        hint = "; where the answer does not matter, put 0 and a mask" if what == "targets" else ""
        raise ValueError(
            f"{origin.method}: {what} must be finite in {dtype}, got {array[trial, step, channel]} at trial "
            f"{origin.first + trial}, step {step}, channel {channel}{hint}"
        )
    return result


def _mask(value: Any, shape: tuple[int, ...], origin: Origin) -> NDArray[np.bool_]:
    mask = _array(value, shape, "mask", origin)
    if mask.dtype != np.bool_:
        raise TypeError(
            f"{origin.method}: mask must be bool, True where the target counts, got dtype {mask.dtype}; use mask > 0"
        )
    empty = np.flatnonzero(~mask.any(axis=(1, 2)))
    if empty.size:
        trial = origin.first + int(empty[0])
        raise ValueError(f"{origin.method}: mask is all False in trial {trial}; something must count in every trial")
    return np.array(mask, order="C")
