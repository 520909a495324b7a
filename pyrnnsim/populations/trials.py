"""Where the trials of a training come from: the native generator, or a task written by the user."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.tasks import NativeTask, Task

if TYPE_CHECKING:
    from pyrnnsim.populations.population import Population

#: Seeds of the trials of every validation; those of a training are hashes, which meet it once in 2^64.
VALIDATION_SEED = 2**63 + 20191208


def check_task(caller: str, task: Any, population: Population) -> None:
    """Refuse what is no task, and a task whose sizes do not fit a network.

    Raises:
        TypeError, ValueError: With the network and what it takes.
    """
    if not isinstance(task, Task):
        hint = "call it, a class only makes tasks" if isinstance(task, type) else "subclass pyrnnsim.tasks.Task"
        raise TypeError(f"{caller}: task must be a task such as pyrnnsim.tasks.FlipFlop(), got {task!r}; {hint}")
    for position, network in enumerate(population):
        for size, own, wanted in (
            ("inputs", network.inputs, task.inputs),
            ("outputs", network.outputs, task.outputs),
        ):
            if own != wanted:
                remedy = "make the population with task=" if own else "a network without readout cannot be trained"
                raise ValueError(
                    f"{caller}: task {task.name!r} has {wanted} {size}, network {position} ({network.name!r}) has "
                    f"{own}; {remedy}"
                )


def trial_seed(seed: int, own: int | None) -> int:
    """The seed of a network's trials from that of the training and its own (0 if it has none): a 64-bit hash."""
    return int(np.random.SeedSequence([seed, own or 0]).generate_state(1, np.uint64)[0])


class TrialSource:
    """Gives each network the trials of some iterations, in the form that the native training takes.

    Trials of a user's task are generated once for all networks of equal seed; at most one stretch of iterations is
    kept. Methods may be called from several threads.

    Args:
        task: Where they come from.
        seeds: One per network.
        batch: B.
    """

    def __init__(self, task: Task, seeds: list[int], batch: int) -> None:
        self._task, self._seeds, self._batch = task, seeds, batch
        self._native: NativeTask | None = task.native()
        self._lock = threading.Lock()
        self._made: dict[tuple[int, str], dict[str, Any]] = {}
        self._stretch = (0, 0)

    @property
    def is_native(self) -> bool:
        """Whether trials are generated inside the native loop, so that Python holds none of them."""
        return self._native is not None

    def bytes_per_iteration(self) -> int:
        """Of the arrays that are held for all seeds."""
        return (
            8
            * len(set(self._seeds))
            * self._batch
            * int(self._task.steps)
            * (int(self._task.inputs) + 2 * int(self._task.outputs))
        )

    def of(self, network: int, first: int, count: int, dtype: np.dtype[Any]) -> dict[str, Any]:
        """The ``task`` argument of the native training, for one network and iterations first .. first + count."""
        seed = self._seeds[network]
        if self._native is not None:
            return {**self._native, "seeds": np.array([seed], np.uint64)}
        with self._lock:
            if self._stretch != (first, count):
                self._stretch = (first, count)
                self._made.clear()
            key = seed, dtype.name
            if key not in self._made:
                self._made[key] = self._arrays(seed, first, count, dtype)
            return self._made[key]

    def _arrays(self, seed: int, first: int, count: int, dtype: np.dtype[Any]) -> dict[str, Any]:
        batches = [checked_trials(self._task, self._batch, seed, i, dtype) for i in range(first, first + count)]
        masks = [mask for _, _, mask in batches]
        return {
            "kind": "arrays",
            "inputs": np.stack([inputs for inputs, _, _ in batches]),
            "targets": np.stack([targets for _, targets, _ in batches]),
            "mask": None if masks[0] is None else np.stack([_whole_mask(mask, batches[0][1]) for mask in masks]),
        }


def checked_trials(
    task: Task, count: int, seed: int, iteration: int, dtype: np.dtype[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_] | None]:
    """Inputs (n, T, M), targets (n, T, O) and mask (n, T, O) or None, of the given type.

    Raises:
        ValueError: If a task gives arrays of other shapes, or numbers that are not finite.
    """
    trials = task.trials(count, seed=seed, iteration=iteration, dtype=dtype)
    made = []
    for name, size in (("inputs", task.inputs), ("targets", task.outputs)):
        array = np.ascontiguousarray(getattr(trials, name), dtype=dtype)
        if array.shape != (count, task.steps, size):
            raise ValueError(
                f"task {task.name!r}: trials({count}).{name} must have shape {(count, task.steps, size)}, got "
                f"{array.shape}"
            )
        made.append(array)
    mask = None if trials.mask is None else np.ascontiguousarray(trials.mask, dtype=np.bool_)
    if mask is not None and mask.shape != made[1].shape:
        raise ValueError(f"task {task.name!r}: mask must have the shape of targets, {made[1].shape}, got {mask.shape}")
    if mask is not None and not mask.any():
        raise ValueError(f"task {task.name!r}: mask leaves no target in iteration {iteration}")
    seen = made[1] if mask is None else made[1][mask]
    if not (np.isfinite(made[0]).all() and np.isfinite(seen).all()):
        raise ValueError(f"task {task.name!r}: trials of iteration {iteration} hold NaN or infinity")
    return made[0], made[1], mask


def _whole_mask(mask: NDArray[np.bool_] | None, targets: NDArray[Any]) -> NDArray[np.bool_]:
    return np.ones(targets.shape, np.bool_) if mask is None else mask
